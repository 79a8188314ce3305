"""Questions: choose one, answer in a line, write a text, confirm. Leaving with esc always changes nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, TextArea

from cockpit.text import visible
from screens.present.lines import EMPTY, Line, Tone, cut, line, pad, rule, wrap
from screens.widgets.lines import Lines
from screens.widgets.rows import Rows

_LEAVE = Binding("escape", "leave", "Cancel", show=False)


class Option(msgspec.Struct, frozen=True):
    """One thing to choose: what it stands for, its name, and a sentence about it."""

    value: str
    name: str
    says: str = ""


LONG = 14
"""Rows of a choice that are shown at once; with more of them, typing narrows them down."""


class _Narrowed(Rows[Option], inherit_bindings=False):
    """Rows that give every letter to the filter."""

    takes_letters = True
    BINDINGS = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "first", "First", show=False),
        Binding("end", "last", "Last", show=False),
    ]

    def on_key(self, event: events.Key) -> None:
        """Give a letter to the question, and the last one back."""
        if isinstance(self.screen, Choose) and (event.is_printable or event.key == "backspace"):
            event.stop()
            self.screen.narrow(event.character or "" if event.is_printable else "")


class Choose(ModalScreen[str]):
    """Choose one of a few; the first is under the cursor, esc leaves.

    Where there are more than fit, what is typed narrows them down; esc takes that back first.
    """

    BINDINGS = [_LEAVE, Binding("enter", "take", "Choose", show=False)]

    def __init__(self, title: str, options: Sequence[Option], *, about: str = "", selected: str = "") -> None:
        super().__init__()
        self._title = title
        self._options = options
        self._about = about
        self._selected = selected
        self._names = max((len(option.name) for option in options), default=0)
        self._long = len(options) > LONG
        self._typed = ""

    def compose(self) -> ComposeResult:
        """Title, what it is about, the options, and the keys."""
        rows = _Narrowed if self._long else Rows[Option]
        with Vertical(classes="dialog"):
            yield Lines(self._title_lines, id="asks")
            yield rows(lambda option: option.value, self._draw, search=lambda option: option.name)
            yield Lines(self._says_lines, id="says")
            yield Lines(self._key_lines, id="keys")

    def on_mount(self) -> None:
        """Fill the list and put the cursor where it was asked for."""
        rows = self.query_one(Rows)
        rows.styles.height = max(1, min(len(self._options), LONG))
        rows.set_items(self._options)
        if self._selected:
            rows.select(self._selected)
        rows.focus()

    def narrow(self, letter: str) -> None:
        """Narrow a long list down by one more letter; none takes the last one back."""
        self._narrow(self._typed + letter if letter else self._typed[:-1])

    def _narrow(self, typed: str) -> None:
        self._typed = typed
        self.query_one(Rows).set_filter(typed)
        for lines in ("#asks", "#says", "#keys"):
            self.query_one(lines, Lines).redraw()

    def _title_lines(self, width: int) -> Sequence[Line]:
        found = len(self.query_one(Rows).shown) if self._typed else 0
        more = f"“{self._typed}” {found} of {len(self._options)}" if self._typed else ""
        return [rule(self._title, width, more), *_about(self._about, width)]

    def _key_lines(self, width: int) -> Sequence[Line]:
        typed = (("a-z", "type to narrow down"),) if self._long else ()
        return _keys(width, ("⏎", "choose"), *typed, ("esc", "all again" if self._typed else "cancel"))

    def on_rows_moved(self) -> None:
        """Show the whole sentence about the option under the cursor."""
        self.query_one("#says", Lines).redraw()

    def _says_lines(self, width: int) -> Sequence[Line]:
        """Nothing while every sentence fits into its row; the same number of lines for each option otherwise."""
        room = width - min(self._names, width // 2) - 2
        told = [wrap(option.says, width, Tone.MUTED) for option in self._options if len(option.says) > room]
        if not told:
            return []
        selected = self.query_one(Rows).selected
        lines = wrap(selected.says, width, Tone.MUTED) if selected is not None else []
        most = min(8, max(len(lines) for lines in told))
        return [EMPTY, *lines[:most], *[EMPTY] * (most - len(lines))]

    def action_take(self) -> None:
        """Answer with the option under the cursor."""
        selected = self.query_one(Rows).selected
        self.dismiss(selected.value if selected is not None else None)

    def on_rows_opened(self) -> None:
        """A double click chooses too."""
        self.action_take()

    def action_leave(self) -> None:
        """Take back what was typed, else answer with nothing."""
        if self._typed:
            self._narrow("")
        else:
            self.dismiss(None)

    def _draw(self, option: Option, width: int, now: datetime) -> Line:
        name = pad(line((option.name, Tone.STRONG)), min(self._names, width // 2))
        return cut(line(*name, "  ", (option.says, Tone.MUTED)), width)


class Ask(ModalScreen[str]):
    """Ask for one line of text; `check` returns what is wrong with an answer, or None."""

    BINDINGS = [_LEAVE]

    def __init__(
        self,
        title: str,
        *,
        about: str = "",
        value: str = "",
        hint: str = "",
        check: Callable[[str], str | None] = lambda text: None if text.strip() else "Write something, or esc.",
    ) -> None:
        super().__init__()
        self._title = title
        self._about = about
        self._value = value
        self._hint = hint
        self._check = check
        self._wrong = ""

    def compose(self) -> ComposeResult:
        """Title, what it is about, the line, what is wrong with it, and the keys."""
        with Vertical(classes="dialog"):
            yield Lines(lambda width: [rule(self._title, width), *_about(self._about, width)])
            yield Input(visible(self._value), placeholder=self._hint)
            yield Lines(lambda width: wrap(self._wrong, width, Tone.FAIL) if self._wrong else [], id="wrong")
            yield Lines(lambda width: _keys(width, ("⏎", "accept"), ("esc", "cancel")))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the line unless something is wrong with it."""
        event.stop()
        wrong = self._check(event.value)
        if wrong is None:
            self.dismiss(event.value)
            return
        self._wrong = wrong
        self.query_one("#wrong", Lines).redraw()

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)


class Write(ModalScreen[str]):
    """Write or correct a text of several lines; ctrl+s accepts it."""

    BINDINGS = [_LEAVE, Binding("ctrl+s", "accept", "Accept", show=False, priority=True)]

    def __init__(self, title: str, text: str, *, about: str = "", accept: str = "send") -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._about = about
        self._accept = accept

    def compose(self) -> ComposeResult:
        """Title, what it is about, the text, and the keys."""
        with Vertical(classes="dialog -large"):
            yield Lines(lambda width: [rule(self._title, width), *_about(self._about, width)])
            yield TextArea(visible(self._text, limit=100_000, newlines=True), soft_wrap=True, tab_behavior="focus")
            yield Lines(lambda width: _keys(width, ("ctrl+s", self._accept), ("esc", "cancel")))

    def action_accept(self) -> None:
        """Answer with the text."""
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)


class Confirm(ModalScreen[bool]):
    """Ask before something that matters. Cancel has the cursor, so ⏎ alone changes nothing."""

    BINDINGS = [
        _LEAVE,
        Binding("left,right,up,down,tab,shift+tab", "other", "Other", show=False),
        Binding("enter", "take", "Choose", show=False),
    ]

    def __init__(self, title: str, sentences: Sequence[str], *, yes: str) -> None:
        super().__init__()
        self._title = title
        self._sentences = sentences
        self._yes = yes
        self._on_yes = False

    def compose(self) -> ComposeResult:
        """Title, sentences, and the two ways on."""
        with Vertical(classes="dialog"):
            yield Lines(self._lines)

    def _lines(self, width: int) -> Sequence[Line]:
        marks = (("  Cancel  ", not self._on_yes), (f"  {self._yes}  ", self._on_yes))
        buttons = [
            line((f"▸[{words}]" if on else f" [{words}]", Tone.STRONG if on else Tone.MUTED)) for words, on in marks
        ]
        about = [one for sentence in self._sentences for one in wrap(sentence, width)]
        keys = _keys(width, ("←→", "move"), ("⏎", "choose"), ("esc", "cancel"))
        return [
            rule(self._title, width),
            *about,
            EMPTY,
            (*buttons[0], ("  ", Tone.PLAIN), *buttons[1]),
            EMPTY,
            *keys,
        ]

    def action_other(self) -> None:
        """Move to the other answer."""
        self._on_yes = not self._on_yes
        self.query_one(Lines).redraw()

    def action_take(self) -> None:
        """Answer with what is marked."""
        self.dismiss(self._on_yes)

    def action_leave(self) -> None:
        """Answer no."""
        self.dismiss(False)


class Read(ModalScreen[None]):
    """Show a text to be read."""

    BINDINGS = [Binding("escape,q,enter", "leave", "Back", show=False)]

    def __init__(self, title: str, build: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self._title = title
        self._build = build

    def compose(self) -> ComposeResult:
        """Title, text and keys."""
        from screens.widgets.lines import Reader

        with Vertical(classes="dialog -large"):
            yield Lines(lambda width: [rule(self._title, width)])
            yield Reader(self._build)
            yield Lines(lambda width: _keys(width, ("↑↓", "read"), ("esc", "back")))

    def on_mount(self) -> None:
        """Let the keys read."""
        self.query_one("Reader").focus()

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)


def _about(text: str, width: int) -> list[Line]:
    return [*wrap(text, width, Tone.MUTED), EMPTY] if text else []


def _keys(width: int, *keys: tuple[str, str]) -> list[Line]:
    spans: list[tuple[str, Tone]] = []
    for key, word in keys:
        spans += [(key, Tone.KEY), (f" {word}   ", Tone.PLAIN)]
    return [cut(tuple(spans), width)]
