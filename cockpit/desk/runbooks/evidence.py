"""What the world shows about a step: observations for a check, the journal for an action, data for a choice."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.actions.journal import TERMINAL, ActionState
from cockpit.clock import parse_time
from cockpit.desk.remedies.actions import Actions
from cockpit.errors import NotFound
from cockpit.health.model import DECISION
from cockpit.runbooks.inputs import fill
from cockpit.runbooks.machine import command_lease
from cockpit.runbooks.model import Approve, Check, Command, Decide, Remedy, Step, Wait, When
from cockpit.runbooks.run import Run
from cockpit.runbooks.view import resolved_check
from storage.leases import Leases, holder_is_alive
from storage.observations import Latest, Observations

COMMAND_GRACE = timedelta(seconds=15)
"""How long a started command may be without a living process before its outcome counts as not known."""


class Ending(msgspec.Struct, frozen=True):
    """How a running step ends: the event to append, without the step's id."""

    kind: str
    body: dict[str, Any]


class Evidence:
    """Reads the database only; nothing here waits or writes."""

    def __init__(self, observations: Observations, actions: Actions, leases: Leases) -> None:
        self._observations = observations
        self._actions = actions
        self._leases = leases

    def ending(self, run: Run, step: Step, now: datetime) -> Ending | None:
        """How a running step ends by what is known at `now`; None while it goes on."""
        attempt = {"attempt": run.of(step.id).attempt}
        if isinstance(step.work, Check):
            return self._of_check(run, step, step.work, now, attempt)
        if isinstance(step.work, Remedy):
            return self._of_action(run, step, attempt)
        if isinstance(step.work, Command):
            return self._of_lost_command(run, step, now, attempt)
        if isinstance(step.work, Wait):
            return self._of_wait(run, step, now, attempt)
        if isinstance(step.work, Approve):
            return self._of_approval(run, step, step.work, now, attempt)
        return None

    def told(self, run: Run, work: Check, now: datetime) -> str:
        """What a check saw last, with its age; empty when it saw nothing yet."""
        seen = self._observed(run, work)
        if not seen:
            return ""
        latest = max(seen, key=lambda each: each.at)
        age = max(int((now - latest.at).total_seconds()), 0)
        return f"Last seen {age} s ago: {latest.verdict}, {latest.headline}."

    def preferred(self, run: Run, work: Decide) -> str:
        """The step that data decides for; empty when it decides nothing."""
        for branch in work.branches:
            if branch.when is not None and self._holds(run, branch.when):
                return branch.go
        return ""

    def _of_check(self, run: Run, step: Step, work: Check, now: datetime, attempt: dict[str, Any]) -> Ending | None:
        started = run.of(step.id).started_at or now
        known = self._observed(run, work)
        fresh = [latest for latest in known if latest.at > started]
        if fresh and len(fresh) == len(known) and all(latest.verdict in work.want for latest in fresh):
            said = f"{fresh[0].verdict}: {fresh[0].headline}"
            return Ending("step.done", {**attempt, "how": "check", "said": said})
        if now - started < work.timeout:
            return None
        told = self.told(run, work, now) or "Nothing was observed: is the watch running?"
        return Ending("step.failed", {**attempt, "reason": f"Not {' or '.join(work.want)} in time. {told}"})

    def _observed(self, run: Run, work: Check) -> Sequence[Latest]:
        target, check = resolved_check(run, work)
        found = self._observations.latest(target, check)
        if work.vantage:
            return [latest for latest in found if latest.vantage.startswith(work.vantage)]
        return [latest for latest in found if latest.vantage == DECISION]

    def _of_action(self, run: Run, step: Step, attempt: dict[str, Any]) -> Ending | None:
        try:
            action = self._actions.get(str(run.of(step.id).detail.get("action", "")))
        except NotFound:
            return Ending("step.failed", {**attempt, "reason": "The action's journal is gone."})
        if action.state not in TERMINAL:
            return None
        if action.state is ActionState.SUCCEEDED:
            return Ending("step.done", {**attempt, "how": "action", "said": action.lines[-1].text})
        code = f"{action.code}: " if action.code else ""
        return Ending("step.failed", {**attempt, "reason": f"{action.state}. {code}{action.reason}".strip()})

    def _of_lost_command(self, run: Run, step: Step, now: datetime, attempt: dict[str, Any]) -> Ending | None:
        progress = run.of(step.id)
        if now - (progress.started_at or now) < COMMAND_GRACE:
            return None
        row = self._leases.holder(command_lease(run.uid, step.id, progress.attempt))
        if row is not None and holder_is_alive(row):
            return None
        reason = "The process that ran it is gone: it is not known how far it came. Look before you run it again."
        return Ending("step.failed", {**attempt, "reason": reason, "lost": True})

    def _of_wait(self, run: Run, step: Step, now: datetime, attempt: dict[str, Any]) -> Ending | None:
        until = parse_time(str(run.of(step.id).detail.get("until")))
        if now < until:
            return None
        return Ending("step.done", {**attempt, "how": "clock", "said": f"waited until {until:%H:%M:%S} UTC"})

    def _of_approval(
        self, run: Run, step: Step, work: Approve, now: datetime, attempt: dict[str, Any]
    ) -> Ending | None:
        """It ends by itself only when its time is over: the last approval ends it where its proof was seen."""
        progress = run.of(step.id)
        if now < (progress.started_at or now) + work.expires:
            return None
        reason = f"{len(progress.approved_by)} of {work.needs} approved before the time was over."
        return Ending("step.failed", {**attempt, "reason": reason})

    def _holds(self, run: Run, when: When) -> bool:
        if when.input:
            value = run.values.get(when.input, "")
            return ("set" if value else "unset") in when.is_ or (bool(value) and value in when.is_)
        target = fill(when.target, run.values)
        seen = [each for each in self._observations.latest(target, when.check) if each.vantage == DECISION]
        return bool(seen) and seen[0].verdict in when.is_
