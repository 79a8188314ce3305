"""What became of each value of a file, and where the values of one are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from cockpit.config.yaml_subset import Path


class Outcome(StrEnum):
    """What became of one value."""

    TAKEN = "taken"
    ALREADY = "already so"
    KEPT = "yours stands"
    NONE = "no counterpart"


class Account(msgspec.Struct, frozen=True):
    """One value of the file: where it stands, what became of it, and why in a sentence."""

    line: int | None
    key: str
    value: str
    outcome: Outcome
    sentence: str


Told = tuple[Outcome, str]
"""What a rule says of a value."""


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value with its place; a list of scalars counts as one value, and so does an empty container."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and any(isinstance(inner, Mapping | list) for inner in value):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def fenced(text: str, sections: Sequence[str]) -> str:
    """A Markdown file with all made empty but its YAML blocks of these sections, so that lines keep their numbers.

    A text without fences is returned as it is.
    """
    if not re.search(r"^[ \t]*```", text, re.MULTILINE):
        return text
    heading = re.compile(rf"({'|'.join(sections)}):")
    kept: list[str] = []
    block: list[str] | None = None
    is_yaml = False
    for line in text.splitlines():
        fence = re.match(r"[ \t]*```[ \t]*(\w*)", line)
        if fence is None and block is None:
            kept.append("")
        elif fence is None and block is not None:
            block.append(line)
        elif fence is not None and block is None:
            block, is_yaml = [], fence[1].lower() in ("yaml", "yml")
            kept.append("")
        elif block is not None:
            kept += block if is_yaml and any(map(heading.match, block)) else [""] * len(block)
            kept.append("")
            block = None
    return "\n".join(kept)
