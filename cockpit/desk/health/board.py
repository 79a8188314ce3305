"""Health as the board shows it: the latest observations by target, read by change number so that 10,000 domains
cost nothing while they are quiet."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush

from msgspec.structs import replace

from cockpit.clock import Clock, parse_time
from cockpit.config import DomainConfig, Settings
from cockpit.desk.health.recent import Span, Standing, recent
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
from cockpit.health.detail import stored_observation
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.registry import ACCOUNT_PREFIX, CHECKS, Check
from storage.ledger import Event
from storage.observations import Latest, Observations

HISTORY_LINES = 50
"""Changes of verdict kept in memory per target."""

_GAPS = 20
"""Stretches without a watch that are remembered."""


class Board:
    """The latest health of every target, and its changes of verdict from `health.changed` events."""

    def __init__(self, observations: Observations, settings: Settings, clock: Clock) -> None:
        self._observations = observations
        self._settings = settings
        self._clock = clock
        self._change = 0
        self._latest: dict[str, dict[tuple[str, str], Latest]] = {}
        self._rows: dict[str, DomainRow] = {}
        self._ranked: list[_Rank] = []
        self._counts = dict.fromkeys(Verdict, 0)
        self._ageing: list[tuple[datetime, str]] = []
        self._expiry: dict[str, tuple[datetime, datetime]] = {}
        self._history: dict[str, list[HistoryLine]] = {}
        self._gaps: list[Span] = []
        self._resolvers: dict[str, tuple[tuple[str, Verdict], ...]] = {}
        self._zones: dict[str, tuple[datetime, str]] = {}
        self._intervals = {
            check.id: timedelta(seconds=getattr(settings.intervals, check.interval)) for check in CHECKS
        }
        self._configured: dict[str, DomainConfig] = {domain.name: domain for domain in settings.domains}
        self._own_intervals = {
            (domain.name, check.id): timedelta(seconds=own)
            for domain in settings.domains
            if domain.intervals is not None
            for check in CHECKS
            if (own := getattr(domain.intervals, check.interval, None)) is not None
        }
        for name in self._configured:
            self._place(self._fresh(name))

    @property
    def targets(self) -> int:
        """How many domains are configured or were ever seen."""
        return len(self._rows)

    @property
    def unseen(self) -> int:
        """How many of them nobody has looked at yet."""
        return len(self._rows) - len(self._expiry)

    def absorb(self, event: Event) -> None:
        """Keep the changes of verdict, and the stretches in which no watch ran."""
        if event.kind in ("watch.started", "watch.stopped"):
            self._note_gap(event)
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
                self._resolvers.pop(row.target, None)
        for target in changed:
            if not target.startswith(ACCOUNT_PREFIX):
                self._place(self._fresh(target))
        return changed

    def rows(self) -> list[DomainRow]:
        """Every domain, worst first, then the one that changed last, then by name; freshness as of now."""
        self._age()
        return [self._rows[target] for _, _, target in self._ranked]

    def row(self, target: str) -> DomainRow | None:
        """One domain's line as of now, or None for a domain that is not known."""
        self._age()
        return self._rows.get(target)

    def counts(self) -> dict[Verdict, int]:
        """How many domains stand at each verdict; a silent one counts as UNKNOWN."""
        self._age()
        return dict(self._counts)

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
            checks=tuple(sorted(self.checks(target), key=_cause_first)),
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
            views.append(
                _check_view(check, decision, seen, freshness(decision.at, now, self._interval(target, check.id)))
            )
        return views

    def decision(self, target: str, check: str) -> Observation | None:
        """The latest decision of one check, or None when it was never looked at."""
        row = self._latest.get(target, {}).get((check, DECISION))
        return None if row is None else stored_observation(row)

    def recent(self, target: str) -> tuple[Verdict | None, ...]:
        """The worst verdict in each step of the last hour, the newest last; None where nobody looked."""
        return recent(self._history.get(target, ()), self._standing(target), self._gaps, self._clock.now())

    def recent_by_check(self, target: str, step: timedelta, steps: int) -> dict[str, tuple[Verdict | None, ...]]:
        """The same for each check apart, in other steps."""
        history, now = self._history.get(target, ()), self._clock.now()
        return {
            check: recent(
                [line for line in history if line.check == check],
                {check: state}, self._gaps, now, step=step, steps=steps,
            )
            for check, state in self._standing(target).items()
        }  # fmt: skip

    def _standing(self, target: str) -> dict[str, Standing]:
        """Each check's verdict, since when it holds and until when that may be believed."""
        return {
            check: (Verdict(row.verdict), row.since, row.at + self._interval(target, check) * SILENT_INTERVALS)
            for (check, vantage), row in self._latest.get(target, {}).items()
            if vantage == DECISION
        }

    def resolvers(self, target: str) -> tuple[tuple[str, Verdict], ...]:
        """What each resolver says of the domain's resolution, by name; empty before any was asked."""
        known = self._resolvers.get(target)
        if known is None:
            seen = [row for (check, _), row in self._latest.get(target, {}).items() if check == _RESOLUTION]
            asked = [stored_observation(row) for row in seen if row.vantage != DECISION]
            known = tuple(
                (each.vantage, each.verdict)
                for each in sorted(asked, key=lambda each: each.vantage)
                if each.evidence.get("role") == "resolver"
            )
            self._resolvers[target] = known
        return known

    def zone(self, target: str) -> str:
        """The zone that holds a domain, as last found in DNS; empty before it was."""
        row = self._latest.get(target, {}).get((_RESOLUTION, DECISION))
        if row is None:
            return ""
        known = self._zones.get(target)
        if known is None or (row.at > known[0] if not known[1] else row.at - known[0] > _ZONE_STANDS):
            found = str(stored_observation(row).evidence.get("zone") or "")
            # A zone that cannot be found while its servers are down is still the one that it was.
            known = self._zones[target] = row.at, found or (known[1] if known else "")
        return known[1]

    def account_targets(self) -> list[str]:
        """The SES accounts that were ever observed."""
        return sorted(target for target in self._latest if target.startswith(ACCOUNT_PREFIX))

    def _note_gap(self, event: Event) -> None:
        """A gap ends where the next watch starts; what was before the first watch is one too.

        A watch that was killed says no farewell: its successor says when it was seen last.
        """
        last_seen = str(event.body.get("last_seen") or "")
        if event.kind == "watch.stopped":
            self._gaps = [*self._gaps[1 - _GAPS :], (event.occurred_at, None)]
        elif not self._gaps:
            self._gaps = [(None, event.occurred_at)]
        elif self._gaps[-1][1] is None:
            self._gaps[-1] = (self._gaps[-1][0], event.occurred_at)
        elif last_seen:
            self._gaps = [*self._gaps[1 - _GAPS :], (parse_time(last_seen), event.occurred_at)]

    def _fresh(self, target: str) -> DomainRow:
        """The row that the latest decisions amount to; also sets when it will be late and when silent."""
        configured = self._configured.get(target)
        services = len(configured.services) if configured else 0
        decisions = [row for (_, vantage), row in self._latest.get(target, {}).items() if vantage == DECISION]
        if not decisions:
            unseen = Freshness.SILENT
            return DomainRow(target, Verdict.UNKNOWN, "", "not looked at yet", None, None, unseen, services)
        late_at = min(row.at + self._interval(target, row.check) * LATE_INTERVALS for row in decisions)
        silent_at = min(row.at + self._interval(target, row.check) * SILENT_INTERVALS for row in decisions)
        self._expiry[target] = (late_at, silent_at)
        heappush(self._ageing, (late_at, target))
        worst = min(decisions, key=lambda row: (Verdict(row.verdict).rank, _PLACE.get(row.check, len(_PLACE))))
        verdict = Verdict(worst.verdict)
        return DomainRow(
            target=target,
            verdict=verdict,
            check=worst.check,
            headline=worst.headline if verdict.rank < Verdict.OK.rank else "all checks are good",
            since=worst.since,
            at=min(row.at for row in decisions),
            freshness=Freshness.FRESH,
            services=services,
            checks={row.check: Verdict(row.verdict) for row in decisions},
        )

    def _place(self, row: DomainRow) -> None:
        """Put a row where it belongs in the order, taking the old one of the same target out."""
        old = self._rows.get(row.target)
        if old is not None:
            self._counts[old.verdict] -= 1
            if _rank(old) != _rank(row):
                del self._ranked[bisect_left(self._ranked, _rank(old))]
                insort(self._ranked, _rank(row))
        else:
            insort(self._ranked, _rank(row))
        self._counts[row.verdict] += 1
        self._rows[row.target] = row

    def _age(self) -> None:
        """Turn rows late or silent whose time has come; what is silent is UNKNOWN, unless it was worse."""
        now = self._clock.now()
        while self._ageing and self._ageing[0][0] < now:
            target = heappop(self._ageing)[1]
            late_at, silent_at = self._expiry[target]
            if late_at >= now:
                continue
            row = self._rows[target]
            if silent_at >= now:
                heappush(self._ageing, (silent_at, target))
                self._place(replace(row, freshness=Freshness.LATE))
            elif row.verdict.rank <= Verdict.UNKNOWN.rank:
                self._place(replace(row, freshness=Freshness.SILENT))
            else:
                headline = "no data: the last answer is too old to trust"
                silent = Freshness.SILENT
                self._place(replace(row, verdict=Verdict.UNKNOWN, headline=headline, freshness=silent))

    def _interval(self, target: str, check: str) -> timedelta:
        own = self._own_intervals.get((target, check)) if self._own_intervals else None
        return own or self._intervals.get(check, timedelta(days=1))


_RESOLUTION = "dns.resolution"
_ZONE_STANDS = timedelta(hours=1)
"""For how long a zone is not read anew out of what was observed: zones are cut seldom, and rows are many."""

_PLACE = {check.id: place for place, check in enumerate(CHECKS)} | {"dns.dnssec": -1}
"""Where each check stands among equals: a chain that is broken is why names do not resolve."""

_ONE_LOOK = timedelta(seconds=15)
"""What was seen this much before its decision is of an earlier look: one that hears nobody leaves it standing."""

_DRAWN = ("mail.alignment",)
"""Checks whose verdict is drawn from those of others: what mends the others mends them too."""


def _cause_first(view: CheckView) -> tuple[int, bool, int]:
    """Worst first; among equals what is more likely the cause: names, then mail and certificates, then services."""
    return view.verdict.rank, view.check in _DRAWN, _PLACE.get(view.check, len(_PLACE))


_Rank = tuple[int, float, str]


def _rank(row: DomainRow) -> _Rank:
    """Worst first; among the failing the newest; then by name."""
    newest = row.since.timestamp() if row.since is not None and row.verdict.rank < Verdict.INFO.rank else 0.0
    return row.verdict.rank, -newest, row.target


def _check_view(check: Check, decision: Latest, seen: Iterable[Latest], state: Freshness) -> CheckView:
    known = stored_observation(decision)
    return CheckView(
        check=check.id,
        title=check.title,
        verdict=known.verdict,
        headline=known.headline,
        since=decision.since,
        at=decision.at,
        freshness=state,
        finding=known.finding,
        vantages=tuple(
            _vantage_view(row, Freshness.SILENT if decision.at - row.at > _ONE_LOOK else state)
            for row in sorted(seen, key=lambda row: row.vantage)
        ),
        evidence=known.evidence,
    )


def _vantage_view(row: Latest, state: Freshness) -> VantageView:
    known = stored_observation(row)
    evidence: Mapping[str, object] = known.evidence
    return VantageView(row.vantage, known.verdict, known.headline, row.at, evidence, state)
