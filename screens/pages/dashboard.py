"""The board: domains worst first, the SES account, open incidents and the alert feed on one screen."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace
from textual import on
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widget import Widget

from cockpit.desk.health.table import Listed, key_of, row_of
from cockpit.desk.place import Place
from cockpit.desk.views import AlertLine, Changes, DomainRow, DomainView, Freshness, SesPanel
from cockpit.health.model import Verdict
from screens.bridge import Bridge
from screens.commands import Standing
from screens.listing import Listing
from screens.pages.domain_table import DomainTable
from screens.present.board import (
    alert_line,
    empty_board,
    gauge_plot,
    incident_lines,
    nothing_found,
    ses_lines,
    silent_lines,
)
from screens.present.domain import brief_lines
from screens.present.lines import Line, Tone, line, rule, wrap
from screens.present.words import age
from screens.widgets.lines import Lines, Reader
from screens.widgets.rows import Rows

AGING_S = 5
"""Seconds after which rows are read again though nobody wrote, because silence changes what they mean."""

REST = 10
"""How many times as long as listing took it is not done again for changes alone: keys come first."""

_MOST_FINDING = 20
"""Lines of the finding beside the list; the whole of it is one key away."""


class Board(Listing):
    """The first screen."""

    NAME = "board"
    LIST = "#domains"
    FILTER_HINT = "fail · check:dkim · owner:web · service:shop · tld:ca · a part of the name"

    _ses: SesPanel | None = None
    _view: DomainView | None = None
    _rows: Sequence[DomainRow] = ()
    _silent = 0
    _behind = False
    _rest_until = float("-inf")
    _read_at: datetime | None = None

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self.table = DomainTable(bridge.desk)
        place = bridge.session.place
        self.table.sort, self.table.group = place.sort, place.group
        self._wanted = place.row

    def body(self) -> Iterable[Widget]:
        """Domains and incidents on the left; the finding where there is room, SES and alerts on the right.

        Textual styles every widget twice before the first paint, so headings are lines of their neighbours.
        """
        domains = Rows[Listed](key_of, self.table.draw, leading=True, id="domains")
        alerts = Rows[AlertLine](lambda alert: alert.id, self._draw_alert, id="alerts")
        yield Horizontal(
            Vertical(Lines(self._domain_lines), domains, Lines(self._incident_lines, id="incidents"), id="left"),
            Vertical(
                Lines(self._finding_lines, id="finding"),
                Lines(self._ses_lines, id="ses"),
                alerts,
                id="right",
                classes="right",
            ),
            id="panes",
        )

    def on_mount(self) -> None:
        """Give the keys to the list of domains; list again what was listed when the cockpit was left."""
        super().on_mount()
        self.domains.focus()
        text = self.bridge.session.place.filter
        if text:
            self.show_filter(text)
            self.domains.focus()

    @property
    def domains(self) -> Rows[Listed]:
        """The list of domains."""
        return self.query_one("#domains", Rows)

    @property
    def alerts(self) -> Rows[AlertLine]:
        """The alert feed."""
        return self.query_one("#alerts", Rows)

    def read(self, changes: Changes | None) -> None:
        """Read what changed; everything when `changes` is None."""
        desk, now = self.bridge.desk, self.now
        if changes is None or "ops" in changes.streams:
            self.table.forget_owners()
        if changes is None or changes.domains:
            self._behind = changes is not None and desk.clock.monotonic() < self._rest_until
            if not self._behind:
                self._read_domains(now)
        if changes is None or changes.account:
            self._ses = desk.ses()
        if changes is None or changes.alerts:
            self.alerts.set_items(desk.alerts(), now)

    def tick(self, now: datetime) -> None:
        """Count ages up; read rows again now and then, because a value that stays away turns silent."""
        late = self._read_at is None or (now - self._read_at).total_seconds() >= AGING_S
        if late or (self._behind and self.bridge.desk.clock.monotonic() >= self._rest_until):
            self._read_domains(now)
            self._ses = self.bridge.desk.ses()
        self.domains.tick(now)
        self.alerts.tick(now)
        super().tick(now)

    def _read_domains(self, now: datetime) -> None:
        began = self.bridge.desk.clock.monotonic()
        self._behind = False
        self._rows = self.bridge.desk.domains()
        self._silent = sum(row.freshness is Freshness.SILENT and row.at is not None for row in self._rows)
        self._read_at = now
        self.relist(now)
        self._show_empty(not self._rows)
        ended = self.bridge.desk.clock.monotonic()
        self._rest_until = ended + REST * (ended - began)

    def relist(self, now: datetime | None = None) -> None:
        """List the same domains anew: the filter, the order or the groups may be others."""
        self.domains.set_items(self.table.listed(self._rows), now or self.now)
        if self._wanted and self.domains.select(self._wanted):
            self._wanted = ""
        self._read_view()

    def placed(self, place: Place) -> Place:
        """With the filter, order, groups and row of the list."""
        item, table = self.domains.selected, self.table
        row = key_of(item) if item is not None and not self.domains.is_leading else ""
        return replace(place, filter=table.text, sort=table.sort, group=table.group, row=row)

    def set_filter(self, text: str) -> None:
        """Show the domains that pass the filter line."""
        self.table.ask(text)
        self.relist()

    def _show_empty(self, empty: bool) -> None:
        """Say what this is while nothing is watched."""
        self.query_one("#panes").display = not empty
        words = self.query("#empty")
        if empty and not words:
            self.query_one("#body").mount(Reader(self._empty_lines, id="empty"))
        elif words and not empty:
            words.remove()

    def on_resize(self, event: Resize) -> None:
        """Show the finding beside the list as soon as there is room for it."""
        super().on_resize(event)
        self.call_after_refresh(self._moved)

    def _read_view(self) -> None:
        row = row_of(self.domains.selected)
        self._view = self.bridge.desk.domain(row.target) if row is not None and self.has_class("-xwide") else None

    @on(Rows.Moved, "#domains")
    def _moved(self) -> None:
        self._read_view()
        self.tick(self.now)

    @on(Rows.Opened, "#domains")
    def _opened(self) -> None:
        self.bridge.perform("domain.show")

    def open_line(self) -> bool:
        """Fold or unfold the head under the cursor; False when a domain is under it."""
        item = self.domains.selected
        if row_of(item) is not None:
            return False
        self.fold()
        return True

    def fold(self) -> bool:
        """Fold or unfold the group under the cursor; False when nothing is grouped."""
        name = self.table.fold(self.domains.selected)
        if name is None:
            return False
        self.relist()
        self.domains.select(f"\0{name}")
        return True

    def standing(self) -> Standing:
        """The domain under the cursor, and the alert under the cursor or the worst that nobody took."""
        row, base = row_of(self.domains.selected), super().standing()
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

    def _draw_alert(self, alert: AlertLine, width: int, now: datetime) -> Line:
        taken = self.bridge.desk.incidents.get(alert.incident).ref if alert.incident else ""
        return alert_line(alert, now, width, taken)

    def _domain_lines(self, width: int) -> Sequence[Line]:
        rows, table = self.domains, self.table
        first, last = rows.span
        found = sum(1 for item in rows.shown if row_of(item) is not None) if table.text else len(self._rows)
        hidden = f"{first}–{last}" if len(rows.shown) > last or first > 1 else ""
        lines = [rule(table.title(found, len(self._rows)), width, hidden, active=rows.has_focus)]
        if self._silent:
            lines += silent_lines(self._silent, len(self._rows), self.bridge.keys.label("watch.start"), width)
        if table.wrong:
            lines += wrap(table.wrong, width, Tone.WARN)
        if not rows.shown and self._rows:
            lines += nothing_found(table.text, width)
        return [*lines, table.heading(width)] if table.has_columns(width) else lines

    def _incident_lines(self, width: int) -> Sequence[Line]:
        cards = self.bridge.cards()
        duties = self.bridge.duty_lines(width)
        if not cards:
            return [rule("Incidents none open", width), *duties]
        room = 2 if self.has_class("-short") else 5
        shown = [one for card in cards[:room] for one in incident_lines(card, self.now, width)]
        more = f"{len(cards) - room} more: I" if len(cards) > room else ""
        return [rule(f"Incidents {len(cards)} open", width, more), *shown, *duties]

    def _finding_lines(self, width: int) -> Sequence[Line]:
        """Nothing where there is no room beside the list."""
        if self._view is None:
            return []
        name = self._view.row.target
        lines = brief_lines(self._view, self.now, width)
        more = f"{len(lines) - _MOST_FINDING} more: o" if len(lines) > _MOST_FINDING else ""
        return [rule(name, width, more), *lines[:_MOST_FINDING]]

    def _ses_lines(self, width: int) -> Sequence[Line]:
        panel = self._ses
        if panel is None:
            return [rule("SES", width)]
        seen = f"{age(panel.at, self.now)} ago" if panel.at is not None else ""
        lines = [rule("SES", width, seen), *ses_lines(panel, self.now, width, expected=self._has_account)]
        if self.has_class("-tall") and panel.watched:
            rows = 4 if self.has_class("-xwide") else 6
            lines += [*gauge_plot(panel.bounce, width, rows), *gauge_plot(panel.complaint, width, rows)]
        if not self.alerts.shown:
            quiet = line(("none so far", Tone.MUTED))
            return [*lines, self._alerts_rule(width), quiet]
        return [*lines, self._alerts_rule(width)]

    @property
    def _has_account(self) -> bool:
        """Whether an SES account is configured, seen or not."""
        desk = self.bridge.desk
        aws = desk.profile.aws
        return bool(aws.account or aws.endpoint or any(domain.identity for domain in desk.settings.domains))

    def _alerts_rule(self, width: int) -> Line:
        alerts = [alert for alert in self.alerts.shown if alert.cleared_at is None]
        waiting = sum(1 for alert in alerts if alert.verdict is Verdict.FAIL)
        return rule("Alerts", width, f"{waiting} open" if waiting else "", active=self.alerts.has_focus)

    def _empty_lines(self, width: int) -> Sequence[Line]:
        return empty_board(min(width, 76), self.bridge.keys.label)
