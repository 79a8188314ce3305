"""One engine for every clock of an incident. Numbers come from the documents, by profile and severity.

Clocks start at detection; when the severity is raised, those of the new severity start anew. The recovery
time objective (RTO) starts at the confirmed onset, else at detection, and cannot be put off.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import msgspec

from cockpit.incident.model import DONE, Incident, Snooze, Update
from cockpit.incident.office_hours import OfficeHours


class DeadlineState(StrEnum):
    """PENDING until it is met or missed. BREACHED with a `met_at` was met late."""

    PENDING = "pending"
    MET = "met"
    BREACHED = "breached"
    NOT_APPLICABLE = "not applicable"


class Counting(StrEnum):
    """Which hours a term counts."""

    CLOCK = "clock"
    OFFICE = "office hours"
    NEXT_BUSINESS_DAY = "next business day"


class Term(msgspec.Struct, frozen=True):
    """How long a deadline leaves, and the words of the document behind it."""

    after: timedelta
    says: str
    counting: Counting = Counting.CLOCK


class Deadline(msgspec.Struct, frozen=True):
    """One clock of an incident at one moment. `due` includes a snooze; None where nothing is due.

    `ended_at` is when a clock that was missed stopped mattering: nobody is engaged for what is resolved.
    """

    name: str
    title: str
    state: DeadlineState
    due: datetime | None = None
    met_at: datetime | None = None
    snoozed_until: datetime | None = None
    says: str = ""
    note: str = ""
    ended_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Whether somebody still has to do something for it."""
        waits = self.met_at is None and self.ended_at is None
        return self.due is not None and waits and self.state is not DeadlineState.NOT_APPLICABLE

    def remaining(self, now: datetime) -> timedelta | None:
        """Time left, negative when overdue; None when nothing is running."""
        return self.due - now if self.due is not None and self.is_running else None


TITLES: Mapping[str, str] = MappingProxyType(
    {
        "acknowledge": "Acknowledge",
        "customers": "Customers told",
        "partners": "Partners told",
        "executives": "Executives told",
        "management": "Management told",
        "update": "Next update",
        "escalation-1": "On-call engineer engaged",
        "escalation-2": "Senior engineer or team lead engaged",
        "escalation-3": "Engineering manager engaged",
        "escalation-4": "VP Engineering or CTO engaged",
        "rto": "Service restored (RTO)",
    }
)
"""Names of the deadlines, in the order in which they are shown."""

NOT_SNOOZED = ("acknowledge", "rto")
"""Facts rather than reminders: these cannot be put off."""


def _minutes(count: int, says: str) -> Term:
    return Term(timedelta(minutes=count), says)


_LEVELS = (
    _minutes(5, "level 1 responds within 5 minutes: standard procedures, P2/P3 incidents"),
    _minutes(15, "level 2 responds within 15 minutes: P1 incidents, non-standard procedures"),
    _minutes(30, "level 3 responds within 30 minutes: P0 incidents, customer communication"),
    _minutes(60, "level 4 responds within 60 minutes: major outages, external communication"),
)
_CADENCE_003 = _minutes(30, "updates every 30 minutes until resolved")
_CADENCE_004 = _minutes(30, "every 30 minutes during an active incident")
_PARTNERS = _minutes(30, "within 30 minutes if partner integrations are affected")
_RTO = _minutes(15, "recovery time objective: 15 minutes for critical services")


def _levels(highest: int) -> dict[str, Term]:
    return {f"escalation-{level}": _LEVELS[level - 1] for level in range(1, highest + 1)}


TERMS: Mapping[str, Mapping[str, Mapping[str, Term]]] = MappingProxyType(
    {
        "emergency": {
            "P0": {
                "acknowledge": _minutes(5, "response immediate (0-5 minutes)"),
                "customers": _minutes(5, "all customers: status page, e-mail and Slack, immediate (5 min)"),
                "update": _CADENCE_003,
                **_levels(4),
                "rto": _RTO,
            },
            "P1": {
                "acknowledge": _minutes(15, "response within 15 minutes"),
                "customers": _minutes(15, "affected customers: status page and e-mail, 15 minutes"),
                "update": _CADENCE_003,
                **_levels(2),
                "rto": _RTO,
            },
            "P2": {
                "acknowledge": _minutes(60, "response within 60 minutes"),
                "customers": _minutes(60, "affected customers: status page, 60 minutes"),
                "update": _CADENCE_003,
                **_levels(1),
            },
            "P3": {
                "acknowledge": Term(timedelta(hours=4), "response within 4 business hours", Counting.OFFICE),
            },
        },
        "standard": {
            "P0": {
                "acknowledge": _minutes(15, "response within 15 minutes"),
                "customers": _minutes(60, "customers within 1 hour for P0/P1"),
                "partners": _PARTNERS,
                "executives": _minutes(15, "immediate executive notification: first phase, 0-15 minutes"),
                "update": _CADENCE_004,
            },
            "P1": {
                "acknowledge": _minutes(30, "response within 30 minutes"),
                "customers": _minutes(60, "customers within 1 hour for P0/P1"),
                "partners": _PARTNERS,
                "management": _minutes(60, "management notification within 1 hour"),
                "update": _CADENCE_004,
            },
            "P2": {
                "acknowledge": _minutes(120, "response within 2 hours"),
                "partners": _PARTNERS,
                "update": _CADENCE_004,
            },
            "P3": {
                "acknowledge": Term(
                    timedelta(days=1), "response the next business day", Counting.NEXT_BUSINESS_DAY
                ),
            },
        },
        "notify": {},
    }
)
"""Profile, severity, deadline: the term. What is not here is not applicable."""


class _Case(msgspec.Struct, frozen=True):
    """What every deadline of one incident is judged by."""

    incident: Incident
    now: datetime
    base: datetime
    hours: OfficeHours


def deadlines(incident: Incident, now: datetime, hours: OfficeHours | None = None) -> tuple[Deadline, ...]:
    """Every clock of the incident at `now`, in the order of `TITLES`; all names are present."""
    case = _Case(incident, now, clock_start(incident), hours or OfficeHours())
    terms = terms_of(incident)
    return tuple(_judge(case, name, terms.get(name)) for name in TITLES)


def terms_of(incident: Incident) -> Mapping[str, Term]:
    """The terms of the incident's severity: its profile's, with the organisation's own in their place."""
    terms = dict(TERMS.get(incident.profile, {}).get(incident.severity, {}))
    for severity, name, seconds in incident.own_terms:
        if severity == incident.severity and name in TITLES:
            terms[name] = Term(timedelta(seconds=seconds), "set by the organisation")
    return terms


def next_deadline(clocks: tuple[Deadline, ...]) -> Deadline | None:
    """The running deadline that is due first, overdue ones before all others; None when none is running."""
    running = [(clock.due, index, clock) for index, clock in enumerate(clocks) if clock.due and clock.is_running]
    return min(running)[2] if running else None


def overdue(clocks: tuple[Deadline, ...]) -> tuple[Deadline, ...]:
    """Deadlines that were missed and still wait for somebody."""
    return tuple(clock for clock in clocks if clock.state is DeadlineState.BREACHED and clock.is_running)


def clock_start(incident: Incident) -> datetime:
    """Where the clocks start: at detection, or at the last time that the severity was raised."""
    raised = [change.at for change in incident.severities if change.raised]
    return max([incident.detected_at, *raised])


def _judge(case: _Case, name: str, term: Term | None) -> Deadline:
    if term is None:
        note = f"{case.incident.profile or 'the profile'} sets none for {case.incident.severity}"
        return Deadline(name, TITLES[name], DeadlineState.NOT_APPLICABLE, note=note)
    if name == "partners" and not any("partner" in service.lower() for service in case.incident.services):
        return Deadline(
            name, TITLES[name], DeadlineState.NOT_APPLICABLE, says=term.says, note="no partner service is affected"
        )
    start, note = _start(case, name)
    due = _due(start, term, case.hours)
    snooze = _snooze(case.incident, name, start)
    if snooze is not None:
        note = f"put off by {snooze.by}: {snooze.reason}" if snooze.reason else f"put off by {snooze.by}"
        due = max(due, snooze.until)
    until = snooze.until if snooze is not None else None
    met = _met_at(case.incident, name, case.base)
    state = _state(case, due, met)
    if state is DeadlineState.NOT_APPLICABLE:
        note = f"ended before it was due ({case.incident.state})"
    missed = met is None and state is DeadlineState.BREACHED and name.startswith("escalation-")
    ended = _ended_at(case.incident) if missed else None
    return Deadline(name, TITLES[name], state, due, met, until, term.says, note, ended)


def _start(case: _Case, name: str) -> tuple[datetime, str]:
    incident = case.incident
    if name == "acknowledge":
        return incident.detected_at if incident.acknowledged_at else case.base, ""
    if name == "rto":
        if incident.onset is not None and incident.onset.confirmed:
            return incident.onset.at, "from the confirmed onset"
        return incident.detected_at, "from detection: the onset is not confirmed"
    if name == "update" and incident.last_update_at is not None:
        return max(incident.last_update_at, incident.detected_at), "from the last update"
    return case.base, ""


def _due(start: datetime, term: Term, hours: OfficeHours) -> datetime:
    if term.counting is Counting.OFFICE:
        return hours.after(start, term.after)
    if term.counting is Counting.NEXT_BUSINESS_DAY:
        return hours.end_of_next_day(start)
    return start + term.after


def _snooze(incident: Incident, name: str, start: datetime) -> Snooze | None:
    if name in NOT_SNOOZED:
        return None
    valid = [snooze for snooze in incident.snoozes if snooze.deadline == name and snooze.at >= start]
    return valid[-1] if valid else None


def _state(case: _Case, due: datetime, met: datetime | None) -> DeadlineState:
    if met is not None:
        return DeadlineState.MET if met <= due else DeadlineState.BREACHED
    ended = _ended_at(case.incident)
    if ended is not None and ended <= due:
        return DeadlineState.NOT_APPLICABLE
    return DeadlineState.BREACHED if case.now > due else DeadlineState.PENDING


def _ended_at(incident: Incident) -> datetime | None:
    """When the clocks stopped mattering; None while the incident is worked on."""
    return (incident.resolved_at or incident.closed_at) if incident.state in DONE else None


def _met_at(incident: Incident, name: str, base: datetime) -> datetime | None:
    """When the deadline was met; the update cadence is never met for good while the incident is open."""
    if name == "acknowledge":
        return incident.acknowledged_at
    if name == "rto":
        return incident.mitigated_at
    if name == "update":
        return None
    if name.startswith("escalation-"):
        return _engaged_at(incident, int(name.removeprefix("escalation-")))
    return _told_at(incident.updates, name, incident.detected_at)


_AUDIENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "customers": ("customers", "public"),
        "partners": ("partners",),
        "executives": ("executives",),
        "management": ("management", "executives"),
    }
)
"""Which audiences of an update meet which deadline."""


def _told_at(updates: tuple[Update, ...], name: str, since: datetime) -> datetime | None:
    sent = [u.at for u in updates if not u.draft and u.audience in _AUDIENCES[name] and u.at >= since]
    return min(sent, default=None)


def _engaged_at(incident: Incident, level: int) -> datetime | None:
    """Level 1 is engaged by whoever acknowledges; the others by the role `L2`, `L3`, `L4` or one above."""
    above = [assignment.since for assignment in incident.roles if assignment.role in _roles_from(level)]
    if level == 1 and incident.acknowledged_at is not None:
        above.append(incident.acknowledged_at)
    return min(above, default=None)


def _roles_from(level: int) -> tuple[str, ...]:
    return tuple(f"L{higher}" for higher in range(level, 5))
