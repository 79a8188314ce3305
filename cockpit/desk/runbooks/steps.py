"""How a step of each kind begins, and how what the world shows ends it."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.actions.launch import Spawn
from cockpit.clock import format_time
from cockpit.desk.remedies.actions import Actions
from cockpit.desk.runbooks.evidence import Evidence
from cockpit.desk.runbooks.runs import Runs
from cockpit.errors import BadInput, IllegalMove, ReadOnly, Refused
from cockpit.runbooks.inputs import fill_all, typed
from cockpit.runbooks.model import Approve, Check, Command, Decide, Kind, Question, Remedy, Step, Wait
from cockpit.runbooks.run import Run, StepState
from cockpit.runbooks.view import missing_values, resolved_check, resolved_command, shell_values, why_it_asks
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
        unfenced: Callable[[], str] = lambda: "",
        fenced: bool = False,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runs = runs
        self._observations = observations
        self._actions = actions
        self._evidence = evidence
        self._database_path = database_path
        self._read_only = read_only
        self._spawn = spawn
        self._unfenced = unfenced
        self._fenced = fenced
        self._speed = max(speed, 1.0)
        self._monotonic = monotonic
        self._asked: dict[tuple[str, str], float] = {}

    def take(self, run: Run, step: Step, answer: str, *, confirmed: bool) -> None:
        """Begin a step on a person's word, or tick it off where nothing but that word ends it."""
        if step.kind is Kind.MANUAL:
            self._runs.append(run.uid, "step.done", {"step": step.id, "how": "manual"})
        elif step.kind is Kind.MESSAGE:
            said = visible(answer.strip(), limit=200) or "told"
            self._runs.append(run.uid, "step.done", {"step": step.id, "how": "message", "said": said})
        elif isinstance(step.work, Question):
            self._learn(run, step, step.work, answer)
        elif isinstance(step.work, Decide):
            self.decide(run, step, step.work, answer)
        elif isinstance(step.work, Check | Wait | Approve):
            self.begin(run, step)
        elif isinstance(step.work, Remedy):
            self._begin_action(run, step, step.work)
        elif isinstance(step.work, Command):
            self._begin_command(run, step, step.work, confirmed)

    def begin(self, run: Run, step: Step) -> None:
        """Begin a step that only waits: for what a check will see from now on, for the clock, for others' word."""
        if isinstance(step.work, Check):
            target, check = resolved_check(run, step.work)
            self._runs.append(run.uid, "step.started", self._runs.body(run, step, check=check, target=target))
            self._ask(run, step.work)
        elif isinstance(step.work, Wait):
            until = _until(step.work, self._runs.feed.clock.now(), self._speed)
            self._runs.append(run.uid, "step.started", self._runs.body(run, step, until=format_time(until)))
        elif isinstance(step.work, Approve):
            self._runs.append(run.uid, "step.started", self._runs.body(run, step))

    def begin_again(self, run: Run, step: Step) -> None:
        """Try a failed step once more, because its runbook says so."""
        if isinstance(step.work, Command):
            self._spawn_command(run, step, step.work, how="policy")
        else:
            self.begin(run, step)

    def may_try_again(self, run: Run, step: Step) -> bool:
        """Whether the runbook lets a failed step be tried again without asking anybody.

        Never where nobody knows how far it came, nor what somebody stopped, nor a command that asks.
        """
        progress = run.of(step.id)
        if progress.lost or progress.stopped or progress.tries > step.policy.retries:
            return False
        if isinstance(step.work, Command):
            return not step.work.asks and not self._read_only and not self._unfenced()
        return isinstance(step.work, Check)

    def _learn(self, run: Run, step: Step, work: Question, answer: str) -> None:
        value = typed(work.type, answer.strip() or work.default, work.name)
        if not value:
            raise BadInput(f"{work.name} is missing: {work.ask}")
        body = {"step": step.id, "how": "input", "said": f"{work.name} is {value}", "values": {work.name: value}}
        self._runs.append(run.uid, "step.done", body)

    def decide(self, run: Run, step: Step, work: Decide, answer: str) -> None:
        """Follow an answer, or without one what the data says; raises Refused when it says nothing."""
        go = answer or self._evidence.preferred(run, work)
        if not go:
            raise Refused("What is known does not decide this: choose an answer.")
        branch = next((branch for branch in work.branches if go in (branch.go, branch.answer)), None)
        if branch is None:
            raise BadInput(f"{visible(go, limit=80)!r} is not one of the answers.")
        how = "answer" if answer else "data"
        said = fill_all(branch.answer, run.values)
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
        _complete(run, step)
        parameters = {name: value for name, value in fill_all(work.parameters, run.values).items() if value}
        action = self._actions.request(work.action, parameters, incident=run.incident, run=run.uid)
        try:
            self._runs.append(run.uid, "step.started", self._runs.body(run, step, action=action, how="person"))
        except IllegalMove:
            # Another terminal was faster; its plan stands, ours is not needed.
            self._actions.discard(action, "asked for twice")
            raise

    def _begin_command(self, run: Run, step: Step, work: Command, confirmed: bool) -> None:
        if self._read_only:
            raise ReadOnly("This cockpit is read-only: commands are not run from here.")
        reason = self._unfenced()
        if reason:
            raise Refused(reason)
        asks = why_it_asks(step, run.of(step.id))
        if asks and not confirmed:
            raise Refused(f"{asks} Look at it, then confirm it.")
        _complete(run, step)
        self._spawn_command(run, step, work, how="person")

    def _spawn_command(self, run: Run, step: Step, work: Command, *, how: str) -> None:
        body = self._runs.body(
            run,
            step,
            argv=resolved_command(run, work),
            timeout_s=work.timeout.total_seconds(),
            tty=work.tty,
            values=shell_values(run, work),
            outputs=[[each.name, each.how, each.pattern, each.type] for each in work.outputs],
            fenced=self._fenced,
            how=how,
        )
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


def _until(work: Wait, now: datetime, speed: float) -> datetime:
    """When a wait that begins now ends; a clock time is the next one to come, in UTC.

    A timer goes as fast as the world that it waits for: in a drill at ten times the speed, a tenth as long.
    """
    if work.span is not None:
        return now + work.span / speed
    hour, _, minute = work.until.partition(":")
    today = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _complete(run: Run, step: Step) -> None:
    """Raise BadInput naming the first value that the step needs and nobody gave."""
    for each in missing_values(run, step):
        if each.required or each.found:
            raise BadInput(f"{each.name} is missing: {each.ask}")
