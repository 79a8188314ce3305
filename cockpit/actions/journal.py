"""The state machine of one action run: what may follow what, as a pure fold of the events in `action/<uid>`.

::

    requested → planned → confirmed → locked → checked → intent → effect → applied → … → verifying → succeeded
                   │          checked differs: requested again        │       └ next step: intent
                expired, discarded, cancelled                         ├ refused (proof of no effect)
                                                                      └ unknown → reconciling
    reconciling → applied | not applied → intent | conflict → needs human
    applied, not applied, verifying → rolling back → intent → … → rolled back | needs human

What the transitions guarantee:

- no effect without a committed intent that names the confirmed plan, and the recorded plan still has that hash;
- one intent is open at a time, each gets one final outcome, and `unknown` is not an outcome;
- a step is sent again only after `not_applied`, at most `MAX_TRIES` times;
- success is claimed only from `verifying`, and a completed way back only when every applied step is undone.

`admit()` refuses an event that breaks them, in the same transaction that would append it. The fold of stored
events leaves such an event out and remembers it under `anomalies`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from cockpit.actions.run import (
    BEFORE_INTENT,
    IN_DOUBT,
    MAX_TRIES,
    TERMINAL,
    ActionRun,
    ActionState,
    Intent,
    stream_of,
)
from cockpit.actions.transitions import MOVES, requested
from cockpit.errors import CockpitError, IllegalMove
from storage.event import Event

__all__ = [
    "BEFORE_INTENT",
    "IN_DOUBT",
    "MAX_TRIES",
    "TERMINAL",
    "ActionRun",
    "ActionState",
    "Intent",
    "absorb",
    "admit",
    "advance",
    "fold",
    "stream_of",
]


def fold(uid: str, events: Iterable[Event]) -> ActionRun | None:
    """The run as its events tell it; None before `action.requested`."""
    run: ActionRun | None = None
    for event in events:
        run = absorb(run, uid, event)
    return run


def absorb(run: ActionRun | None, uid: str, event: Event) -> ActionRun | None:
    """The run after one more stored event; an event that may not be there is left out and remembered."""
    try:
        return advance(run, uid, event.kind, event.body, event.occurred_at, event.actor)
    except CockpitError as error:
        if run is None:
            return None
        return replace(run, anomalies=(*run.anomalies, f"event {event.seq} {event.kind}: {error}"))


def advance(
    run: ActionRun | None, uid: str, kind: str, body: Mapping[str, Any], at: datetime, actor: str
) -> ActionRun:
    """The run after the event, or IllegalMove when it may not follow."""
    if run is None:
        if kind != "action.requested":
            raise IllegalMove(f"Action {uid} was never requested.")
        return requested(uid, body, at, actor)
    move = MOVES.get(kind)
    if move is None:
        raise IllegalMove(f"{kind} is not something that can happen to an action.")
    sources, change = move
    if run.state not in sources:
        raise IllegalMove(f"The action is {run.state}: {kind.removeprefix('action.')} cannot follow.")
    return replace(change(run, body, at, actor), changed_at=at)


def admit(run: ActionRun | None, uid: str, kind: str, body: Mapping[str, Any], at: datetime, actor: str) -> None:
    """Raise IllegalMove unless the event may be appended now."""
    advance(run, uid, kind, body, at, actor)
