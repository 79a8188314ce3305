"""The room of the runbooks: what a person does with a run, and what goes on by itself.

`tick()` settles what waits: checks by newer observations, actions by their journal, decisions by data, commands by
their outcome, waits by the clock. Any number of terminals may call it; each settling is decided inside one
transaction on the newest events, so a step ends once.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from cockpit.actions.launch import Launcher, Spawn
from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.desk.remedies.actions import Actions
from cockpit.desk.remedies.signatures import Signatures
from cockpit.desk.runbooks.evidence import Evidence
from cockpit.desk.runbooks.flow import Flow
from cockpit.desk.runbooks.offers import Offers, checked_inputs
from cockpit.desk.runbooks.people import People, RemarkLine, StepAsked
from cockpit.desk.runbooks.runs import Runs
from cockpit.desk.runbooks.steps import Steps
from cockpit.errors import BadInput, IllegalMove, Refused
from cockpit.profile import Profile
from cockpit.runbooks.card import RunbookCard
from cockpit.runbooks.fence import why_unfenced
from cockpit.runbooks.inputs import typed
from cockpit.runbooks.machine import stream_of
from cockpit.runbooks.model import Check, Decide, Runbook
from cockpit.runbooks.rehearsal import Rehearsed, rehearse
from cockpit.runbooks.run import Run, StepState
from cockpit.runbooks.shelf import Shelf
from cockpit.runbooks.turn import Turn
from cockpit.runbooks.view import RunView, view_of
from cockpit.text import visible
from storage.event import Event
from storage.leases import Leases
from storage.observations import Observations


class Runbooks:
    """The runbooks and the runs of this database.

    `profile` says whether commands need a drill's fence. `holds` names who has a role in an incident, `keys` is the
    folder with the operator's own key.
    """

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
        profile: Profile | None = None,
        holds: Callable[[str, str], str] = lambda incident, role: "",
        keys: Path | None = None,
    ) -> None:
        self._feed = feed
        self._spawn = spawn or Launcher(database_path.with_name("runner.log"))
        self._runs = Runs(feed, operator)
        self._offers = Offers(Shelf(folders), settings, lambda: list(self._runs), feed.clock.now)
        self._evidence = Evidence(observations, actions, Leases(feed.database))
        signatures = Signatures(feed, operator, keys, lambda: {*actions.codes_used(), *self.codes_used()})
        self._people = People(self._runs, settings, holds, signatures)
        self._steps = Steps(
            self._runs,
            observations,
            actions,
            self._evidence,
            database_path,
            read_only=read_only,
            spawn=lambda arguments: self._spawn(arguments),
            unfenced=lambda: why_unfenced(profile, os.environ),
            fenced=profile is not None and profile.loopback_only,
            speed=profile.speed if profile is not None else 1.0,
            monotonic=monotonic,
        )
        self._flow = Flow(self._runs, self._steps, self._evidence)

    def absorb(self, event: Event) -> None:
        """Fold one event of a run's stream."""
        self._runs.absorb(event)

    # The shelf

    def list(self) -> Sequence[RunbookCard]:
        """Every runbook, by title, with how it has done here."""
        return self._offers.list()

    def book(self, id: str) -> Runbook:
        """One runbook with its steps; raises NotFound."""
        return self._offers.book(id)

    def suggested(self, alert_kind: str) -> Sequence[RunbookCard]:
        """Those that are written for alerts of this kind."""
        return self._offers.suggested(alert_kind)

    def turns(self) -> Sequence[Turn]:
        """The books that are worked every so often, the one that waits longest first."""
        return self._offers.turns()

    def prefill(self, id: str, target: str) -> dict[str, str]:
        """What is known of a runbook's inputs for a target: from the alert, the configuration, the defaults."""
        return self._offers.prefill(id, target)

    def rehearse(self, id: str, inputs: Mapping[str, str]) -> Sequence[Rehearsed]:
        """What every step would do with these values; nothing is done, recorded or asked."""
        return rehearse(self._offers.whole(id).book, inputs)

    # What a person does

    def start(self, runbook_id: str, inputs: Mapping[str, str], incident: str | None = None) -> str:
        """Start a run on the runbook's text as it is now; returns its uid.

        The texts of the runbooks that it includes are recorded with it. Raises NotFound, RunbookError, or BadInput
        for an input that is missing or malformed. Checks at the beginning start by themselves.
        """
        whole = self._offers.whole(runbook_id)
        book = whole.book
        if not book.steps:
            raise Refused(f"{book.title} has no steps.")
        values = checked_inputs(book, inputs)
        uid = uuid4().hex
        body: dict[str, Any] = {
            "runbook": book.id,
            "title": book.title,
            "source": book.source,
            "text": book.text,
            "sha256": book.sha256,
            "inputs": values,
            "incident": incident,
        }
        if whole.included:
            body["includes"] = [
                {"runbook": each.id, "source": each.source, "text": each.text, "sha256": each.sha256}
                for each in whole.included
            ]
        with self._feed.decide() as pen:
            pen.append(stream_of(uid), "run.started", body)
        self._flow.go_on(uid)
        return uid

    def advance(self, uid: str, answer: str = "", *, confirmed: bool = False, step: str = "") -> None:
        """Take the current step: tick it off, run a command or check, ask for a plan, answer a question.

        `answer` is the step that a decision shall lead to (without one the data decides), the value of an input
        step, or how a message was told. A command that asks needs `confirmed`. `step` is the step that the person
        saw: with two people on one run, a press that was meant for another step does nothing. Raises IllegalMove
        when it runs already, Refused when something is missing.
        """
        run = self._runs.get(uid)
        current = self._seen(run, step)
        if run.of(current.id).state is StepState.RUNNING:
            raise IllegalMove("The step is running already: wait for it, or skip it with a reason.")
        self._people.refuse_unproven(run)
        self._steps.take(run, current, answer, confirmed=confirmed)
        self._flow.go_on(uid)

    retry = advance

    def give(self, uid: str, values: Mapping[str, str]) -> None:
        """Give values that the document left open; each is asked for once and kept. Raises BadInput."""
        run = self._runs.get(uid)
        known = {each.name: each for each in run.runbook.inputs}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise BadInput(f"{run.runbook.title} has no input {visible(unknown[0], limit=40)!r}.")
        checked = {name: typed(known[name].type, value, name) for name, value in values.items()}
        self._runs.append(uid, "run.given", {"values": checked})

    def skip(self, uid: str, reason: str, *, step: str = "") -> None:
        """Leave the current step out; raises BadInput without a reason."""
        if not reason.strip():
            raise BadInput("Say why the step is left out; it goes into the timeline.")
        current = self._seen(self._runs.get(uid), step)
        self._runs.append(uid, "step.skipped", {"step": current.id, "reason": visible(reason.strip())})
        self._flow.go_on(uid)

    def cancel(self, uid: str, reason: str = "") -> None:
        """Stop the command that runs, with everything it started; the step counts as failed."""
        run = self._runs.get(uid)
        step = self._runs.step(run)
        said = f"stopped by {self._runs.operator}" + (f": {visible(reason.strip())}" if reason.strip() else "")
        body: dict[str, Any] = {"step": step.id, "attempt": run.of(step.id).attempt, "reason": said}
        self._runs.append(uid, "step.failed", {**body, "stopped": True})

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

    def pause(self, uid: str, reason: str = "") -> None:
        """Let nothing begin until somebody goes on; what runs is not stopped."""
        self._runs.append(uid, "run.paused", {"reason": visible(reason.strip())})

    def resume(self, uid: str) -> None:
        """Go on with a paused run."""
        self._runs.append(uid, "run.resumed", {})
        self._flow.go_on(uid)

    def abort(self, uid: str, reason: str = "") -> None:
        """End the run: at its clean-up if it has one, else here; a second time ends it at once.

        A command that runs is stopped. An action that was started goes on: cancel it by itself.
        """
        run = self._runs.get(uid)
        self._runs.append(uid, "run.aborted", {"reason": visible(reason.strip()), "cleanup": run.runbook.cleanup})
        self._flow.go_on(uid)

    def approve(self, uid: str) -> None:
        """Sign this person's approval of the current step; raises Refused for who may not."""
        self._people.approve(uid)
        self._flow.go_on(uid)

    def approve_by_phone(self, uid: str, by: str, spoken: str) -> None:
        """Approve the current step by the one-time code that `by` read out; raises BadInput for a wrong one."""
        self._people.approve_by_phone(uid, by, spoken)
        self._flow.go_on(uid)

    def to_approve(self) -> Sequence[StepAsked]:
        """Steps of all runs that wait for an approval."""
        return self._people.waiting()

    def codes_used(self) -> set[str]:
        """The one-time codes that steps were approved with, as hashes."""
        return {code for run in self._runs for each in run.progress.values() for code in each.codes_used}

    def reject(self, uid: str, reason: str) -> None:
        """Say no to the current step, with a reason."""
        self._people.reject(uid, reason)

    def remark(self, uid: str, text: str, step: str = "") -> None:
        """Note for the owner that the runbook was wrong here."""
        self._people.remark(uid, text, step)

    def remarks(self) -> Sequence[RemarkLine]:
        """What was noted as wrong in all runbooks, newest first."""
        return self._people.remarks(self._offers.hash_now)

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

    def under_way(self, runbook: str, incident: str | None, target: str = "") -> Sequence[RunView]:
        """Runs of a book that have not ended, of one incident, or of none; `target` is one of their inputs."""
        return [
            view
            for view in self.running()
            if (view.runbook, view.incident) == (runbook, incident)
            and (not target or target in view.inputs.values())
        ]

    def of_incident(self, incident: str) -> Sequence[RunView]:
        """Every run of one incident, oldest first."""
        return [self.get(run.uid) for run in self._runs if run.incident == incident]

    def step_of(self, uid: str) -> Any:
        """What the current step asks of a person: its work as the runbook describes it, or None."""
        step = self._runs.get(uid).step
        return step.work if step is not None else None

    def book_of(self, uid: str) -> Runbook:
        """The runbook as the run pinned it, with what it includes."""
        return self._runs.get(uid).runbook

    def printed(self, uid: str) -> tuple[str, str]:
        """Title and output of the current step, or of the last one that printed something; empty when none did."""
        run = self._runs.get(uid)
        for step_id in reversed(run.path):
            step = run.runbook.step(step_id)
            if step is not None and run.of(step_id).output:
                return step.title, run.of(step_id).output
        return "", ""

    def rehearse_run(self, uid: str) -> Sequence[Rehearsed]:
        """What every step of a run does with the values that are known by now."""
        run = self._runs.get(uid)
        return rehearse(run.runbook, run.values)

    def tick(self, now: datetime) -> bool:
        """Settle what waits and can be settled now; cheap when nothing can. Returns whether something moved."""
        return self._flow.tick(now)

    def _seen(self, run: Run, step_id: str) -> Any:
        current = self._runs.step(run)
        if step_id and current.id != step_id:
            who = run.of(step_id).by or "Somebody"
            raise IllegalMove(f"{who} was faster: the run is at “{current.title}” now. Look, then press again.")
        return current
