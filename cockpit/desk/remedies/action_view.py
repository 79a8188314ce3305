"""An action run as a screen shows it: plain values, worked out from the run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cockpit.actions.approval import code_of_plan
from cockpit.actions.contract import Plan
from cockpit.actions.journal import IN_DOUBT, ActionRun, ActionState
from cockpit.actions.telling import JournalLine, waiting_for


class ActionView(msgspec.Struct, frozen=True):
    """One action run as a screen shows it.

    `phrase` is what has to be typed to confirm. `alive` says whether a runner is at work; without one nothing
    moves, and `resume_orphans()` starts one. `code_to_approve` is the plan's short name for a second person,
    `approvals_missing` how many more have to approve, `approved_by` who did, `may_approve` who could. `steps_done`
    counts requests that had their effect, in the present direction. `reads` names what is read to find out about a
    request in doubt, and `quiet_until` from when on.
    """

    uid: str
    title: str
    remedy: str
    target: str
    parameters: Mapping[str, str]
    state: ActionState
    plan: Plan | None
    phrase: str
    expires_at: datetime | None
    lines: tuple[JournalLine, ...]
    waiting_for: str
    alive: bool
    waits_for_person: bool
    in_doubt: bool
    running: bool
    can_confirm: bool
    can_discard: bool
    can_cancel: bool
    can_undo: bool
    undone_by: str | None
    code: str
    reason: str
    result: Mapping[str, Any] | None
    incident: str | None
    run: str | None
    undoes: str | None
    operator: str
    confirmed_by: str
    approvals_missing: int
    approved_by: tuple[str, ...]
    approval_why: str
    code_to_approve: str
    may_approve: tuple[str, ...]
    steps_done: int
    back: bool
    reads: tuple[str, ...]
    quiet_until: datetime | None
    requested_at: datetime
    changed_at: datetime

    @property
    def can_repeat(self) -> bool:
        """Whether the same may be asked for again: it was not planned, or not applied, and is no way back."""
        ended = (ActionState.REFUSED, ActionState.EXPIRED, ActionState.DISCARDED)
        return self.state in ended and self.undoes is None


def view_of(
    run: ActionRun,
    lines: tuple[JournalLine, ...],
    *,
    alive: bool,
    can_undo: bool,
    undone_by: str | None,
    read_only: bool,
) -> ActionView:
    """The view of one run. `alive` says whether a runner is at work."""
    plan, asked = run.plan, run.request
    waits = run.state in (ActionState.PLANNED, ActionState.NEEDS_HUMAN)
    return ActionView(
        uid=run.uid,
        title=plan.title if plan else f"{asked.remedy} on {asked.target}",
        remedy=asked.remedy,
        target=asked.target,
        parameters=asked.parameters,
        state=run.state,
        plan=plan,
        phrase=plan.phrase if plan else "",
        expires_at=plan.expires_at if plan else None,
        lines=lines,
        waiting_for=waiting_for(run),
        alive=alive,
        waits_for_person=waits,
        in_doubt=run.state in IN_DOUBT,
        running=not run.finished and not waits,
        can_confirm=run.state is ActionState.PLANNED and not read_only,
        can_discard=run.state in (ActionState.REQUESTED, ActionState.PLANNED),
        can_cancel=not run.finished and run.state is not ActionState.NEEDS_HUMAN and not run.cancelling,
        can_undo=can_undo,
        undone_by=undone_by,
        code=run.code,
        reason=run.reason,
        result=run.result,
        incident=asked.incident,
        run=asked.run,
        undoes=asked.undoes,
        operator=run.operator,
        confirmed_by=run.confirmed_by,
        approvals_missing=0 if run.finished else run.approvals_missing,
        approved_by=tuple(each.by for each in run.approvals),
        approval_why=run.required.why,
        code_to_approve=code_of_plan(run.uid, run.plan_hash) if run.plan is not None else "",
        may_approve=tuple(
            each for each in asked.scope.get("people") or () if each not in (run.operator, run.confirmed_by)
        ),
        steps_done=len(run.undone if run.back else run.applied),
        back=run.back,
        reads=_reads(run),
        quiet_until=run.quiet_until,
        requested_at=run.requested_at,
        changed_at=run.changed_at,
    )


def _reads(run: ActionRun) -> tuple[str, ...]:
    """What tells whether the open request had an effect."""
    if run.intent is None or run.plan is None:
        return ()
    return tuple(run.step(run.intent.step, back=run.intent.back).before)
