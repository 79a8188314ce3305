"""All commands in one list: type a part of a name; one that does not work here says why."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from screens.commands import REGISTRY, Command, Standing
from screens.keys import KeyMap
from screens.present.lines import Line, Tone, cut, line, pad, rule
from screens.widgets.lines import Lines
from screens.widgets.rows import Rows


class Entry(msgspec.Struct, frozen=True):
    """A command as the palette lists it; `reason` is why it does not work now, empty when it does."""

    command: Command
    key: str
    reason: str


def entries(standing: Standing, keys: KeyMap) -> Sequence[Entry]:
    """Every command: those that work here first, the others with their reason."""
    listed = []
    for command in REGISTRY:
        if command.id in ("next.take", "palette.open"):
            continue
        reason = command.when(standing) or ""
        if not command.works_on(standing.screen):
            reason = reason or f"works on: {', '.join(command.where)}"
        listed.append(Entry(command, keys.label(command.id), reason))
    return sorted(listed, key=lambda entry: bool(entry.reason))


class Palette(ModalScreen[str]):
    """Answers with the id of the command that was chosen."""

    BINDINGS = [
        Binding("escape", "leave", "Back", show=False),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
    ]

    def __init__(self, standing: Standing, keys: KeyMap) -> None:
        super().__init__()
        self._entries = entries(standing, keys)

    def compose(self) -> ComposeResult:
        """A line to type in above the list."""
        with Vertical(classes="dialog -large"):
            yield Lines(lambda width: [rule("Commands", width, f"{len(self.query_one(Rows).shown)}")])
            yield Input(placeholder="a part of the name")
            yield Rows[Entry](lambda entry: entry.command.id, _draw, search=_search)

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one(Rows).set_items(self._entries)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        rows = self.query_one(Rows)
        rows.set_filter(event.value.strip())
        rows.action_first()
        self.query_one(Lines).redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the command under the cursor."""
        event.stop()
        self._take()

    def on_rows_opened(self) -> None:
        """A double click chooses too."""
        self._take()

    def action_move(self, by: int) -> None:
        """Move in the list while typing."""
        self.query_one(Rows).action_move(by)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)

    def _take(self) -> None:
        entry: Entry | None = self.query_one(Rows).selected
        if entry is None:
            return
        if entry.reason:
            self.app.notify(entry.reason, severity="warning", markup=False)
            return
        self.dismiss(entry.command.id)


def _search(entry: Entry) -> str:
    return f"{entry.command.title} {entry.command.id} {entry.command.group}"


def _draw(entry: Entry, width: int, now: datetime) -> Line:
    tone = Tone.MUTED if entry.reason else Tone.STRONG
    title = pad(line((entry.command.title, tone)), min(34, width // 2))
    says = entry.reason or entry.command.help
    return cut(line((f"{entry.key:>6}", Tone.KEY), "  ", *title, "  ", (says, Tone.MUTED)), width)
