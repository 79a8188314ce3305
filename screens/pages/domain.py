"""One domain: what is wrong and how to fix it, who sees what, the chains of trust, and how it came about."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widget import Widget

from cockpit.desk.health.backups import Backup
from cockpit.desk.health.owners import OwnerList
from cockpit.desk.views import Changes, DomainView
from cockpit.health.changes import Diff
from cockpit.health.clearing import Clearing
from cockpit.health.registry import CHECKS
from screens.commands import Standing
from screens.frame import Frame
from screens.present.board import domain_line
from screens.present.chains import chain_lines
from screens.present.changes import backup_lines, change_lines, changed_title, owner_lines, routed_lines
from screens.present.domain import copyable_record, finding_lines, history_lines, summary_line, tab_line
from screens.present.lines import EMPTY, Line, Tone, line, rule, wrap
from screens.present.matrix import matrix_lines
from screens.present.words import span_words
from screens.widgets.lines import Lines, Reader

_TITLES = {check.id: check.title for check in CHECKS}
_PANES = {"findings": "Findings", "matrix": "Who sees what", "chains": "Chains", "changed": "Changed"}


class DomainScreen(Frame):
    """The detail of the domain that was opened on the board.

    On a narrow screen one part is shown at a time; on a wide one the findings stand beside the others.
    """

    NAME = "domain"
    BINDINGS = [
        Binding("tab", "turn(1)", "Next part", show=False),
        Binding("shift+tab", "turn(-1)", "Part before", show=False),
    ]

    _pane = "findings"
    _view: DomainView | None = None
    _diff = Diff()
    _clearing: Clearing | None = None
    _backups: Sequence[Backup] = ()
    _owners: OwnerList | None = None

    def body(self) -> Iterable[Widget]:
        """Title and summary; then the parts, which `_arrange` shows or hides."""
        yield Lines(self._title_lines, id="title")
        yield Horizontal(
            Vertical(Reader(self._finding_lines, id="findings"), id="left"),
            Vertical(
                Lines(lambda width: self._rule("matrix", width), classes="rule matrix"),
                Reader(self._matrix_lines, id="matrix"),
                Lines(lambda width: self._rule("chains", width), classes="rule chains"),
                Reader(self._chain_lines, id="chains"),
                Lines(lambda width: self._rule("changed", width), classes="rule changed"),
                Reader(self._changed_lines, id="changed"),
                id="right",
            ),
        )

    def on_mount(self) -> None:
        """Give the keys to the findings."""
        super().on_mount()
        self._arrange()

    def on_resize(self, event: Resize) -> None:
        """Show as many parts as there is room for."""
        super().on_resize(event)
        self.call_after_refresh(self._arrange)

    def read(self, changes: Changes | None) -> None:
        """Read the domain again when something of it changed."""
        name = self.bridge.chosen_domain
        if changes is None or name in changes.domains:
            desk = self.bridge.desk
            self._view = desk.domain(name)
            self._diff, self._clearing = desk.past.changes(name), desk.past.clearing(name)
            self._backups = desk.backups.newest(name)
            self._owners = desk.owners.of(name)

    def action_turn(self, by: int) -> None:
        """Go to the next part, or to the one before."""
        names = list(_PANES)
        self._pane = names[(names.index(self._pane) + by) % len(names)]
        self._arrange()

    @property
    def wide(self) -> bool:
        """Whether two parts stand beside each other."""
        return self.has_class("-wide") or self.has_class("-xwide")

    def _arrange(self) -> None:
        wide, all_at_once = self.wide, self.wide and self.has_class("-tall")
        beside = "matrix" if self._pane == "findings" else self._pane
        self.query_one("#left").display = wide or self._pane == "findings"
        right = self.query_one("#right")
        right.display = wide or self._pane != "findings"
        right.set_class(wide, "right")
        for name in ("matrix", "chains", "changed"):
            for part in self.query(f"#{name}, .{name}"):
                part.display = all_at_once or name == beside
        self.query_one(f"#{self._pane}").focus()
        self.tick(self.now)
        # How many lines are hidden is known once the parts have their new size.
        self.call_after_refresh(self.tick, self.now)

    def standing(self) -> Standing:
        """The domain on show, its untaken alert, and the record to publish."""
        name = self.bridge.chosen_domain
        alerts = [alert for alert in self.bridge.desk.alerts() if alert.target == name and alert.incident is None]
        waiting = next((alert.id for alert in alerts if alert.cleared_at is None), "")
        record = copyable_record(self._view) if self._view is not None else ""
        return replace(super().standing(), domain=name, alert=waiting, copyable=record)

    @property
    def records(self) -> Sequence[str]:
        """Every record that a finding says to publish, worst first."""
        checks = self._view.checks if self._view is not None else ()
        return list(dict.fromkeys(c.finding.record for c in checks if c.finding and c.finding.record))

    def _title_lines(self, width: int) -> Sequence[Line]:
        if self._view is None:
            return [
                line(("No such domain: ", Tone.MUTED), self.bridge.chosen_domain),
                line((self.bridge.keys.label("board.show"), Tone.KEY), " goes back to the board"),
            ]
        row = self._view.row
        until = self.bridge.desk.closer.until(row.target, self.now)
        closer = f"watched closer for {span_words(until - self.now)}" if until is not None else ""
        focused = next((name for name in _PANES if self.query_one(f"#{name}").has_focus), self._pane)
        tabs = tab_line(_PANES, focused, self._counts(), width, alone=not self.wide)
        return [
            domain_line(row, self.now, width, len(row.target)),
            summary_line(self._view, closer, width),
            *([tabs] if not (self.wide and self.has_class("-tall")) else [self._rule("findings", width)[0]]),
        ]

    def _counts(self) -> dict[str, str]:
        """What is to be seen in each part, in a sign or number; nothing for nothing."""
        if self._view is None:
            return {}
        wrong = sum(check.verdict.rank < 3 for check in self._view.checks)
        return {"findings": f"{wrong}" if wrong else "", "changed": f"{len(self._diff.changes) or ''}"}

    def _rule(self, name: str, width: int) -> Sequence[Line]:
        title = changed_title(self._diff, self.now) if name == "changed" else _PANES[name]
        reader = self.query_one(f"#{name}", Reader)
        more = f"{reader.hidden_below} more" if reader.hidden_below else ""
        return [rule(title, width, more, active=reader.has_focus)]

    def _finding_lines(self, width: int) -> Sequence[Line]:
        if self._view is None:
            return []
        name, keys = self._view.row.target, self.bridge.keys
        alerts = [each for each in self.bridge.desk.alerts() if each.target == name and each.cleared_at is None]
        lines = finding_lines(self._view, self.now, width, keys.label("copy"))
        if len(self.records) > 1:
            words = f" copies all {len(self.records)} records to publish"
            lines += [line((keys.label("copy.all"), Tone.KEY), words)]
        around = [
            *routed_lines(alerts, width),
            *owner_lines(self._owners, self.now, width),
            *backup_lines(self._backups, self.now, width),
        ]
        return [*lines, *([EMPTY, rule("Around it", width), *around] if around else [])]

    def _matrix_lines(self, width: int) -> Sequence[Line]:
        return matrix_lines(self._view, self.now, width) if self._view is not None else []

    def _chain_lines(self, width: int) -> Sequence[Line]:
        return chain_lines(self._view, self.now, width) if self._view is not None else []

    def _changed_lines(self, width: int) -> Sequence[Line]:
        if self._view is None:
            return []
        lines = change_lines(self._diff, self._clearing, self.now, width)
        if not lines:
            lines = wrap("No record changed since it was last good.", width, Tone.MUTED)
        return [*lines, *history_lines(self._view, self.now, width, _TITLES)]
