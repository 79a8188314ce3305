"""One step of a run: intent committed, effect committed, one sending, and its outcome found out.

The order is the whole point. What an earlier process may have sent is never sent again; it is found out by reading.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from cockpit.actions.approval import Require, by_risk
from cockpit.actions.contract import (
    EffectRefused,
    EffectUnknown,
    Plan,
    PlanRefused,
    Remedy,
    Standing,
    State,
    standing,
)
from cockpit.actions.journal import ActionRun
from cockpit.actions.patience import Journal, Patience
from cockpit.clock import Clock, format_time
from cockpit.errors import CockpitError, Refused, WorldError, WrongIdentity
from cockpit.text import redact, visible


class Sender:
    """Sends steps of one run and settles what became of them; holds the lease once it has taken it."""

    def __init__(
        self, journal: Journal, remedy: Remedy, clock: Clock, patience: Patience, require: Require = by_risk
    ) -> None:
        self._journal = journal
        self._remedy = remedy
        self._clock = clock
        self._patience = patience
        self._require = require
        self._locked = False
        self._last_note = ""
        self._waiting: dict[int, datetime] = {}

    def _identified(self, run: ActionRun) -> bool:
        flaw = self._journal.approval_flaw() if run.required.approvals and not run.back else ""
        if flaw:
            self._give_up(run, "NOT_APPROVED", flaw)
            return False
        try:
            self._remedy.identify()
        except WrongIdentity as error:
            self._give_up(run, "WRONG_IDENTITY", sentence_of(error))
            return False
        except Refused as error:
            self._give_up(run, code_of(error), sentence_of(error))
            return False
        except WorldError as error:
            self._hold(f"It cannot be asked who is calling: {sentence_of(error)}")
            return False
        return True

    def _give_up(self, run: ActionRun, code: str, sentence: str) -> None:
        if run.applied:
            self._append("action.needs_human", {"reason": sentence})
        else:
            self._append("action.refused", {"code": code, "sentence": sentence})

    def _expire(self, run: ActionRun) -> bool:
        if self._clock.now() < plan_of(run).expires_at:
            return False
        self._append("action.expired", {})
        return True

    # One step: intent, effect, one sending, outcome

    def _send(self, run: ActionRun) -> None:
        if not run.applied and self._expire(run):
            return
        if not self._identified(run):
            return
        plan, index = plan_of(run), run.next_step
        if index is None:
            return
        step = run.step(index, back=run.back)
        intent = uuid4().hex
        body = {"intent": intent, "step": index, "back": run.back, "digest": step.digest}
        self._append("action.intent", {**body, "operation": step.operation, "says": step.says})
        self._append("action.effect", {"intent": intent})
        try:
            answer = self._remedy.send(plan, step)
        except EffectRefused as error:
            told = {"code": error.code, "sentence": sentence_of(error)}
            self._append("action.refused", {"intent": intent, **told})
        except Refused as error:
            # The client layer refused before a request existed.
            told = {"code": code_of(error), "sentence": sentence_of(error)}
            self._append("action.refused", {"intent": intent, **told})
        except EffectUnknown as error:
            self._append("action.unknown", {"intent": intent, "reason": sentence_of(error)})
        except Exception as error:
            # A defect says nothing about what was sent before it: that is found out by reading.
            self._append("action.unknown", {"intent": intent, "reason": f"A defect: {type(error).__name__}."})
        else:
            self._append("action.applied", {"intent": intent, "basis": "answer", "answer": visible(answer)})

    def _never_sent(self, run: ActionRun) -> None:
        # `action.effect` is committed before the first byte leaves, and only under the lease that is ours now.
        self._append("action.not_applied", {"intent": intent_of(run), "basis": "never sent"})

    def _cut_off(self, run: ActionRun) -> None:
        reason = "The process that was sending ended before an answer was recorded."
        self._append("action.unknown", {"intent": intent_of(run), "reason": reason})

    def _begin_reconciling(self, run: ActionRun) -> None:
        until = self._clock.now() + self._patience.quiet
        self._append("action.reconciling", {"intent": intent_of(run), "quiet_until": format_time(until)})

    def _reconcile(self, run: ActionRun) -> None:
        intent, plan = run.intent, plan_of(run)
        if intent is None or run.quiet_until is None:
            return
        self._pass(run.quiet_until - self._clock.now())
        step = run.step(intent.step, back=intent.back)
        found = self._read_twice(plan, step.before, step.after, self._clock.now() + self._patience.reconcile)
        if found is None:
            self._append("action.needs_human", {"reason": "The live state could not be read for too long."})
            return
        where, live = found
        if where is Standing.AFTER:
            self._append("action.applied", {"intent": intent.id, "basis": "read", "live": dict(live)})
        elif where is Standing.BEFORE:
            self._append("action.not_applied", {"intent": intent.id, "basis": "read", "live": dict(live)})
        else:
            reason = (
                "The live state is neither what it was nor what was asked for."
                if where is Standing.NEITHER
                else "What can be read does not tell whether the request had an effect."
            )
            self._append("action.conflict", {"intent": intent.id, "reason": reason, "live": dict(live)})

    def _read_twice(
        self, plan: Plan, before: State, after: State, deadline: datetime
    ) -> tuple[Standing, State] | None:
        """Where the live state stands, once two readings in a row agree; None after the deadline."""
        last: Standing | None = None
        while self._clock.now() < deadline:
            try:
                live = self._remedy.read(plan)
            except WorldError as error:
                last = None
                self._hold(f"Reading to find out: {sentence_of(error)}")
                continue
            where = standing(live, before, after)
            if where is last:
                return where, live
            last = where
            self._pass(self._patience.apart)
        return None

    # Writing and waiting

    def _append(self, kind: str, body: dict[str, Any]) -> None:
        self._last_note = ""
        self._journal.append(kind, body, fenced=self._locked)

    def _note(self, sentence: str) -> None:
        if sentence != self._last_note:
            self._journal.append("action.noted", {"text": sentence}, fenced=self._locked)
            self._last_note = sentence

    def _hold(self, sentence: str) -> None:
        self._note(sentence)
        self._journal.wait(self._patience.poll.total_seconds())

    def _pass(self, span: timedelta) -> None:
        """Let the whole span pass, whoever writes meanwhile."""
        until = self._clock.monotonic() + span.total_seconds()
        while (left := until - self._clock.monotonic()) > 0:
            self._journal.wait(min(left, self._patience.poll.total_seconds()))

    def _until(self, moment: datetime) -> float:
        left = (moment - self._clock.now()).total_seconds()
        return min(max(left, 0.0), self._patience.poll.total_seconds())

    def _unlock(self) -> None:
        if self._locked:
            self._journal.unlock()
            self._locked = False


def plan_of(run: ActionRun) -> Plan:
    """The run's plan; raises CockpitError for a run whose events lost it."""
    if run.plan is None:
        raise CockpitError(f"Action {run.uid} is {run.state} without a plan: its events are damaged.")
    return run.plan


def intent_of(run: ActionRun) -> str:
    """Id of the open intent; raises CockpitError for a run whose events lost it."""
    if run.intent is None:
        raise CockpitError(f"Action {run.uid} is {run.state} without an intent: its events are damaged.")
    return run.intent.id


def code_of(error: CockpitError) -> str:
    """The token that programs tell this error apart by."""
    if isinstance(error, PlanRefused):
        return error.code
    return "WRONG_IDENTITY" if isinstance(error, WrongIdentity) else type(error).__name__.upper()


def sentence_of(error: CockpitError) -> str:
    """What the error tells the operator, fit for the ledger."""
    return redact(visible(error))
