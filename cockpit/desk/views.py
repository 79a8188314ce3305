"""What the desk hands to a screen or to the command line: frozen values, times in aware UTC, rates as fractions."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from cockpit.health.model import Finding, Verdict

LATE_INTERVALS = 2
"""A value older than so many intervals is late."""

SILENT_INTERVALS = 5
"""A value older than so many intervals says nothing any more."""


class Freshness(StrEnum):
    """How old a value is against the interval at which it should be renewed."""

    FRESH = "fresh"
    LATE = "late"
    SILENT = "silent"


class Changes(msgspec.Struct, frozen=True):
    """What is different since the last refresh, so that a screen repaints nothing else."""

    domains: frozenset[str] = frozenset()
    account: bool = False
    alerts: bool = False
    streams: frozenset[str] = frozenset()
    watch: bool = False

    def __bool__(self) -> bool:
        return bool(self.domains or self.streams or self.account or self.alerts or self.watch)


class Header(msgspec.Struct, frozen=True):
    """The line that stands above every screen; `sending` is the worst of SES, None where no account is watched."""

    kind: str
    profile: str
    account: str
    region: str
    operator: str
    read_only: bool
    counts: Mapping[Verdict, int]
    watch: str
    watch_running: bool
    scenario: str = ""
    sending: Verdict | None = None


class CheckView(msgspec.Struct, frozen=True):
    """One check of one target: its decision, and what each vantage saw."""

    check: str
    title: str
    verdict: Verdict
    headline: str
    since: datetime
    at: datetime
    freshness: Freshness
    finding: Finding | None = None
    vantages: tuple["VantageView", ...] = ()
    evidence: Mapping[str, Any] = msgspec.field(default_factory=dict)


class VantageView(msgspec.Struct, frozen=True):
    """What one name server, resolver, address or service saw; SILENT when the last look heard nothing of it."""

    vantage: str
    verdict: Verdict
    headline: str
    at: datetime
    evidence: Mapping[str, Any] = msgspec.field(default_factory=dict)
    freshness: Freshness = Freshness.FRESH


class DomainRow(msgspec.Struct, frozen=True):
    """One line of the dashboard: the worst check decides verdict and headline."""

    target: str
    verdict: Verdict
    check: str
    headline: str
    since: datetime | None
    at: datetime | None
    freshness: Freshness
    services: int
    checks: Mapping[str, Verdict] = msgspec.field(default_factory=dict)


class DomainView(msgspec.Struct, frozen=True):
    """Everything known about one domain, worst check first, and how each record was when it was last good."""

    row: DomainRow
    owner: str
    services: tuple[str, ...]
    checks: tuple[CheckView, ...]
    history: tuple["HistoryLine", ...]


class HistoryLine(msgspec.Struct, frozen=True):
    """One change of verdict."""

    at: datetime
    check: str
    old: Verdict
    new: Verdict
    headline: str


class Gauge(msgspec.Struct, frozen=True):
    """A rate with its trend and its lines; `value` is ours (windowed), `reported` is what AWS itself says.

    All are fractions (0.05 is five percent). `lines` are the marks that AWS acts at (review, pause), `ladder`
    the organisation's own (warning, critical). None is "not known", which is never zero.
    """

    name: str
    value: float | None
    reported: float | None
    trend: tuple[float, ...]
    lines: tuple[float, float]
    ladder: tuple[float, float]
    verdict: Verdict


class SesPanel(msgspec.Struct, frozen=True):
    """The SES account: what AWS says of it and how the rates stand."""

    watched: bool
    verdict: Verdict
    headline: str
    enforcement: str
    sending: bool | None
    bounce: Gauge
    complaint: Gauge
    quota_used: float | None
    at: datetime | None
    freshness: Freshness


class AlertLine(msgspec.Struct, frozen=True):
    """One alert: open until it cleared, and attached once an incident took it.

    `route` is the class that the routing rules put it in, `notify` whom they name, by way.
    """

    id: str
    at: datetime
    target: str
    check: str
    kind: str
    verdict: Verdict
    headline: str
    severity: str
    severity_reason: str
    runbook: str | None
    services: tuple[str, ...]
    incident: str | None
    cleared_at: datetime | None
    first_bad_at: datetime | None = None
    route: str = ""
    notify: tuple[str, ...] = ()


class NextStep(msgspec.Struct, frozen=True):
    """The one step the cockpit would take now. `command` and `argument` name an entry of the command registry.

    `sure` is False when the state leaves room for another step; the line then says so.
    """

    text: str
    cost: str
    command: str
    argument: str = ""
    sure: bool = True


class IncidentCard(msgspec.Struct, frozen=True):
    """One open incident on the dashboard."""

    uid: str
    number: str
    severity: str
    title: str
    state: str
    opened_at: datetime
    lead: str | None
    progress: str
    next_deadline: str
    next_due: datetime | None
    breached: int


def freshness(at: datetime | None, now: datetime, interval: timedelta) -> Freshness:
    """FRESH at first, then LATE, and SILENT beyond that or when there never was a value."""
    if at is None:
        return Freshness.SILENT
    age = now - at
    if age > interval * SILENT_INTERVALS:
        return Freshness.SILENT
    return Freshness.LATE if age > interval * LATE_INTERVALS else Freshness.FRESH
