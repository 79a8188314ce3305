"""Prints for people and for programs; everything drawn has gone through `visible()`."""

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import click
import msgspec

from cockpit.health.model import Verdict
from cockpit.text import cell_width, fit, visible

GLYPHS = {
    Verdict.OK: "●",
    Verdict.INFO: "●",
    Verdict.WARN: "▲",
    Verdict.FAIL: "✖",
    Verdict.UNKNOWN: "?",
    Verdict.NA: "·",
}
_COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red", Verdict.UNKNOWN: "magenta"}


def as_json(value: Any) -> None:
    """Print values as JSON, times as RFC 3339, one document for the whole command."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain), indent=2) + b"\n")


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


def say(text: str = "") -> None:
    """Print one line; newlines inside outside text have been made visible before."""
    click.echo(text, color=coloured())


def coloured() -> bool:
    """Whether to colour: only on a terminal, and never when NO_COLOR is set (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def verdict_mark(verdict: Verdict) -> str:
    """Glyph and word, coloured where colour is wanted."""
    word = f"{GLYPHS[verdict]} {verdict.value:<7}"
    return click.style(word, fg=_COLOURS.get(verdict)) if coloured() else word


def table(rows: Sequence[Sequence[str]], headings: Sequence[str]) -> None:
    """Print columns, each as wide as its widest cell; the last one runs on."""
    cells = [[visible(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(cell_width(row[column]) for row in cells) for column in range(len(headings) - 1)]
    for row in cells:
        fixed = [fit(cell, width) for cell, width in zip(row, widths, strict=False)]
        say("  ".join([*fixed, row[-1]]).rstrip())


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago, in the largest fitting unit: `12s`, `4m`, `3h`, `2d`; `-` for never."""
    if moment is None:
        return "-"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
