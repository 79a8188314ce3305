"""Carries one action run forward, one journalled transition at a time, from wherever its events say it stands.

The driver keeps nothing in memory that the journal does not have, except that it holds the lease. So a new driver
after a crash continues exactly where the old one was, and what the old one may have sent is found out by
reading. The order inside a step is the whole point: intent committed, effect committed, then one sending.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from cockpit.actions.contract import (
    EffectRefused,
    EffectUnknown,
    Outcome,
    Plan,
    PlanRefused,
    Remedy,
    Standing,
    State,
    agrees,
    standing,
)
from cockpit.actions.journal import BEFORE_INTENT, MAX_TRIES, ActionRun, ActionState
from cockpit.clock import Clock, format_time
from cockpit.errors import CockpitError, IllegalMove, Refused, WorldError, WrongIdentity
from cockpit.text import redact, visible
from storage.errors import LeaseHeld


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the driver waits for what.

    `quiet` is how long after an unanswered request its effect may still land: connect and read time-out plus
    the service's own delay. `apart` lies between the readings that must agree. `reconcile` and `verify` end in
    the hands of a person. `poll` is the longest wait between two looks at anything.
    """

    quiet: timedelta = timedelta(seconds=67)
    apart: timedelta = timedelta(seconds=2)
    reconcile: timedelta = timedelta(hours=1)
    verify: timedelta = timedelta(minutes=15)
    poll: timedelta = timedelta(seconds=5)

    def at_speed(self, speed: float) -> "Patience":
        """The same patience with a world whose time runs `speed` times as fast."""
        return Patience(*(max(span / speed, timedelta(milliseconds=20)) for span in self._spans()))

    def _spans(self) -> tuple[timedelta, ...]:
        return self.quiet, self.apart, self.reconcile, self.verify, self.poll


class Journal(Protocol):
    """The run's events and the lease on its target, as the driver needs them."""

    def load(self) -> ActionRun:
        """The run as its events tell it now."""
        ...

    def append(self, kind: str, body: dict[str, Any], *, fenced: bool) -> None:
        """Admit and commit one event.

        With `fenced`, the lease is checked in the same transaction. Raises IllegalMove when the event may not
        follow, LeaseHeld when somebody else holds the lease by now.
        """
        ...

    def lock(self, target: str) -> int:
        """Take the lease on the target and return its fencing number; raises LeaseHeld."""
        ...

    def unlock(self) -> None:
        """Give the lease back."""
        ...

    def plan_of(self, uid: str) -> Plan:
        """The plan of another run, to undo it; raises NotFound."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait that long or until another process wrote; keeps the leases alive meanwhile."""
        ...


class Driver:
    """One attempt to carry a run to an end. Not reusable, and never two for one run."""

    def __init__(self, journal: Journal, remedy: Remedy, clock: Clock, patience: Patience) -> None:
        self._journal = journal
        self._remedy = remedy
        self._clock = clock
        self._patience = patience
        self._locked = False
        self._last_note = ""

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
            self._append("action.refused", {"code": _code(error), "sentence": _sentence(error)})
            return
        self._append("action.planned", {"plan": plan.to_json(), "plan_hash": plan.hash})

    def _await_confirmation(self, run: ActionRun) -> None:
        if not self._expire(run):
            self._journal.wait(self._until(_plan_of(run).expires_at))

    def _expire(self, run: ActionRun) -> bool:
        if self._clock.now() < _plan_of(run).expires_at:
            return False
        self._append("action.expired", {})
        return True

    def _lock(self, run: ActionRun) -> None:
        if run.state in BEFORE_INTENT and self._expire(run):
            return
        try:
            fencing = self._journal.lock(_plan_of(run).target)
        except LeaseHeld as busy:
            self._note(_sentence(busy))
            self._journal.wait(self._patience.poll.total_seconds())
            return
        self._locked = True
        self._append("action.locked", {"target": _plan_of(run).target, "fencing": fencing})

    def _check(self, run: ActionRun) -> None:
        if self._expire(run):
            return
        plan = _plan_of(run)
        if not self._identified(run):
            return
        try:
            live = self._remedy.read(plan)
        except WorldError as error:
            self._hold(f"The live state cannot be read: {_sentence(error)}")
            return
        differing = sorted(key for key in plan.before if agrees(live, {key: plan.before[key]}) is False)
        self._append("action.checked", {"matches": not differing, "differing": differing})

    def _identified(self, run: ActionRun) -> bool:
        try:
            self._remedy.identify()
        except WrongIdentity as error:
            self._give_up(run, "WRONG_IDENTITY", _sentence(error))
            return False
        except Refused as error:
            self._give_up(run, _code(error), _sentence(error))
            return False
        except WorldError as error:
            self._hold(f"It cannot be asked who is calling: {_sentence(error)}")
            return False
        return True

    def _give_up(self, run: ActionRun, code: str, sentence: str) -> None:
        if run.applied:
            self._append("action.needs_human", {"reason": sentence})
        else:
            self._append("action.refused", {"code": code, "sentence": sentence})

    # One step: intent, effect, one sending, outcome

    def _send(self, run: ActionRun) -> None:
        if not run.applied and self._expire(run):
            return
        if not self._identified(run):
            return
        plan, index = _plan_of(run), run.next_step
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
            told = {"code": error.code, "sentence": _sentence(error)}
            self._append("action.refused", {"intent": intent, **told})
        except Refused as error:
            # The client layer refused before a request existed.
            told = {"code": _code(error), "sentence": _sentence(error)}
            self._append("action.refused", {"intent": intent, **told})
        except EffectUnknown as error:
            self._append("action.unknown", {"intent": intent, "reason": _sentence(error)})
        except Exception as error:
            # A defect says nothing about what was sent before it: that is found out by reading.
            self._append("action.unknown", {"intent": intent, "reason": f"A defect: {type(error).__name__}."})
        else:
            self._append("action.applied", {"intent": intent, "basis": "answer", "answer": visible(answer)})

    def _never_sent(self, run: ActionRun) -> None:
        # `action.effect` is committed before the first byte leaves, and only under the lease that is ours now.
        self._append("action.not_applied", {"intent": _intent_of(run), "basis": "never sent"})

    def _cut_off(self, run: ActionRun) -> None:
        reason = "The process that was sending ended before an answer was recorded."
        self._append("action.unknown", {"intent": _intent_of(run), "reason": reason})

    def _begin_reconciling(self, run: ActionRun) -> None:
        until = self._clock.now() + self._patience.quiet
        self._append("action.reconciling", {"intent": _intent_of(run), "quiet_until": format_time(until)})

    def _reconcile(self, run: ActionRun) -> None:
        intent, plan = run.intent, _plan_of(run)
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
                self._hold(f"Reading to find out: {_sentence(error)}")
                continue
            where = standing(live, before, after)
            if where is last:
                return where, live
            last = where
            self._pass(self._patience.apart)
        return None

    # After a step

    def _after_applied(self, run: ActionRun) -> None:
        if run.cancelling and _plan_of(run).reversible:
            self._append("action.rolling_back", {"reason": "It was cancelled."})
        elif run.cancelling:
            self._append("action.needs_human", {"reason": "It was cancelled, and there is no way back."})
        elif run.next_step is None:
            until = self._clock.now() + self._patience.verify
            self._append("action.verifying", {"until": format_time(until)})
        else:
            self._send(run)

    def _after_not_applied(self, run: ActionRun) -> None:
        late = self._clock.now() >= _plan_of(run).expires_at
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
        if _plan_of(run).reversible:
            self._append("action.rolling_back", {"reason": reason})
        else:
            self._append("action.needs_human", {"reason": f"{reason} There is no way back."})

    def _after_conflict(self, run: ActionRun) -> None:
        self._append("action.needs_human", {"reason": run.reason})

    def _verify(self, run: ActionRun) -> None:
        plan = _plan_of(run)
        if run.cancelling and plan.reversible:
            self._append("action.rolling_back", {"reason": "It was cancelled."})
            return
        if run.verify_until is None or self._clock.now() >= run.verify_until:
            self._append("action.needs_human", {"reason": f"It could not be verified in time. {self._last_note}"})
            return
        try:
            found = self._remedy.verify(plan)
        except WorldError as error:
            self._hold(f"Verifying: {_sentence(error)}")
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
            self._claim_rolled_back(_plan_of(run))

    def _claim_rolled_back(self, plan: Plan) -> None:
        try:
            live = self._remedy.read(plan)
        except WorldError as error:
            self._hold(f"Reading whether the former state is back: {_sentence(error)}")
            return
        if agrees(live, plan.before) is False:
            reason = "Every step was taken back, and yet the live state is not what it was before."
            self._append("action.needs_human", {"reason": reason})
        else:
            self._append("action.rolled_back", {"live": dict(live)})

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


def _plan_of(run: ActionRun) -> Plan:
    if run.plan is None:
        raise CockpitError(f"Action {run.uid} is {run.state} without a plan: its events are damaged.")
    return run.plan


def _intent_of(run: ActionRun) -> str:
    if run.intent is None:
        raise CockpitError(f"Action {run.uid} is {run.state} without an intent: its events are damaged.")
    return run.intent.id


def _code(error: CockpitError) -> str:
    if isinstance(error, PlanRefused):
        return error.code
    return "WRONG_IDENTITY" if isinstance(error, WrongIdentity) else type(error).__name__.upper()


def _sentence(error: CockpitError) -> str:
    return redact(visible(error))
