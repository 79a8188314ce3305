"""One action run as its events tell it: where it stands, and what that allows."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from cockpit.actions.approval import Approval, Requirement
from cockpit.actions.contract import Plan, PlanStep, Request
from cockpit.errors import IllegalMove

MAX_TRIES = 2
"""How often one step may be sent, counting only sendings that are proven to have had no effect."""


def stream_of(uid: str) -> str:
    """The ledger stream of one action run."""
    return f"action/{uid}"


class ActionState(StrEnum):
    """Where an action run stands."""

    REQUESTED = "requested"
    PLANNED = "planned"
    CONFIRMED = "confirmed"
    LOCKED = "locked"
    CHECKED = "checked"
    INTENT = "intent"
    EFFECT = "effect"
    UNKNOWN = "unknown"
    RECONCILING = "reconciling"
    APPLIED = "applied"
    NOT_APPLIED = "not applied"
    CONFLICT = "conflict"
    VERIFYING = "verifying"
    ROLLING_BACK = "rolling back"
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled back"
    REFUSED = "refused"
    EXPIRED = "expired"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"
    NEEDS_HUMAN = "needs human"
    CLOSED = "closed"


_S = ActionState
TERMINAL = frozenset({_S.SUCCEEDED, _S.ROLLED_BACK, _S.REFUSED, _S.EXPIRED, _S.DISCARDED, _S.CANCELLED, _S.CLOSED})
"""States that nothing leaves."""

BEFORE_INTENT = frozenset({_S.REQUESTED, _S.PLANNED, _S.CONFIRMED, _S.LOCKED, _S.CHECKED})
"""States in which nothing can have been sent."""

IN_DOUBT = frozenset({_S.INTENT, _S.EFFECT, _S.UNKNOWN, _S.RECONCILING, _S.CONFLICT})
"""States in which the effect of a request is not known."""


class Intent(msgspec.Struct, frozen=True):
    """What is about to be sent, or was: committed before the first byte leaves."""

    id: str
    step: int
    back: bool
    digest: str
    at: datetime


class ActionRun(msgspec.Struct, frozen=True):
    """One action run as its events tell it.

    `approvals` are those that stand; `all_approvals` also those of a plan that was made anew or that were revoked.
    `applied` and `undone` are indexes into the plan's steps. `blocked` means that the service refused the present
    step; `code` and `reason` say why the run stands where it stands.
    """

    uid: str
    request: Request
    operator: str
    state: ActionState
    requested_at: datetime
    changed_at: datetime
    plan: Plan | None = None
    plan_hash: str = ""
    confirmed_hash: str = ""
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    required: Requirement = Requirement()
    approvals: tuple[Approval, ...] = ()
    all_approvals: tuple[Approval, ...] = ()
    fencing: int = 0
    intent: Intent | None = None
    intents: frozenset[str] = frozenset()
    applied: tuple[int, ...] = ()
    undone: tuple[int, ...] = ()
    tries: int = 0
    back: bool = False
    cancelling: bool = False
    blocked: bool = False
    quiet_until: datetime | None = None
    verify_until: datetime | None = None
    code: str = ""
    reason: str = ""
    result: Mapping[str, Any] | None = None
    anomalies: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether the run has ended for good."""
        return self.state in TERMINAL

    @property
    def approvals_missing(self) -> int:
        """How many other people have to approve before anything is sent."""
        return self.required.missing({each.by for each in self.approvals})

    @property
    def holds_target(self) -> bool:
        """Whether nobody else may change the target: an effect is in doubt or a person has to look."""
        started = bool(self.intents) and not self.finished
        return started or self.state is _S.NEEDS_HUMAN

    @property
    def next_step(self) -> int | None:
        """Index of the next step to send in the present direction; None when there is none left."""
        if self.plan is None:
            return None
        if self.back:
            return next((step for step in reversed(self.applied) if step not in self.undone), None)
        return next((step for step in range(len(self.plan.steps)) if step not in self.applied), None)

    def step(self, index: int, *, back: bool) -> PlanStep:
        """The plan's step of that index, or the one that compensates it."""
        if self.plan is None:
            raise IllegalMove("There is no plan yet.")
        return (self.plan.way_back if back else self.plan.steps)[index]
