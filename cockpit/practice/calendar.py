"""The monthly calendar of drills, four weeks each with its subject (Emergency Response Procedures, Training)."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cockpit.practice.run import Run


@dataclass(frozen=True, slots=True)
class DrillWeek:
    """What a week of every month is for; `scenario` is the bundled drill that serves it best."""

    number: int
    drill: str
    subject: str
    duration: timedelta
    participants: tuple[str, ...]
    scenario: str


WEEKS = (
    DrillWeek(
        1,
        "DNS Failure Simulation",
        "Complete DNS zone deletion",
        timedelta(minutes=30),
        ("devops-team", "on-call-engineers"),
        "zone-deletion",
    ),
    DrillWeek(
        2,
        "Certificate Emergency",
        "SSL certificate expiration",
        timedelta(minutes=45),
        ("devops-team", "security-team"),
        "certificate-expiry",
    ),
    DrillWeek(
        3,
        "Load Balancer Failure",
        "HTTPS termination failure",
        timedelta(minutes=60),
        ("full-response-team",),
        "load-balancer-failure",
    ),
    DrillWeek(
        4,
        "Communication Drill",
        "Customer notification practice",
        timedelta(minutes=30),
        ("incident-commanders", "communications-leads"),
        "customer-communication",
    ),
)


class SlotState(StrEnum):
    """How a week of the calendar stands."""

    HELD = "held"
    DUE = "due"
    MISSED = "missed"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Slot:
    """One week of one month: from `begins` up to `ends`, and the first drill of its kind in that month."""

    week: DrillWeek
    begins: datetime
    ends: datetime
    state: SlotState
    held: Run | None = None


def month_of(runs: Iterable[Run], now: datetime) -> tuple[Slot, ...]:
    """The four weeks of the month (UTC) that holds `now`.

    A drill counts for its week wherever in the month it was held.
    """
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
    within = [run for run in runs if first <= run.result.started < last]
    slots = []
    for week in WEEKS:
        begins = first + timedelta(days=7 * (week.number - 1))
        ends = last if week.number == len(WEEKS) else begins + timedelta(days=7)
        held = min(
            (run for run in within if run.result.week == week.number),
            key=lambda run: run.result.started,
            default=None,
        )
        slots.append(Slot(week, begins, ends, _state(held, begins, ends, now), held))
    return tuple(slots)


def _state(held: Run | None, begins: datetime, ends: datetime, now: datetime) -> SlotState:
    if held is not None:
        return SlotState.HELD
    if now < begins:
        return SlotState.AHEAD
    return SlotState.DUE if now < ends else SlotState.MISSED
