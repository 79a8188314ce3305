"""A dry run of a whole book: what each step would do with these values, and what is missing for it."""

import shutil
from collections.abc import Callable, Mapping, Sequence, Set

import msgspec

from cockpit.errors import CockpitError
from cockpit.runbooks.command_line import filled
from cockpit.runbooks.inputs import fill, fill_all, names_in
from cockpit.runbooks.model import (
    Approve,
    Check,
    Command,
    Decide,
    Kind,
    Message,
    Question,
    Remedy,
    Runbook,
    Step,
    Wait,
)

Which = Callable[[str], str | None]


class Rehearsed(msgspec.Struct, frozen=True):
    """One step of a dry run: `does` holds its lines with the values put in, `lacks` what would stop it."""

    id: str
    title: str
    kind: Kind
    does: tuple[str, ...]
    lacks: tuple[str, ...]
    undo: str = ""


def rehearse(book: Runbook, values: Mapping[str, str], which: Which = shutil.which) -> Sequence[Rehearsed]:
    """Every step in the order of the text, whatever way a run would take. Nothing is run, asked or written."""
    found, asked = [], set[str]()
    for step in book.steps:
        found.append(_rehearsed(step, values, asked, which))
        asked |= {step.work.name} if isinstance(step.work, Question) else set()
    return found


def _rehearsed(step: Step, values: Mapping[str, str], asked: Set[str], which: Which) -> Rehearsed:
    # What an earlier step asks for is there by then; for now its name stands in its place.
    does, lacks = (
        _does(step, values),
        _lacks(step, {**{name: f"{{{{{name}}}}}" for name in asked}, **values}, which),
    )
    return Rehearsed(
        step.id, fill(step.title, values), step.kind, tuple(does), tuple(lacks), fill(step.policy.undo, values)
    )


def _does(step: Step, values: Mapping[str, str]) -> list[str]:
    work = step.work
    match work:
        case Command(shell=""):
            return [f"run: {' '.join(fill(part, values) for part in line)}" for line in work.argv]
        case Command():
            return [f"run in {work.shell}:", *fill(work.lines[0], values).splitlines()]
        case Check():
            seconds = int(work.timeout.total_seconds())
            return [f"wait up to {seconds} s until {work.check} of {fill(work.target, values)} is "
                    f"{' or '.join(work.want)}"]  # fmt: skip
        case Remedy():
            given = ", ".join(f"{name} {value}" for name, value in fill_all(work.parameters, values).items())
            return [f"plan {work.action} ({given}); nothing is changed before the plan is confirmed"]
        case Decide():
            return [f"ask: {fill(work.question, values)}"] + [
                f"  {fill(branch.answer, values)} → {branch.go}" for branch in work.branches
            ]
        case Approve():
            return [f"ask {work.needs} of {', '.join(work.of) or 'anybody'}: {fill(work.question, values)}"]
        case Wait():
            return [f"wait until {work.until} UTC" if work.span is None else f"wait {work.span}"]
        case Message():
            return [f"write to {work.audience}: {work.template or 'words of the runbook'}"]
        case Question():
            return [f"ask for {work.name}: {fill(work.ask, values)}"]
    return ["you do it, and tick it off"]


def _lacks(step: Step, values: Mapping[str, str], which: Which) -> list[str]:
    """Tools that are not installed here, and values that nobody gave."""
    work = step.work
    if not isinstance(work, Command):
        wanted = names_in(list(work.parameters.values())) if isinstance(work, Remedy) else set()
        wanted |= names_in(work.target) if isinstance(work, Check) else set()
        return [f"{name} has no value" for name in sorted(wanted) if not values.get(name)]
    lacks = [f"{line[0]} is not installed here" for line in work.argv if line and which(line[0]) is None]
    for line in work.argv if not work.shell else ():
        try:
            filled(line, values)
        except CockpitError as error:
            lacks.append(str(error))
    return list(dict.fromkeys(lacks))
