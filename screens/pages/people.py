"""The people of an incident: what waits for whom, roles with their check-ins, and the escalation chain."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace
from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from cockpit.desk.views import Changes
from screens.commands import Standing
from screens.listing import Listing
from screens.present.incident import no_incident
from screens.present.lines import Line, Tone, line, rule, wrap
from screens.present.people import Matter, chain_lines, here_words, matter_line, matter_lines, matters
from screens.widgets.lines import Lines, Reader
from screens.widgets.rows import Rows


class PeopleScreen(Listing):
    """Handovers, tasks, decisions and roles of the incident in question; `x` acts on the one under the cursor."""

    NAME = "people"
    LIST = "#matters"

    _uid = ""

    def body(self) -> Iterable[Widget]:
        """The list, and beside or below it what is selected and the chain."""
        rows = Rows[Matter](_key, lambda one, width, now: matter_line(one, now, width), search=_words, id="matters")
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
    def rows(self) -> Rows[Matter]:
        """What waits."""
        return self.query_one("#matters", Rows)

    def read(self, changes: Changes | None) -> None:
        """Read the team of the incident in question."""
        self._uid = self.bridge.incident_uid()
        self.query_one("#none").display = not self._uid
        self.query_one("#panes").display = bool(self._uid)
        if self._uid:
            people = self.bridge.desk.people
            listed = matters(people.team(self._uid), people.check_ins(self._uid), people.roster(self._uid))
            self.rows.set_items(listed, self.now)

    def find(self, kind: str, id_: str) -> None:
        """Put the cursor on a matter that was just written."""
        self.draw(None)
        self.rows.select(f"{kind}/{id_}")

    def tick(self, now: datetime) -> None:
        """Count the time boxes."""
        self.rows.tick(now)
        super().tick(now)

    def standing(self) -> Standing:
        """A handover's card, or the words of what is selected, is what `y` copies."""
        matter = self.rows.selected
        words = "\n".join(filter(None, (matter.words, matter.detail))) if matter is not None else ""
        return replace(super().standing(), copyable=words)

    @on(Rows.Moved, "#matters")
    def _moved(self) -> None:
        self.query_one("#detail", Lines).redraw()

    def _rule(self, width: int) -> Sequence[Line]:
        incident = self.bridge.incident()
        title = f"People of {incident.ref}" if incident is not None else "People"
        return [rule(title, width, "x acts on the selected", active=self.rows.has_focus)]

    def _detail_lines(self, width: int) -> Sequence[Line]:
        if not self._uid:
            return []
        desk, now = self.bridge.desk, self.now
        lines = [rule("Selected", width), *matter_lines(self.rows.selected, now, width)]
        due = desk.clocks.escalation_due(self._uid, now)
        lines += [line(), *chain_lines(desk.clocks.chain(self._uid, now), now, width)]
        lines += wrap(due, width, Tone.WARN) if due else []
        lines += [line(), *wrap(desk.clocks.office(now).says, width, Tone.MUTED)]
        here = here_words(desk.terminals.others(), self._uid)
        return lines + (wrap(here, width, Tone.INFO) if here else [])


def _key(matter: Matter) -> str:
    return f"{matter.kind}/{matter.id}"


def _words(matter: Matter) -> str:
    return f"{matter.kind} {matter.who} {matter.words}"
