"""A runbook run's lines: the steps with their state and time, and the current step with what decides it."""

import shlex
from datetime import datetime

from cockpit.desk.views import CheckView
from cockpit.runbooks.model import Kind
from cockpit.runbooks.run import RunStatus, StepState
from cockpit.runbooks.view import RunView, StepView
from screens.present.lines import EMPTY, Line, Span, Tone, cut, line, rule, spread, wrap
from screens.present.markdown import markdown_lines
from screens.present.words import TONES, age, elapsed, glyph, span_words

_SIGNS: dict[StepState, Span] = {
    StepState.WAITING: ("·", Tone.MUTED),
    StepState.RUNNING: ("…", Tone.ACCENT),
    StepState.DONE: ("✔", Tone.OK),
    StepState.FAILED: ("✖", Tone.FAIL),
    StepState.SKIPPED: ("»", Tone.WARN),
    StepState.NOT_TAKEN: ("–", Tone.MUTED),
}
_DOES = {
    Kind.MANUAL: "you do this, then tick it off",
    Kind.COMMAND: "runs a command",
    Kind.CHECK: "waits for a live check",
    Kind.ACTION: "plans a change; nothing is changed before you confirm the plan",
    Kind.DECIDE: "your answer leads on",
    Kind.APPROVE: "others have to agree",
    Kind.WAIT: "waits for the clock",
    Kind.MESSAGE: "opens words to be sent",
    Kind.INPUT: "asks for a value",
    Kind.INCLUDE: "the steps of another runbook",
}


def head_lines(view: RunView, now: datetime, cells: int) -> list[Line]:
    """The runbook's name, how far it is, and how long it has been going."""
    ended = view.ended_at or now
    left = line((view.title, Tone.TITLE))
    state = {RunStatus.ACTIVE: f"step {view.number} of {view.total}"}.get(view.status, str(view.status))
    if view.paused_by:
        state = f"⏸ paused by {view.paused_by}"
    elif view.aborting and view.status is RunStatus.ACTIVE:
        state = f"cleaning up, {state}"
    right = line((state, Tone.ACCENT), " ", (elapsed(view.started_at, ended), Tone.STRONG))
    inputs = " · ".join(f"{name} {value}" for name, value in view.inputs.items() if value)
    if len(view.people) > 1:
        inputs = " · ".join([*([inputs] if inputs else []), f"worked by {', '.join(view.people)}"])
    return [spread(left, right, cells), cut(line((inputs, Tone.MUTED)), cells)]


def step_line(step: StepView, cells: int) -> Line:
    """One step: its state as a sign, its words, the time it took; the current one is marked by an arrow."""
    arrow = ("▸", Tone.KEY) if step.current else (" ", Tone.PLAIN)
    over = step.state in (StepState.NOT_TAKEN, StepState.SKIPPED)
    tone = Tone.STRONG if step.current else Tone.MUTED if over else Tone.PLAIN
    took = line((span_words(step.took), Tone.MUTED)) if step.took is not None else EMPTY
    return spread(line(arrow, _SIGNS[step.state], " ", (step.title, tone)), took, cells)


def current_lines(view: RunView, health: CheckView | None, now: datetime, cells: int) -> list[Line]:
    """The current step: what it is, its text, the exact command, what decides it, and what it printed."""
    step = view.current
    if step is None:
        return _ended(view, cells)
    lines: list[Line] = wrap(step.title, cells, Tone.TITLE)
    lines += wrap(_word(view, step), cells, Tone.FAIL if step.state is StepState.FAILED else Tone.ACCENT)
    if step.said and step.state is StepState.FAILED:
        lines += wrap(step.said, cells, Tone.FAIL)
        lines += _decided(view, cells)
    words = [EMPTY, *markdown_lines(view.text, cells)] if view.text.strip() else []
    command = _command(view, cells) if view.command else []
    # What runs or has failed is looked at first; what is still to be run is read about first.
    lines += words + command if step.state is StepState.WAITING else command + words
    if view.missing and step.state is not StepState.RUNNING:
        names = ", ".join(each.ask or each.name for each in view.missing)
        lines += wrap(f"It will ask for: {names}", cells, Tone.ACCENT)
    if view.undo:
        lines += wrap(f"way back: {view.undo}", cells, Tone.MUTED)
    if view.choices:
        lines += [EMPTY, *wrap(view.decided_by, cells, Tone.STRONG)]
    for choice in view.choices:
        mark = ("▸ ", Tone.KEY) if choice.preferred else ("  ", Tone.PLAIN)
        tail = f" → {choice.title}" + (" (what is known points here)" if choice.preferred else "")
        lines += wrap(choice.answer + tail, cells, first=line(mark), indent=2)
    if not view.choices and not (step.said and step.state is StepState.FAILED):
        lines += [EMPTY, *_decided(view, cells)]
    if health is not None:
        lines += [EMPTY, *health_lines(health, now, cells)]
    return lines


def _word(view: RunView, step: StepView) -> str:
    """What the step is and how it stands, with the key that stops it while it runs."""
    if step.state is StepState.FAILED:
        return f"{step.kind}, {step.state}"
    if "cancel" in view.can:
        return f"{step.kind}, {step.state}: X stops it"
    state = StepState.WAITING if step.kind is Kind.APPROVE else step.state
    return f"{step.kind}, {state}: {_DOES[step.kind]}"


def _command(view: RunView, cells: int) -> list[Line]:
    """The exact arguments, or the whole script that a shell would read, and why it asks."""
    failed = view.current is not None and view.current.state is StepState.FAILED
    lines: list[Line] = [EMPTY, rule("runs" if view.waiting else "ran" if failed else "will run", cells)]
    if view.script:
        for row in view.script.splitlines():
            lines += wrap(row, cells, Tone.STRONG, indent=4, first=line(("▏ ", Tone.RULE)))
    for argv in view.command:
        lines += wrap(shlex.join(argv), cells, Tone.STRONG, indent=4, first=line(("$ ", Tone.KEY)))
    if view.why_asks and not view.waiting:
        lines += wrap(f"{view.why_asks} It asks before it runs.", cells, Tone.WARN)
    if view.silent is not None:
        lines += wrap(f"It has printed nothing for {span_words(view.silent)}. X stops it.", cells, Tone.WARN)
    return lines


def _decided(view: RunView, cells: int) -> list[Line]:
    """What ends the step; after a failure what can be done, and what others do to approve."""
    step = view.current
    if step is not None and step.state is StepState.FAILED:
        back = ", b goes back" if "back" in view.can else ""
        words = f"x tries it again, s leaves it out with a reason{back}, A stops the runbook"
        return wrap(words, cells, Tone.WARN, first=line(("→ ", Tone.WARN)), indent=2)
    sign = ("… ", Tone.ACCENT) if view.waiting else ("◦ ", Tone.MUTED)
    if step is not None and step.kind is Kind.APPROVE and step.state is StepState.RUNNING:
        return [*wrap(view.decided_by, cells, first=line(sign), indent=2), *_ways_to_approve(view, cells)]
    return wrap(f"done when: {view.decided_by}", cells, first=line(sign), indent=2)


def _ways_to_approve(view: RunView, cells: int) -> list[Line]:
    """What somebody else types, and what is pressed here for somebody at the phone."""
    typed = line(("  $ ", Tone.KEY), (f"cockpit approve {view.code_to_approve}", Tone.STRONG))
    return [
        EMPTY,
        *wrap("They sign at a terminal of their own, or with x in this run:", cells, first=line("  "), indent=2),
        cut(typed, cells),
        *wrap("x here: a one-time code that they read out", cells, Tone.MUTED, first=line("  "), indent=2),
    ]


def _ended(view: RunView, cells: int) -> list[Line]:
    done = view.status is RunStatus.FINISHED
    left_out = sum(step.state is StepState.SKIPPED for step in view.steps)
    words = f"{view.done - left_out} of {view.total} steps done" + (f", {left_out} left out" if left_out else "")
    words += f": {view.reason}" if view.reason else ""
    sign = ("✔ ", Tone.OK) if done else ("⏸ ", Tone.WARN)
    lines = wrap(f"This run is {view.status}. {words}", cells, first=line(sign), indent=2)
    for step in view.steps:
        if step.said:
            lines += wrap(
                f"{step.title}: {step.said}", cells, Tone.MUTED, first=line(_SIGNS[step.state], " "), indent=2
            )
    return lines


def health_lines(health: CheckView, now: datetime, cells: int) -> list[Line]:
    """The check that the step depends on, as it stands now."""
    head = line(glyph(health.verdict, health.freshness), " ", (health.title, Tone.STRONG), " ",
                (health.verdict.value, TONES[health.verdict]))  # fmt: skip
    first = spread(head, line((f"{age(health.at, now)} ago", Tone.MUTED)), cells)
    return [rule("now", cells), first, *wrap(health.headline, cells, Tone.MUTED, first=line("  "), indent=2)]


def output_lines(view: RunView, cells: int) -> list[Line]:
    """What the current step printed, as it came."""
    return printed_lines(view.output, cells) if view.output else []


def printed_lines(output: str, cells: int) -> list[Line]:
    """Output row by row."""
    return [one for row in output.rstrip("\n").split("\n") for one in wrap(row, cells)]


def no_run(cells: int) -> list[Line]:
    """What stands on the runbook screen while none is running."""
    return wrap("No runbook is running. r on the incident (2) offers those written for its alert first.", cells,
                Tone.MUTED)  # fmt: skip
