"""The step machine of one runbook run: a pure fold of the events in `run/<uid>`.

A run pins the text it started from, so editing the file never touches a run that is under way. One step is current.
It is started, and ends done, failed or skipped; a failed one is run again, skipped with a reason, or left by a
jump. Going back or jumping makes the target current and fresh again; what was done elsewhere stays done, and
after the target the run goes on at the next step that is still open. A decision leads to the step it names, and
what lies between is not taken. After a crash the fold is where the run is.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from cockpit.errors import CockpitError, IllegalMove
from cockpit.runbooks.format import parse
from cockpit.runbooks.model import END, Decide, Kind, Runbook, Step
from storage.event import Event

MAX_OUTPUT = 64_000
"""Characters of output that are kept per step."""


def stream_of(uid: str) -> str:
    """The ledger stream of one runbook run."""
    return f"run/{uid}"


def command_lease(uid: str, step: str, attempt: int) -> str:
    """The lease that the process running one attempt of a command step holds."""
    return f"command/{uid}/{step}/{attempt}"


class StepState(StrEnum):
    """Where a step stands. WAITING has not been reached; NOT_TAKEN lies on a branch that was not chosen."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_TAKEN = "not taken"


class RunStatus(StrEnum):
    """Where a run stands."""

    ACTIVE = "active"
    FINISHED = "finished"
    ABORTED = "aborted"


_ENDED = frozenset({StepState.DONE, StepState.SKIPPED, StepState.NOT_TAKEN})


class Progress(msgspec.Struct, frozen=True):
    """How far one step is. `detail` is what its start recorded: the action's uid, the exact command, the check."""

    state: StepState = StepState.WAITING
    attempt: int = 0
    reached_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    by: str = ""
    said: str = ""
    choice: str = ""
    output: str = ""
    detail: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Run(msgspec.Struct, frozen=True):
    """One run as its events tell it. `path` lists the steps in the order in which they became current."""

    uid: str
    runbook: Runbook
    inputs: Mapping[str, str]
    incident: str | None
    status: RunStatus
    current: str | None
    path: tuple[str, ...]
    progress: Mapping[str, Progress]
    operator: str
    started_at: datetime
    ended_at: datetime | None = None
    reason: str = ""
    anomalies: tuple[str, ...] = ()

    def of(self, step: str) -> Progress:
        """How far a step is."""
        return self.progress.get(step, Progress())

    @property
    def step(self) -> Step | None:
        """The current step, or None at the end."""
        return None if self.current is None else self.runbook.step(self.current)

    def count(self) -> tuple[int, int]:
        """How many steps have ended, and of how many that are on the way."""
        states = [self.of(step.id).state for step in self.runbook.steps]
        on_the_way = [state for state in states if state is not StepState.NOT_TAKEN]
        return sum(state in _ENDED for state in on_the_way), len(on_the_way)


def fold(uid: str, events: Iterable[Event]) -> Run | None:
    """The run as its events tell it; None before `run.started`."""
    run: Run | None = None
    for event in events:
        run = absorb(run, uid, event)
    return run


def absorb(run: Run | None, uid: str, event: Event) -> Run | None:
    """The run after one more stored event; one that may not be there is left out and remembered."""
    try:
        return advance(run, uid, event.kind, event.body, event.occurred_at, event.actor)
    except CockpitError as error:
        if run is None:
            return None
        return replace(run, anomalies=(*run.anomalies, f"event {event.seq} {event.kind}: {error}"))


def advance(run: Run | None, uid: str, kind: str, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    """The run after the event, or IllegalMove when it may not follow."""
    if run is None:
        if kind != "run.started":
            raise IllegalMove(f"Run {uid} was never started.")
        return _started(uid, body, at, actor)
    if run.status is not RunStatus.ACTIVE:
        raise IllegalMove(f"The run is {run.status}.")
    move = _MOVES.get(kind)
    if move is None:
        raise IllegalMove(f"{kind} is not something that can happen to a run.")
    return move(run, body, at, actor)


def next_open(run: Run, after: str) -> str | None:
    """The step to go on with after `after`: the one it names, else the next below that has not ended."""
    step = run.runbook.step(after)
    if step is not None and step.next:
        return None if step.next == END else step.next
    following = run.runbook.after(after)
    while following is not None and run.of(following).state in _ENDED:
        following = run.runbook.after(following)
    return following


def _started(uid: str, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    runbook = parse(str(body["text"]), str(body["source"]))
    if runbook.sha256 != body["sha256"]:
        raise IllegalMove("The run's text does not have the hash that is recorded with it.")
    first = runbook.steps[0].id if runbook.steps else None
    run = Run(
        uid=uid,
        runbook=runbook,
        inputs={str(name): str(value) for name, value in body["inputs"].items()},
        incident=body.get("incident"),
        status=RunStatus.ACTIVE,
        current=None,
        path=(),
        progress={},
        operator=actor,
        started_at=at,
    )
    return _arrive(run, first, at)


def _arrive(run: Run, step: str | None, at: datetime) -> Run:
    """Make a step the current one, fresh, whatever it was before."""
    if step is None:
        return replace(run, current=None)
    before = run.of(step)
    fresh = Progress(attempt=before.attempt, reached_at=at)
    return replace(run, current=step, path=(*run.path, step), progress={**run.progress, step: fresh})


def _with(run: Run, step: str, progress: Progress) -> Run:
    return replace(run, progress={**run.progress, step: progress})


def _current(run: Run, body: Mapping[str, Any]) -> str:
    step = str(body["step"])
    if step != run.current:
        raise IllegalMove(f"{step} is not the current step.")
    return step


def _running(run: Run, body: Mapping[str, Any]) -> tuple[str, Progress]:
    step = _current(run, body)
    now = run.of(step)
    if now.state is not StepState.RUNNING:
        raise IllegalMove(f"The step is {now.state}, not running.")
    if int(body["attempt"]) != now.attempt:
        raise IllegalMove("This belongs to an earlier attempt.")
    return step, now


def _step_started(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step = _current(run, body)
    now = run.of(step)
    if now.state is StepState.RUNNING:
        raise IllegalMove("The step is running already.")
    if int(body["attempt"]) != now.attempt + 1:
        raise IllegalMove("Another attempt was started meanwhile.")
    detail = {key: value for key, value in body.items() if key not in ("step", "attempt")}
    begun = Progress(
        state=StepState.RUNNING,
        attempt=now.attempt + 1,
        reached_at=now.reached_at,
        started_at=at,
        by=actor,
        detail=detail,
    )
    return _with(run, step, begun)


def _step_output(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step, now = _running(run, body)
    return _with(run, step, replace(now, output=(now.output + str(body["text"]))[:MAX_OUTPUT]))


def _step_done(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step = _current(run, body)
    now, definition = run.of(step), run.step
    if definition is None:
        raise IllegalMove(f"There is no step {step}.")
    if definition.kind not in (Kind.MANUAL, Kind.DECIDE):
        _running(run, body)
    choice = str(body.get("go", ""))
    done = replace(now, state=StepState.DONE, ended_at=at, by=actor, said=str(body.get("said", "")), choice=choice)
    run = _with(run, step, done)
    if isinstance(definition.work, Decide) and definition.kind is Kind.DECIDE:
        return _branch(run, step, definition.work, choice, at)
    return _arrive(run, next_open(run, step), at)


def _branch(run: Run, step: str, work: Decide, choice: str, at: datetime) -> Run:
    """Follow a decision; what lies between it and its target is not taken."""
    if choice not in {branch.go for branch in work.branches}:
        raise IllegalMove(f"{choice!r} is not an answer to this question.")
    if choice == END:
        return replace(run, current=None)
    if run.runbook.step(choice) is None:
        raise IllegalMove(f"The decision leads to {choice!r}, and there is no such step.")
    ids = [each.id for each in run.runbook.steps]
    between = ids[ids.index(step) + 1 : ids.index(choice)]
    passed = {each: Progress(state=StepState.NOT_TAKEN) for each in between if run.of(each).state not in _ENDED}
    return _arrive(replace(run, progress={**run.progress, **passed}), choice, at)


def _step_failed(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step, now = _running(run, body)
    return _with(run, step, replace(now, state=StepState.FAILED, ended_at=at, said=str(body.get("reason", ""))))


def _step_skipped(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step = _current(run, body)
    reason = str(body.get("reason", "")).strip()
    if not reason:
        raise IllegalMove("A step is skipped with a reason.")
    skipped = replace(run.of(step), state=StepState.SKIPPED, ended_at=at, by=actor, said=reason)
    run = _with(run, step, skipped)
    return _arrive(run, next_open(run, step), at)


def _jumped(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    target = str(body["to"])
    if run.runbook.step(target) is None:
        raise IllegalMove(f"There is no step {target}.")
    if run.current is not None and run.of(run.current).state is StepState.RUNNING:
        raise IllegalMove("The current step is running: wait for it, skip it or abort the run.")
    return _arrive(run, target, at)


def _aborted(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    return replace(run, status=RunStatus.ABORTED, ended_at=at, reason=str(body.get("reason", "")))


def _finished(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    if run.current is not None:
        raise IllegalMove("There are steps left.")
    return replace(run, status=RunStatus.FINISHED, ended_at=at)


_Move = Callable[[Run, Mapping[str, Any], datetime, str], Run]
_MOVES: Mapping[str, _Move] = {
    "step.started": _step_started,
    "step.output": _step_output,
    "step.done": _step_done,
    "step.failed": _step_failed,
    "step.skipped": _step_skipped,
    "run.jumped": _jumped,
    "run.aborted": _aborted,
    "run.finished": _finished,
}
