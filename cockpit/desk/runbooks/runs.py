"""The runs of this database: folded from their events, and written to under the newest of them."""

from collections.abc import Iterator
from typing import Any

from cockpit.desk.feed import Feed
from cockpit.errors import IllegalMove, NotFound
from cockpit.runbooks.inputs import fill
from cockpit.runbooks.machine import absorb, advance, stream_of
from cockpit.runbooks.model import Step
from cockpit.runbooks.run import Run, RunStatus
from cockpit.text import visible
from storage.event import Event


class Runs:
    """Every run by its uid."""

    def __init__(self, feed: Feed, operator: str) -> None:
        self.feed = feed
        self.operator = operator
        self._runs: dict[str, Run] = {}

    def __iter__(self) -> Iterator[Run]:
        return iter(tuple(self._runs.values()))

    def absorb(self, event: Event) -> None:
        """Fold one event of a run's stream."""
        if not event.stream.startswith("run/"):
            return
        uid = event.stream.removeprefix("run/")
        run = absorb(self._runs.get(uid), uid, event)
        if run is not None:
            self._runs[uid] = run

    def get(self, uid: str) -> Run:
        """One run; raises NotFound."""
        run = self._runs.get(uid)
        if run is None:
            raise NotFound(f"There is no runbook run {visible(uid, limit=40)}.")
        return run

    def step(self, run: Run) -> Step:
        """The current step; raises IllegalMove when there is none any more."""
        step = run.step
        if step is None or run.status is not RunStatus.ACTIVE:
            raise IllegalMove("The run has ended.")
        return step

    def active(self) -> list[Run]:
        """Runs that have not ended, newest first."""
        active = [run for run in self if run.status is RunStatus.ACTIVE]
        return sorted(active, key=lambda run: run.started_at, reverse=True)

    def append(self, uid: str, kind: str, body: dict[str, Any]) -> None:
        """Append one event if it may follow now, a step's with its title; raises IllegalMove."""
        with self.feed.decide() as pen:
            run = self.get(uid)
            step = run.runbook.step(str(body.get("step", "")))
            if step is not None:
                body = {**body, "title": visible(fill(step.title, run.values), limit=200)}
            advance(run, uid, kind, body, pen.now, self.operator)
            pen.append(stream_of(uid), kind, body)

    def body(self, run: Run, step: Step, **detail: Any) -> dict[str, Any]:
        """What the start of a step's next attempt records."""
        return {"step": step.id, "attempt": run.of(step.id).attempt + 1, **detail}
