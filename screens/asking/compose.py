"""Words before they go: a text that can be corrected with what is missing in sight, and one that is only read."""

import re
from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import TextArea

from cockpit.errors import CockpitError
from cockpit.text import visible
from screens.asking.dialogs import Write
from screens.present.lines import EMPTY, Line, Tone, cut, line, rule, wrap
from screens.widgets.lines import Lines, Reader

_MISSING = re.compile(r"\[([a-z][a-z0-9_]*): missing\]")


def missing_fields(text: str) -> tuple[str, ...]:
    """The fields of a filled template that nobody has filled yet, each once."""
    return tuple(dict.fromkeys(_MISSING.findall(text)))


class Composer(Write):
    """A text to be reviewed before it goes: who will read it stands above, what is missing below it.

    `edit` gives the text to an editor of the operator's own and returns what came back. A text in which a field
    is missing is not accepted; it stays where it is.
    """

    BINDINGS = [Binding("ctrl+e", "edit", "Own editor", show=False, priority=True)]

    def __init__(
        self,
        title: str,
        text: str,
        *,
        about: str = "",
        accept: str = "choose how it goes",
        public: bool = False,
        gaps_allowed: bool = False,
        edit: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(title, text, about=about, accept=accept)
        self._public = public
        self._gaps_allowed = gaps_allowed
        self._edit = edit
        self._wrong = ""

    def compose(self) -> ComposeResult:
        """Title, readers, the text, what is missing, and the keys."""
        with Vertical(classes="dialog -large"):
            yield Lines(self._head_lines)
            yield TextArea(visible(self._text, limit=100_000, newlines=True), soft_wrap=True, tab_behavior="focus")
            yield Lines(self._missing_lines, id="missing")
            yield Lines(self._key_lines)

    def on_mount(self) -> None:
        """Put the cursor into the text."""
        self.query_one(TextArea).focus()

    def on_text_area_changed(self) -> None:
        """Count what is missing again."""
        self._wrong = ""
        self.query_one("#missing", Lines).redraw()

    def action_accept(self) -> None:
        """Answer with the text, unless a field of it is missing."""
        missing = missing_fields(self.query_one(TextArea).text)
        if missing and not self._gaps_allowed:
            self._wrong = "It does not go like this: fill them, or take their lines out."
            self.query_one("#missing", Lines).redraw()
            return
        super().action_accept()

    def action_edit(self) -> None:
        """Write on in the operator's own editor."""
        area = self.query_one(TextArea)
        if self._edit is None:
            return
        try:
            area.load_text(visible(self._edit(area.text), limit=100_000, newlines=True))
        except CockpitError as error:
            self.app.notify(str(error), severity="error", markup=False)

    def _head_lines(self, width: int) -> Sequence[Line]:
        readers = ("PUBLIC: everybody can read this", Tone.WARN) if self._public else ("internal", Tone.MUTED)
        about = wrap(self._about, width, Tone.MUTED) if self._about else []
        return [rule(self._title, width), cut(line(readers), width), *about]

    def _missing_lines(self, width: int) -> Sequence[Line]:
        missing = missing_fields(self.query_one(TextArea).text) if not self._gaps_allowed else ()
        if not missing:
            return [line(("✔ nothing is missing", Tone.OK))] if not self._gaps_allowed else []
        lines = wrap(", ".join(missing), width, Tone.WARN, first=line(("missing: ", Tone.WARN)), indent=2)
        return [*lines, *(wrap(self._wrong, width, Tone.FAIL) if self._wrong else [])]

    def _key_lines(self, width: int) -> Sequence[Line]:
        keys = [("ctrl+s", self._accept), ("ctrl+e", "$EDITOR"), ("esc", "cancel")]
        spans = [part for key, word in keys for part in ((key, Tone.KEY), f" {word}   ")]
        return [cut(line(*spans), width)]


class Preview(ModalScreen[bool]):
    """A generated text to be read before something is done with it; ⏎ does it."""

    BINDINGS = [
        Binding("enter", "take", "Do it", show=False),
        Binding("escape", "leave", "Cancel", show=False),
    ]

    def __init__(self, title: str, text: str, *, accept: str, about: str = "") -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._accept = accept
        self._about = about

    def compose(self) -> ComposeResult:
        """Title, text and keys."""
        with Vertical(classes="dialog -large"):
            yield Lines(lambda width: [rule(self._title, width), *self._about_lines(width)])
            yield Reader(self._text_lines)
            yield Lines(self._key_lines)

    def on_mount(self) -> None:
        """Let the keys read."""
        self.query_one(Reader).focus()

    def action_take(self) -> None:
        """Answer yes."""
        self.dismiss(True)

    def action_leave(self) -> None:
        """Answer no."""
        self.dismiss(False)

    def _about_lines(self, width: int) -> list[Line]:
        return [*wrap(self._about, width, Tone.WARN), EMPTY] if self._about else []

    def _text_lines(self, width: int) -> Sequence[Line]:
        shown = visible(self._text, limit=100_000, newlines=True)
        return [one for row in shown.split("\n") for one in wrap(row, width)]

    def _key_lines(self, width: int) -> Sequence[Line]:
        keys = line(
            ("⏎", Tone.KEY), f" {self._accept}   ", ("↑↓", Tone.KEY), " read   ", ("esc", Tone.KEY), " cancel"
        )
        return [cut(keys, width)]
