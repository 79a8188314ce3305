"""A list of any length in its own viewport: only visible rows are drawn, only changed ones painted again.

Textual's DataTable measures and stores every cell, which costs seconds with ten thousand live rows. Here the
list stays the caller's; a row is drawn when it is on screen, and the cursor belongs to an item, not to a
position, so that it stays with its item when the order changes.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from screens.paint import blank, strip
from screens.present.lines import EMPTY, Line
from screens.shell import paints_of

T = TypeVar("T")
_Painted = tuple[object, bool, int, Line]
STILL = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment of a list in which nothing has an age."""


class Rows(Widget, Generic[T], can_focus=True):
    """A selectable list; `draw` gives an item's line for a width in cells and a moment.

    With `leading` the cursor stays on the first row, whichever item that is, until somebody moves it.
    """

    DEFAULT_CSS = "Rows { height: 1fr; width: 1fr; }"
    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another item."""

        def __init__(self, rows: "Rows[Any]") -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> "Rows[Any]":
            """The list in question, for `@on` with a selector."""
            return self.rows

    class Opened(Moved):
        """A row was double-clicked."""

    def __init__(
        self,
        key: Callable[[T], str],
        draw: Callable[[T, int, datetime], Line],
        *,
        search: Callable[[T], str] | None = None,
        leading: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._key = key
        self._draw = draw
        self._search = search or key
        self._leading = leading
        self._items: Sequence[T] = ()
        self._shown: Sequence[T] = ()
        self._filter = ""
        self._index = 0
        self._selected_key: str | None = None
        self._top = 0
        self._now: datetime | None = None
        self._painted: list[_Painted | None] = []

    @property
    def shown(self) -> Sequence[T]:
        """The items that pass the filter, in order."""
        return self._shown

    @property
    def total(self) -> int:
        """How many items there are without the filter."""
        return len(self._items)

    @property
    def selected(self) -> T | None:
        """The item under the cursor."""
        return self._shown[self._index] if self._index < len(self._shown) else None

    @property
    def is_leading(self) -> bool:
        """Whether the cursor stays on the first row because nobody has moved it yet."""
        return self._leading

    @property
    def span(self) -> tuple[int, int]:
        """The positions of the first and last row on screen, counted from 1; (0, 0) for an empty list."""
        if not self._shown:
            return (0, 0)
        return (self._top + 1, min(len(self._shown), self._top + max(1, self.size.height)))

    def set_items(self, items: Sequence[T], now: datetime = STILL) -> None:
        """Replace the list; the cursor stays on its item wherever that stands now."""
        self._items = items
        self._now = now
        self._refilter()

    def set_filter(self, text: str) -> None:
        """Show only items whose words contain `text`, in any case; empty shows all."""
        self._filter = text.casefold()
        self._refilter()

    def select(self, key: str) -> bool:
        """Put the cursor on the item with that key; False when it is not shown."""
        for index, item in enumerate(self._shown):
            if self._key(item) == key:
                self._leading = False
                self._put(index)
                return True
        return False

    def tick(self, now: datetime) -> None:
        """Draw ages again; rows whose words did not change are not painted."""
        self._now = now
        self._repaint()

    def render_line(self, y: int) -> Strip:
        """Paint one visible row."""
        paints = paints_of(self)
        painted = self._painted[y] if y < len(self._painted) else None
        if painted is None:
            return blank(self.size.width, paints)
        return strip(painted[3], self.size.width, paints, selected=painted[1])

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._leading = False
        self._put(self._index + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self._leading = False
        self._put(self._index + by * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self._put(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._leading = False
        self._put(len(self._shown) - 1)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._painted = []
        self._keep_in_view()
        self._repaint()

    def on_focus(self) -> None:
        """Show the cursor."""
        self._repaint()

    def on_blur(self) -> None:
        """Hide the cursor: the keys go elsewhere."""
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        """Select with one click, open with two."""
        if self._top + event.y < len(self._shown):
            self._leading = False
            self._put(self._top + event.y)
            if event.chain == 2:
                self.post_message(self.Opened(self))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll without moving the cursor."""
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll back without moving the cursor."""
        event.stop()
        self._scroll(-3)

    def _scroll(self, by: int) -> None:
        self._top = max(0, min(self._top + by, len(self._shown) - self.size.height))
        self._repaint()

    def _refilter(self) -> None:
        if self._filter:
            search, text = self._search, self._filter
            self._shown = [item for item in self._items if text in search(item).casefold()]
        else:
            self._shown = self._items
        self._find_selected()
        self._keep_in_view()
        self._repaint()

    def _find_selected(self) -> None:
        shown, key = self._shown, self._key
        if not shown:
            self._index = 0
            return
        wanted = self._selected_key
        if self._leading:
            self._index = 0
        elif wanted is None or (self._index < len(shown) and key(shown[self._index]) == wanted):
            self._index = min(self._index, len(shown) - 1)
        else:
            found = next((index for index, item in enumerate(shown) if key(item) == wanted), None)
            self._index = found if found is not None else min(self._index, len(shown) - 1)
        self._remember()

    def _remember(self) -> None:
        key = self._key(self._shown[self._index])
        if key != self._selected_key:
            self._selected_key = key
            self.post_message(self.Moved(self))

    def _put(self, index: int) -> None:
        if not self._shown:
            return
        self._index = max(0, min(index, len(self._shown) - 1))
        self._remember()
        self._keep_in_view()
        self._repaint()

    def _keep_in_view(self) -> None:
        height = max(1, self.size.height)
        self._top = min(self._top, self._index, max(0, len(self._shown) - height))
        self._top = max(self._top, self._index - height + 1, 0)

    def _repaint(self) -> None:
        if self._now is None:
            return
        width, height, stamp = self.size.width, self.size.height, int(self._now.timestamp())
        if len(self._painted) != height:
            self._painted = [None] * height
            self.refresh()
        dirty = [y for y in range(height) if self._redraw(y, width, stamp)]
        if dirty:
            self.refresh(*(Region(0, y, width, 1) for y in dirty))

    def _redraw(self, y: int, width: int, stamp: int) -> bool:
        """Draw row `y` anew when its item, its cursor or the second changed; True when it looks different."""
        index, before = self._top + y, self._painted[y]
        if index >= len(self._shown):
            self._painted[y] = None
            return before is not None
        item = self._shown[index]
        selected = index == self._index and self.has_focus
        if before is not None and before[0] is item and before[1] == selected and before[2] == stamp:
            return False
        spans = self._draw(item, width, self._now) if self._now is not None else EMPTY
        self._painted[y] = (item, selected, stamp, spans)
        return before is None or before[1] != selected or before[3] != spans
