"""What the Next line depends on, as values: actions, runs, incidents, offers and what is overdue."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from cockpit.desk.views import AlertLine


class ActionState(msgspec.Struct, frozen=True):
    """An action run as the Next line needs it."""

    uid: str
    title: str
    state: str
    waits_for_person: bool
    in_doubt: bool
    running: bool


class RunState(msgspec.Struct, frozen=True):
    """A runbook run as the Next line needs it; `step` is the current one, `waiting` means it runs by itself.

    `paused_by` is who paused it, or nobody.
    """

    uid: str
    title: str
    step_number: int
    step_count: int
    step_title: str
    step_kind: str
    waiting: bool
    finished: bool
    paused_by: str = ""


class IncidentState(msgspec.Struct, frozen=True):
    """The incident in question, worst first where several are open."""

    uid: str
    number: str
    severity: str
    state: str
    lead: str | None
    green: bool
    suggested_runbook: str | None
    suggested_title: str
    run: RunState | None
    actions: tuple[ActionState, ...]
    overdue: str | None
    has_review: bool


class OfferState(msgspec.Struct, frozen=True):
    """A role that somebody hands over to the person at this terminal."""

    id: str
    incident: str
    role: str
    giver: str


class Home(msgspec.Struct, frozen=True):
    """The open incident that an alert belongs to, and why."""

    uid: str
    number: str
    because: str


class TurnState(msgspec.Struct, frozen=True):
    """A runbook that is worked every so often and is due; `late` is None where it was never worked."""

    runbook: str
    title: str
    late: timedelta | None


class Situation(msgspec.Struct, frozen=True):
    """All that the Next line may depend on. `incident` is the one in focus, else the worst open one.

    `homes` names, by alert, the open incident that covers it.
    `worst` is the domain that leads the board, if it was looked at and is not green; `unseen` is how many were not.
    """

    now: datetime
    domains: int
    alerts: tuple[AlertLine, ...] = ()
    homes: Mapping[str, Home] = {}
    incident: IncidentState | None = None
    worst: str = ""
    unseen: int = 0
    watch_running: bool = True
    is_drill: bool = False
    offer: OfferState | None = None
    turn: TurnState | None = None
