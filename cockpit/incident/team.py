"""The people of an incident: check-ins, handovers, tasks and decisions, as a fold of the events that tell of them.

Stream `incident/<uid>`, beside the kinds that `fold` knows. Total, like the other folds.

==================  ==========================================================================================
kind                body
==================  ==========================================================================================
incident.checkin    role, person, status, location, actions
incident.handover   handover (id), step: offered | accepted | declined | withdrawn; offered has role, from, to, card
incident.task       task (id), step: given | acknowledged | done | dropped; given has to, title, minutes;
                    done and dropped have result
incident.decision   decision (id), step: proposed | objected | decided | withdrawn; proposed has text,
                    objected reason, decided outcome
==================  ==========================================================================================
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from cockpit.incident import fields
from cockpit.incident.model import Recorded

T = TypeVar("T")

MAX_MINUTES = 24 * 60
"""The longest time box of a task."""


class CheckIn(msgspec.Struct, frozen=True):
    """What one person in a role last said of themselves."""

    role: str
    person: str
    at: datetime
    status: str
    location: str = ""
    actions: str = ""


class Handover(msgspec.Struct, frozen=True):
    """A role on its way from one person to another; `card` is what was handed over with it."""

    id: str
    role: str
    giver: str
    taker: str
    card: str
    at: datetime
    step: str = "offered"
    ended_at: datetime | None = None
    ended_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for the other one."""
        return self.step == "offered"


class Task(msgspec.Struct, frozen=True):
    """Something that one person was asked to do within a time box."""

    id: str
    title: str
    to: str
    by: str
    at: datetime
    minutes: int
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None
    step: str = "given"
    result: str = ""

    @property
    def due(self) -> datetime:
        """When the time box ends."""
        return self.at + timedelta(minutes=self.minutes)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.ended_at is None

    def is_overdue(self, now: datetime) -> bool:
        """Whether its time box ended and it was not done."""
        return self.is_open and now > self.due


class Objection(msgspec.Struct, frozen=True):
    """Why somebody would not do it."""

    by: str
    at: datetime
    reason: str


class Decision(msgspec.Struct, frozen=True):
    """A proposal with the question “any strong objections?”, what was objected, and what came of it."""

    id: str
    text: str
    by: str
    at: datetime
    objections: tuple[Objection, ...] = ()
    step: str = "proposed"
    outcome: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for an outcome."""
        return self.ended_at is None


class Team(msgspec.Struct, frozen=True):
    """All of it for one incident; check-ins are the latest of each role."""

    checkins: Mapping[str, CheckIn] = MappingProxyType({})
    handovers: Mapping[str, Handover] = MappingProxyType({})
    tasks: Mapping[str, Task] = MappingProxyType({})
    decisions: Mapping[str, Decision] = MappingProxyType({})

    @property
    def offers(self) -> tuple[Handover, ...]:
        """Handovers that wait to be accepted."""
        return tuple(each for each in self.handovers.values() if each.is_open)

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """Tasks to be done, the one that is due first in front."""
        return tuple(sorted((each for each in self.tasks.values() if each.is_open), key=lambda task: task.due))


def team(events: Iterable[Recorded]) -> Team:
    """The team after all of `events` of one incident."""
    folded = Team()
    for event in events:
        folded = advance(folded, event)
    return folded


def advance(folded: Team, event: Recorded) -> Team:
    """The team after one more event, given once and in order; other kinds do nothing."""
    step = _STEPS.get(event.kind)
    return folded if step is None else step(folded, event)


def _checkin(folded: Team, event: Recorded) -> Team:
    body, role = event.body, fields.text(event.body, "role")
    if not role:
        return folded
    said = CheckIn(
        role,
        fields.text(body, "person") or event.actor,
        event.occurred_at,
        fields.text(body, "status"),
        fields.text(body, "location"),
        fields.text(body, "actions"),
    )
    return replace(folded, checkins=_with(folded.checkins, role, said))


def _handover(folded: Team, event: Recorded) -> Team:
    body, id_, step = event.body, fields.text(event.body, "handover"), fields.text(event.body, "step")
    known = folded.handovers.get(id_)
    if step == "offered" and known is None and id_ and fields.text(body, "to"):
        giver = fields.text(body, "from") or event.actor
        card = fields.text(body, "card")
        made = Handover(id_, fields.text(body, "role"), giver, fields.text(body, "to"), card, event.occurred_at)
    elif step in ("accepted", "declined", "withdrawn") and known is not None and known.is_open:
        made = replace(known, step=step, ended_at=event.occurred_at, ended_by=event.actor)
    else:
        return folded
    return replace(folded, handovers=_with(folded.handovers, id_, made))


def _task(folded: Team, event: Recorded) -> Team:
    body, id_, step = event.body, fields.text(event.body, "task"), fields.text(event.body, "step")
    known, to = folded.tasks.get(id_), fields.text(event.body, "to")
    if step == "given" and known is None and id_ and to:
        minutes = min(MAX_MINUTES, max(1, fields.number(body, "minutes")))
        made = Task(id_, fields.text(body, "title"), to, event.actor, event.occurred_at, minutes)
    elif step == "acknowledged" and known is not None and known.is_open and known.acknowledged_at is None:
        made = replace(known, step=step, acknowledged_at=event.occurred_at)
    elif step in ("done", "dropped") and known is not None and known.is_open:
        made = replace(known, step=step, ended_at=event.occurred_at, result=fields.text(body, "result"))
    else:
        return folded
    return replace(folded, tasks=_with(folded.tasks, id_, made))


def _decision(folded: Team, event: Recorded) -> Team:
    body, id_, step = event.body, fields.text(event.body, "decision"), fields.text(event.body, "step")
    known = folded.decisions.get(id_)
    if step == "proposed" and known is None and id_:
        made = Decision(id_, fields.text(body, "text"), event.actor, event.occurred_at)
    elif known is None or not known.is_open:
        return folded
    elif step == "objected":
        objection = Objection(event.actor, event.occurred_at, fields.text(body, "reason"))
        made = replace(known, objections=(*known.objections, objection))
    elif step in ("decided", "withdrawn"):
        ended = {"ended_at": event.occurred_at, "ended_by": event.actor}
        made = replace(known, step=step, outcome=fields.text(body, "outcome"), **ended)
    else:
        return folded
    return replace(folded, decisions=_with(folded.decisions, id_, made))


def _with(known: Mapping[str, T], key: str, value: T) -> Mapping[str, T]:
    return MappingProxyType({**known, key: value})


_STEPS: Mapping[str, Callable[[Team, Recorded], Team]] = MappingProxyType(
    {
        "incident.checkin": _checkin,
        "incident.handover": _handover,
        "incident.task": _task,
        "incident.decision": _decision,
    }
)
