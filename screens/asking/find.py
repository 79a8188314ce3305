"""A line to type in, and what it finds below: for whatever is looked up rather than listed."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.errors import CockpitError
from screens.present.lines import Line, Tone, cut, line, pad, rule, wrap
from screens.widgets.lines import Lines
from screens.widgets.rows import Rows

SETTLED_S = 0.15
"""Seconds without a key after which what was typed is looked up."""


class Found(msgspec.Struct, frozen=True):
    """One thing that was found: what it stands for, its name, and the words about it."""

    value: str
    name: str
    says: str = ""


class Find(ModalScreen[str]):
    """Answers with the value of what was chosen; `look_up` is asked again whenever the line has settled."""

    BINDINGS = [
        Binding("escape", "leave", "Back", show=False),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
    ]

    def __init__(
        self, title: str, look_up: Callable[[str], Sequence[Found]], *, accept: str, hint: str, words: str = ""
    ) -> None:
        super().__init__()
        self._title = title
        self._look_up = look_up
        self._accept = accept
        self._hint = hint
        self._words = words
        self._wrong = ""

    def compose(self) -> ComposeResult:
        """Title, the line, what was found, all of its words, and the keys."""
        with Vertical(classes="dialog -large"):
            yield Lines(self._title_lines, id="title")
            yield Input(self._words, placeholder=self._hint)
            yield Rows[Found](lambda found: found.value, self._draw)
            yield Lines(self._says_lines, id="says")
            yield Lines(self._key_lines)

    def on_mount(self) -> None:
        """Look up what stands there already."""
        self.query_one(Input).focus()
        self._again()

    def on_input_changed(self) -> None:
        """Look up once no more keys come."""
        self.set_timer(SETTLED_S, self._again)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with what is under the cursor."""
        event.stop()
        self._again()
        self._take()

    def on_rows_opened(self) -> None:
        """A double click chooses too."""
        self._take()

    def on_rows_moved(self) -> None:
        """Show all words of what is under the cursor."""
        self.query_one("#says", Lines).redraw()

    def action_move(self, by: int) -> None:
        """Move in the list while typing."""
        self.query_one(Rows).action_move(by)

    def action_page(self, by: int) -> None:
        """Move by pages while typing."""
        self.query_one(Rows).action_page(by)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)

    def _take(self) -> None:
        selected: Found | None = self.query_one(Rows).selected
        if selected is not None:
            self.dismiss(selected.value)

    def _again(self) -> None:
        if not self.is_current:
            return
        words = self.query_one(Input).value
        rows: Rows[Found] = self.query_one(Rows)
        if words != self._words or not rows.shown:
            self._words, self._wrong = words, ""
            try:
                rows.set_items(self._look_up(words))
            except CockpitError as error:
                self._wrong = str(error)
            rows.action_first()
        self.query_one("#title", Lines).redraw()
        self.query_one("#says", Lines).redraw()

    def _title_lines(self, width: int) -> Sequence[Line]:
        return [rule(self._title, width, f"{len(self.query_one(Rows).shown)} found")]

    def _says_lines(self, width: int) -> Sequence[Line]:
        if self._wrong:
            return wrap(self._wrong, width, Tone.FAIL)
        selected: Found | None = self.query_one(Rows).selected
        return wrap(selected.says, width, Tone.MUTED)[:5] if selected is not None else []

    def _key_lines(self, width: int) -> Sequence[Line]:
        keys = line(
            ("⏎", Tone.KEY), f" {self._accept}   ", ("↑↓", Tone.KEY), " move   ", ("esc", Tone.KEY), " back"
        )
        return [cut(keys, width)]

    def _draw(self, found: Found, width: int, now: datetime) -> Line:
        name = pad(line((found.name, Tone.STRONG)), min(34, width // 2))
        return cut(line(*name, "  ", (found.says.partition("\n")[0], Tone.MUTED)), width)
