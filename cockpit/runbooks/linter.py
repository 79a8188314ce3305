"""What is wrong with a runbook before it is needed: names, inputs, ways through it, AWS commands, known dangers."""

import re
import shlex
from collections.abc import Iterator

from cockpit.actions.registry import CARDS
from cockpit.errors import BadInput
from cockpit.health.registry import CHECKS, RUNBOOKS
from cockpit.runbooks.card import review_due
from cockpit.runbooks.command_line import command_lines
from cockpit.runbooks.dangers import dangers_in
from cockpit.runbooks.fences import SHELLS, Fence
from cockpit.runbooks.inputs import PLACEHOLDER, TYPES, names_in, typed
from cockpit.runbooks.links import dead_links
from cockpit.runbooks.markdown import sections
from cockpit.runbooks.model import (
    ABORT,
    END,
    GO_ON,
    STOP,
    Check,
    Command,
    Decide,
    Include,
    Input,
    Problem,
    Remedy,
    Runbook,
    Step,
)
from cockpit.runbooks.shelf import bundled_ids
from cockpit.runbooks.undo import missing_undo


def lint(book: Runbook) -> list[Problem]:
    """Every problem by line, errors before warnings on the same line. The runbook may be used with warnings."""
    found = {
        *book.problems,
        *_head(book),
        *_inputs(book),
        *_ways(book),
        *(problem for step in book.steps for problem in _work(step)),
        *_policies(book),
        *missing_undo(book),
        *dead_links(book, bundled_ids()),
        *_aws_calls(book),
        *dangers_in(book.text),
    }
    return sorted(found, key=lambda problem: (problem.line, problem.level, problem.message))


def _error(line: int, message: str) -> Problem:
    return Problem(line, "error", message)


def _warning(line: int, message: str) -> Problem:
    return Problem(line, "warning", message)


def _head(book: Runbook) -> Iterator[Problem]:
    if not book.steps:
        yield _error(1, "There are no steps.")
    if not book.written_for_us:
        return
    for key, value in (("owner", book.owner), ("reviewed", book.reviewed)):
        if not value:
            yield _warning(1, f"Front matter has no {key!r}: nobody is asked to keep this true.")
    if book.reviewed and review_due(book) is None:
        yield _error(1, f"`reviewed` is a date such as 2026-11-20, not {book.reviewed!r}.")
    if not book.alerts and not book.for_no_alert:
        yield _warning(1, "Front matter has no 'alerts', so it is never suggested.")
    for kind in book.alerts:
        if kind not in RUNBOOKS:
            yield _error(1, f"There are no alerts of kind {kind!r}; there are: {', '.join(sorted(RUNBOOKS))}.")


def _inputs(book: Runbook) -> Iterator[Problem]:
    body = re.sub(r"\A---\n.*?\n---", "", book.text, count=1, flags=re.DOTALL)
    used = names_in(body)
    for step in book.steps:
        if isinstance(step.work, Decide):
            used |= {branch.when.input for branch in step.work.branches if branch.when is not None}
    for each in book.inputs:
        if each.type not in TYPES:
            yield _error(each.line, f"Input {each.name} has the unknown type {each.type!r}: {', '.join(TYPES)}.")
        elif each.default:
            yield from _default(each)
        if each.name not in used and not each.found:
            yield _warning(each.line, f"Input {each.name} is asked for and never used.")


def _policies(book: Runbook) -> Iterator[Problem]:
    """Steps that a failure or an end leads to, and that are not there; what is tried again and must not be."""
    known = {*(step.id for step in book.steps), STOP, GO_ON, ABORT}
    if book.cleanup and book.step(book.cleanup) is None:
        yield _error(1, f"`cleanup` names {book.cleanup!r}, and there is no such step.")
    for step in book.steps:
        if step.policy.on_failure not in known:
            yield _error(step.line, f"on_failure of {step.title!r} names {step.policy.on_failure!r}: no such step.")
        asks = isinstance(step.work, Command) and step.work.asks
        if step.policy.retries and (asks or not isinstance(step.work, Command | Check)):
            yield _warning(step.line, f"{step.title!r} is not tried again by itself: it asks each time.")
        if isinstance(step.work, Include) and step.work.runbook not in bundled_ids() and book.written_for_us:
            yield _warning(
                step.line, f"There is no bundled runbook {step.work.runbook!r}: it has to be in a folder."
            )


def _default(each: Input) -> Iterator[Problem]:
    try:
        typed(each.type, each.default, each.name)
    except BadInput as error:
        yield _error(each.line, f"The default of an input is wrong. {error}")


def _ways(book: Runbook) -> Iterator[Problem]:
    """Names that lead nowhere, and steps that nothing leads to."""
    ids = {step.id for step in book.steps}
    leads: dict[str, set[str]] = {}
    for step in book.steps:
        targets = {branch.go for branch in step.work.branches} if isinstance(step.work, Decide) else set()
        following = step.next or book.after(step.id) or END
        targets = targets or {following}
        for name in sorted(targets - ids - {END}):
            yield _error(step.line, f"{step.title!r} leads to {name!r}, and there is no such step.")
        if step.policy.on_failure in ids:
            targets = {*targets, step.policy.on_failure}
        leads[step.id] = targets & ids
    reached: set[str] = set()
    waiting = [book.steps[0].id, *([book.cleanup] if book.cleanup in ids else [])] if book.steps else []
    while waiting:
        step_id = waiting.pop()
        if step_id not in reached:
            reached.add(step_id)
            waiting += leads[step_id]
    for step in book.steps:
        if step.id not in reached:
            yield _warning(step.line, f"Nothing leads to {step.title!r}.")


def _work(step: Step) -> Iterator[Problem]:
    work = step.work
    if isinstance(work, Check):
        yield from _check_name(step, work.check)
    if isinstance(work, Decide):
        for branch in work.branches:
            if branch.when is not None and branch.when.check:
                yield from _check_name(step, branch.when.check)
    if isinstance(work, Remedy):
        yield from _remedy(step, work)


def _check_name(step: Step, name: str) -> Iterator[Problem]:
    known = [check.id for check in CHECKS]
    if name not in known and not PLACEHOLDER.search(name):
        yield _error(step.line, f"There is no check {name!r}; there are: {', '.join(known)}.")


def _remedy(step: Step, work: Remedy) -> Iterator[Problem]:
    card = CARDS.get(work.action)
    if card is None:
        yield _error(step.line, f"There is no remedy {work.action!r}; there are: {', '.join(sorted(CARDS))}.")
        return
    for name in sorted(card.required - set(work.parameters)):
        yield _error(step.line, f"{work.action} needs the parameter {name!r}.")
    for name in sorted(set(work.parameters) - set(card.parameters)):
        yield _error(step.line, f"{work.action} takes no parameter {name!r}.")


def _aws_calls(book: Runbook) -> Iterator[Problem]:
    """AWS commands in every block that a person might copy, checked against the SDK's models."""
    for section in sections(book.text):
        for block in section.blocks:
            if isinstance(block, Fence) and (block.word in SHELLS or block.word in ("command", "")):
                yield from _aws_block(block)


def _aws_block(block: Fence) -> Iterator[Problem]:
    for command in command_lines(block.body):
        for part in re.split(r"&&|\|\||[|;\n]", command):
            argv = _arguments(part)
            if not argv or argv[0] != "aws":
                continue
            # The SDK takes a third of a second to load, so it is loaded for runbooks that call AWS only.
            from cockpit.actions.aws_models import wrong_call

            wrong = wrong_call(argv)
            if wrong:
                place = next(
                    (n for n, line in enumerate(block.body.split("\n"), 1) if argv[2:3] and argv[2] in line), 0
                )
                yield _error(block.line + place, wrong)


def _arguments(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()
