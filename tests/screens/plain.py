"""A screen as plain text: the compositor's strips, as a terminal would show them."""

import os
from pathlib import Path

from rich.style import Style
from textual.app import App

GOLDENS = Path(__file__).parent.parent / "goldens"
UPDATE = os.environ.get("UPDATE_GOLDENS") == "1"
"""Set UPDATE_GOLDENS=1 to write the goldens anew instead of comparing with them."""


def screen_lines(app: App[int]) -> list[str]:
    """What stands on the screen, a string per terminal line, without trailing spaces."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def style_at(app: App[int], text: str) -> Style:
    """The style in which `text` is painted; the text must stand within one segment."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if text in segment.text and segment.style is not None:
                return segment.style
    raise AssertionError(f"{text!r} is not on the screen:\n" + "\n".join(screen_lines(app)))


def assert_nothing_green(app: App[int]) -> None:
    """No text on the screen has the colour of a verdict that is good."""
    good = app.theme_variables["success"].lower()
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            colour = segment.style.color if segment.style is not None else None
            if colour is not None and segment.text.strip():
                assert colour.get_truecolor().hex.lower() != good, f"{segment.text!r} is green: {strip.text!r}"


def assert_golden(app: App[int], name: str) -> None:
    """Compare the screen with `tests/goldens/NAME.txt`."""
    shown = "\n".join(screen_lines(app)) + "\n"
    path = GOLDENS / f"{name}.txt"
    if UPDATE:
        path.write_text(shown, encoding="utf-8")
        return
    assert path.exists(), f"There is no golden {path.name}; write it with UPDATE_GOLDENS=1.\n{shown}"
    assert shown == path.read_text(encoding="utf-8"), f"{path.name} differs:\n{shown}"
