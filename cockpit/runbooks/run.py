"""One run of a runbook as a value: what the fold of its events amounts to at one moment."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from cockpit.actions.approval import Approval
from cockpit.runbooks.model import Runbook, Step


class StepState(StrEnum):
    """Where a step stands. WAITING has not been reached; NOT_TAKEN lies on a branch that was not chosen."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_TAKEN = "not taken"


class RunStatus(StrEnum):
    """Where a run stands."""

    ACTIVE = "active"
    FINISHED = "finished"
    ABORTED = "aborted"


ENDED = frozenset({StepState.DONE, StepState.SKIPPED, StepState.NOT_TAKEN})
"""States in which a step needs nothing more."""


class Progress(msgspec.Struct, frozen=True):
    """How far one step is. `detail` is what its start recorded: the action's uid, the exact command, the check.

    `attempt` counts over the whole run, `tries` since the step was last reached. `lost` means that the process that
    ran it is gone, so nobody knows how far it came. `stopped` means that a person ended it. `asked` is the hash of
    what was approved; `codes_used` are the one-time codes of all attempts.
    """

    state: StepState = StepState.WAITING
    attempt: int = 0
    reached_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    by: str = ""
    said: str = ""
    choice: str = ""
    output: str = ""
    output_at: datetime | None = None
    tries: int = 0
    lost: bool = False
    stopped: bool = False
    approvals: tuple[Approval, ...] = ()
    asked: str = ""
    codes_used: tuple[str, ...] = ()
    detail: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def approved_by(self) -> tuple[str, ...]:
        """Who has approved it, in the order in which they did."""
        return tuple(each.by for each in self.approvals)


class Remark(msgspec.Struct, frozen=True):
    """A note that the runbook was wrong at a step, for its owner."""

    step: str
    title: str
    text: str
    by: str
    at: datetime


class Run(msgspec.Struct, frozen=True):
    """One run as its events tell it. `path` lists the steps in the order in which they became current.

    `values` are the inputs and what was learned on the way. `hands` are the people who did a step; they may not
    approve one. `aborting` means that only the clean-up is left.
    """

    uid: str
    runbook: Runbook
    inputs: Mapping[str, str]
    incident: str | None
    status: RunStatus
    current: str | None
    path: tuple[str, ...]
    progress: Mapping[str, Progress]
    operator: str
    started_at: datetime
    values: Mapping[str, str]
    hands: tuple[str, ...] = ()
    ended_at: datetime | None = None
    reason: str = ""
    paused_by: str = ""
    aborting: bool = False
    remarks: tuple[Remark, ...] = ()
    anomalies: tuple[str, ...] = ()

    def of(self, step: str) -> Progress:
        """How far a step is."""
        return self.progress.get(step, Progress())

    @property
    def step(self) -> Step | None:
        """The current step, or None at the end."""
        return None if self.current is None else self.runbook.step(self.current)

    def count(self) -> tuple[int, int]:
        """How many steps have ended, and of how many that are on the way."""
        states = [self.of(step.id).state for step in self.runbook.steps]
        on_the_way = [state for state in states if state is not StepState.NOT_TAKEN]
        return sum(state in ENDED for state in on_the_way), len(on_the_way)
