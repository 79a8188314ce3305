"""What each event does to an action run, and from which states it may come."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from cockpit.actions.approval import Approval, Requirement
from cockpit.actions.contract import Plan, Request
from cockpit.actions.run import BEFORE_INTENT, MAX_TRIES, TERMINAL, ActionRun, ActionState, Intent
from cockpit.errors import IllegalMove

_S = ActionState


def requested(uid: str, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    """The run that `action.requested` begins; raises IllegalMove when the request cannot be read."""
    try:
        request = msgspec.convert(dict(body), Request)
    except msgspec.ValidationError as error:
        raise IllegalMove(f"The request of action {uid} cannot be read: {error}.") from None
    return ActionRun(uid=uid, request=request, operator=actor, state=_S.REQUESTED, requested_at=at, changed_at=at)


def _planned(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    plan = Plan.from_json(body["plan"])
    if plan.hash != body["plan_hash"]:
        raise IllegalMove("The plan does not have the hash that is recorded with it.")
    groups = tuple(tuple(str(name) for name in group) for group in body.get("approval_by", ()))
    required = Requirement(int(body.get("approvals", 0)), str(body.get("approval_why", "")), groups)
    return replace(
        run, state=_S.PLANNED, plan=plan, plan_hash=plan.hash, reason="", required=required, approvals=()
    )


def _confirmed(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if body["plan_hash"] != run.plan_hash:
        raise IllegalMove("The plan changed after it was shown: look at it again.")
    if run.plan is None or at >= run.plan.expires_at:
        raise IllegalMove("The plan has expired: ask for a new one.")
    if any(each.by == actor for each in run.approvals):
        raise IllegalMove("You approved this plan: somebody else has to confirm it.")
    return replace(run, state=_S.CONFIRMED, confirmed_hash=run.plan_hash, confirmed_by=actor, confirmed_at=at)


def _approved(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    approval = Approval(*(str(body[name]) for name in ("by", "method", "key", "proof")))
    if body["plan_hash"] != run.plan_hash:
        raise IllegalMove("The plan changed after it was shown: look at it again.")
    if run.plan is None or at >= run.plan.expires_at:
        raise IllegalMove("The plan has expired: ask for a new one.")
    if approval.by in (run.operator, run.confirmed_by):
        raise IllegalMove("Nobody approves a plan of their own.")
    if approval.method == "signature" and approval.by != actor:
        raise IllegalMove("An approval is signed by the one who gives it.")
    if any(each.by == approval.by for each in run.approvals):
        raise IllegalMove(f"{approval.by} has approved it already.")
    given = [each.by for each in run.approvals]
    if run.approvals_missing and not run.required.wants(approval.by, given):
        who = " and ".join(" or ".join(group) for group in run.required.by if group)
        can = f" {who} can." if who else ""
        raise IllegalMove(f"It is not {approval.by} who has to approve this.{can} {run.required.why}")
    return replace(run, approvals=(*run.approvals, approval), all_approvals=(*run.all_approvals, approval))


def _revoked(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    left = tuple(each for each in run.approvals if each.by != actor)
    if len(left) == len(run.approvals):
        raise IllegalMove("There is no approval of yours to take back.")
    return replace(run, approvals=left)


def _rejected(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if actor == run.operator:
        raise IllegalMove("Discard a plan of your own instead.")
    reason = f"{body['by']} rejected the plan: {body['reason']}"
    return replace(run, state=_S.REFUSED, code="REJECTED", reason=reason)


def _locked(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if run.state in BEFORE_INTENT and run.approvals_missing:
        raise IllegalMove("A second person has to approve the plan first.")
    state = _S.LOCKED if run.state in BEFORE_INTENT else run.state
    return replace(run, state=state, fencing=int(body["fencing"]))


def _checked(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if body["matches"]:
        return replace(run, state=_S.CHECKED)
    return replace(
        run,
        state=_S.REQUESTED,
        plan=None,
        plan_hash="",
        confirmed_hash="",
        confirmed_by="",
        approvals=(),
        reason="The live state changed after the plan was made.",
    )


def _intent(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    _require_confirmed(run)
    index, back = int(body["step"]), bool(body["back"])
    if back != run.back or index != run.next_step:
        raise IllegalMove("The intent is not for the next step.")
    if body["intent"] in run.intents:
        raise IllegalMove("Each sending needs an intent of its own.")
    if run.cancelling and not back:
        raise IllegalMove("The action is being cancelled: no further step is sent.")
    if run.blocked:
        raise IllegalMove("The service refused this step: it is not sent again.")
    if run.tries >= MAX_TRIES:
        raise IllegalMove(f"The step was tried {run.tries} times: no further try.")
    digest = run.step(index, back=back).digest
    if body["digest"] != digest:
        raise IllegalMove("The intent names another request than the plan.")
    intent = Intent(str(body["intent"]), index, back, digest, at)
    return replace(run, state=_S.INTENT, intent=intent, intents=run.intents | {intent.id}, tries=run.tries + 1)


def _require_confirmed(run: ActionRun) -> None:
    if not run.confirmed_hash or run.plan_hash != run.confirmed_hash:
        raise IllegalMove("The plan is not the one that was confirmed.")
    if run.approvals_missing:
        raise IllegalMove("A second person has to approve the plan first.")


def _effect(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    _same_intent(run, body)
    return replace(run, state=_S.EFFECT)


def _same_intent(run: ActionRun, body: Mapping[str, Any]) -> Intent:
    if run.intent is None or run.intent.id != body.get("intent"):
        raise IllegalMove("The outcome belongs to another intent.")
    return run.intent


def _applied(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    intent = _same_intent(run, body)
    settled = replace(run, intent=None, tries=0, quiet_until=None, reason="")
    if intent.back:
        return replace(settled, state=_S.ROLLING_BACK, undone=(*run.undone, intent.step))
    return replace(settled, state=_S.APPLIED, applied=(*run.applied, intent.step))


def _not_applied(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    intent = _same_intent(run, body)
    if run.state is _S.INTENT and body.get("basis") != "never sent":
        raise IllegalMove("An intent without an effect can only end as never sent.")
    tries = run.tries - 1 if run.state is _S.INTENT else run.tries
    state = _S.ROLLING_BACK if intent.back else _S.NOT_APPLIED
    return replace(run, state=state, intent=None, tries=tries, quiet_until=None)


def _refused(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    told = replace(run, code=str(body["code"]), reason=str(body["sentence"]))
    if run.state is not _S.EFFECT:
        if run.applied:
            raise IllegalMove("A change was applied already: the run cannot end as refused.")
        return replace(told, state=_S.REFUSED)
    intent = _same_intent(run, body)
    told = replace(told, intent=None, blocked=True)
    if intent.back:
        return replace(told, state=_S.ROLLING_BACK)
    return replace(told, state=_S.NOT_APPLIED if run.applied else _S.REFUSED)


def _unknown(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    _same_intent(run, body)
    return replace(run, state=_S.UNKNOWN, reason=str(body["reason"]))


def _reconciling(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    _same_intent(run, body)
    return replace(run, state=_S.RECONCILING, quiet_until=datetime.fromisoformat(body["quiet_until"]))


def _conflict(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    _same_intent(run, body)
    return replace(run, state=_S.CONFLICT, reason=str(body["reason"]))


def _verifying(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if run.next_step is not None:
        raise IllegalMove("Not every step is applied yet.")
    return replace(run, state=_S.VERIFYING, verify_until=datetime.fromisoformat(body["until"]))


def _succeeded(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    return replace(run, state=_S.SUCCEEDED, result=dict(body["result"]))


def _rolling_back(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if run.plan is None or not run.plan.reversible:
        raise IllegalMove("There is no way back for this plan.")
    if not run.applied:
        raise IllegalMove("Nothing was applied, so there is nothing to roll back.")
    return replace(run, state=_S.ROLLING_BACK, back=True, tries=0, blocked=False, reason=str(body["reason"]))


def _rolled_back(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if run.next_step is not None:
        raise IllegalMove("Not every step is undone yet.")
    return replace(run, state=_S.ROLLED_BACK)


def _needs_human(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    return replace(run, state=_S.NEEDS_HUMAN, reason=str(body["reason"]))


def _closed(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    return replace(run, state=_S.CLOSED, reason=str(body["reason"]))


def _expired(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if run.applied:
        raise IllegalMove("A change was applied already: the run cannot just expire.")
    return replace(run, state=_S.EXPIRED)


def _discarded(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    return replace(run, state=_S.DISCARDED, reason=str(body.get("reason", "")))


def _cancelled(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    if run.state in BEFORE_INTENT:
        return replace(run, state=_S.CANCELLED, reason=str(body.get("reason", "")))
    return replace(run, cancelling=True)


def _noted(run: ActionRun, body: Mapping[str, Any], at: datetime, actor: str) -> ActionRun:
    return run


_LIVE = frozenset(ActionState) - TERMINAL
_LOCKABLE = _LIVE - {_S.REQUESTED, _S.PLANNED, _S.NEEDS_HUMAN, _S.CONFLICT}
_Change = Callable[[ActionRun, Mapping[str, Any], datetime, str], ActionRun]
MOVES: Mapping[str, tuple[frozenset[ActionState], _Change]] = {
    "action.planned": (frozenset({_S.REQUESTED}), _planned),
    "action.confirmed": (frozenset({_S.PLANNED}), _confirmed),
    "action.approved": (frozenset({_S.PLANNED, _S.CONFIRMED}), _approved),
    "action.approval_revoked": (frozenset({_S.PLANNED, _S.CONFIRMED, _S.LOCKED, _S.CHECKED}), _revoked),
    "action.rejected": (frozenset({_S.PLANNED, _S.CONFIRMED}), _rejected),
    "action.locked": (_LOCKABLE, _locked),
    "action.checked": (frozenset({_S.LOCKED}), _checked),
    "action.intent": (frozenset({_S.CHECKED, _S.APPLIED, _S.NOT_APPLIED, _S.ROLLING_BACK}), _intent),
    "action.effect": (frozenset({_S.INTENT}), _effect),
    "action.applied": (frozenset({_S.EFFECT, _S.RECONCILING}), _applied),
    "action.refused": (
        frozenset({_S.REQUESTED, _S.CONFIRMED, _S.LOCKED, _S.CHECKED, _S.NOT_APPLIED, _S.EFFECT}),
        _refused,
    ),
    "action.unknown": (frozenset({_S.EFFECT}), _unknown),
    "action.reconciling": (frozenset({_S.UNKNOWN}), _reconciling),
    "action.not_applied": (frozenset({_S.INTENT, _S.RECONCILING}), _not_applied),
    "action.conflict": (frozenset({_S.RECONCILING}), _conflict),
    "action.verifying": (frozenset({_S.APPLIED}), _verifying),
    "action.succeeded": (frozenset({_S.VERIFYING}), _succeeded),
    "action.rolling_back": (frozenset({_S.APPLIED, _S.NOT_APPLIED, _S.VERIFYING}), _rolling_back),
    "action.rolled_back": (frozenset({_S.ROLLING_BACK}), _rolled_back),
    "action.needs_human": (
        frozenset({_S.APPLIED, _S.NOT_APPLIED, _S.CONFLICT, _S.RECONCILING, _S.VERIFYING, _S.ROLLING_BACK}),
        _needs_human,
    ),
    "action.closed": (frozenset({_S.NEEDS_HUMAN}), _closed),
    "action.expired": (
        frozenset({_S.PLANNED, _S.CONFIRMED, _S.LOCKED, _S.CHECKED, _S.NOT_APPLIED}),
        _expired,
    ),
    "action.discarded": (frozenset({_S.REQUESTED, _S.PLANNED}), _discarded),
    "action.cancelled": (_LIVE - {_S.NEEDS_HUMAN}, _cancelled),
    "action.noted": (_LIVE, _noted),
}
"""By kind of event: the states that it may follow, and what it does."""
