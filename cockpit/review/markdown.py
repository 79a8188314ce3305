"""Text into Markdown so that it stays text: nothing in it can end a table cell, start a link or become HTML."""

import re
from collections.abc import Iterable, Sequence

from cockpit.text import visible

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "&#92;"})
_SPECIAL = re.compile(r"([`*_\[\]|~#!])")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto):|\bwww\.")


def inline(text: str) -> str:
    """Text for one line of Markdown or one table cell (GitHub Flavored Markdown); newlines become spaces.

    A backslash becomes an entity, so that the only backslashes are the ones that escape. Addresses in the text
    are kept readable and are not made into links, because they may be somebody else's words.
    """
    flat = " ".join(visible(text, newlines=True).split())
    safe = _SPECIAL.sub(r"\\\1", flat.translate(_ENTITIES))
    return _LINK.sub(_unlinked, safe)


def _unlinked(match: re.Match[str]) -> str:
    found = match.group(0)
    return f"{found[:-1]}\\{found[-1]}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> str:
    """A table whose cells are all escaped here; `empty` is the sentence that stands there without rows."""
    lines = [_row([inline(cell) for cell in row]) for row in rows]
    if not lines:
        return empty
    return "\n".join([_row(header), f"|{'---|' * len(header)}", *lines])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
