"""A run as a screen shows it: steps down the left, and at the right what the current one is and what decides it."""

from datetime import datetime, timedelta

import msgspec

from cockpit.runbooks.command_line import filled
from cockpit.runbooks.inputs import fill
from cockpit.runbooks.model import Check, Command, Decide, Input, Kind, Remedy, Runbook, Step
from cockpit.runbooks.run import Progress, Run, RunStatus, StepState


class RunbookCard(msgspec.Struct, frozen=True):
    """A runbook as it is offered."""

    id: str
    title: str
    alerts: tuple[str, ...]
    inputs: tuple[Input, ...]
    steps: int
    problems: int
    owner: str
    reviewed: str
    source: str


class StepView(msgspec.Struct, frozen=True):
    """One step in the list; `took` counts from its start, or for a manual step from when it was reached."""

    id: str
    title: str
    kind: Kind
    state: StepState
    current: bool
    section: str
    line: int
    took: timedelta | None
    said: str


class Choice(msgspec.Struct, frozen=True):
    """One answer to a decision; the one that the data points to has `preferred`."""

    answer: str
    go: str
    title: str
    preferred: bool


class RunView(msgspec.Struct, frozen=True):
    """One run with its current step worked out.

    `text` is Markdown with the inputs put in. `command` holds the exact arguments. `decided_by` says what will
    decide that the step is done, or why it ended. `asks` means that running it needs `confirmed=True`. `action`
    is the uid of the action run that the step started. `number` of `total` counts steps that lie on the way.
    `can` names the moves that are allowed now: run, answer, retry, skip, back, jump, abort.
    """

    uid: str
    runbook: str
    title: str
    status: RunStatus
    incident: str | None
    inputs: dict[str, str]
    steps: tuple[StepView, ...]
    done: int
    total: int
    number: int
    current: StepView | None
    text: str
    command: tuple[tuple[str, ...], ...]
    decided_by: str
    output: str
    choices: tuple[Choice, ...]
    action: str | None
    asks: bool
    waiting: bool
    can: frozenset[str]
    operator: str
    started_at: datetime
    ended_at: datetime | None
    reason: str


def card_of(book: Runbook) -> RunbookCard:
    """The runbook as it is offered."""
    problems = sum(problem.level == "error" for problem in book.problems)
    return RunbookCard(
        book.id,
        book.title,
        book.alerts,
        book.inputs,
        len(book.steps),
        problems,
        book.owner,
        book.reviewed,
        book.source,
    )


def view_of(run: Run, now: datetime, seen: str, preferred: str) -> RunView:
    """The run at time `now`; `seen` says what a check saw last, `preferred` the step that data decides for."""
    steps = tuple(_step_view(run, step, now) for step in run.runbook.steps)
    current = next((step for step in steps if step.current), None)
    step = run.step
    progress = run.of(step.id) if step else Progress()
    done, total = run.count()
    return RunView(
        uid=run.uid,
        runbook=run.runbook.id,
        title=run.runbook.title,
        status=run.status,
        incident=run.incident,
        inputs=dict(run.inputs),
        steps=steps,
        done=done,
        total=total,
        number=_place(steps, current) if current else total,
        current=current,
        text=fill(step.text, run.inputs) if step else "",
        command=_command(run, step),
        decided_by=_decided_by(run, step, progress, seen),
        output=progress.output,
        choices=_choices(run, step, preferred),
        action=_action(progress),
        asks=isinstance(step.work, Command) and step.work.asks if step else False,
        waiting=progress.state is StepState.RUNNING,
        can=_moves(run, step, progress),
        operator=run.operator,
        started_at=run.started_at,
        ended_at=run.ended_at,
        reason=run.reason,
    )


def _place(steps: tuple[StepView, ...], current: StepView) -> int:
    """Which step this is, counting only those on the way, as `total` does."""
    before = steps[: steps.index(current)]
    return sum(step.state is not StepState.NOT_TAKEN for step in before) + 1


def _step_view(run: Run, step: Step, now: datetime) -> StepView:
    progress = run.of(step.id)
    current = step.id == run.current and run.status is RunStatus.ACTIVE
    begun = progress.started_at or progress.reached_at
    took = (progress.ended_at or now) - begun if begun and (progress.ended_at or current) else None
    title = fill(step.title, run.inputs)
    return StepView(
        step.id, title, step.kind, progress.state, current, step.section, step.line, took, progress.said
    )


def _command(run: Run, step: Step | None) -> tuple[tuple[str, ...], ...]:
    if step is None or not isinstance(step.work, Command):
        return ()
    return tuple(tuple(fill(part, run.inputs) for part in line) for line in step.work.argv)


def resolved_command(run: Run, work: Command) -> list[list[str]]:
    """The exact arguments of each line; raises BadInput for a value that is missing or would become an option."""
    return [filled(line, run.inputs) for line in work.argv]


def resolved_check(run: Run, work: Check) -> tuple[str, str]:
    """Target and check of a check step."""
    return fill(work.target, run.inputs), fill(work.check, run.inputs)


def _action(progress: Progress) -> str | None:
    uid = progress.detail.get("action")
    return str(uid) if uid else None


def _decided_by(run: Run, step: Step | None, progress: Progress, seen: str) -> str:
    if step is None:
        return "every step has ended"
    if progress.state in (StepState.DONE, StepState.FAILED, StepState.SKIPPED):
        return progress.said
    if isinstance(step.work, Check):
        target, check = resolved_check(run, step.work)
        wanted = " or ".join(step.work.want)
        limit = f"within {int(step.work.timeout.total_seconds())} s"
        return f"{check} of {target} is {wanted}, seen after the step began, {limit}. {seen}".strip()
    if isinstance(step.work, Remedy):
        return "the action is verified by another path than the one that made the change"
    if isinstance(step.work, Command):
        return "every command ends with exit status 0"
    if isinstance(step.work, Decide):
        return fill(step.work.question, run.inputs)
    return "you, when you have done it"


def _choices(run: Run, step: Step | None, preferred: str) -> tuple[Choice, ...]:
    if step is None or not isinstance(step.work, Decide):
        return ()
    found = []
    for branch in step.work.branches:
        target = run.runbook.step(branch.go)
        title = fill(target.title, run.inputs) if target else "the end"
        found.append(Choice(fill(branch.answer, run.inputs), branch.go, title, branch.go == preferred))
    return tuple(found)


def _moves(run: Run, step: Step | None, progress: Progress) -> frozenset[str]:
    if run.status is not RunStatus.ACTIVE:
        return frozenset()
    can = {"abort"}
    running = progress.state is StepState.RUNNING
    if not running:
        can.add("jump")
        if len(run.path) > 1:
            can.add("back")
    if step is not None:
        can.add("skip")
        if progress.state is StepState.FAILED:
            can.add("retry")
        elif not running:
            can.add("answer" if step.kind is Kind.DECIDE else "run")
    return frozenset(can)
