"""Every clock of an incident in one list: deadlines, check-ins of roles, time boxes of tasks, offers of a handover.

What the header shows and what rings the bell is taken from here. Pure.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from cockpit.incident.authority import CHAIN, ChainLevel
from cockpit.incident.deadlines import Deadline
from cockpit.incident.model import Incident
from cockpit.incident.roles import CHECKIN_EVERY, NAG_EVERY, open_roles
from cockpit.incident.team import Team

CALL_OUT_EVERY = timedelta(minutes=10)
"""How often the elapsed time is called out."""

OFFER_WAITS = timedelta(minutes=5)
"""How long an offered handover should wait for its answer."""

SOON = timedelta(minutes=5)
"""Within this a clock is about to run out."""


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """One running clock. `name` is stable, so that a bell rings once for each breach of it; `who` has to act."""

    incident: str
    ref: str
    severity: str
    name: str
    title: str
    due: datetime
    who: str = ""
    says: str = ""
    can_wait: bool = False

    def remaining(self, now: datetime) -> timedelta:
        """Time left; negative when overdue."""
        return self.due - now

    def is_breached(self, now: datetime) -> bool:
        """Whether it ran out."""
        return now > self.due

    def is_soon(self, now: datetime) -> bool:
        """Whether it is about to run out."""
        return timedelta() <= self.remaining(now) <= SOON

    @property
    def key(self) -> str:
        """One breach of one clock, for ever: the same clock with a later due time is another one."""
        return f"{self.incident}|{self.name}|{self.due:%Y%m%d%H%M%S}"


def running(incident: Incident, deadlines: Iterable[Deadline], team: Team, now: datetime) -> tuple[Clock, ...]:
    """Every clock of one incident that still waits for somebody, the one that is due first in front."""
    if not incident.is_open:
        return ()
    found = [
        _clock(
            incident,
            each.name,
            each.title,
            each.due,
            says=each.says,
            can_wait=each.name not in ("acknowledge", "rto"),
        )
        for each in deadlines
        if each.is_running and each.due is not None
    ]
    found += _checkins(incident, team)
    found += [
        _clock(incident, f"task-{task.id}", f"Task: {task.title}", task.due, who=task.to)
        for task in team.open_tasks
    ]
    found += [
        _clock(
            incident, f"handover-{offer.id}", f"Handover of {offer.role}", offer.at + OFFER_WAITS, who=offer.taker
        )
        for offer in team.offers
    ]
    if "IC" in open_roles(incident):
        passed = max(now - incident.opened_at, timedelta())
        due = incident.opened_at + NAG_EVERY * max(1, passed // NAG_EVERY)
        found.append(_clock(incident, "lead", "No commander", due))
    return tuple(sorted(found, key=lambda clock: (clock.due, clock.name)))


def header(clocks: Sequence[Clock], now: datetime) -> Clock | None:
    """The one clock that a header has room for, over all incidents.

    A breach comes before what is about to run out; among breaches, the worst severity and then the oldest counts.
    """
    breached = [clock for clock in clocks if clock.is_breached(now)]
    if breached:
        return min(breached, key=lambda clock: (clock.severity, clock.due))
    return min(clocks, key=lambda clock: (clock.due, clock.severity), default=None)


def breaches(clocks: Iterable[Clock], now: datetime) -> tuple[Clock, ...]:
    """What rings the bell: every clock that ran out, the latest first."""
    return tuple(sorted((c for c in clocks if c.is_breached(now)), key=lambda clock: clock.due, reverse=True))


def call_out(incident: Incident, now: datetime) -> str:
    """The elapsed time as it is called out every ten minutes; empty before the first."""
    count = incident.elapsed(now) // CALL_OUT_EVERY
    minutes = count * CALL_OUT_EVERY // timedelta(minutes=1)
    return f"{incident.ref} has lasted {minutes} minutes." if count > 0 and incident.is_open else ""


class ChainLine(msgspec.Struct, frozen=True):
    """One level of the escalation chain for an incident: when it should be there, and who it is.

    `wanted` says that its clock runs for this severity, `engaged_at` since when somebody of it is there.
    """

    level: ChainLevel
    wanted: bool
    due: datetime | None
    engaged_at: datetime | None
    person: str
    late: bool


def chain(incident: Incident, deadlines: Iterable[Deadline], now: datetime) -> tuple[ChainLine, ...]:
    """The four levels with their clocks."""
    known = {clock.name: clock for clock in deadlines}
    lines = []
    for level in CHAIN:
        clock = known.get(f"escalation-{level.level}")
        due, met = (clock.due, clock.met_at) if clock is not None else (None, None)
        late = incident.is_open and due is not None and met is None and now > due
        person = incident.holder(level.role) or ""
        lines.append(ChainLine(level, due is not None, due, met, person, late))
    return tuple(lines)


def next_level(lines: Iterable[ChainLine], now: datetime) -> ChainLevel | None:
    """The lowest level that should have been there by now and is not; None while the chain is on time."""
    return next((line.level for line in lines if line.late and now > (line.due or now)), None)


def _checkins(incident: Incident, team: Team) -> list[Clock]:
    found = []
    for held in incident.roles:
        last = team.checkins.get(held.role)
        since = max(last.at, held.since) if last is not None and last.person == held.person else held.since
        title = f"Check-in of {held.role}"
        found.append(_clock(incident, f"checkin-{held.role}", title, since + CHECKIN_EVERY, who=held.person))
    return found


def _clock(
    incident: Incident,
    name: str,
    title: str,
    due: datetime,
    *,
    who: str = "",
    says: str = "",
    can_wait: bool = False,
) -> Clock:
    return Clock(
        incident=incident.uid,
        ref=incident.ref,
        severity=incident.severity,
        name=name,
        title=title,
        due=due,
        who=who,
        says=says,
        can_wait=can_wait,
    )
