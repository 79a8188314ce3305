"""Two people wrote at the same time: both texts, side by side, and the choice."""

from typing import Protocol, runtime_checkable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen

from cockpit.text import visible
from screens.present.lines import Line, Tone, line, rule, wrap
from screens.widgets.lines import Lines, Reader


@runtime_checkable
class TwoTexts(Protocol):
    """An error that carries both texts, as a lost race for a document or an entry raises it."""

    mine: str
    theirs: str
    revision: int
    author: str


class Conflict(ModalScreen[str]):
    """Answers `mine`, `theirs` or `both`; esc decides nothing and keeps both where they are."""

    BINDINGS = [
        Binding("m", "choose('mine')", "Mine", show=False),
        Binding("t", "choose('theirs')", "Theirs", show=False),
        Binding("b", "choose('both')", "Both", show=False),
        Binding("escape", "leave", "Later", show=False),
    ]

    def __init__(self, conflict: TwoTexts) -> None:
        super().__init__()
        self._conflict = conflict

    def compose(self) -> ComposeResult:
        """The texts as they differ."""
        conflict = self._conflict
        mine, theirs = different_lines(conflict.mine, conflict.theirs)
        with Vertical(classes="dialog -large"):
            yield Lines(lambda width: [rule("Somebody else saved meanwhile", width), *wrap(str(conflict), width)])
            with Horizontal():
                yield Reader(lambda width: _side("Yours", mine, width))
                yield Reader(
                    lambda width: _side(f"{conflict.author}'s, revision {conflict.revision}", theirs, width)
                )
            yield Lines(
                lambda width: [
                    line(
                        ("m", Tone.KEY),
                        " yours   ",
                        ("t", Tone.KEY),
                        " theirs   ",
                        ("b", Tone.KEY),
                        " both, one after the other   ",
                        ("esc", Tone.KEY),
                        " later",
                    )  # fmt: skip
                ]
            )

    def on_mount(self) -> None:
        """Let the keys read the texts."""
        self.query("Reader").first().focus()

    def action_choose(self, which: str) -> None:
        """Answer."""
        self.dismiss(which)

    def action_leave(self) -> None:
        """Decide nothing."""
        self.dismiss(None)


def different_lines(mine: str, theirs: str) -> tuple[list[str], list[str]]:
    """The lines of each text that the other does not have, in order."""
    ours, other = mine.split("\n"), theirs.split("\n")
    return [row for row in ours if row not in set(other)], [row for row in other if row not in set(ours)]


def _side(title: str, rows: list[str], width: int) -> list[Line]:
    lines = [rule(title, width)]
    for row in rows or ["(nothing that the other text lacks)"]:
        lines += wrap(visible(row), width)
    return lines
