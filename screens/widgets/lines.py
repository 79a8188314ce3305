"""A block of ready lines, and the same with a scroll position for text longer than its place."""

from collections.abc import Callable, Sequence

from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from screens.paint import blank, strip
from screens.present.lines import Line
from screens.shell import paints_of

Build = Callable[[int], Sequence[Line]]


class Lines(Widget):
    """Draws what `build` returns for its width; `redraw()` asks again and paints only the lines that differ."""

    DEFAULT_CSS = "Lines { height: auto; width: 1fr; }"

    def __init__(
        self, build: Build, *, lit: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._build = build
        self._lit = lit
        self._lines: Sequence[Line] = ()
        self._top = 0

    @property
    def shown(self) -> Sequence[Line]:
        """The lines as they were last built."""
        return self._lines

    def redraw(self) -> None:
        """Build again; the layout is done again only when an automatic height changed."""
        width, height = self.size
        if width == 0:
            return
        before, self._lines = self._lines, self._build(width)
        wanted = self.styles.height
        if len(before) != len(self._lines) and wanted is not None and wanted.is_auto:
            self.refresh(layout=True)
            return
        self._clamp()
        changed = [y for y in range(height) if self._at(before, y) != self._at(self._lines, y)]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row per line."""
        return len(self._build(width))

    def on_resize(self) -> None:
        """Build for the new width."""
        self._lines = self._build(self.size.width)
        self._clamp()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint one line; rows below the last are blank."""
        paints = paints_of(self)
        if self._top + y >= len(self._lines):
            return blank(self.size.width, paints)
        return strip(self._lines[self._top + y], self.size.width, paints, lit=self._lit)

    def _at(self, lines: Sequence[Line], y: int) -> Line | None:
        return lines[self._top + y] if self._top + y < len(lines) else None

    def _clamp(self) -> None:
        top = max(0, min(self._top, len(self._lines) - self.size.height))
        if top != self._top:
            self._top = top
            self.refresh()


class Reader(Lines, can_focus=True):
    """Lines that can be read with the keys when there are more than fit."""

    DEFAULT_CSS = "Reader { height: 1fr; }"
    BINDINGS = [
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("pageup,ctrl+u", "scroll_page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d,space", "scroll_page(1)", "Page down", show=False),
        Binding("home,g", "scroll(-1000000)", "Top", show=False),
        Binding("end,G", "scroll(1000000)", "Bottom", show=False),
    ]

    @property
    def hidden_below(self) -> int:
        """Lines that stand below the last one shown."""
        return max(0, len(self._lines) - self._top - self.size.height)

    def action_scroll(self, by: int) -> None:
        """Move the text by `by` lines."""
        self._top = max(0, self._top + by)
        self._clamp()
        self.refresh()

    def action_scroll_page(self, by: int) -> None:
        """Move the text by `by` pages."""
        self.action_scroll(by * max(1, self.size.height - 1))

    def to_top(self) -> None:
        """Show the first lines."""
        self.action_scroll(-len(self._lines))

    def to_end(self) -> None:
        """Show the last lines."""
        self.action_scroll(len(self._lines))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Read on with the wheel."""
        event.stop()
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Read back with the wheel."""
        event.stop()
        self.action_scroll(-3)
