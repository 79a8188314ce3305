"""Carries one action run forward, one journalled transition at a time, from wherever its events say it stands.

The driver keeps nothing in memory that the journal does not have, except that it holds the lease. So a new
driver after a crash continues exactly where the old one was.
"""

from collections.abc import Callable
from typing import Any

from cockpit.actions.contract import Outcome, Plan, PlanRefused, Waits, agrees
from cockpit.actions.journal import BEFORE_INTENT, MAX_TRIES, ActionRun, ActionState
from cockpit.actions.patience import VERIFY_S, Journal, Patience
from cockpit.actions.sending import Sender, code_of, plan_of, sentence_of
from cockpit.clock import format_time
from cockpit.errors import CockpitError, IllegalMove, WorldError
from cockpit.text import visible
from storage.errors import LeaseHeld

__all__ = ["Driver", "Journal", "Patience"]


class Driver(Sender):
    """One attempt to carry a run to an end. Not reusable, and never two for one run."""

    def run(self) -> ActionRun:
        """Drive until the run has ended or needs a person; returns how it stands then.

        Raises LeaseHeld when another driver took over.
        """
        surprises = 0
        while True:
            run = self._journal.load()
            if run.finished or run.state is ActionState.NEEDS_HUMAN:
                self._unlock()
                return run
            try:
                self._turn(run)
                surprises = 0
            except IllegalMove:
                # Somebody confirmed, cancelled or discarded between the reading and the writing: look again.
                surprises += 1
                if surprises > 3:
                    raise

    def _turn(self, run: ActionRun) -> None:
        if run.confirmed_hash and not self._locked:
            self._lock(run)
            return
        turns: dict[ActionState, Callable[[ActionRun], None]] = {
            ActionState.REQUESTED: self._plan,
            ActionState.PLANNED: self._await_confirmation,
            ActionState.CONFIRMED: self._lock,
            ActionState.LOCKED: self._check,
            ActionState.CHECKED: self._send,
            ActionState.INTENT: self._never_sent,
            ActionState.EFFECT: self._cut_off,
            ActionState.UNKNOWN: self._begin_reconciling,
            ActionState.RECONCILING: self._reconcile,
            ActionState.APPLIED: self._after_applied,
            ActionState.NOT_APPLIED: self._after_not_applied,
            ActionState.CONFLICT: self._after_conflict,
            ActionState.VERIFYING: self._verify,
            ActionState.ROLLING_BACK: self._roll_back,
        }
        turns[run.state](run)

    # Before anything is sent

    def _plan(self, run: ActionRun) -> None:
        self._unlock()
        try:
            if run.request.undoes is not None:
                plan = self._remedy.plan_undo(self._journal.plan_of(run.request.undoes), self._clock.now())
            else:
                plan = self._remedy.plan(self._clock.now())
        except CockpitError as error:
            told: dict[str, Any] = {"code": code_of(error), "sentence": sentence_of(error)}
            if isinstance(error, PlanRefused) and error.facts:
                told["facts"] = error.facts
            self._append("action.refused", told)
            return
        required = self._require(plan, run.request)
        body: dict[str, Any] = {"plan": plan.to_json(), "plan_hash": plan.hash}
        if required.approvals or required.why:
            body |= {"approvals": required.approvals, "approval_why": required.why}
        if required.by:
            body["approval_by"] = [list(group) for group in required.by]
        self._append("action.planned", body)

    def _await_confirmation(self, run: ActionRun) -> None:
        if not self._expire(run):
            self._journal.wait(self._until(plan_of(run).expires_at))

    def _lock(self, run: ActionRun) -> None:
        if run.state in BEFORE_INTENT and self._expire(run):
            return
        if run.state in BEFORE_INTENT and run.approvals_missing:
            self._journal.wait(self._until(plan_of(run).expires_at))
            return
        try:
            fencing = self._journal.lock(plan_of(run).target)
        except LeaseHeld as busy:
            self._note(sentence_of(busy))
            self._journal.wait(self._patience.poll.total_seconds())
            return
        self._locked = True
        self._append("action.locked", {"target": plan_of(run).target, "fencing": fencing})

    def _check(self, run: ActionRun) -> None:
        if self._expire(run):
            return
        plan = plan_of(run)
        if not self._identified(run):
            return
        try:
            live = self._remedy.read(plan)
        except WorldError as error:
            self._hold(f"The live state cannot be read: {sentence_of(error)}")
            return
        differing = sorted(key for key in plan.before if agrees(live, {key: plan.before[key]}) is False)
        self._append("action.checked", {"matches": not differing, "differing": differing})

    # After a step

    def _after_applied(self, run: ActionRun) -> None:
        if run.cancelling and plan_of(run).reversible:
            self._append("action.rolling_back", {"reason": "It was cancelled."})
        elif run.cancelling:
            self._append("action.needs_human", {"reason": "It was cancelled, and there is no way back."})
        elif run.next_step is None:
            usual = self._patience.verify
            asked = plan_of(run).verify_s
            until = self._clock.now() + (usual * (asked / VERIFY_S) if asked else usual)
            self._append("action.verifying", {"until": format_time(until)})
        elif self._ready(run, run.next_step):
            self._send(run)

    def _ready(self, run: ActionRun, index: int) -> bool:
        """Whether the next step can be sent; what has waited for too long is taken back."""
        if not isinstance(self._remedy, Waits):
            return True
        plan = plan_of(run)
        try:
            missing = self._remedy.ready(plan, plan.steps[index])
        except WorldError as error:
            missing = sentence_of(error)
        if not missing:
            return True
        since = self._waiting.setdefault(index, self._clock.now())
        if self._clock.now() - since > self._patience.verify * ((plan.verify_s or VERIFY_S) / VERIFY_S):
            self._retreat(run, f"It did not come in time. {missing}")
        else:
            self._hold(f"Waiting before the next step: {missing}")
        return False

    def _after_not_applied(self, run: ActionRun) -> None:
        late = self._clock.now() >= plan_of(run).expires_at
        if not (run.cancelling or run.blocked or late or run.tries >= MAX_TRIES):
            self._send(run)
        elif not run.applied:
            self._end_without_effect(run, late)
        else:
            self._retreat(run, run.reason or "A later step could not be applied.")

    def _end_without_effect(self, run: ActionRun, late: bool) -> None:
        if late:
            self._append("action.expired", {})
            return
        code, reason = ("CANCELLED", "It was cancelled.") if run.cancelling else ("NOT_APPLIED", run.reason)
        sentence = f"{reason} Nothing was changed.".strip()
        self._append("action.refused", {"code": code, "sentence": sentence})

    def _retreat(self, run: ActionRun, reason: str) -> None:
        if plan_of(run).reversible:
            self._append("action.rolling_back", {"reason": reason})
        else:
            self._append("action.needs_human", {"reason": f"{reason} There is no way back."})

    def _after_conflict(self, run: ActionRun) -> None:
        self._append("action.needs_human", {"reason": run.reason})

    def _verify(self, run: ActionRun) -> None:
        plan = plan_of(run)
        if run.cancelling and plan.reversible:
            self._append("action.rolling_back", {"reason": "It was cancelled."})
            return
        if run.verify_until is None or self._clock.now() >= run.verify_until:
            self._append("action.needs_human", {"reason": f"It could not be verified in time. {self._last_note}"})
            return
        try:
            found = self._remedy.verify(plan)
        except WorldError as error:
            self._hold(f"Verifying: {sentence_of(error)}")
            return
        if found.outcome is Outcome.DONE:
            result = self._remedy.result(plan, found, self._clock.now())
            self._append("action.succeeded", {"result": result, "sentence": visible(found.sentence)})
        elif found.outcome is Outcome.WAITING:
            self._hold(f"Verifying: {visible(found.sentence)}")
        elif plan.rolls_back and plan.reversible:
            self._append("action.rolling_back", {"reason": visible(found.sentence)})
        else:
            self._append("action.needs_human", {"reason": visible(found.sentence)})

    def _roll_back(self, run: ActionRun) -> None:
        if run.blocked or run.tries >= MAX_TRIES:
            reason = f"The way back could not be finished. {run.reason}"
            self._append("action.needs_human", {"reason": reason.strip()})
        elif run.next_step is not None:
            self._send(run)
        else:
            self._claim_rolled_back(plan_of(run))

    def _claim_rolled_back(self, plan: Plan) -> None:
        try:
            live = self._remedy.read(plan)
        except WorldError as error:
            self._hold(f"Reading whether the former state is back: {sentence_of(error)}")
            return
        if agrees(live, plan.before) is False:
            reason = "Every step was taken back, and yet the live state is not what it was before."
            self._append("action.needs_human", {"reason": reason})
        else:
            self._append("action.rolled_back", {"live": dict(live)})
