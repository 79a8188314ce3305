"""The incident: its clocks above, its timeline below, and one line to write into it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input

from cockpit.desk.views import Changes
from cockpit.errors import CockpitError
from cockpit.incident.deadlines import Deadline
from cockpit.incident.model import Incident
from cockpit.incident.timeline import Entry
from screens.bridge import Bridge
from screens.commands import Command, Standing
from screens.listing import Listing
from screens.present.folding import Folded, folded
from screens.present.incident import entry_line, head_lines, no_incident, side_lines
from screens.present.lines import Line, Tone, cut, line, rule
from screens.present.people import here_words, phase_line
from screens.present.words import count
from screens.widgets.lines import Lines, Reader
from screens.widgets.rows import Rows


class IncidentScreen(Listing):
    """The incident in question, as its commander works with it."""

    NAME = "incident"
    LIST = "#entries"
    SHORT_HINTS = 4
    FIRST: ClassVar[tuple[str, ...]] = (
        "incident.lead", "incident.note", "incident.update", "runbook.start", "handover.offer", "incident.resolve",
        "people.show", "incident.severity",
    )  # fmt: skip
    """The commands whose words come first in the footer, which has room for a few only."""

    _incident: Incident | None = None
    _clocks: Sequence[Deadline] = ()
    noise = False
    _total = 0

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._opened: set[str] = set()
        self._folds: dict[str, Sequence[Entry]] = {}

    def body(self) -> Iterable[Widget]:
        """Head, timeline, entry line; roles and clocks beside them where there is room."""
        entries = Rows[Entry](lambda entry: entry.id, self._draw, search=self._words, id="entries")
        yield Reader(no_incident, id="none")
        yield Horizontal(
            Vertical(
                Lines(self._head_lines, id="head"),
                Lines(self._timeline_rule, classes="rule"),
                entries,
                *self.below(),
                id="left",
            ),
            Vertical(Reader(self._side_lines, id="side-text"), id="side", classes="right"),
            id="panes",
        )

    def below(self) -> Iterable[Widget]:
        """The entry line under the list."""
        hint = "n writes: -10m what happened · 14:02 d a decision"
        yield Horizontal(
            Lines(lambda width: [line(("> ", Tone.KEY))], id="prompt"),
            Input(placeholder=hint, id="entry"),
            id="write",
        )

    def on_mount(self) -> None:
        """Give the keys to the timeline."""
        super().on_mount()
        self.entries.focus()

    @property
    def entries(self) -> Rows[Entry]:
        """The timeline's rows."""
        return self.query_one("#entries", Rows)

    def read(self, changes: Changes | None) -> None:
        """Read the incident and its timeline; the newest entry is followed while the cursor stands on the last."""
        incident = self.bridge.incident()
        self.query_one("#none").display = incident is None
        self.query_one("#panes").display = incident is not None
        other = incident is None or self._incident is None or incident.uid != self._incident.uid
        self._incident = incident
        if incident is None:
            return
        if changes is None or changes.streams or changes.alerts or other:
            rows = self.entries
            follows = not rows.shown or rows.selected is rows.shown[-1]
            entries = self.bridge.desk.incidents.timeline(incident.uid, noise=self.noise)
            rows.set_items(self.listed(entries), self.now)
            self._total = len(entries)
            if follows or other:
                rows.action_last()

    def listed(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The rows that are shown: each run folded into one, except where small entries are wanted too."""
        shown = Folded(entries, {}) if self.noise else folded(entries, self._opened)
        self._folds = shown.folds
        return shown.rows

    def is_folded(self, entry: Entry) -> bool:
        """Whether a row stands for several entries."""
        return entry.id in self._folds

    def turn(self, entry: Entry) -> None:
        """Open the run that the entry belongs to, or fold it again."""
        if entry.stream in self._opened:
            self._opened.discard(entry.stream)
        elif self.is_folded(entry):
            self._opened.add(entry.stream)
        self.draw(None)

    def tick(self, now: datetime) -> None:
        """Count the clocks."""
        if self._incident is not None:
            self._clocks = self.bridge.desk.incidents.deadlines(self._incident.uid, now)
        self.entries.tick(now)
        super().tick(now)

    def standing(self) -> Standing:
        """The entry under the cursor is what `y` copies."""
        entry = self.entries.selected
        words = f"{entry.occurred_at:%Y-%m-%dT%H:%M:%SZ} {entry.text}" if entry is not None else ""
        return replace(super().standing(), copyable=words)

    def hinted(self, standing: Standing) -> Sequence[Command]:
        """What its commander reaches for first; to take the lead only while nobody has it."""
        led = self._incident is not None and self._incident.lead is not None
        known = [each for each in super().hinted(standing) if not (led and each.id == "incident.lead")]
        return sorted(
            known, key=lambda each: self.FIRST.index(each.id) if each.id in self.FIRST else len(self.FIRST)
        )

    def leave(self) -> bool:
        """Leave the entry line or the filter; False when the list has the keys and no filter is set."""
        was_written = self.query_one("#entry").has_focus
        return super().leave() or was_written

    def write(self) -> None:
        """Put the cursor into the entry line."""
        self.query_one("#entry").focus()

    @on(Input.Submitted, "#entry")
    def _entered(self, event: Input.Submitted) -> None:
        """Write the line down; it is an event before the cursor returns."""
        event.stop()
        if self._incident is None:
            return
        if not event.value.strip():
            self.leave()
            return
        try:
            self.bridge.desk.incidents.note(self._incident.uid, event.value, zone=self.bridge.zone)
        except CockpitError as error:
            self.bridge.tell(str(error), "error")
            return
        event.input.value = ""
        self.draw(None)
        self.entries.action_last()

    def _draw(self, entry: Entry, width: int, now: datetime) -> Line:
        return entry_line(entry, now, width, self.bridge.zone, folded=self.is_folded(entry))

    def _words(self, entry: Entry) -> str:
        """What a filter looks at: of a fold, the words of all its entries."""
        return "\n".join(each.text for each in self._folds.get(entry.id, (entry,)))

    def _head_lines(self, width: int) -> Sequence[Line]:
        if self._incident is None:
            return []
        incident, desk, now = self._incident, self.bridge.desk, self.now
        lines = head_lines(incident, self._clocks, now, width)
        phase = desk.clocks.phase(incident.uid)
        if phase is not None:
            lines.append(phase_line(phase.number, phase.title, phase.ends, now, width))
        warned = desk.people.nag(incident.uid) or desk.clocks.escalation_due(incident.uid, now)
        here = here_words(desk.terminals.others(), incident.uid)
        closed = "restricted: shown to a few only" if incident.restricted else ""
        said = line((warned, Tone.WARN), " " if warned and here else "", (here, Tone.INFO))
        lost = len(desk.told.undelivered(incident.uid, now))
        told = f"✖ {count(lost, 'message')} not delivered: w shows which, and sends again" if lost else ""
        lines += [cut(each, width) for each in (line((told, Tone.FAIL)), said, line((closed, Tone.WARN))) if each]
        return lines

    def _timeline_rule(self, width: int) -> Sequence[Line]:
        rows, zone = self.entries, "UTC" if not self.bridge.local_time else "local"
        if rows.selected is not None:
            zone = f"{rows.selected.occurred_at.astimezone(self.bridge.zone):%a %Y-%m-%d} {zone}"
        first, last = rows.span
        hidden = f"{first}–{last} of {len(rows.shown)} · {zone}" if len(rows.shown) > last or first > 1 else zone
        return [rule(f"Timeline {self._total}", width, hidden, active=rows.has_focus)]

    def _side_lines(self, width: int) -> Sequence[Line]:
        if self._incident is None:
            return []
        times = self.bridge.desk.incidents.metrics(self._incident.uid, self.now)
        alerts = [self.bridge.desk.incidents.alert(alert) for alert in self._incident.alerts]
        return side_lines(self._incident, self._clocks, times, self.now, width, alerts)
