"""Runbooks inside runbooks: an include step is replaced by the steps of the other book, under names of its own.

A run records the text of every book that it takes in, so that none of them changes under it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from cockpit.errors import CockpitError, RunbookError
from cockpit.runbooks.inputs import PLACEHOLDER, fill
from cockpit.runbooks.model import END, Branch, Decide, Include, Question, Runbook, Step, When

DEEPEST = 4
"""How many books may stand inside one another."""

MOST_STEPS = 5_000

Lookup = Callable[[str], Runbook]


class Expanded(msgspec.Struct, frozen=True):
    """A book with the steps of the books that it includes, and those books as their texts are."""

    book: Runbook
    included: tuple[Runbook, ...] = ()


def expand(book: Runbook, lookup: Lookup, above: tuple[str, ...] = ()) -> Expanded:
    """Put the included steps in; raises RunbookError for a book that is not there, includes itself or changed."""
    if not any(isinstance(step.work, Include) for step in book.steps):
        return Expanded(book)
    steps: list[Step] = []
    inputs = {each.name: each for each in book.inputs}
    included: dict[str, Runbook] = {}
    for step in book.steps:
        if not isinstance(step.work, Include):
            steps.append(step)
            continue
        inner = _found(book, step.work, lookup, (*above, book.id))
        below = expand(inner, lookup, (*above, book.id))
        included.update({each.id: each for each in (inner, *below.included)})
        following = step.next or book.after(step.id) or END
        steps += _renamed(step, below.book, following, step.work.values)
        for each in below.book.inputs:
            if each.name not in step.work.values:
                inputs.setdefault(each.name, replace(each, line=step.line))
        if len(steps) > MOST_STEPS:
            raise RunbookError(f"{book.title} would have more than {MOST_STEPS} steps with what it includes.")
    places = {step.id: place for place, step in enumerate(steps)}
    whole = replace(book, steps=tuple(steps), inputs=tuple(inputs.values()), places=places)
    return Expanded(whole, tuple(included.values()))


def _found(book: Runbook, work: Include, lookup: Lookup, above: tuple[str, ...]) -> Runbook:
    if work.runbook in above:
        raise RunbookError(f"{book.title} includes itself by way of {work.runbook}.")
    if len(above) > DEEPEST:
        raise RunbookError(f"{book.title}: more than {DEEPEST} runbooks stand inside one another.")
    try:
        inner = lookup(work.runbook)
    except CockpitError as error:
        raise RunbookError(f"{book.title} includes a runbook that is not there. {error}") from None
    if not inner.sha256.startswith(work.sha256):
        raise RunbookError(
            f"{book.title} includes {inner.id} as it was at {work.sha256[:12]}; its text is now "
            f"{inner.sha256[:12]}. Read what changed, then pin it again."
        )
    unknown = sorted(set(work.values) - {each.name for each in inner.inputs})
    if unknown:
        raise RunbookError(f"{inner.title} has no input {unknown[0]!r}.")
    if not inner.steps:
        raise RunbookError(f"{inner.title} has no steps.")
    return inner


def _renamed(place: Step, inner: Runbook, following: str, values: Mapping[str, str]) -> list[Step]:
    """The inner steps: the first bears the include step's own id, so that whatever leads there still arrives."""
    first = inner.steps[0].id
    names = {step.id: f"{place.id}.{step.id}" for step in inner.steps}
    names[first] = place.id
    names[END] = following
    section = f"{place.title}: {inner.title}" if place.title else inner.title
    steps = []
    for step in inner.steps:
        following_here = names.get(step.next, step.next) if step.next else ""
        if not following_here and step is inner.steps[-1]:
            following_here = following
        policy = step.policy
        if policy.on_failure in names:
            policy = replace(policy, on_failure=names[policy.on_failure])
        steps.append(
            replace(
                step,
                id=names[step.id],
                title=fill(step.title, values),
                text=fill(step.text, values),
                section=section,
                line=place.line,
                next=following_here,
                work=_work(step.work, names, values),
                policy=policy,
            )
        )
    return steps


def _work(work: Any, names: Mapping[str, str], values: Mapping[str, str]) -> Any:
    """The work with the outer book's words for its inputs, and decisions that lead to the new names."""
    if isinstance(work, Decide):
        branches = tuple(
            Branch(fill(each.answer, values), names.get(each.go, each.go), _when(each.when, values))
            for each in work.branches
        )
        return Decide(fill(work.question, values), branches)
    if isinstance(work, Question):
        return work
    return _filled(work, values)


def _when(when: When | None, values: Mapping[str, str]) -> When | None:
    if when is None:
        return None
    if not when.input or when.input not in values:
        return replace(when, target=fill(when.target, values))
    given = values[when.input]
    match = PLACEHOLDER.fullmatch(given.strip())
    if match:
        return replace(when, input=match[1])
    raise RunbookError(
        f"The included runbook decides by {when.input!r}; give it as {{{{name}}}}, not as a fixed text."
    )


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, tuple):
        return tuple(_filled(part, values) for part in value)
    if isinstance(value, Mapping):
        return {key: _filled(part, values) for key, part in value.items()}
    if isinstance(value, msgspec.Struct):
        return replace(value, **{key: _filled(getattr(value, key), values) for key in value.__struct_fields__})
    return value
