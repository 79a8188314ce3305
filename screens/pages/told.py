"""Who was told what when: every message of an incident, what became of it, and sending it once more."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace
from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from cockpit.desk.incident.told import Delivery
from cockpit.desk.views import Changes
from screens.commands import Standing
from screens.listing import Listing
from screens.present.incident import no_incident
from screens.present.lines import Line, rule
from screens.present.told import delivery_line, delivery_lines
from screens.present.words import count
from screens.widgets.lines import Lines, Reader
from screens.widgets.rows import Rows


class ToldScreen(Listing):
    """The messages of the incident in question, newest first."""

    NAME = "told"
    LIST = "#messages"

    _missing = 0

    def body(self) -> Iterable[Widget]:
        """The list, and the selected message in full beside or below it."""
        rows = Rows[Delivery](
            lambda told: told.id,
            lambda told, width, now: delivery_line(told, now, width),
            search=lambda told: f"{told.audience} {told.channel} {told.state} {told.text}",
            id="messages",
        )
        yield Reader(no_incident, id="none")
        yield Horizontal(
            Vertical(Lines(self._rule, classes="rule"), rows, id="left"),
            Vertical(Reader(self._detail_lines, id="detail"), id="side", classes="right"),
            id="panes",
        )

    def on_mount(self) -> None:
        """Give the keys to the list."""
        super().on_mount()
        self.rows.focus()

    @property
    def rows(self) -> Rows[Delivery]:
        """The messages."""
        return self.query_one("#messages", Rows)

    def read(self, changes: Changes | None) -> None:
        """Read what became of each message."""
        uid, messages = self.bridge.incident_uid(), self.bridge.desk.messages
        self.query_one("#none").display = not uid
        self.query_one("#panes").display = bool(uid)
        if uid:
            self._missing = len(messages.undelivered(uid))
            self.rows.set_items(messages.told(uid), self.now)

    def tick(self, now: datetime) -> None:
        """Count the next attempts."""
        self.rows.tick(now)
        super().tick(now)

    def standing(self) -> Standing:
        """The whole message is what `y` copies."""
        told = self.rows.selected
        return replace(super().standing(), copyable=told.text if told is not None else "")

    @on(Rows.Moved, "#messages")
    def _moved(self) -> None:
        self.query_one("#detail", Lines).redraw()

    def _rule(self, width: int) -> Sequence[Line]:
        right = (
            f"{count(self._missing, 'message')} not delivered: x sends again"
            if self._missing
            else ("all delivered" if self.rows.shown else "nobody was told yet")
        )
        return [rule(f"Told {len(self.rows.shown)}", width, right, active=self.rows.has_focus)]

    def _detail_lines(self, width: int) -> Sequence[Line]:
        return [rule("The message", width), *delivery_lines(self.rows.selected, self.now, width)]
