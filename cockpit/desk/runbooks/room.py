"""The room of the runbooks: what a person does with a run, and what goes on by itself.

`tick()` settles what waits: checks by newer observations, actions by their journal, decisions by data, commands by
their outcome. Any number of terminals may call it; each settling is decided inside one transaction on the newest
events, so a step ends once.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from cockpit.actions.launch import Launcher, Spawn
from cockpit.config import Settings
from cockpit.desk.actions import Actions
from cockpit.desk.feed import Feed
from cockpit.desk.runbooks.evidence import Evidence
from cockpit.desk.runbooks.offers import Offers, checked_inputs
from cockpit.desk.runbooks.runs import Runs
from cockpit.desk.runbooks.steps import Steps
from cockpit.errors import BadInput, IllegalMove, Refused
from cockpit.runbooks.machine import stream_of
from cockpit.runbooks.model import Check, Decide, Runbook
from cockpit.runbooks.run import Run, RunStatus, StepState
from cockpit.runbooks.shelf import Shelf
from cockpit.runbooks.view import RunbookCard, RunView, view_of
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
        self._spawn = spawn or Launcher(database_path.with_name("runner.log"))
        self._runs = Runs(feed, operator)
        self._offers = Offers(Shelf(folders), settings)
        self._evidence = Evidence(observations, actions, Leases(feed.database))
        self._steps = Steps(
            self._runs,
            observations,
            actions,
            self._evidence,
            database_path,
            read_only=read_only,
            spawn=lambda arguments: self._spawn(arguments),
            monotonic=monotonic,
        )

    def absorb(self, event: Event) -> None:
        """Fold one event of a run's stream."""
        self._runs.absorb(event)

    # The shelf

    def list(self) -> Sequence[RunbookCard]:
        """Every runbook, by title."""
        return self._offers.list()

    def book(self, id: str) -> Runbook:
        """One runbook with its steps; raises NotFound."""
        return self._offers.book(id)

    def suggested(self, alert_kind: str) -> Sequence[RunbookCard]:
        """Those that are written for alerts of this kind."""
        return self._offers.suggested(alert_kind)

    def prefill(self, id: str, target: str) -> dict[str, str]:
        """What is known of a runbook's inputs for a target: from the alert, the configuration, the defaults."""
        return self._offers.prefill(id, target)

    # What a person does

    def start(self, runbook_id: str, inputs: Mapping[str, str], incident: str | None = None) -> str:
        """Start a run on the runbook's text as it is now; returns its uid.

        Raises NotFound, or BadInput for an input that is missing or malformed. Checks at the beginning start by
        themselves.
        """
        book = self._offers.book(runbook_id)
        if not book.steps:
            raise Refused(f"{book.title} has no steps.")
        values = checked_inputs(book, inputs)
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
        run = self._runs.get(uid)
        step = self._runs.step(run)
        if run.of(step.id).state is StepState.RUNNING:
            raise IllegalMove("The step is running already: wait for it, or skip it with a reason.")
        self._steps.take(run, step, answer, confirmed=confirmed)
        self._go_on(uid)

    retry = advance

    def skip(self, uid: str, reason: str) -> None:
        """Leave the current step out; raises BadInput without a reason."""
        if not reason.strip():
            raise BadInput("Say why the step is left out; it goes into the timeline.")
        step = self._runs.step(self._runs.get(uid))
        self._runs.append(uid, "step.skipped", {"step": step.id, "reason": visible(reason.strip())})
        self._go_on(uid)

    def back(self, uid: str) -> None:
        """Go back to the step that was current before; raises IllegalMove at the first one."""
        run = self._runs.get(uid)
        before = [step for step in run.path[:-1] if step != run.current] if run.current else list(run.path)
        if not before:
            raise IllegalMove("This is the first step.")
        self._runs.append(uid, "run.jumped", {"from": run.current, "to": before[-1], "how": "back"})

    def jump(self, uid: str, step_id: str) -> None:
        """Make any step the current one; raises IllegalMove while one is running."""
        run = self._runs.get(uid)
        self._runs.append(uid, "run.jumped", {"from": run.current, "to": step_id, "how": "jump"})

    def abort(self, uid: str, reason: str = "") -> None:
        """End the run here. An action that was started goes on: cancel it by itself."""
        self._runs.append(uid, "run.aborted", {"reason": visible(reason.strip())})

    # What there is to see

    def get(self, uid: str) -> RunView:
        """One run; raises NotFound."""
        run = self._runs.get(uid)
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
        return [self.get(run.uid) for run in self._runs.active()]

    def of_incident(self, incident: str) -> Sequence[RunView]:
        """Every run of one incident, oldest first."""
        return [self.get(run.uid) for run in self._runs if run.incident == incident]

    def tick(self, now: datetime) -> bool:
        """Settle what waits and can be settled now; cheap when nothing can. Returns whether something moved."""
        moved = False
        for run in self._runs:
            if run.status is RunStatus.ACTIVE and (self._steps.settle(run, now) or self._goes_by_itself(run)):
                self._go_on(run.uid)
                moved = True
        return moved

    # Inside

    def _go_on(self, uid: str) -> None:
        """Start what needs nobody: checks that only read, decisions that data decides; end a run at its end."""
        while self._goes_by_itself(run := self._runs.get(uid)):
            step = run.step
            try:
                if step is None:
                    self._runs.append(uid, "run.finished", {})
                elif isinstance(step.work, Check):
                    self._steps.begin_check(run, step, step.work)
                elif isinstance(step.work, Decide):
                    self._steps.decide(run, step, step.work, "")
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
