"""The whole timeline: every entry with its corrections, pins, and the small entries when they are wanted."""

from collections.abc import Iterable, Sequence

from textual import on
from textual.widget import Widget

from cockpit.incident.timeline import Entry
from screens.pages.incident import IncidentScreen
from screens.present.folding import fold_detail
from screens.present.incident import entry_detail
from screens.present.lines import Line
from screens.widgets.lines import Lines
from screens.widgets.rows import Rows


class TimelineScreen(IncidentScreen):
    """The incident's timeline with the selected entry in full."""

    NAME = "timeline"
    FIRST = ("incident.note", "list.filter", "entry.amend", "entry.pin", "incident.update", "timeline.noise")
    kind = ""

    def below(self) -> Iterable[Widget]:
        """The selected entry in full, and the entry line."""
        yield Lines(self._detail_lines, id="detail")
        yield from super().below()

    @property
    def selected(self) -> Entry | None:
        """The entry under the cursor."""
        return self.entries.selected

    def find(self, entry: Entry) -> None:
        """Put the cursor on an entry, letting small entries and other kinds be shown where that takes it."""
        if entry.noise and not self.noise:
            self.noise = True
        self._opened.add(entry.stream)
        self.kind = ""
        self.draw(None)
        self.entries.select(entry.id)
        self.entries.focus()

    def show_kind(self, kind: str) -> None:
        """Show the entries of one kind only; empty shows all."""
        self.kind = kind
        self.draw(None)
        self.entries.action_last()

    def listed(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of the kind that is looked at, none of them folded; else as on the incident."""
        if not self.kind:
            return super().listed(entries)
        self._folds = {}
        return [entry for entry in entries if entry.kind == self.kind]

    @on(Rows.Moved, "#entries")
    def _moved(self) -> None:
        self.query_one("#detail", Lines).redraw()

    def _detail_lines(self, width: int) -> Sequence[Line]:
        entry = self.entries.selected
        if entry is None:
            return []
        inside = self._folds.get(entry.id)
        return (
            fold_detail(inside, width, self.bridge.zone) if inside else entry_detail(entry, width, self.bridge.zone)
        )
