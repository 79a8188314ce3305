"""Runbooks as the desk sees them: pick one, start it, take its steps, and let what the world shows settle them.

`tick()` settles what waits: checks by newer observations, actions by their journal, decisions by data, commands by
their outcome. Any number of terminals may call it; each settling is decided inside one transaction on the newest
events, so a step ends once.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from cockpit.actions.launch import Launcher, Spawn
from cockpit.config import Settings
from cockpit.desk.actions import Actions
from cockpit.desk.evidence import Evidence
from cockpit.desk.feed import Feed
from cockpit.errors import BadInput, IllegalMove, NotFound, ReadOnly, Refused
from cockpit.runbooks.inputs import fill, fill_all, typed
from cockpit.runbooks.machine import Run, RunStatus, StepState, absorb, advance, stream_of
from cockpit.runbooks.model import Check, Command, Decide, Kind, Remedy, Runbook, Step
from cockpit.runbooks.shelf import Shelf
from cockpit.runbooks.view import RunbookCard, RunView, card_of, resolved_check, resolved_command, view_of
from cockpit.text import visible
from storage.event import Event
from storage.leases import Leases
from storage.observations import Observations


class Runbooks:
    """The runbooks and the runs of this database."""

    def __init__(
        self,
        feed: Feed,
        observations: Observations,
        actions: Actions,
        settings: Settings,
        database_path: Path,
        operator: str,
        *,
        folders: Sequence[Path] = (),
        read_only: bool = False,
        spawn: Spawn | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed = feed
        self._observations = observations
        self._actions = actions
        self._settings = settings
        self._database_path = database_path
        self._operator = operator
        self._read_only = read_only
        self._spawn = spawn or Launcher(database_path.with_name("runner.log"))
        self._monotonic = monotonic
        self._shelf = Shelf(folders)
        self._evidence = Evidence(observations, actions, Leases(feed.database))
        self._runs: dict[str, Run] = {}
        self._asked: dict[tuple[str, str], float] = {}

    def absorb(self, event: Event) -> None:
        """Fold one event of a run's stream."""
        if not event.stream.startswith("run/"):
            return
        uid = event.stream.removeprefix("run/")
        run = absorb(self._runs.get(uid), uid, event)
        if run is not None:
            self._runs[uid] = run

    # The shelf

    def list(self) -> Sequence[RunbookCard]:
        """Every runbook, by title."""
        return [card_of(book) for book in self._shelf.all()]

    def book(self, id: str) -> Runbook:
        """One runbook with its steps; raises NotFound."""
        return self._shelf.get(id)

    def suggested(self, alert_kind: str) -> Sequence[RunbookCard]:
        """Those that are written for alerts of this kind."""
        return [card_of(book) for book in self._shelf.for_alert(alert_kind)]

    def prefill(self, id: str, target: str) -> dict[str, str]:
        """What is known of a runbook's inputs for a target: from the alert, the configuration, the defaults."""
        known = self._known(target)
        values = {}
        for each in self._shelf.get(id).inputs:
            values[each.name] = known.get(each.source, "") or known.get(f"input.{each.name}", "") or each.default
        return values

    # What a person does

    def start(self, runbook_id: str, inputs: Mapping[str, str], incident: str | None = None) -> str:
        """Start a run on the runbook's text as it is now; returns its uid.

        Raises NotFound, or BadInput for an input that is missing or malformed. Checks at the beginning start by
        themselves.
        """
        book = self._shelf.get(runbook_id)
        if not book.steps:
            raise Refused(f"{book.title} has no steps.")
        values = _checked_inputs(book, inputs)
        uid = uuid4().hex
        body = {
            "runbook": book.id,
            "title": book.title,
            "source": book.source,
            "text": book.text,
            "sha256": book.sha256,
            "inputs": values,
            "incident": incident,
        }
        with self._feed.decide() as pen:
            pen.append(stream_of(uid), "run.started", body)
        self._go_on(uid)
        return uid

    def advance(self, uid: str, answer: str = "", *, confirmed: bool = False) -> None:
        """Take the current step: tick a manual one off, run a command or check, ask for a plan, answer a question.

        `answer` is the step that a decision shall lead to; without one the data decides. A command from a document
        that was not written for this product needs `confirmed`. Raises IllegalMove when it runs already, Refused
        when something is missing.
        """
        run = self._get(uid)
        step = self._step(run)
        if run.of(step.id).state is StepState.RUNNING:
            raise IllegalMove("The step is running already: wait for it, or skip it with a reason.")
        if step.kind is Kind.MANUAL:
            self._append(uid, "step.done", {"step": step.id, "how": "manual"})
        elif isinstance(step.work, Decide):
            self._decide(run, step, step.work, answer)
        elif isinstance(step.work, Check):
            self._begin_check(run, step, step.work)
        elif isinstance(step.work, Remedy):
            self._begin_action(run, step, step.work)
        elif isinstance(step.work, Command):
            self._begin_command(run, step, step.work, confirmed)
        self._go_on(uid)

    retry = advance

    def skip(self, uid: str, reason: str) -> None:
        """Leave the current step out; raises BadInput without a reason."""
        if not reason.strip():
            raise BadInput("Say why the step is left out; it goes into the timeline.")
        step = self._step(self._get(uid))
        self._append(uid, "step.skipped", {"step": step.id, "reason": visible(reason.strip())})
        self._go_on(uid)

    def back(self, uid: str) -> None:
        """Go back to the step that was current before; raises IllegalMove at the first one."""
        run = self._get(uid)
        before = [step for step in run.path[:-1] if step != run.current] if run.current else list(run.path)
        if not before:
            raise IllegalMove("This is the first step.")
        self._append(uid, "run.jumped", {"from": run.current, "to": before[-1], "how": "back"})

    def jump(self, uid: str, step_id: str) -> None:
        """Make any step the current one; raises IllegalMove while one is running."""
        run = self._get(uid)
        self._append(uid, "run.jumped", {"from": run.current, "to": step_id, "how": "jump"})

    def abort(self, uid: str, reason: str = "") -> None:
        """End the run here. An action that was started goes on: cancel it by itself."""
        self._append(uid, "run.aborted", {"reason": visible(reason.strip())})

    # What there is to see

    def get(self, uid: str) -> RunView:
        """One run; raises NotFound."""
        run = self._get(uid)
        now = self._feed.clock.now()
        step = run.step
        seen = preferred = ""
        if step is not None and isinstance(step.work, Check):
            seen = self._evidence.told(run, step.work, now)
        if step is not None and isinstance(step.work, Decide):
            preferred = self._evidence.preferred(run, step.work)
        return view_of(run, now, seen, preferred)

    def running(self) -> Sequence[RunView]:
        """Runs that have not ended, newest first."""
        active = [run for run in self._runs.values() if run.status is RunStatus.ACTIVE]
        return [self.get(run.uid) for run in sorted(active, key=lambda run: run.started_at, reverse=True)]

    def of_incident(self, incident: str) -> Sequence[RunView]:
        """Every run of one incident, oldest first."""
        return [self.get(run.uid) for run in self._runs.values() if run.incident == incident]

    def tick(self, now: datetime) -> bool:
        """Settle what waits and can be settled now; cheap when nothing can. Returns whether something moved."""
        moved = False
        for run in tuple(self._runs.values()):
            if run.status is RunStatus.ACTIVE and (self._settle(run, now) or self._goes_by_itself(run)):
                self._go_on(run.uid)
                moved = True
        return moved

    # Beginning steps

    def _begin_check(self, run: Run, step: Step, work: Check) -> None:
        target, check = resolved_check(run, work)
        self._append(run.uid, "step.started", self._body(run, step, check=check, target=target))
        self._ask(run, work)

    def _begin_action(self, run: Run, step: Step, work: Remedy) -> None:
        parameters = fill_all(work.parameters, run.inputs)
        action = self._actions.request(work.action, parameters, incident=run.incident, run=run.uid)
        try:
            self._append(run.uid, "step.started", self._body(run, step, action=action))
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
        body = self._body(run, step, argv=argv, timeout_s=work.timeout.total_seconds())
        self._append(run.uid, "step.started", body)
        self._spawn(
            [
                "cockpit.runbooks.command_runner",
                "--database",
                str(self._database_path),
                "--run",
                run.uid,
                "--step",
                step.id,
                "--attempt",
                str(body["attempt"]),
            ]
        )

    def _decide(self, run: Run, step: Step, work: Decide, answer: str) -> None:
        go = answer or self._evidence.preferred(run, work)
        if not go:
            raise Refused("What is known does not decide this: choose an answer.")
        branch = next((branch for branch in work.branches if go in (branch.go, branch.answer)), None)
        if branch is None:
            raise BadInput(f"{visible(go, limit=80)!r} is not one of the answers.")
        how = "answer" if answer else "data"
        said = fill_all(branch.answer, run.inputs)
        self._append(run.uid, "step.done", {"step": step.id, "go": branch.go, "how": how, "said": said})

    def _settle(self, run: Run, now: datetime) -> bool:
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
            self._append(run.uid, ending.kind, {"step": step.id, **ending.body})
        except IllegalMove:
            # Another terminal settled it first.
            return False
        return True

    # Inside

    def _go_on(self, uid: str) -> None:
        """Start what needs nobody: checks that only read, decisions that data decides; end a run at its end."""
        while self._goes_by_itself(run := self._get(uid)):
            step = run.step
            try:
                if step is None:
                    self._append(uid, "run.finished", {})
                elif isinstance(step.work, Check):
                    self._begin_check(run, step, step.work)
                elif isinstance(step.work, Decide):
                    self._decide(run, step, step.work, "")
            except IllegalMove:
                # Another terminal was faster; what it wrote is taken in by now.
                continue

    def _goes_by_itself(self, run: Run) -> bool:
        """Whether the run goes on without a person; also after a crash between one step's end and the next."""
        if run.status is not RunStatus.ACTIVE:
            return False
        step = run.step
        if step is None:
            return True
        if run.of(step.id).state is not StepState.WAITING or self._came_back(run):
            return False
        if isinstance(step.work, Decide):
            return bool(self._evidence.preferred(run, step.work))
        return isinstance(step.work, Check)

    def _came_back(self, run: Run) -> bool:
        """Whether a person led here by a jump or by going back: then nothing starts by itself."""
        return run.current is not None and run.path.count(run.current) > 1

    def _ask(self, run: Run, work: Check) -> None:
        """Ask the watch for a fresh look; the desk itself never touches the network."""
        target, check = resolved_check(run, work)
        self._observations.request(target, check, self._operator, self._feed.clock.now())
        if run.current is not None:
            self._asked[(run.uid, run.current)] = self._monotonic()

    def _ask_again(self, run: Run, step: Step, work: Check) -> None:
        if self._monotonic() - self._asked.get((run.uid, step.id), 0.0) >= work.interval.total_seconds():
            self._ask(run, work)

    def _known(self, target: str) -> dict[str, str]:
        """What the desk knows about a target, by the names that runbooks use in `from`."""
        known = {"alert.target": target, "input.domain": target}
        domain = self._settings.domain(target)
        if domain is not None:
            known["config.owner"] = domain.owner
            known["config.dkim.selector"] = domain.dkim.selector if domain.dkim else ""
        return known

    def _body(self, run: Run, step: Step, **detail: Any) -> dict[str, Any]:
        return {"step": step.id, "attempt": run.of(step.id).attempt + 1, **detail}

    def _append(self, uid: str, kind: str, body: dict[str, Any]) -> None:
        """Append one event if it may follow now, a step's with its title; raises IllegalMove."""
        with self._feed.decide() as pen:
            run = self._get(uid)
            step = run.runbook.step(str(body.get("step", "")))
            if step is not None:
                body = {**body, "title": visible(fill(step.title, run.inputs), limit=200)}
            advance(run, uid, kind, body, pen.now, self._operator)
            pen.append(stream_of(uid), kind, body)

    def _get(self, uid: str) -> Run:
        run = self._runs.get(uid)
        if run is None:
            raise NotFound(f"There is no runbook run {visible(uid, limit=40)}.")
        return run

    def _step(self, run: Run) -> Step:
        step = run.step
        if step is None or run.status is not RunStatus.ACTIVE:
            raise IllegalMove("The run has ended.")
        return step


def _checked_inputs(book: Runbook, given: Mapping[str, str]) -> dict[str, str]:
    names = {each.name for each in book.inputs}
    unknown = sorted(set(given) - names)
    if unknown:
        raise BadInput(f"{book.title} has no input {visible(unknown[0], limit=40)!r}.")
    values = {}
    for each in book.inputs:
        text = given.get(each.name, "").strip() or each.default
        if text:
            values[each.name] = typed(each.type, text, each.name)
        elif each.required:
            raise BadInput(f"{each.name} is missing: {each.ask}")
        else:
            values[each.name] = ""
    return values
