"""The whole timeline: every entry with its corrections, pins, and the small entries when they are wanted."""

from collections.abc import Iterable, Sequence

from textual import on
from textual.widget import Widget

from cockpit.incident.timeline import Entry
from screens.incident import IncidentScreen
from screens.present.incident import entry_detail
from screens.present.lines import Line
from screens.widgets.lines import Lines
from screens.widgets.rows import Rows


class TimelineScreen(IncidentScreen):
    """The incident's timeline with the selected entry in full."""

    NAME = "timeline"

    def below(self) -> Iterable[Widget]:
        """The selected entry in full, and the entry line."""
        yield Lines(self._detail_lines, id="detail")
        yield from super().below()

    @property
    def selected(self) -> Entry | None:
        """The entry under the cursor."""
        return self.entries.selected

    @on(Rows.Moved, "#entries")
    def _moved(self) -> None:
        self.query_one("#detail", Lines).redraw()

    def _detail_lines(self, width: int) -> Sequence[Line]:
        entry = self.entries.selected
        return entry_detail(entry, width, self.bridge.zone) if entry is not None else []
