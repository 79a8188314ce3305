"""An action run in the operator's words: one line per journal entry, and what is being waited for now."""

from datetime import datetime
from typing import Any

import msgspec

from cockpit.actions.approval import code_of_plan
from cockpit.actions.journal import ActionRun, ActionState
from cockpit.text import visible
from storage.event import Event


class JournalLine(msgspec.Struct, frozen=True):
    """One journal entry. `kind` is the event's kind without `action.`."""

    at: datetime
    kind: str
    text: str
    actor: str


def tell(event: Event) -> JournalLine:
    """The line for one event of an action's stream."""
    kind = event.kind.removeprefix("action.")
    words = visible(_words(kind, event.body), limit=500)
    return JournalLine(event.occurred_at, kind, words, event.actor)


def _words(kind: str, body: dict[str, Any]) -> str:
    told = {
        "requested": "asked for: {remedy} on {target}",
        "planned": "planned",
        "confirmed": "confirmed",
        "approved": "approved by {by} ({method} {key})",
        "approval_revoked": "{by} takes the approval back: {reason}",
        "rejected": "rejected by {by}: {reason}",
        "locked": "locked {target}: nobody else can change it",
        "intent": "intent recorded: {says}",
        "effect": "sending, once",
        "refused": "refused: {sentence}",
        "unknown": "outcome unknown: {reason}",
        "reconciling": "waiting until {quiet_until} for what may still land, then reading to find out",
        "conflict": "conflict: {reason}",
        "verifying": "verifying by another path, until {until}",
        "succeeded": "succeeded: {sentence}",
        "rolling_back": "rolling back: {reason}",
        "rolled_back": "rolled back: the state is what it was before",
        "needs_human": "needs a person: {reason}",
        "closed": "closed: {reason}",
        "expired": "expired: nothing was changed",
        "discarded": "discarded",
        "cancelled": "cancelled: no further step is sent",
        "noted": "{text}",
    }
    if kind == "checked":
        same = "checked again: the live state is what the plan says"
        return same if body.get("matches") else "the live state changed after the plan: planning again"
    if kind == "approved" and not body.get("key"):
        return f"approved by {body.get('by', '?')} (by {body.get('method', '?')})"
    if kind == "applied":
        by = "seen by reading" if body.get("basis") == "read" else body.get("answer", "the service said so")
        return f"applied: {by}"
    if kind == "not_applied":
        never = "it was never sent" if body.get("basis") == "never sent" else "seen by reading, twice"
        return f"not applied: {never}"
    return told.get(kind, kind).format_map(_Missing({**body, **_clock_times(body)}))


def _clock_times(body: dict[str, Any]) -> dict[str, str]:
    """Moments as a clock on the wall shows them."""
    names = [name for name in ("until", "quiet_until") if isinstance(body.get(name), str)]
    return {name: f"{datetime.fromisoformat(body[name]):%H:%M:%S}Z" for name in names}


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def waiting_for(run: ActionRun) -> str:
    """What the run waits for now, in words; empty when it waits for nothing or has ended."""
    if run.state is ActionState.CONFIRMED and run.approvals_missing:
        code = code_of_plan(run.uid, run.plan_hash)
        return f"a second person ({run.required.why}): they look at it and type cockpit approve {code}"
    words = {
        ActionState.REQUESTED: "the plan: DNS, key and live state are being read",
        ActionState.PLANNED: "you: look at the plan and confirm it",
        ActionState.CONFIRMED: f"the lease on {run.request.target}, and then one more look at the live state",
        ActionState.LOCKED: "one more look at the live state",
        ActionState.CHECKED: "the intent to be recorded",
        ActionState.INTENT: "the request to be sent",
        ActionState.EFFECT: "the service's answer",
        ActionState.UNKNOWN: "the quiet period to begin",
        ActionState.RECONCILING: "the outcome: the live state is being read until two readings agree",
        ActionState.VERIFYING: "verification by another path",
        ActionState.ROLLING_BACK: "the way back",
        ActionState.NEEDS_HUMAN: f"you: {run.reason}",
    }
    return words.get(run.state, "")
