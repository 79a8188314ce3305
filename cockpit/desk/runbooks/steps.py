"""How a step of each kind begins, and how what the world shows ends it."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cockpit.actions.launch import Spawn
from cockpit.desk.actions import Actions
from cockpit.desk.runbooks.evidence import Evidence
from cockpit.desk.runbooks.runs import Runs
from cockpit.errors import BadInput, IllegalMove, ReadOnly, Refused
from cockpit.runbooks.inputs import fill_all
from cockpit.runbooks.model import Check, Command, Decide, Kind, Remedy, Step
from cockpit.runbooks.run import Run, StepState
from cockpit.runbooks.view import resolved_check, resolved_command
from cockpit.text import visible
from storage.observations import Observations


class Steps:
    """Begins and settles the current step of a run."""

    def __init__(
        self,
        runs: Runs,
        observations: Observations,
        actions: Actions,
        evidence: Evidence,
        database_path: Path,
        *,
        read_only: bool,
        spawn: Spawn,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runs = runs
        self._observations = observations
        self._actions = actions
        self._evidence = evidence
        self._database_path = database_path
        self._read_only = read_only
        self._spawn = spawn
        self._monotonic = monotonic
        self._asked: dict[tuple[str, str], float] = {}

    def take(self, run: Run, step: Step, answer: str, *, confirmed: bool) -> None:
        """Begin a step on a person's word, or tick it off where nothing but that word ends it."""
        if step.kind is Kind.MANUAL:
            self._runs.append(run.uid, "step.done", {"step": step.id, "how": "manual"})
        elif isinstance(step.work, Decide):
            self.decide(run, step, step.work, answer)
        elif isinstance(step.work, Check):
            self.begin_check(run, step, step.work)
        elif isinstance(step.work, Remedy):
            self._begin_action(run, step, step.work)
        elif isinstance(step.work, Command):
            self._begin_command(run, step, step.work, confirmed)

    def begin_check(self, run: Run, step: Step, work: Check) -> None:
        """Wait for what a check will see from now on."""
        target, check = resolved_check(run, work)
        self._runs.append(run.uid, "step.started", self._runs.body(run, step, check=check, target=target))
        self._ask(run, work)

    def decide(self, run: Run, step: Step, work: Decide, answer: str) -> None:
        """Follow an answer, or without one what the data says; raises Refused when it says nothing."""
        go = answer or self._evidence.preferred(run, work)
        if not go:
            raise Refused("What is known does not decide this: choose an answer.")
        branch = next((branch for branch in work.branches if go in (branch.go, branch.answer)), None)
        if branch is None:
            raise BadInput(f"{visible(go, limit=80)!r} is not one of the answers.")
        how = "answer" if answer else "data"
        said = fill_all(branch.answer, run.inputs)
        self._runs.append(run.uid, "step.done", {"step": step.id, "go": branch.go, "how": how, "said": said})

    def settle(self, run: Run, now: datetime) -> bool:
        """End the current step if what the world shows ends it; ask for a fresh look where one is due."""
        step = run.step
        if step is None or run.of(step.id).state is not StepState.RUNNING:
            return False
        ending = self._evidence.ending(run, step, now)
        if ending is None:
            if isinstance(step.work, Check):
                self._ask_again(run, step, step.work)
            return False
        try:
            self._runs.append(run.uid, ending.kind, {"step": step.id, **ending.body})
        except IllegalMove:
            # Another terminal settled it first.
            return False
        return True

    def _begin_action(self, run: Run, step: Step, work: Remedy) -> None:
        parameters = fill_all(work.parameters, run.inputs)
        action = self._actions.request(work.action, parameters, incident=run.incident, run=run.uid)
        try:
            self._runs.append(run.uid, "step.started", self._runs.body(run, step, action=action))
        except IllegalMove:
            # Another terminal was faster; its plan stands, ours is not needed.
            self._actions.discard(action, "asked for twice")
            raise

    def _begin_command(self, run: Run, step: Step, work: Command, confirmed: bool) -> None:
        if self._read_only:
            raise ReadOnly("This cockpit is read-only: commands are not run from here.")
        if work.asks and not confirmed:
            raise Refused("This command was not written for this product: look at it, then confirm it.")
        argv = resolved_command(run, work)
        body = self._runs.body(run, step, argv=argv, timeout_s=work.timeout.total_seconds())
        self._runs.append(run.uid, "step.started", body)
        which = ["--run", run.uid, "--step", step.id, "--attempt", str(body["attempt"])]
        self._spawn(["cockpit.runbooks.command_runner", "--database", str(self._database_path), *which])

    def _ask(self, run: Run, work: Check) -> None:
        """Ask the watch for a fresh look; the desk itself never touches the network."""
        target, check = resolved_check(run, work)
        feed = self._runs.feed
        self._observations.request(target, check, self._runs.operator, feed.clock.now())
        if run.current is not None:
            self._asked[(run.uid, run.current)] = self._monotonic()

    def _ask_again(self, run: Run, step: Step, work: Check) -> None:
        if self._monotonic() - self._asked.get((run.uid, step.id), 0.0) >= work.interval.total_seconds():
            self._ask(run, work)
