"""Says what is wrong with a configuration in words, from the validator's terse message."""

import difflib
import re
import types
import typing
from typing import Any

import msgspec

from cockpit.config.settings import Settings
from cockpit.config.yaml_subset import Document, Path
from cockpit.secret_reference import EXPECTED, REFERENCE_PATTERN
from cockpit.text import visible

_PLACE = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<at>(?:key in )?\$[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number or a duration such as 30s",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping of keys",
    "null": "nothing",
}


def place(document: Document, source: str, path: Path) -> str:
    """File, line and key, as far as they are known."""
    line = document.line(path)
    key = dotted(path)
    where = source if line is None else f"{source} line {line}"
    return f"{where}, {key}" if key else where


def dotted(path: Path) -> str:
    """`domains[0].hosts[1].port`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return visible(text.removeprefix("."), limit=200)


def explained(message: str, document: Document, source: str) -> str:
    """One sentence for the operator; the value itself is never repeated, because it may be a secret."""
    match = _PLACE.match(message)
    problem, at = (match["problem"], match["at"] or "$") if match else (message, "$")
    path = _path(at, document.value)
    unknown = re.match(r"Object contains unknown field `(.*)`", problem, re.DOTALL)
    if unknown:
        return _unknown_key(unknown[1], path, document, source)
    missing = re.match(r"Object missing required field `(.*)`", problem)
    if missing:
        return f"{place(document, source, path)}: the key {missing[1]!r} is missing."
    return f"{place(document, source, path)}: {_expectation(problem, path)}."


def _path(at: str, value: Any) -> Path:
    """The validator's `$.domains[...].name` as steps; `...` stands for any key of a mapping and ends the path."""
    steps: list[str | int] = []
    for name, index in _STEP.findall(at):
        if index == "...":
            break
        steps.append(int(index) if index else name)
    return tuple(steps)


def _unknown_key(key: str, path: Path, document: Document, source: str) -> str:
    known = known_keys(path)
    where = place(document, source, (*path, key))
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}."
    return f"{where}: there is no such key; {hint}"


def known_keys(path: Path) -> list[str]:
    """The keys that may stand at `path`."""
    kind = _type_at(path)
    while typing.get_origin(kind) in (dict, tuple):
        kind = typing.get_args(kind)[1 if typing.get_origin(kind) is dict else 0]
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _type_at(path: Path) -> Any:
    kind: Any = Settings
    for step in path:
        kind = typing.get_args(kind)[0] if isinstance(step, int) else _bare(typing.get_type_hints(kind)[step])
    return kind


def _bare(kind: Any) -> Any:
    """A type without Annotated and without `| None`."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    return kind


def _expectation(problem: str, path: Path) -> str:
    if REFERENCE_PATTERN in problem.replace("\\\\", "\\"):
        return f"expected {EXPECTED}; a secret itself does not belong in the file"
    kinds = re.match(r"Expected `([^`]*)`(?:, got `([^`]*)`)?$", problem)
    if kinds:
        wanted = " or ".join(_words(kind) for kind in kinds[1].split(" | ") if kind != "null")
        got = f", found {_words(kinds[2])}" if kinds[2] else ""
        quotes = "; put it in quotes" if kinds[1].startswith("str") and kinds[2] in ("int", "float", "bool") else ""
        return f"expected {wanted}{got}{quotes}"
    limits = re.match(r"Expected `([^`]*)` (.*)$", problem, re.DOTALL)
    if limits:
        return f"expected {_words(limits[1])} {_limit(limits[2])}"
    invalid = re.match(r"Invalid enum value (.*)$", problem, re.DOTALL)
    if invalid:
        return f"expected one of {', '.join(_choices(path))}"
    return visible(problem, limit=200)


def _words(kind: str) -> str:
    return _WORDS.get(kind, kind)


def _limit(text: str) -> str:
    pattern = re.match(r"matching regex '?(.*?)'?$", text)
    if pattern:
        return f"that looks like {_SHAPES.get(pattern[1].replace(chr(92) * 2, chr(92)), pattern[1])}"
    entries = re.match(r"of length <= (\d+)$", text)
    if entries:
        return f"with at most {entries[1]} entries"
    return text.replace(">=", "of at least").replace("<=", "of at most").replace("> ", "above ")


_SHAPES = {
    "^/": "a path, beginning with /",
    r"^[A-Z][A-Z0-9]*\Z": "a record type in capitals, such as TXT",
    r"^([0-9]{12})?\Z": "a 12-digit account number",
    r"^([a-z]{2}(-[a-z]+)+-[0-9])?\Z": "a region, such as ca-central-1",
    r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z": "a short name of letters, digits, dot, dash and underscore",
}


def _choices(path: Path) -> list[str]:
    return [repr(choice) for choice in typing.get_args(_type_at(path))]
