"""What every main screen has: header, body, Next line, footer, and in a drill the double frame around it all."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget

from cockpit.desk.place import Place
from cockpit.desk.views import Changes, Header, IncidentCard, NextStep
from screens.bridge import Bridge
from screens.commands import BY_ID, Command, Standing
from screens.keys import hints
from screens.present.frame import drill_edge, footer_line, header_line, next_line, watch_state
from screens.present.lines import Line, Tone, line, wrap
from screens.widgets.lines import Lines

SMALLEST = (60, 16)
"""Cells below which the cockpit says that it needs more room instead of drawing something unreadable."""


class Frame(Screen[None]):
    """A main screen; subclasses give `body()` and read the desk in `read()`."""

    NAME: ClassVar[str] = ""
    SHORT_HINTS: ClassVar[int] = 3
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide"), (160, "-xwide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]
    AUTO_FOCUS = None

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self.bridge = bridge
        # A new screen is styled from the present stylesheet; without this Textual would parse it all again.
        self._css_update_count = bridge._css_update_count
        self._merge_registry()
        self._set_breakpoints()
        self._header: Header | None = None
        self._card: IncidentCard | None = None
        self._next: NextStep | None = None
        self._next_since = 0.0
        self._banner = ""
        self._room = bridge.size

    def _set_breakpoints(self) -> None:
        """Have the classes of the present size from the start, instead of being styled twice."""
        columns, rows = self.bridge.size
        for size, points in ((columns, self.HORIZONTAL_BREAKPOINTS), (rows, self.VERTICAL_BREAKPOINTS)):
            self.add_class(
                next(name for least, name in sorted(points or (), reverse=True) if size >= least), update=False
            )

    def _merge_registry(self) -> None:
        for binding in self.bridge.keys.bindings(self.NAME):
            for key in binding.key.split(","):
                self._bindings.key_to_bindings.setdefault(key, []).append(binding.with_key(key))

    def compose(self) -> ComposeResult:
        """Header, body, Next line and footer, inside the edges of a drill."""
        drill = self.header.kind == "drill"
        self.set_class(drill, "-drill")
        if drill:
            yield Lines(self._edge_lines, id="edge-top")
        with Container(id="inside"):
            yield Lines(self._header_lines, id="header")
            yield Lines(self._banner_lines, id="banner")
            with Container(id="body"):
                yield from self.body()
            yield Lines(self._next_lines, lit=True, id="next")
            yield Lines(self._footer_lines, id="footer")
        if drill:
            yield Lines(lambda width: [drill_edge(self.header, width)], id="edge-bottom")

    def body(self) -> Iterable[Widget]:
        """The widgets between header and Next line."""
        raise LookupError("A main screen has a body.")

    def read(self, changes: Changes | None) -> None:
        """Fetch from the desk what this screen shows; None means everything."""

    def standing(self) -> Standing:
        """Where the operator stands on this screen."""
        return self.bridge.standing_base(self.NAME)

    @property
    def header(self) -> Header:
        """The header's values as last read."""
        if self._header is None:
            self._header = self.bridge.desk.header()
        return self._header

    @property
    def now(self) -> datetime:
        """The desk's clock."""
        return self.bridge.desk.clock.now()

    def on_mount(self) -> None:
        """Nothing here; subclasses say who gets the keys."""

    def on_screen_resume(self) -> None:
        """Show what is true now, not what was when this screen was left."""
        self.draw(None)

    def on_descendant_focus(self) -> None:
        """Mark the section that has the keys now."""
        self.tick(self.now)

    def on_resize(self, event: Resize) -> None:
        """Say so when there is too little room."""
        self._room = event.size
        tiny = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        if tiny and not self.query("#small"):
            self.query_one("#inside").mount(Lines(self._small_lines, id="small"))
        self.set_class(tiny, "-tiny")

    def draw(self, changes: Changes | None) -> None:
        """Read from the desk and paint what differs."""
        with self.bridge.enduring():
            self._read_frame()
            self.read(changes)
            self.tick(self.now)

    def _read_frame(self) -> None:
        desk = self.bridge.desk
        self._header = desk.header()
        self._card = self.bridge.card()
        self._banner = desk.sending.banner()
        step = self.bridge.while_watch_starts(desk.next_step(self.bridge.incident_uid()))
        if step != self._next:
            self._next_since = desk.clock.monotonic()
        self._next = step

    def tick(self, now: datetime) -> None:
        """Paint clocks and ages again."""
        for lines in self.query(Lines):
            if lines.display:
                lines.redraw()

    @property
    def unsaved(self) -> str:
        """What is lost if the cockpit ends now, in a sentence; empty for nothing."""
        return ""

    def placed(self, place: Place) -> Place:
        """`place` with what this screen wants to find again."""
        return place

    def save(self) -> None:
        """Store what is being written."""

    def show_filter(self, text: str = "") -> None:
        """Open the filter line, on screens that have one."""

    def leave(self) -> bool:
        """Leave an input or a filter; False when there is none and the screen itself should be left."""
        return False

    def take_next(self) -> None:
        """Do what the Next line says, unless it changed so lately that another step may have been meant."""
        step = self._next
        if step is None:
            return
        if self.bridge.desk.clock.monotonic() - self._next_since < self.bridge.settle_s:
            self.bridge.tell("The next step changed just now; read it and press ⏎ again.", "warning", seconds=2)
            return
        self.bridge.perform(step.command, step.argument)

    def action_command(self, command_id: str) -> None:
        """Called by every key of the registry."""
        if command_id == "next.take":
            self.take_next()
        else:
            self.bridge.perform(command_id)

    def _edge_lines(self, width: int) -> Sequence[Line]:
        speed = self.bridge.desk.profile.speed
        return [drill_edge(self.header, width, (self.now - self.bridge.opened_at) * speed, speed)]

    def _header_lines(self, width: int) -> Sequence[Line]:
        now = self.now
        state = watch_state(self.header, starting=self.bridge.watch_is_awaited, trouble=self.bridge.trouble)
        return [header_line(self.header, self._card, now, now.astimezone(), width, state)]

    def _banner_lines(self, width: int) -> Sequence[Line]:
        """What to do while a session with AWS is over; no line at all otherwise."""
        return wrap(self._banner, width, Tone.FAIL, indent=2, first=line(("✖ ", Tone.FAIL))) if self._banner else []

    def _next_lines(self, width: int) -> Sequence[Line]:
        return [next_line(self._next, width, self.bridge.keys.label("next.take"))] if self._next else []

    def _footer_lines(self, width: int) -> Sequence[Line]:
        standing, keys = self.standing(), self.bridge.keys
        shown = [
            (keys.label(command.id), command.hint, command.when(standing) is None)
            for command in self.hinted(standing)
            if keys.keys(command.id)
        ]
        short = width < 110
        fixed = [("1-5", "screens")] if short else self._places()
        fixed += [
            (keys.label("palette.open"), "all keys" if short else "commands"),
            (keys.label("help.show"), "help"),
        ]
        return [footer_line(shown[: self.SHORT_HINTS if short else 9], width, fixed)]

    def hinted(self, standing: Standing) -> Sequence[Command]:
        """The commands whose words stand in the footer."""
        return hints(self.NAME)

    def _places(self) -> list[tuple[str, str]]:
        """The main screens with their keys."""
        ids = ("board.show", "incident.show", "runbook.show", "timeline.show", "review.open")
        return [(self.bridge.keys.label(one), BY_ID[one].title.lower()) for one in ids]

    def _small_lines(self, width: int) -> Sequence[Line]:
        words = f"This terminal has {self._room.width}x{self._room.height} cells; the cockpit needs "
        return [
            *wrap(words + f"{SMALLEST[0]}x{SMALLEST[1]} or more.", max(1, width), Tone.WARN),
            line(("q", Tone.KEY), " quit"),
        ]
