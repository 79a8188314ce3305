"""The board: domains worst first, the SES account, open incidents and the alert feed on one screen."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from textual import on
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input

from cockpit.desk.views import AlertLine, Changes, DomainRow, DomainView, SesPanel
from cockpit.health.model import Verdict
from screens.commands import Standing
from screens.frame import Frame
from screens.present.board import (
    BOARD_CHECKS,
    alert_line,
    domain_heading,
    domain_line,
    empty_board,
    gauge_plot,
    incident_lines,
    ses_lines,
)
from screens.present.domain import finding_lines
from screens.present.lines import Line, line, rule
from screens.present.words import age
from screens.widgets.lines import Lines, Reader
from screens.widgets.rows import Rows

AGING_S = 5
"""Seconds after which rows are read again though nobody wrote, because silence changes what they mean."""


class Board(Frame):
    """The first screen."""

    NAME = "board"
    CSS_PATH = "dashboard.tcss"

    _names = 12
    _ses: SesPanel | None = None
    _view: DomainView | None = None
    _read_at: datetime | None = None

    def body(self) -> Iterable[Widget]:
        """Domains and incidents on the left, the finding where there is room, SES and alerts on the right."""
        domains = Rows[DomainRow](lambda row: row.target, self._draw_domain, id="domains")
        alerts = Rows[AlertLine](lambda alert: alert.id, self._draw_alert, id="alerts")
        yield Reader(self._empty_lines, id="empty")
        with_filter = Vertical(
            Lines(self._domains_rule, classes="rule"),
            Input(placeholder="filter: part of a name", id="filter"),
            Lines(lambda width: [domain_heading(width, self._names, BOARD_CHECKS)], id="heading"),
            domains,
            Lines(self._incident_lines, id="incidents"),
            id="left",
        )
        finding = Container(Lines(self._finding_rule, classes="rule"), Lines(self._finding_lines), id="finding",
                            classes="right")  # fmt: skip
        right = Vertical(
            Lines(self._ses_rule, classes="rule"),
            Lines(self._ses_lines, id="ses"),
            Lines(self._alerts_rule, classes="rule"),
            alerts,
            id="right",
            classes="right",
        )
        yield Horizontal(with_filter, finding, right, id="panes")

    def on_mount(self) -> None:
        """Give the keys to the list of domains."""
        super().on_mount()
        self.query_one("#filter").display = False
        self.query_one("#domains").focus()

    @property
    def domains(self) -> Rows[DomainRow]:
        """The list of domains."""
        return self.query_one("#domains", Rows)

    @property
    def alerts(self) -> Rows[AlertLine]:
        """The alert feed."""
        return self.query_one("#alerts", Rows)

    def read(self, changes: Changes | None) -> None:
        """Read what changed; everything when `changes` is None."""
        desk, now = self.bridge.desk, self.now
        if changes is None or changes.domains:
            self._read_domains(now)
        if changes is None or changes.account:
            self._ses = desk.ses()
        if changes is None or changes.alerts:
            self.alerts.set_items(desk.alerts(), now)

    def tick(self, now: datetime) -> None:
        """Count ages up; read rows again now and then, because a value that stays away turns silent."""
        if self._read_at is None or (now - self._read_at).total_seconds() >= AGING_S:
            self._read_domains(now)
            self._ses = self.bridge.desk.ses()
        self.domains.tick(now)
        self.alerts.tick(now)
        super().tick(now)

    def _read_domains(self, now: datetime) -> None:
        rows = self.bridge.desk.domains()
        self._read_at = now
        self._names = min(30, max((len(row.target) for row in rows), default=12))
        self.domains.set_items(rows, now)
        self._read_view()
        empty = not rows
        self.query_one("#empty").display = empty
        self.query_one("#panes").display = not empty

    def _read_view(self) -> None:
        row = self.domains.selected
        self._view = self.bridge.desk.domain(row.target) if row is not None and self.has_class("-xwide") else None

    @on(Rows.Moved, "#domains")
    def _moved(self) -> None:
        self._read_view()
        self.tick(self.now)

    @on(Rows.Opened, "#domains")
    def _opened(self) -> None:
        self.bridge.perform("domain.show")

    def standing(self) -> Standing:
        """The domain under the cursor, and the alert under the cursor or the worst that nobody took."""
        row, base = self.domains.selected, super().standing()
        alert = self.alerts.selected if self.alerts.has_focus else self._worst_alert()
        words = f"{row.target}: {row.headline}" if row is not None else ""
        return replace(
            base,
            domain=row.target if row is not None else "",
            alert=alert.id if alert is not None and alert.incident is None else "",
            copyable=words,
        )

    def _worst_alert(self) -> AlertLine | None:
        waiting = [alert for alert in self.alerts.shown if alert.incident is None and alert.cleared_at is None]
        return min(waiting, key=lambda alert: (alert.verdict.rank, alert.severity, alert.at), default=None)

    def show_filter(self) -> None:
        """Open the filter line and put the cursor there."""
        line_of_input = self.query_one("#filter", Input)
        line_of_input.display = True
        line_of_input.focus()

    def leave(self) -> bool:
        """Clear the filter; False when there was none."""
        box = self.query_one("#filter", Input)
        had = box.display
        box.value = ""
        box.display = False
        self.domains.focus()
        return had

    @on(Input.Changed, "#filter")
    def _filter(self, event: Input.Changed) -> None:
        self.domains.set_filter(event.value.strip())
        self.tick(self.now)

    @on(Input.Submitted, "#filter")
    def _filtered(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.leave()
        self.domains.focus()

    def _draw_domain(self, row: DomainRow, width: int, now: datetime) -> Line:
        checks = [check for check, _ in BOARD_CHECKS] if self.has_class("-xwide") else []
        return domain_line(row, now, width, self._name_cells(width), checks)

    def _draw_alert(self, alert: AlertLine, width: int, now: datetime) -> Line:
        taken = self.bridge.desk.incidents.get(alert.incident).ref if alert.incident else ""
        return alert_line(alert, now, width, taken)

    def _name_cells(self, width: int) -> int:
        return max(8, min(self._names, width // 2 - 6))

    def _domains_rule(self, width: int) -> Sequence[Line]:
        rows = self.domains
        first, last = rows.span
        total = f"{len(rows.shown)} of {rows.total}" if len(rows.shown) != rows.total else f"{rows.total}"
        hidden = f"{first}–{last}" if len(rows.shown) > last or first > 1 else ""
        return [rule(f"Domains {total}", width, hidden, active=rows.has_focus)]

    def _incident_lines(self, width: int) -> Sequence[Line]:
        cards = self.bridge.cards()
        if not cards:
            return [rule("Incidents none open", width)]
        room = 2 if self.has_class("-short") else 5
        shown = [one for card in cards[:room] for one in incident_lines(card, self.now, width)]
        more = f"{len(cards) - room} more: I" if len(cards) > room else ""
        return [rule(f"Incidents {len(cards)} open", width, more), *shown]

    def _finding_rule(self, width: int) -> Sequence[Line]:
        return [rule(self._view.row.target if self._view else "Finding", width)]

    def _finding_lines(self, width: int) -> Sequence[Line]:
        return finding_lines(self._view, self.now, width) if self._view is not None else []

    def _ses_rule(self, width: int) -> Sequence[Line]:
        panel = self._ses
        seen = f"{age(panel.at, self.now)} ago" if panel is not None and panel.at is not None else ""
        return [rule("SES", width, seen)]

    def _ses_lines(self, width: int) -> Sequence[Line]:
        if self._ses is None:
            return [line("")]
        lines = ses_lines(self._ses, self.now, width)
        if self.has_class("-tall") and self._ses.watched:
            lines += [*gauge_plot(self._ses.bounce, width, 6), *gauge_plot(self._ses.complaint, width, 6)]
        return lines

    def _alerts_rule(self, width: int) -> Sequence[Line]:
        waiting = sum(
            1 for alert in self.alerts.shown if alert.cleared_at is None and alert.verdict is Verdict.FAIL
        )
        return [rule("Alerts", width, f"{waiting} open" if waiting else "", active=self.alerts.has_focus)]

    def _empty_lines(self, width: int) -> Sequence[Line]:
        return empty_board(min(width, 76), self.bridge.keys.label)
