"""Health as the board shows it: the latest observations by target, read by change number so that 10,000 domains
cost nothing while they are quiet."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cockpit.clock import Clock, parse_time
from cockpit.config import DomainConfig, Settings
from cockpit.desk.views import (
    LATE_INTERVALS,
    SILENT_INTERVALS,
    CheckView,
    DomainRow,
    DomainView,
    Freshness,
    HistoryLine,
    VantageView,
    freshness,
)
from cockpit.health.detail import observation_from
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.registry import ACCOUNT_PREFIX, CHECKS, Check
from storage.ledger import Event
from storage.observations import Latest, Observations

HISTORY_LINES = 50
"""Changes of verdict kept in memory per target."""


class Board:
    """The latest health of every target, and its changes of verdict from `health.changed` events."""

    def __init__(self, observations: Observations, settings: Settings, clock: Clock) -> None:
        self._observations = observations
        self._settings = settings
        self._clock = clock
        self._change = 0
        self._latest: dict[str, dict[tuple[str, str], Latest]] = {}
        self._rows: dict[str, DomainRow] = {}
        self._history: dict[str, list[HistoryLine]] = {}
        self._expiry: dict[str, tuple[datetime, datetime]] = {}
        self._intervals = {
            check.id: timedelta(seconds=getattr(settings.intervals, check.interval)) for check in CHECKS
        }
        self._configured: dict[str, DomainConfig] = {domain.name: domain for domain in settings.domains}
        for name in self._configured:
            self._rows[name] = self._row(name)

    @property
    def targets(self) -> int:
        """How many domains are configured or were ever seen."""
        return len(self._rows)

    def absorb(self, event: Event) -> None:
        """Keep the changes of verdict for the domain screen."""
        if event.kind != "health.changed":
            return
        body = event.body
        lines = self._history.setdefault(str(body["target"]), [])
        lines.append(
            HistoryLine(
                at=parse_time(body["at"]) if body.get("at") else event.occurred_at,
                check=str(body["check"]),
                old=Verdict(body.get("old") or Verdict.UNKNOWN),
                new=Verdict(body["new"]),
                headline=str(body["headline"]),
            )
        )
        del lines[:-HISTORY_LINES]

    def read(self) -> set[str]:
        """Take in what was observed since the last call; returns the targets that changed."""
        changed: set[str] = set()
        while True:
            rows, self._change = self._observations.changed_since(self._change)
            if not rows:
                break
            for row in rows:
                self._latest.setdefault(row.target, {})[row.check, row.vantage] = row
                changed.add(row.target)
        for target in changed:
            if not target.startswith(ACCOUNT_PREFIX):
                self._rows[target] = self._row(target)
        return changed

    def rows(self) -> list[DomainRow]:
        """Every domain, worst first, then the one that changed last, then by name; freshness as of now."""
        now = self._clock.now()
        fresh = [self._aged(row, now) for row in self._rows.values()]
        return sorted(fresh, key=_worst_first)

    def row(self, target: str) -> DomainRow | None:
        """One domain's line as of now, or None for a domain that is not known."""
        row = self._rows.get(target)
        return None if row is None else self._aged(row, self._clock.now())

    def counts(self) -> dict[Verdict, int]:
        """How many domains stand at each verdict; a silent one counts as UNKNOWN."""
        counts = dict.fromkeys(Verdict, 0)
        now = self._clock.now()
        for row in self._rows.values():
            counts[self._aged(row, now).verdict] += 1
        return counts

    def view(self, target: str) -> DomainView | None:
        """Everything about one domain, worst check first."""
        row = self.row(target)
        if row is None:
            return None
        configured = self._configured.get(target)
        return DomainView(
            row=row,
            owner=configured.owner if configured else "",
            services=configured.services if configured else (),
            checks=tuple(sorted(self.checks(target), key=lambda view: (view.verdict.rank, view.check))),
            history=tuple(reversed(self._history.get(target, []))),
        )

    def checks(self, target: str) -> list[CheckView]:
        """The decisions of one target's checks with what each vantage saw."""
        now = self._clock.now()
        latest = self._latest.get(target, {})
        views = []
        for check in CHECKS:
            decision = latest.get((check.id, DECISION))
            if decision is None:
                continue
            seen = [row for (name, vantage), row in latest.items() if name == check.id and vantage != DECISION]
            views.append(_check_view(check, decision, seen, freshness(decision.at, now, self._interval(check.id))))
        return views

    def decision(self, target: str, check: str) -> Observation | None:
        """The latest decision of one check, or None when it was never looked at."""
        row = self._latest.get(target, {}).get((check, DECISION))
        return None if row is None else _observation(row)

    def account_targets(self) -> list[str]:
        """The SES accounts that were ever observed."""
        return sorted(target for target in self._latest if target.startswith(ACCOUNT_PREFIX))

    def _row(self, target: str) -> DomainRow:
        configured = self._configured.get(target)
        services = len(configured.services) if configured else 0
        decisions = [row for (_, vantage), row in self._latest.get(target, {}).items() if vantage == DECISION]
        if not decisions:
            return DomainRow(
                target, Verdict.UNKNOWN, "", "not looked at yet", None, None, Freshness.SILENT, services, {}
            )
        self._expiry[target] = (
            min(row.at + self._interval(row.check) * LATE_INTERVALS for row in decisions),
            min(row.at + self._interval(row.check) * SILENT_INTERVALS for row in decisions),
        )
        worst = min(decisions, key=lambda row: (Verdict(row.verdict).rank, _order(row.check)))
        oldest = min(row.at for row in decisions)
        verdict = Verdict(worst.verdict)
        headline = worst.headline if verdict.rank < Verdict.OK.rank else "all checks are good"
        checks = {row.check: Verdict(row.verdict) for row in decisions}
        return DomainRow(
            target, verdict, worst.check, headline, worst.since, oldest, Freshness.FRESH, services, checks
        )

    def _aged(self, row: DomainRow, now: datetime) -> DomainRow:
        """The row with its freshness as of now; what is silent is UNKNOWN, whatever it last was."""
        late_at, silent_at = self._expiry.get(row.target, (now, now))
        if now <= late_at or row.at is None:
            return row
        if now <= silent_at:
            return replace(row, freshness=Freshness.LATE)
        if row.verdict.rank <= Verdict.UNKNOWN.rank:
            return replace(row, freshness=Freshness.SILENT)
        headline = "no data: the last answer is too old to trust"
        return replace(row, verdict=Verdict.UNKNOWN, headline=headline, freshness=Freshness.SILENT)

    def _interval(self, check: str) -> timedelta:
        return self._intervals.get(check, timedelta(days=1))


def _order(check: str) -> int:
    return next((place for place, known in enumerate(CHECKS) if known.id == check), len(CHECKS))


def _worst_first(row: DomainRow) -> tuple[int, float, str]:
    since = row.since.timestamp() if row.since is not None and row.verdict.rank < Verdict.INFO.rank else 0.0
    return row.verdict.rank, -since, row.target


def _observation(row: Latest) -> Observation:
    return observation_from(
        target=row.target,
        check=row.check,
        vantage=row.vantage,
        verdict=row.verdict,
        headline=row.headline,
        detail=row.detail,
        at=row.at,
        took_ms=row.took_ms,
    )


def _check_view(check: Check, decision: Latest, seen: Iterable[Latest], state: Freshness) -> CheckView:
    known = _observation(decision)
    return CheckView(
        check=check.id,
        title=check.title,
        verdict=known.verdict,
        headline=known.headline,
        since=decision.since,
        at=decision.at,
        freshness=state,
        finding=known.finding,
        vantages=tuple(_vantage_view(row) for row in sorted(seen, key=lambda row: row.vantage)),
        evidence=known.evidence,
    )


def _vantage_view(row: Latest) -> VantageView:
    known = _observation(row)
    evidence: Mapping[str, object] = known.evidence
    return VantageView(row.vantage, known.verdict, known.headline, row.at, evidence)
