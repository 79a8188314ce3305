"""The board of action items: what reviews decided and is still to be done, a key for each change."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from cockpit.review.items import ActionItem
from screens.present.follow_up import item_detail, item_line, overdue_words
from screens.present.lines import Line, Tone, cut, line, rule
from screens.widgets.lines import Lines
from screens.widgets.rows import Rows

DONE, DUE, OWNER, STATUS, ADD, OPEN = "done", "due", "owner", "status", "add", "open"
"""What can be asked for with an item."""

_KEYS = (("x", DONE), ("d", DUE), ("o", OWNER), ("s", STATUS), ("a", ADD), ("enter", OPEN))


class Asked(msgspec.Struct, frozen=True):
    """What was asked for, with which item; None stands for an empty board."""

    verb: str
    item: ActionItem | None


class ItemBoard(ModalScreen[Asked]):
    """Overdue items first; each key answers with what is to be done about the one under the cursor."""

    BINDINGS = [
        Binding("escape,q", "leave", "Back", show=False),
        *(Binding(key, f"ask({verb!r})", verb.title(), show=False) for key, verb in _KEYS),
    ]

    def __init__(self, items: Sequence[ActionItem], today: date, *, place: int = 0) -> None:
        super().__init__()
        self._items = items
        self._today = today
        self._place = place

    def compose(self) -> ComposeResult:
        """Title, the items, the one under the cursor in full, and the keys."""
        with Vertical(classes="dialog -large"):
            yield Lines(lambda width: [rule("Action items", width, overdue_words(self._items, self._today))])
            yield Rows[ActionItem](self._key, self._draw)
            yield Lines(self._detail_lines, id="says")
            yield Lines(self._key_lines)

    def on_mount(self) -> None:
        """Fill the list and stand where one stood before."""
        rows = self.query_one(Rows)
        rows.set_items(self._items)
        rows.action_move(min(self._place, max(0, len(self._items) - 1)))
        rows.focus()

    def on_rows_moved(self) -> None:
        """Show the item under the cursor in full."""
        self.query_one("#says", Lines).redraw()

    def action_ask(self, verb: str) -> None:
        """Answer; without an item only a new one can be asked for."""
        item: ActionItem | None = self.query_one(Rows).selected
        if item is not None or verb == ADD:
            self.dismiss(Asked(verb, item))

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)

    def _key(self, item: ActionItem) -> str:
        return f"{item.incident} {item.action}"

    def _draw(self, item: ActionItem, width: int, now: datetime) -> Line:
        return item_line(item, self._today, width)

    def _detail_lines(self, width: int) -> Sequence[Line]:
        return item_detail(self.query_one(Rows).selected, width)

    def _key_lines(self, width: int) -> Sequence[Line]:
        shown = (("x", "done"), ("d", "due"), ("o", "owner"), ("s", "status"), ("a", "add"), ("⏎", "post-mortem"))
        spans = [part for key, word in (*shown, ("esc", "back")) for part in ((key, Tone.KEY), f" {word}  ")]
        return [cut(line(*spans), width)]
