"""What was sent where: every request of every run, exactly as the plan has it, with what became of it."""

from datetime import datetime
from typing import Any

import msgspec

from cockpit.actions.journal import ActionRun, absorb
from storage.ledger import Ledger

OUTCOMES = {
    "action.applied": "applied",
    "action.refused": "refused",
    "action.not_applied": "not applied",
    "action.unknown": "unknown",
    "action.conflict": "conflict",
}


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `outcome` is one of `OUTCOMES`, or empty while it is under way."""

    at: datetime
    action: str
    target: str
    account: str
    region: str
    caller: str
    operator: str
    operation: str
    request: dict[str, Any]
    back: bool
    outcome: str = ""
    detail: str = ""


def command_log(ledger: Ledger, target: str = "", action: str = "") -> list[Sent]:
    """The requests in the order in which they were sent; all of them, or those of one target or one action."""
    runs: dict[str, ActionRun | None] = {}
    sent: dict[str, Sent] = {}
    for event in ledger.since(0, stream="action/"):
        uid = event.stream.removeprefix("action/")
        before = runs.get(uid)
        run = runs[uid] = absorb(before, uid, event)
        intent = str(event.body.get("intent", ""))
        if event.kind == "action.effect" and run is not None and run.intent is not None:
            sent[intent] = _sent(run, uid, event.occurred_at)
        elif event.kind in OUTCOMES and intent in sent:
            detail = next((str(event.body[name]) for name in _WORDS if event.body.get(name)), "")
            sent[intent] = msgspec.structs.replace(sent[intent], outcome=OUTCOMES[event.kind], detail=detail)
    chosen = (each for each in sent.values() if not target or each.target == target)
    return [each for each in chosen if not action or each.action == action]


_WORDS = ("answer", "sentence", "reason", "basis")


def _sent(run: ActionRun, uid: str, at: datetime) -> Sent:
    intent, plan = run.intent, run.plan
    if intent is None or plan is None:
        raise ValueError("a request without an intent")
    step = run.step(intent.step, back=intent.back)
    return Sent(
        at=at,
        action=uid,
        target=run.request.target,
        account=plan.account,
        region=plan.region,
        caller=plan.caller,
        operator=run.operator,
        operation=step.operation,
        request=step.request,
        back=intent.back,
    )
