"""The step machine of one runbook run: a pure fold of the events in `run/<uid>`.

A run pins the text it started from, so editing the file never touches a run that is under way. One step is current.
It is started, and ends done, failed or skipped; a failed one is run again, skipped with a reason, or left by a
jump. Going back or jumping makes the target current and fresh again; what was done elsewhere stays done, and
after the target the run goes on at the next step that is still open. A decision leads to the step it names, and
what lies between is not taken. A run that is aborted goes on at the book's clean-up, where there is one, and ends
there. While it is paused nothing begins. After a crash the fold is where the run is.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from cockpit.actions.approval import CODE
from cockpit.errors import CockpitError, IllegalMove
from cockpit.runbooks.approving import approval_of
from cockpit.runbooks.format import parse
from cockpit.runbooks.include import expand
from cockpit.runbooks.model import END, Approve, Decide, Kind, Runbook
from cockpit.runbooks.run import ENDED, Progress, Remark, Run, RunStatus, StepState
from storage.event import Event

MAX_OUTPUT = 64_000
"""Characters of output that are kept per step."""


def stream_of(uid: str) -> str:
    """The ledger stream of one runbook run."""
    return f"run/{uid}"


def command_lease(uid: str, step: str, attempt: int) -> str:
    """The lease that the process running one attempt of a command step holds."""
    return f"command/{uid}/{step}/{attempt}"


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
    if run.paused_by and kind in _NOT_WHILE_PAUSED:
        raise IllegalMove(f"The run was paused by {run.paused_by}: go on with it first.")
    return _with_hands(move(run, body, at, actor), kind, body, actor)


def _with_hands(run: Run, kind: str, body: Mapping[str, Any], actor: str) -> Run:
    """Remember who had a hand in the run; what data or a rule decided was nobody's doing."""
    by_hand = kind in ("run.jumped", "step.skipped") or body.get("how") in _HANDS
    if not by_hand or body.get("how") == "policy" or actor in run.hands:
        return run
    return replace(run, hands=(*run.hands, actor))


def next_open(run: Run, after: str) -> str | None:
    """The step to go on with after `after`: the one it names, else the next below that has not ended."""
    step = run.runbook.step(after)
    if step is not None and step.next:
        return None if step.next == END else step.next
    steps = run.runbook.steps
    for place in range(run.runbook.places[after] + 1, len(steps)):
        if run.of(steps[place].id).state not in ENDED:
            return steps[place].id
    return None


def _started(uid: str, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    runbook = expand(
        _book(body), {each["runbook"]: _book(each) for each in body.get("includes", ())}.__getitem__
    ).book
    first = runbook.steps[0].id if runbook.steps else None
    inputs = {str(name): str(value) for name, value in body["inputs"].items()}
    run = Run(
        uid=uid,
        runbook=runbook,
        inputs=inputs,
        values=inputs,
        incident=body.get("incident"),
        status=RunStatus.ACTIVE,
        current=None,
        path=(),
        progress={},
        operator=actor,
        started_at=at,
        hands=(actor,),
    )
    return _arrive(run, first, at)


def _book(body: Mapping[str, Any]) -> Runbook:
    """A text that is recorded with the run; raises IllegalMove when it is not what its hash says."""
    book = parse(str(body["text"]), str(body["source"]))
    if book.sha256 != body["sha256"]:
        raise IllegalMove("The run's text does not have the hash that is recorded with it.")
    return book


def _arrive(run: Run, step: str | None, at: datetime) -> Run:
    """Make a step the current one, fresh, whatever it was before."""
    if step is None:
        return replace(run, current=None)
    before = run.of(step)
    fresh = Progress(attempt=before.attempt, reached_at=at, codes_used=before.codes_used)
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
    detail = {key: value for key, value in body.items() if key not in ("step", "attempt", "title")}
    begun = Progress(
        state=StepState.RUNNING,
        attempt=now.attempt + 1,
        reached_at=now.reached_at,
        started_at=at,
        by=actor,
        output_at=at,
        tries=now.tries + 1,
        codes_used=now.codes_used,
        detail=detail,
    )
    return _with(run, step, begun)


def _step_output(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step, now = _running(run, body)
    return _with(run, step, replace(now, output=(now.output + str(body["text"]))[:MAX_OUTPUT], output_at=at))


def _step_done(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step = _current(run, body)
    now, definition = run.of(step), run.step
    if run.paused_by and now.state is not StepState.RUNNING:
        raise IllegalMove(f"The run was paused by {run.paused_by}: go on with it first.")
    if definition is None:
        raise IllegalMove(f"There is no step {step}.")
    if definition.kind not in _TICKED_OFF:
        _running(run, body)
    if isinstance(definition.work, Approve) and len(now.approved_by) < definition.work.needs:
        raise IllegalMove("Not enough people have approved it.")
    choice = str(body.get("go", ""))
    done = replace(now, state=StepState.DONE, ended_at=at, by=actor, said=str(body.get("said", "")), choice=choice)
    run = _learned(_with(run, step, done), body)
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
    places = run.runbook.places
    between = [each.id for each in run.runbook.steps[places[step] + 1 : places[choice]]]
    passed = {each: Progress(state=StepState.NOT_TAKEN) for each in between if run.of(each).state not in ENDED}
    return _arrive(replace(run, progress={**run.progress, **passed}), choice, at)


def _step_failed(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step, now = _running(run, body)
    failed = replace(
        now,
        state=StepState.FAILED,
        ended_at=at,
        said=str(body.get("reason", "")),
        lost=bool(body.get("lost")),
        stopped=bool(body.get("stopped")),
    )
    return _with(run, step, failed)


def _learned(run: Run, body: Mapping[str, Any]) -> Run:
    """The run with the values that a step brought."""
    values = {str(name): str(value) for name, value in (body.get("values") or {}).items()}
    return replace(run, values={**run.values, **values}) if values else run


def _given(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    """Other values make another question of one that is being approved: who has spoken is asked again."""
    if run.current is not None and run.of(run.current).approvals:
        run = _with(run, run.current, replace(run.of(run.current), approvals=()))
    return _learned(run, body)


def _step_approved(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    """One person's proven word; raises IllegalMove for who works the run, who has spoken, and after it expired."""
    step, now = _running(run, body)
    definition = run.step
    if definition is None or not isinstance(definition.work, Approve):
        raise IllegalMove("This step is not for approval.")
    given = approval_of(run, definition, body, actor)
    if given.by in run.hands:
        raise IllegalMove(f"{given.by} works on this run: somebody else has to approve it.")
    if given.by in now.approved_by:
        raise IllegalMove(f"{given.by} has approved it already.")
    if now.started_at is not None and at >= now.started_at + definition.work.expires:
        raise IllegalMove("The time to approve it is over: ask again.")
    used = (*now.codes_used, given.proof) if given.method == CODE else now.codes_used
    approvals = (*now.approvals, given)
    return _with(run, step, replace(now, approvals=approvals, asked=str(body["asked"]), codes_used=used))


def _step_rejected(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    step, now = _running(run, body)
    definition = run.step
    if definition is None or not isinstance(definition.work, Approve):
        raise IllegalMove("This step is not for approval.")
    said = f"rejected by {actor}: {body.get('reason', '')}"
    return _with(run, step, replace(now, state=StepState.FAILED, ended_at=at, said=said, stopped=True))


def _paused(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    if run.paused_by:
        raise IllegalMove(f"The run was paused by {run.paused_by} already.")
    return replace(run, paused_by=actor, reason=str(body.get("reason", "")))


def _resumed(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    if not run.paused_by:
        raise IllegalMove("The run is not paused.")
    return replace(run, paused_by="", reason="")


def _remarked(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    remark = Remark(str(body.get("step", "")), str(body.get("title", "")), str(body.get("text", "")), actor, at)
    return replace(run, remarks=(*run.remarks, remark))


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
    """End the run, or go on at the clean-up if there is one that has not begun."""
    reason = str(body.get("reason", ""))
    target = str(body.get("cleanup", ""))
    if not target or run.aborting or run.runbook.step(target) is None:
        return replace(run, status=RunStatus.ABORTED, ended_at=at, reason=reason, paused_by="")
    current = run.current
    if current is not None and run.of(current).state is StepState.RUNNING:
        ended = replace(
            run.of(current), state=StepState.FAILED, ended_at=at, said="the run was aborted", stopped=True
        )
        run = _with(run, current, ended)
    return _arrive(replace(run, aborting=True, reason=reason, paused_by=""), target, at)


def _finished(run: Run, body: Mapping[str, Any], at: datetime, actor: str) -> Run:
    if run.current is not None:
        raise IllegalMove("There are steps left.")
    status = RunStatus.ABORTED if run.aborting else RunStatus.FINISHED
    return replace(run, status=status, ended_at=at)


_TICKED_OFF = frozenset({Kind.MANUAL, Kind.DECIDE, Kind.MESSAGE, Kind.INPUT})
"""Kinds that end by a word and need no start."""

_NOT_WHILE_PAUSED = frozenset({"step.started", "step.skipped", "run.jumped", "run.finished"})
_HANDS = frozenset({"manual", "answer", "person", "input", "message"})

_Move = Callable[[Run, Mapping[str, Any], datetime, str], Run]
_MOVES: Mapping[str, _Move] = {
    "step.started": _step_started,
    "step.output": _step_output,
    "step.done": _step_done,
    "step.failed": _step_failed,
    "step.skipped": _step_skipped,
    "step.approved": _step_approved,
    "step.rejected": _step_rejected,
    "run.given": _given,
    "run.paused": _paused,
    "run.resumed": _resumed,
    "run.remarked": _remarked,
    "run.jumped": _jumped,
    "run.aborted": _aborted,
    "run.finished": _finished,
}
