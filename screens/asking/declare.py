"""Declaring an incident: what one is, what matters, and the questions that say how bad it is."""

from collections.abc import Callable, Sequence

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.desk.incident.declaring import Declaration
from cockpit.errors import CockpitError
from cockpit.incident.severity import Suggestion
from screens.present.declare import definition_lines, suggestion_lines
from screens.present.lines import Line, Tone, cut, line, rule, wrap
from screens.widgets.lines import Lines

_HINTS = {"percent": "like 30%", "count": "a number", "hours": "hours", "yes": "yes, no"}


class Declared(msgspec.Struct, frozen=True):
    """What was written: a title, the answers as typed, and the domains it is about."""

    title: str
    answers: dict[str, str]
    targets: tuple[str, ...]


class Declare(ModalScreen[Declared]):
    """Title, domains and one line per question; the severity that follows is said while one types.

    `suggest` gives the severity that answers amount to and raises BadInput for one that cannot be read.
    """

    BINDINGS = [
        Binding("escape", "leave", "Cancel", show=False),
        Binding("ctrl+s", "accept", "Go on", show=False, priority=True),
        Binding("up", "app.focus_previous", "Up", show=False, priority=True),
        Binding("down", "app.focus_next", "Down", show=False, priority=True),
    ]

    def __init__(
        self, sheet: Declaration, suggest: Callable[[dict[str, str]], Suggestion], *, targets: str = ""
    ) -> None:
        super().__init__()
        self._sheet = sheet
        self._suggest = suggest
        self._targets = targets
        self._wrong = ""

    def compose(self) -> ComposeResult:
        """What an incident is, the lines to fill, what follows from them, and the keys."""
        with Vertical(classes="dialog -large"):
            yield Lines(lambda width: [rule("Declare an incident", width, self._sheet.title)])
            yield Lines(lambda width: definition_lines(self._sheet, width))
            with VerticalScroll(id="questions"):
                yield _row(
                    "What is wrong?", Input(placeholder="one line that everybody will read", id="title"), "-long"
                )
                yield _row(
                    "Which domains?", Input(self._targets, placeholder="shop.example", id="targets"), "-long"
                )
                for question in self._sheet.questions:
                    box = Input(placeholder=_HINTS[question.kind], id=f"answer-{question.name}")
                    yield _row(question.text, box)
            yield Lines(self._outcome_lines, id="outcome")
            yield Lines(self._key_lines)

    def on_mount(self) -> None:
        """Begin with the title."""
        self.query_one("#title", Input).focus()

    @property
    def answers(self) -> dict[str, str]:
        """The answers as typed; those left open are not in it."""
        typed = {
            question.name: self.query_one(f"#answer-{question.name}", Input).value.strip()
            for question in self._sheet.questions
        }
        return {name: text for name, text in typed.items() if text}

    def on_input_changed(self) -> None:
        """Say what follows from the answers now."""
        self._wrong = ""
        self.query_one("#outcome", Lines).redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next line; from the last one, on."""
        event.stop()
        boxes = list(self.query(Input))
        if event.input is boxes[-1]:
            self.action_accept()
        else:
            boxes[boxes.index(event.input) + 1].focus()

    def action_accept(self) -> None:
        """Answer, when there is a title and every answer can be read."""
        title = self.query_one("#title", Input).value.strip()
        if not title:
            self._say("Say in a line what is wrong.")
            return
        try:
            self._suggest(self.answers)
        except CockpitError as error:
            self._say(str(error))
            return
        targets = self.query_one("#targets", Input).value.replace(",", " ").split()
        self.dismiss(Declared(title, self.answers, tuple(targets)))

    def action_leave(self) -> None:
        """Declare nothing."""
        self.dismiss(None)

    def _say(self, sentence: str) -> None:
        self._wrong = sentence
        self.query_one("#outcome", Lines).redraw()

    def _outcome_lines(self, width: int) -> Sequence[Line]:
        if self._wrong:
            return wrap(self._wrong, width, Tone.FAIL)
        try:
            return suggestion_lines(self._suggest(self.answers), width)
        except CockpitError as error:
            return wrap(str(error), width, Tone.WARN)

    def _key_lines(self, width: int) -> Sequence[Line]:
        keys = line(("⏎", Tone.KEY), " next line, may stay empty   ", ("ctrl+s", Tone.KEY), " severity   ",
                    ("esc", Tone.KEY), " cancel")  # fmt: skip
        return [cut(keys, width)]


def _row(words: str, box: Input, more: str = "") -> Horizontal:
    return Horizontal(
        Lines(lambda width: [cut(line((words, Tone.MUTED)), width)], classes="ask"), box, classes=f"row {more}"
    )
