"""One domain: what is wrong and how to fix it, who sees what, and how it came about."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from cockpit.desk.backups import Backup
from cockpit.desk.owners import OwnerList
from cockpit.desk.views import Changes, DomainView
from cockpit.health.changes import Diff
from cockpit.health.clearing import Clearing
from cockpit.health.registry import CHECKS
from screens.commands import Standing
from screens.frame import Frame
from screens.present.board import domain_line
from screens.present.changes import backup_lines, change_lines, changed_title, owner_lines, routed_lines
from screens.present.domain import agreement_line, copyable_record, finding_lines, history_lines, matrix_lines
from screens.present.lines import EMPTY, Line, Tone, line, rule, wrap
from screens.widgets.lines import Lines, Reader

_TITLES = {check.id: check.title for check in CHECKS}


class DomainScreen(Frame):
    """The detail of the domain that was opened on the board."""

    NAME = "domain"

    _view: DomainView | None = None
    _diff = Diff()
    _clearing: Clearing | None = None
    _backups: Sequence[Backup] = ()
    _owners: OwnerList | None = None

    def body(self) -> Iterable[Widget]:
        """Findings on the left; the matrix on the right, or below where the screen is narrow."""
        yield Lines(self._title_lines, id="title")
        yield Horizontal(
            Vertical(Lines(self._findings_rule, classes="rule"), Reader(self._finding_lines, id="findings")),
            Vertical(
                Lines(self._agreement_rule, classes="rule"),
                Reader(self._matrix_lines, id="matrix"),
                Lines(self._history_rule, classes="rule"),
                Reader(self._history_lines, id="history"),
                classes="right",
            ),
        )

    def on_mount(self) -> None:
        """Give the keys to the findings."""
        super().on_mount()
        self.query_one("#findings").focus()

    def read(self, changes: Changes | None) -> None:
        """Read the domain again when something of it changed."""
        name = self.bridge.chosen_domain
        if changes is None or name in changes.domains:
            desk = self.bridge.desk
            self._view = desk.domain(name)
            self._diff, self._clearing = desk.past.changes(name), desk.past.clearing(name)
            self._backups = desk.backups.newest(name)
            self._owners = desk.owners.of(name)

    def standing(self) -> Standing:
        """The domain on show, its untaken alert, and the record to publish."""
        name = self.bridge.chosen_domain
        alerts = [alert for alert in self.bridge.desk.alerts() if alert.target == name and alert.incident is None]
        waiting = next((alert.id for alert in alerts if alert.cleared_at is None), "")
        record = copyable_record(self._view) if self._view is not None else ""
        return replace(super().standing(), domain=name, alert=waiting, copyable=record)

    def _title_lines(self, width: int) -> Sequence[Line]:
        if self._view is None:
            return [line(("No such domain: ", Tone.MUTED), self.bridge.chosen_domain)]
        row = self._view.row
        return [domain_line(row, self.now, width, len(row.target))]

    def _findings_rule(self, width: int) -> Sequence[Line]:
        reader = self.query_one("#findings", Reader)
        more = f"{reader.hidden_below} more" if reader.hidden_below else ""
        return [rule("Findings", width, more, active=reader.has_focus)]

    def _finding_lines(self, width: int) -> Sequence[Line]:
        if self._view is None:
            return []
        name = self._view.row.target
        alerts = [each for each in self.bridge.desk.alerts() if each.target == name and each.cleared_at is None]
        above = [
            *routed_lines(alerts, width),
            *owner_lines(self._owners, self.now, width),
            *backup_lines(self._backups, self.now, width),
        ]
        lines = [*above, *finding_lines(self._view, self.now, width)]
        if copyable_record(self._view):
            lines += [EMPTY, line((self.bridge.keys.label("copy"), Tone.KEY), " copies the record to publish")]
        return lines

    def _agreement_rule(self, width: int) -> Sequence[Line]:
        return [rule("Who sees what", width, active=self.query_one("#matrix").has_focus)]

    def _matrix_lines(self, width: int) -> Sequence[Line]:
        if self._view is None:
            return []
        words = agreement_line(self._view)
        head = wrap(words, width, Tone.MUTED) if words else []
        return [*head, *matrix_lines(self._view, self.now, width)]

    def _history_rule(self, width: int) -> Sequence[Line]:
        title = changed_title(self._diff, self.now)
        return [rule(title, width, active=self.query_one("#history").has_focus)]

    def _history_lines(self, width: int) -> Sequence[Line]:
        if self._view is None:
            return []
        records = change_lines(self._diff, self._clearing, self.now, width)
        return [*records, *history_lines(self._view, self.now, width, _TITLES)]
