"""Values out of what a command printed: by a regular expression's group, or a path into JSON."""

import json
import re
from collections.abc import Sequence
from typing import Any

from cockpit.errors import BadInput
from cockpit.runbooks.inputs import typed
from cockpit.text import visible

LONGEST = 64_000
"""Characters of output that are searched; an expression never sees more."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def extracted(printed: str, wanted: Sequence[Sequence[str]]) -> dict[str, str]:
    """The value of each (name, how, pattern, type); raises BadInput naming the first that is not there."""
    return {name: _value(printed[:LONGEST], name, how, pattern, kind) for name, how, pattern, kind in wanted}


def _value(printed: str, name: str, how: str, pattern: str, kind: str) -> str:
    found = _by_expression(printed, pattern) if how == "regex" else _by_path(printed, pattern, name)
    if found is None:
        raise BadInput(f"The output has no {name}: nothing fits {visible(pattern, limit=80)}.")
    return typed(kind, found, name)


def _by_expression(printed: str, pattern: str) -> str | None:
    match = re.search(pattern, printed, re.MULTILINE)
    return match[1] if match else None


def _by_path(printed: str, path: str, name: str) -> str | None:
    """What stands at `A.B[0].C`; text, numbers and truth values only."""
    try:
        value: Any = json.loads(printed[min((at for at in map(printed.find, "{[") if at >= 0), default=0) :])
    except (ValueError, RecursionError):
        raise BadInput(f"The output has no {name}: it is not JSON.") from None
    for match in _STEP.finditer(path):
        key: Any = match[1] if match[1] is not None else int(match[2])
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
