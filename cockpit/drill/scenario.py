"""Scenarios as data: what stands at the start, what goes wrong when, and what the world expects to see done.

A scenario is a YAML file in `scenarios/`, written in the words of `vocabulary`. Durations end in `_s` and may be
written as "20s" or "5m"; they are scenario time and shrink with the drill's speed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Any, Literal, get_args

import msgspec

from cockpit.drill.vocabulary import (
    AnyCondition,
    AnyExpectation,
    AnyInject,
    Quantity,
    Right,
    Seconds,
    Strict,
    Wrong,
)
from cockpit.errors import BadInput, ConfigError, NotFound

RECOMMENDED = "dkim-missing"
"""The drill to begin with."""


class Hint(Strict, frozen=True, kw_only=True):
    """What the facilitator may reveal, in order; before `after_s` from the first inject it would come early."""

    text: str
    after_s: Seconds = 0.0


class Week(Strict, frozen=True, kw_only=True):
    """The week of the monthly drill calendar that a scenario belongs to."""

    number: Literal[1, 2, 3, 4]
    drill: str
    participants: tuple[str, ...] = ()


class Scenario(Strict, frozen=True, kw_only=True):
    """One drill from start to report."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]*\Z")]
    title: str
    summary: str
    type: str
    difficulty: Literal["easy", "normal", "hard"] = "normal"
    duration_s: Seconds = 1800.0
    severity: Literal["P0", "P1", "P2", "P3", ""] = ""
    week: Week | None = None
    timings: dict[str, Seconds] = {}
    levels: dict[Quantity, float] = {}
    baseline: tuple[AnyInject, ...] = ()
    """What is different from the healthy world before anything goes wrong; nobody is told."""
    injects: tuple[AnyInject, ...] = ()
    hints: tuple[Hint, ...] = ()
    expect: tuple[AnyExpectation, ...] = ()
    right: tuple[Right, ...] = ()
    """Ways to the repair beside those that are expected."""
    wrong: tuple[Wrong, ...] = ()
    restored_when: tuple[AnyCondition, ...] = ()
    facilitator: str = ""

    @property
    def first_inject_s(self) -> float:
        """Scenario seconds at which the first thing goes wrong; 0 when nothing does."""
        return min((inject.at_s for inject in self.injects), default=0.0)


@dataclass(frozen=True, slots=True)
class Listing:
    """A line of the list of scenarios."""

    name: str
    title: str
    difficulty: str
    minutes: int
    week: int | None
    recommended: bool


def scenario_names() -> list[str]:
    """The bundled scenarios."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _folder().iterdir() if entry.name.endswith(".yaml"))


def listings() -> Iterator[Listing]:
    """What there is to choose from: the one to begin with, then the easiest first."""
    order = ("easy", "normal", "hard")
    scenarios = [load_scenario(name) for name in scenario_names()]
    scenarios.sort(key=lambda one: (one.name != RECOMMENDED, order.index(one.difficulty), one.name))
    for found in scenarios:
        week, minutes = found.week.number if found.week else None, round(found.duration_s / 60)
        first = found.name == RECOMMENDED
        yield Listing(found.name, found.title, found.difficulty, minutes, week, first)


def load_scenario(name: str) -> Scenario:
    """Read a bundled scenario; raises NotFound with the names there are, ConfigError for a broken file."""
    names = scenario_names()
    if name not in names:
        from difflib import get_close_matches

        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}."
        raise NotFound(f"There is no scenario {name!r}; {hint}")
    return parse_scenario((_folder() / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")


def parse_scenario(text: str, source: str) -> Scenario:
    """Read a scenario from YAML text; raises ConfigError naming the source."""
    from cockpit.config.yaml_subset import read_yaml

    value = read_yaml(text, source).value
    try:
        return msgspec.convert(_seconds(value), Scenario)
    except (msgspec.ValidationError, BadInput) as error:
        raise ConfigError(f"{source} is not a scenario: {error}") from None


def parse_inject(value: Mapping[str, Any]) -> AnyInject:
    """Read one inject as a facilitator sends it; raises BadInput for anything outside the vocabulary."""
    try:
        inject: AnyInject = msgspec.convert(_seconds(value), AnyInject)
        return inject
    except msgspec.ValidationError as error:
        raise BadInput(f"That is no inject: {error}") from None


def parse_words(word: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """An inject as it is typed, every value a string, as plain JSON; raises BadInput with the nearest word."""
    known = {_tag(kind): kind for kind in get_args(AnyInject)}
    if word not in known:
        from difflib import get_close_matches

        near = get_close_matches(word, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(known))}."
        raise BadInput(f"There is no inject {word!r}; {hint}")
    try:
        inject = msgspec.convert(_seconds({**fields, "do": word}), AnyInject, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"That is no inject: {error}; write it as {_usage(known[word])}") from None
    plain: dict[str, Any] = msgspec.to_builtins(inject)
    return plain


def vocabulary_lines() -> Iterator[str]:
    """How each inject is written, by word."""
    return iter(sorted(_usage(kind) for kind in get_args(AnyInject)))


def _usage(kind: type[Strict]) -> str:
    """`dns-fault server= kind= [under=] …`: the word, then its fields, those that may be left out in brackets."""
    fields = [field for field in msgspec.structs.fields(kind) if field.name not in ("at_s", "note")]
    given = [f"{field.name}=" if field.required else f"[{field.name}=]" for field in fields]
    return " ".join([_tag(kind), *given])


def _tag(kind: type[Strict]) -> str:
    return str(kind.__struct_config__.tag)


def _seconds(value: Any) -> Any:
    """Durations in words as seconds, for every key that ends in `_s`."""
    from cockpit.config.load import duration_s

    if isinstance(value, Mapping):
        return {
            key: duration_s(inner)
            if isinstance(inner, str) and isinstance(key, str) and key.endswith("_s")
            else _seconds(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_seconds(inner) for inner in value]
    return value


def _folder() -> Any:
    return resources.files("cockpit.drill") / "scenarios"
