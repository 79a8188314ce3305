"""The app's shell: themes and paints, the net under hostile text, and an orderly way out."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import cast

from rich.console import RenderableType
from rich.text import Text
from textual.driver import Driver
from textual.events import Resize
from textual.filter import LineFilter
from textual.geometry import Size
from textual.widget import Widget

from screens.keyboard import InOrder
from screens.safe import Net, Uncoloured, crash_report, leave_on_signals
from screens.themes import DEFAULT_THEME, THEMES, Paints


class Shell(InOrder):
    """A Textual app that paints in our four themes and lets nothing through that a terminal would obey."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, theme: str = DEFAULT_THEME, on_signal: Callable[[signal.Signals], None] | None = None
    ) -> None:
        self._net: list[LineFilter] = [Net()]
        self.paints = Paints(THEMES[DEFAULT_THEME])
        super().__init__()
        self._on_signal = on_signal
        self._leaving = False
        for colours in THEMES.values():
            self.register_theme(colours.theme())
        first = theme if theme in THEMES else DEFAULT_THEME
        self.paints = Paints(THEMES[first], few_colours=self._few_colours)
        # Not through the setter, which would parse every style once more before anything is drawn.
        self.set_reactive(Shell.theme, first)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """The net first; NO_COLOR takes colours out altogether instead of turning them grey."""
        if self.no_color:
            return [*self._net, Uncoloured()]
        return [*self._net, *super().get_line_filters()]

    def _watch_theme(self, theme_name: str) -> None:
        """Change paints and styles; the first theme is in the stylesheet already and is not applied again."""
        self.paints = Paints(THEMES.get(theme_name, THEMES[DEFAULT_THEME]), few_colours=self._few_colours)
        if self.is_running:
            super()._watch_theme(theme_name)
        else:
            dark = self.current_theme.dark
            self.add_class(f"-theme-{theme_name}", "-dark-mode" if dark else "-light-mode", update=False)

    def on_mount(self) -> None:
        """Paint for the terminal that is there, which is known only now."""
        self.paints = Paints(self.paints.colours, few_colours=self._few_colours)

    @property
    def _few_colours(self) -> bool:
        """Whether the terminal has 16 colours or none, in which tones and the cursor's background may be lost."""
        is_terminal = self._driver is not None and not self.is_headless
        return self.no_color or (is_terminal and self.console.color_system in (None, "standard", "windows"))

    def heal_size(self) -> None:
        """Lay the screen out anew if its size is not the terminal's: over some lines the signal gets lost."""
        if self.is_headless or sys.__stdin__ is None:
            return
        try:
            columns, rows = os.get_terminal_size(sys.__stdin__.fileno())
        except (OSError, ValueError):
            return
        size = Size(columns, rows)
        if size.width and size.height and self.screen.size != size:
            self.screen.post_message(Resize(size, size))

    def get_driver_class(self) -> type[Driver]:
        """The driver that outlives its terminal."""
        if sys.platform == "win32":
            return super().get_driver_class()
        from screens.hang_up import surviving

        return surviving(super().get_driver_class())

    def on_load(self) -> None:
        """Be told of SIGTERM and SIGHUP as soon as there is a loop."""
        leave_on_signals(self._leave)

    def _leave(self, number: signal.Signals, code: int) -> None:
        if self._leaving:
            return
        self._leaving = True
        try:
            if self._on_signal is not None:
                self._on_signal(number)
        finally:
            self.exit(code, return_code=code)

    def _fatal_error(self) -> None:
        """Close after an error that nothing caught; a traceback with locals would print what must stay secret."""
        self.bell()
        self.panic()

    def panic(self, *renderables: RenderableType) -> None:
        """Leave with the crash report alone: what Textual would print may quote values from outside."""
        self._exit_renderables.append(Text(crash_report(self._exception)))
        self._close_messages_no_wait()


def paints_of(widget: Widget) -> Paints:
    """The paints of the app that `widget` stands in."""
    return cast(Shell, widget.app).paints
