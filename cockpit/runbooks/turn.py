"""Runbooks that are worked every so often, such as a daily check: when the next turn is due, and when overdue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from cockpit.runbooks.model import Runbook
from cockpit.runbooks.run import Run, RunStatus

LATE = 0.25
"""The part of its interval by which a turn may be late before it counts as overdue."""


class TurnState(StrEnum):
    """Where a turn stands; NEVER means that nobody has worked the book here yet."""

    DONE = "done"
    GOING = "under way"
    DUE = "due"
    OVERDUE = "overdue"
    NEVER = "never worked"


class Turn(msgspec.Struct, frozen=True):
    """The next turn of one book: how often it is worked, when it came to its end last, and from when it is due."""

    runbook: str
    title: str
    every: timedelta
    state: TurnState
    last: datetime | None = None
    due_at: datetime | None = None
    run: str = ""

    @property
    def waits(self) -> bool:
        """Whether somebody has to work it now."""
        return self.state in (TurnState.DUE, TurnState.OVERDUE, TurnState.NEVER)


def turn_of(book: Runbook, runs: Sequence[Run], now: datetime) -> Turn | None:
    """The next turn of a book by its runs; None for one that is worked when it is needed."""
    if book.every is None:
        return None
    mine = [run for run in runs if run.runbook.id == book.id]
    going = next((run.uid for run in mine if run.status is RunStatus.ACTIVE), "")
    last = max((run.ended_at for run in mine if run.status is RunStatus.FINISHED and run.ended_at), default=None)
    due_at = last + book.every if last is not None else None
    return Turn(book.id, book.title, book.every, _state(going, due_at, book.every, now), last, due_at, going)


def _state(going: str, due_at: datetime | None, every: timedelta, now: datetime) -> TurnState:
    if going:
        return TurnState.GOING
    if due_at is None:
        return TurnState.NEVER
    if now < due_at:
        return TurnState.DONE
    return TurnState.OVERDUE if now >= due_at + every * LATE else TurnState.DUE
