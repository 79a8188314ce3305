"""Who has to practise by when (Emergency Response Procedures, Training Requirements).

- a new team member: training within 30 days of joining
- everybody: one drill each quarter
- incident commanders: certified once a year
- everybody: training within 2 weeks of a change of procedure

Attending a drill counts as training; a certification is what somebody wrote down as one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cockpit.practice.run import Run

NEW_MEMBER = timedelta(days=30)
CERTIFICATION = timedelta(days=365)
AFTER_A_CHANGE = timedelta(days=14)
SOON = timedelta(days=14)
"""How long before its end a requirement is shown as due."""
REMEMBERED = timedelta(days=365)
"""How long a change of procedure is asked after."""
COMMANDER = "IC"


class Standing(StrEnum):
    """How a requirement stands."""

    OK = "ok"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the team; `joined` is None where nobody wrote it down."""

    id: str
    roles: tuple[str, ...] = ()
    joined: datetime | None = None
    certified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of procedure that people have to be trained on."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that one person has to do; `due` is None where it cannot be told, `met` when it was last done."""

    person: str
    kind: str
    title: str
    standing: Standing
    due: datetime | None = None
    met: datetime | None = None


def requirements(
    members: Sequence[Member], runs: Sequence[Run], changes: Iterable[Change], now: datetime
) -> tuple[Requirement, ...]:
    """Everything that is asked of everybody: overdue first, then by date and person."""
    attended = attendance(runs)
    recent = [change for change in changes if now - change.at <= REMEMBERED]
    found = [one for member in members for one in _of(member, attended.get(member.id, ()), recent, now)]
    order = (Standing.OVERDUE, Standing.DUE, Standing.OK)
    latest = datetime.max.replace(tzinfo=UTC)
    return tuple(
        sorted(found, key=lambda one: (order.index(one.standing), one.due or latest, one.person, one.kind))
    )


def attendance(runs: Iterable[Run]) -> Mapping[str, tuple[datetime, ...]]:
    """When each person was in a drill, oldest first."""
    found: dict[str, list[datetime]] = {}
    for run in runs:
        for person in run.people:
            found.setdefault(person, []).append(run.result.started)
    return {person: tuple(sorted(moments)) for person, moments in found.items()}


def _of(
    member: Member, attended: Sequence[datetime], changes: Iterable[Change], now: datetime
) -> Iterator[Requirement]:
    def requirement(kind: str, title: str, due: datetime | None, met: datetime | None, open_: bool) -> Requirement:
        standing = Standing.OK if not open_ else _standing(due, now)
        return Requirement(person=member.id, kind=kind, title=title, standing=standing, due=due, met=met)

    if member.joined is not None:
        met = _first(attended, member.joined)
        due = member.joined + NEW_MEMBER
        yield requirement("new-member", "emergency response training within 30 days", due, met, met is None)
    last = attended[-1] if attended else None
    if last is not None or member.joined is not None:
        due = _quarter_after(last) if last is not None else _quarter_end(member.joined or now)
        yield requirement("quarterly", "a drill each quarter", due, last, not _same_quarter(last, now))
    else:
        yield requirement("quarterly", "a drill each quarter", _quarter_end(now), None, True)
    if COMMANDER in member.roles:
        ends = None if member.certified is None else member.certified + CERTIFICATION
        open_ = ends is None or ends - now <= SOON
        yield requirement(
            "certification", "annual certification as incident commander", ends, member.certified, open_
        )
    for change in changes:
        met = _first(attended, change.at)
        due = change.at + AFTER_A_CHANGE
        yield requirement("procedure", f"training on a change: {change.text}", due, met, met is None)


def _standing(due: datetime | None, now: datetime) -> Standing:
    """An open requirement without a date has lapsed long ago."""
    return Standing.OVERDUE if due is None or due <= now else Standing.DUE


def _first(moments: Sequence[datetime], since: datetime) -> datetime | None:
    return next((at for at in moments if at >= since), None)


def _same_quarter(at: datetime | None, now: datetime) -> bool:
    return at is not None and _quarter_end(at) == _quarter_end(now)


def _quarter_end(at: datetime) -> datetime:
    """The first moment of the quarter after the one that holds `at`."""
    day = at.astimezone(UTC)
    month = 3 * ((day.month - 1) // 3) + 4
    return datetime(day.year + (month > 12), month - 12 * (month > 12), 1, tzinfo=UTC)


def _quarter_after(at: datetime) -> datetime:
    return _quarter_end(_quarter_end(at))
