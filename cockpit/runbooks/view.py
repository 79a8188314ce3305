"""A run as a screen shows it: steps down the left, and at the right what the current one is and what decides it."""

from datetime import datetime, timedelta

import msgspec

from cockpit.runbooks.approving import asked
from cockpit.runbooks.command_line import filled, variable_of
from cockpit.runbooks.inputs import fill, names_in
from cockpit.runbooks.model import (
    Approve,
    Check,
    Command,
    Decide,
    Input,
    Kind,
    Message,
    Question,
    Remedy,
    Runbook,
    Step,
    Wait,
)
from cockpit.runbooks.run import Progress, Remark, Run, RunStatus, StepState


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

    `text` is Markdown with the values put in. `command` holds the exact arguments, `script` what a shell would
    read. `decided_by` says what will decide that the step is done, or why it ended. `asks` means that running it
    needs `confirmed=True`, and `why_asks` says why. `action` is the uid of the action run that the step started.
    `number` of `total` counts steps that lie on the way. `waiting` means that it runs by itself now. `missing` are
    the values that the step needs and nobody gave yet. `silent` is how long a command has printed nothing, once
    that is longer than its runbook expects. `can` names the moves that are allowed now: run, answer, approve,
    retry, skip, back, jump, pause, resume, cancel, abort.
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
    why_asks: str = ""
    script: str = ""
    missing: tuple[Input, ...] = ()
    silent: timedelta | None = None
    people: tuple[str, ...] = ()
    paused_by: str = ""
    aborting: bool = False
    undo: str = ""
    approved_by: tuple[str, ...] = ()
    code_to_approve: str = ""
    remarks: tuple[Remark, ...] = ()


def view_of(run: Run, now: datetime, seen: str, preferred: str) -> RunView:
    """The run at time `now`; `seen` says what a check saw last, `preferred` the step that data decides for."""
    steps = tuple(_step_view(run, step, now) for step in run.runbook.steps)
    current = next((step for step in steps if step.current), None)
    step = run.step
    progress = run.of(step.id) if step else Progress()
    done, total = run.count()
    why_asks = why_it_asks(step, progress)
    return RunView(
        uid=run.uid,
        runbook=run.runbook.id,
        title=run.runbook.title,
        status=run.status,
        incident=run.incident,
        inputs=dict(run.values),
        steps=steps,
        done=done,
        total=total,
        number=_place(steps, current) if current else total,
        current=current,
        text=_text(run, step),
        command=_command(run, step),
        decided_by=_decided_by(run, step, progress, seen, now),
        output=progress.output,
        choices=_choices(run, step, preferred),
        action=_action(progress),
        asks=bool(why_asks),
        waiting=progress.state is StepState.RUNNING and not (step and step.kind is Kind.APPROVE),
        can=_moves(run, step, progress),
        operator=run.operator,
        started_at=run.started_at,
        ended_at=run.ended_at,
        reason=run.reason,
        why_asks=why_asks,
        script=step.work.lines[0] if step and isinstance(step.work, Command) and step.work.shell else "",
        missing=missing_values(run, step),
        silent=_silent(step, progress, now),
        people=run.hands,
        paused_by=run.paused_by,
        aborting=run.aborting,
        undo=fill(step.policy.undo, run.values) if step else "",
        approved_by=progress.approved_by,
        code_to_approve=_code(run, step, progress),
        remarks=run.remarks,
    )


def why_it_asks(step: Step | None, progress: Progress) -> str:
    """Why running the step needs a confirmation; empty when it needs none."""
    if step is None or not isinstance(step.work, Command):
        return ""
    if progress.lost:
        return "It is not known how far this command came the last time. Look first."
    if progress.attempt:
        return "This command has run before in this run."
    if step.work.shell:
        return f"This block is read by a shell ({step.work.shell})."
    return "This command was not written for this product." if step.work.asks else ""


def missing_values(run: Run, step: Step | None) -> tuple[Input, ...]:
    """The inputs that the step uses and that have no value yet, in the order of the runbook.

    What an action may do without is not missed: it is left out of its parameters. Where a decision looks at it and
    the run came here all the same, it is.
    """
    if step is None or step.kind not in (Kind.COMMAND, Kind.CHECK, Kind.ACTION, Kind.MESSAGE):
        return ()
    used = _names(step.work)
    spare = {each.name for each in run.runbook.inputs if not each.required and not each.found}
    if step.kind is Kind.ACTION:
        used -= spare - _looked_at(run.runbook)
    return tuple(each for each in run.runbook.inputs if each.name in used and not run.values.get(each.name))


def _looked_at(book: Runbook) -> set[str]:
    """The inputs that decisions of the book look at."""
    decisions = [step.work for step in book.steps if isinstance(step.work, Decide)]
    return {branch.when.input for work in decisions for branch in work.branches if branch.when is not None}


def _names(value: object) -> set[str]:
    if isinstance(value, str | dict):
        return names_in(value)
    if isinstance(value, tuple):
        return {name for part in value for name in _names(part)}
    return {name for key in getattr(value, "__struct_fields__", ()) for name in _names(getattr(value, key))}


def _text(run: Run, step: Step | None) -> str:
    if step is None:
        return ""
    if isinstance(step.work, Message) and step.work.text:
        return fill(f"{step.text}\n\n{step.work.text}", run.values)
    return fill(step.text, run.values)


def _place(steps: tuple[StepView, ...], current: StepView) -> int:
    """Which step this is, counting only those on the way, as `total` does."""
    before = steps[: steps.index(current)]
    return sum(step.state is not StepState.NOT_TAKEN for step in before) + 1


def _step_view(run: Run, step: Step, now: datetime) -> StepView:
    progress = run.of(step.id)
    current = step.id == run.current and run.status is RunStatus.ACTIVE
    begun = progress.started_at or progress.reached_at
    took = (progress.ended_at or now) - begun if begun and (progress.ended_at or current) else None
    title = fill(step.title, run.values)
    return StepView(
        step.id, title, step.kind, progress.state, current, step.section, step.line, took, progress.said
    )


def _command(run: Run, step: Step | None) -> tuple[tuple[str, ...], ...]:
    if step is None or not isinstance(step.work, Command):
        return ()
    if step.work.shell:
        given = sorted(names_in(step.work.lines[0]))
        return ((step.work.shell, *(f"{variable_of(name)}={run.values.get(name, '')}" for name in given)),)
    return tuple(tuple(fill(part, run.values) for part in line) for line in step.work.argv)


def resolved_command(run: Run, work: Command) -> list[list[str]]:
    """The exact arguments of each line; raises BadInput for a value that is missing or would become an option."""
    if work.shell:
        return [list(line) for line in work.argv]
    return [filled(line, run.values) for line in work.argv]


def shell_values(run: Run, work: Command) -> dict[str, str]:
    """The variables that a shell block finds its values in."""
    return {variable_of(name): run.values.get(name, "") for name in names_in(work.lines[0])} if work.shell else {}


def resolved_check(run: Run, work: Check) -> tuple[str, str]:
    """Target and check of a check step."""
    return fill(work.target, run.values), fill(work.check, run.values)


def _action(progress: Progress) -> str | None:
    uid = progress.detail.get("action")
    return str(uid) if uid else None


def _silent(step: Step | None, progress: Progress, now: datetime) -> timedelta | None:
    if step is None or not isinstance(step.work, Command) or progress.state is not StepState.RUNNING:
        return None
    quiet = now - (progress.output_at or now)
    return quiet if quiet >= step.work.silent else None


def _decided_by(run: Run, step: Step | None, progress: Progress, seen: str, now: datetime) -> str:
    if step is None:
        return "every step has ended"
    if progress.state in (StepState.DONE, StepState.FAILED, StepState.SKIPPED):
        return progress.said
    match step.work:
        case Check():
            target, check = resolved_check(run, step.work)
            wanted = " or ".join(step.work.want)
            limit = f"within {int(step.work.timeout.total_seconds())} s{_left(step.work, progress, now)}"
            return f"{check} of {target} is {wanted}, seen after the step began, {limit}. {seen}".strip()
        case Remedy():
            return "the action is verified by another path than the one that made the change"
        case Command():
            return "every command ends with exit status 0"
        case Decide() | Approve():
            return _asked(run, step.work, progress)
        case Wait():
            until = str(progress.detail.get("until", ""))[11:16]
            return f"the clock shows {until} UTC" if until else "the time has passed"
        case Message():
            return f"the words for {step.work.audience} are sent, or told by hand"
        case Question():
            return f"you say: {fill(step.work.ask, run.values)}"
    return "you, when you have done it"


def _left(work: Check, progress: Progress, now: datetime) -> str:
    """How long a check that runs may still take."""
    if progress.state is not StepState.RUNNING or progress.started_at is None:
        return ""
    return f" ({max(int((progress.started_at + work.timeout - now).total_seconds()), 0)} s left)"


def _asked(run: Run, work: Decide | Approve, progress: Progress) -> str:
    question = fill(work.question, run.values)
    if isinstance(work, Decide):
        return question
    who = f"of {' or '.join(work.of)}" if work.of else "of anybody else"
    given = progress.approved_by
    told = f"approved by {', '.join(given)}" if given else "nobody has approved yet"
    until = f"until {progress.started_at + work.expires:%H:%M} UTC" if progress.started_at else "in time"
    not_us = f"nobody who works on this run ({', '.join(run.hands)})"
    return f"{question} {work.needs} {who}, {until}, and {not_us}: {told}."


def _code(run: Run, step: Step | None, progress: Progress) -> str:
    waits = step is not None and step.kind is Kind.APPROVE and progress.state is StepState.RUNNING
    return asked(run, step).code if step is not None and waits else ""


def _choices(run: Run, step: Step | None, preferred: str) -> tuple[Choice, ...]:
    if step is None or not isinstance(step.work, Decide):
        return ()
    found = []
    for branch in step.work.branches:
        target = run.runbook.step(branch.go)
        title = fill(target.title, run.values) if target else "the end"
        found.append(Choice(fill(branch.answer, run.values), branch.go, title, branch.go == preferred))
    return tuple(found)


def _moves(run: Run, step: Step | None, progress: Progress) -> frozenset[str]:
    if run.status is not RunStatus.ACTIVE:
        return frozenset()
    can = {"abort"}
    running = progress.state is StepState.RUNNING
    if running and step is not None and step.kind is Kind.COMMAND:
        can.add("cancel")
    if running and step is not None and step.kind is Kind.APPROVE:
        can.add("approve")
    if run.paused_by:
        return frozenset({*can, "resume"})
    can.add("pause")
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
