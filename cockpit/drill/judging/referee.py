"""The world as its own referee: each expectation met or missed, by what the world itself saw.

Calls, records, messages and mail are what the simulated servers were asked; only noticing, answering, roles and
"resolved" are taken from the ledger's claims, and a resolution that came before the repair is not believed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.ses.mail import Mail
from cockpit.drill.clock import DrillClock
from cockpit.drill.judging.claims import Claims
from cockpit.drill.judging.deeds import Act, Deeds, Doings
from cockpit.drill.judging.tidings import Message, Tidings
from cockpit.drill.scenario import Scenario
from cockpit.incident.deadlines import TERMS, Term

PENALTY_WRONG = 10
PENALTY_DANGEROUS = 20


class Outcome(StrEnum):
    """How an expectation ended; OPEN while there is still time."""

    MET = "met"
    LATE = "late"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One expectation: `due` and `after` count scenario time from the first inject; `source` is who knows."""

    title: str
    outcome: Outcome
    due: timedelta | None
    after: timedelta | None = None
    at: datetime | None = None
    source: str = "world"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The whole judgement; durations are scenario time from the first inject, None where there is none."""

    judgements: tuple[Judgement, ...]
    acts: tuple[Act, ...]
    missing: tuple[str, ...]
    detection: timedelta | None
    response: timedelta | None
    restoration: timedelta | None
    resolution: timedelta | None
    restored: bool
    percent: int
    rto: timedelta | None = None
    """How soon everything has to work again, by the severity profile and the severity that was chosen."""


class Witness(Doings, Protocol):
    """What the referee asks of the world."""

    @property
    def began_at(self) -> datetime | None:
        """When the first inject happened, or would have; None before."""

    def holds(self, condition: v.AnyCondition) -> bool:
        """Whether a condition of recovery holds now."""

    def messages(self) -> Sequence[Message]:
        """What arrived at the sinks."""

    def mails(self) -> Sequence[Mail]:
        """Mail that left through SES."""


class Referee:
    """Watches the conditions of recovery while the drill runs, and scores at any moment."""

    def __init__(self, scenario: Scenario, clock: DrillClock, witness: Witness, severity_profile: str) -> None:
        self._scenario = scenario
        self._clock = clock
        self._witness = witness
        self._severity_profile = severity_profile
        self._deeds = Deeds(scenario, witness, self._since)
        self._held_since: dict[v.AnyCondition, datetime | None] = dict.fromkeys(_watched(scenario))
        self._failed: set[v.AnyCondition] = set()
        self.broken_at: datetime | None = None
        self.restored_at: datetime | None = None

    def observe(self) -> str:
        """Look at the conditions; returns a sentence when the world has just broken or been restored."""
        if self._witness.began_at is None:
            return ""
        whole = self.holds()
        now = self._clock.now()
        for condition, at in self._held_since.items():
            if not self._witness.holds(condition):
                self._failed.add(condition)
                self._held_since[condition] = None
            elif at is None:
                self._held_since[condition] = now
        if not whole and (self.broken_at is None or self.restored_at is not None):
            again = " again" if self.broken_at is not None else ""
            self.broken_at, self.restored_at = self.broken_at or now, None
            return f"the world is broken{again}, by its own measure"
        if whole and self.broken_at is not None and self.restored_at is None:
            self.restored_at = now
            return "the world is restored, by its own measure"
        return ""

    def holds(self) -> bool:
        """Whether every condition of recovery holds at this moment."""
        return all(self._witness.holds(condition) for condition in self._scenario.restored_when)

    def restored(self) -> bool:
        """Whether the world was broken and is whole again, or never broke."""
        return self._witness.began_at is not None and self.holds()

    def score(self, claims: Claims, *, final: bool = True) -> Score:
        """Judge the drill so far; with `final`, what is not met is missed, whatever time is left."""
        self.observe()
        judgements = tuple(self._judge(expected, claims, final) for expected in self._scenario.expect)
        acts = tuple(self._deeds.acts(self._held_since.__getitem__))
        return Score(
            judgements=judgements,
            acts=acts,
            missing=tuple(self._deeds.missing()),
            detection=self._since(claims.detected_at),
            response=self._since(claims.acknowledged_at),
            restoration=self._since(self.restored_at),
            resolution=self._since(claims.resolved_at),
            restored=self.restored(),
            rto=self._rto(claims),
            percent=_percent(judgements, acts),
        )

    def _judge(self, expected: v.AnyExpectation, claims: Claims, final: bool) -> Judgement:
        due = self._due(expected, claims)
        at, source, note = self._moment(expected, claims, final)
        after = self._since(at)
        if after is None:
            elapsed = self._since(self._clock.now())
            passed = due is not None and elapsed is not None and elapsed > due
            spoiled = isinstance(expected, v.LeftAlone | v.UpdatesKept | v.TextSays) and bool(note)
            outcome = Outcome.MISSED if final or passed or spoiled else Outcome.OPEN
        else:
            outcome = Outcome.LATE if due is not None and after > due else Outcome.MET
        return Judgement(
            title=expected.title, outcome=outcome, due=due, after=after, at=at, source=source, note=note
        )

    def _moment(self, expected: v.AnyExpectation, claims: Claims, final: bool) -> tuple[datetime | None, str, str]:
        """When an expectation was met, who knows it, and what there is to say."""
        match expected:
            case v.Detected():
                return self._not_before(claims.detected_at), "ledger", ""
            case v.Acknowledged():
                return self._not_before(claims.acknowledged_at), "ledger", ""
            case v.RoleFilled(role=role):
                return self._not_before(claims.roles.get(role)), "ledger", ""
            case v.Resolved():
                return self._resolved(claims), "ledger and world", self._resolution_note(claims)
            case v.UpdatePosted():
                return self._first(self._tidings().posted(expected)), "world", ""
            case v.UpdatesKept():
                return self._kept(expected, claims, final)
            case v.TextSays():
                return self._said(expected, final)
            case v.SeverityChosen(severity=severity):
                chosen = claims.severity_at if claims.severity and claims.severity <= severity else None
                note = f"it was {claims.severity}" if claims.severity else ""
                return self._not_before(chosen), "ledger", "" if chosen else note
            case v.Called() | v.RecordChanged():
                return self._first(self._deeds.moments(expected)), "world", ""
            case v.Held(condition=condition):
                mended = condition in self._failed
                return (self._held_since[condition] if mended else None), "world", ""
            case v.Restored():
                return (self.restored_at if self.restored() else None), "world", ""
            case v.CanarySigned(domain=domain):
                return self._first(self._canaries(domain)), "world", ""
            case v.LeftAlone():
                alone = final and not self._changes()
                return (self._clock.now() if alone else None), "world", "; ".join(self._changes())

    def _resolved(self, claims: Claims) -> datetime | None:
        """The claimed resolution, if the world had been restored by then and still is."""
        claimed = self._not_before(claims.resolved_at)
        if self.broken_at is None:
            return claimed
        if claimed is None or self.restored_at is None or claimed < self.restored_at:
            return None
        return claimed

    def _resolution_note(self, claims: Claims) -> str:
        if claims.resolved_at is None:
            return "nobody resolved it"
        return "" if self._resolved(claims) else "it was called resolved before the world was restored"

    def _canaries(self, domain: str) -> Iterable[datetime]:
        repaired = self.restored_at
        return (
            mail.at
            for mail in self._witness.mails()
            if mail.sender_domain == domain
            and mail.signature.verifiable
            and (repaired is None or mail.at >= repaired)
        )

    def _due(self, expected: v.AnyExpectation, claims: Claims) -> timedelta | None:
        if isinstance(expected, v.UpdatesKept):
            return None
        if expected.by_s is not None:
            return timedelta(seconds=expected.by_s)
        terms = self._terms(claims)
        name = {v.Acknowledged: "acknowledge", v.UpdatePosted: "customers", v.Restored: "rto"}.get(type(expected))
        return terms[name].after if name is not None and name in terms else None

    def _terms(self, claims: Claims) -> Mapping[str, Term]:
        """The severity profile's terms for the severity that was chosen, else for the one that was meant."""
        severity = claims.severity or self._scenario.severity
        return TERMS.get(self._severity_profile, {}).get(severity, {})

    def _rto(self, claims: Claims) -> timedelta | None:
        term = self._terms(claims).get("rto")
        return None if term is None else term.after

    def _since(self, at: datetime | None) -> timedelta | None:
        began = self._witness.began_at
        if at is None or began is None:
            return None
        return self._clock.scenario_at(at) - self._clock.scenario_at(began)

    def _not_before(self, at: datetime | None) -> datetime | None:
        """A claim from before the first inject is about something else."""
        began = self._witness.began_at
        return at if at is not None and began is not None and at >= began else None

    def _first(self, moments: Iterable[datetime]) -> datetime | None:
        return min((at for at in moments if self._not_before(at) is not None), default=None)

    def _changes(self) -> list[str]:
        """What participants changed since the drill began."""
        return [act.what for act in self._deeds.acts(self._held_since.__getitem__)]

    def _kept(self, expected: v.UpdatesKept, claims: Claims, final: bool) -> tuple[datetime | None, str, str]:
        """Whether no silence was too long from the first message to the end, and how long the longest was."""
        over = self._resolved(claims) or (self.restored_at if self.restored() else None)
        end = over or self._clock.now()
        longest = self._tidings().silence(expected.sink, end)
        if longest is None:
            return None, "world", "nobody was told anything" if final else ""
        allowed = self._cadence(expected, claims)
        if allowed is not None and longest > allowed:
            return None, "world", f"the longest silence was {_minutes(longest)}"
        return (end if final or over is not None else None), "world", ""

    def _said(self, expected: v.TextSays, final: bool) -> tuple[datetime | None, str, str]:
        """When the right words were read; only the first ones can be judged before it is over."""
        at, fault = self._tidings().said(expected)
        if not final and expected.which != "first":
            return None, "world", ""
        return (None if fault else at), "world", fault if at is not None or final else ""

    def _tidings(self) -> Tidings:
        """What was told since the drill began."""
        told = [one for one in self._witness.messages() if self._not_before(one.at) is not None]
        return Tidings(told, self._between)

    def _cadence(self, expected: v.UpdatesKept, claims: Claims) -> timedelta | None:
        if expected.every_s is not None:
            return timedelta(seconds=expected.every_s)
        term = self._terms(claims).get("update")
        return None if term is None else term.after

    def _between(self, early: datetime, late: datetime) -> timedelta:
        return self._clock.scenario_at(late) - self._clock.scenario_at(early)


def _watched(scenario: Scenario) -> Iterator[v.AnyCondition]:
    """The conditions of which it matters to this scenario since when they hold."""
    yield from (expected.condition for expected in scenario.expect if isinstance(expected, v.Held))
    yield from (wrong.until for wrong in scenario.wrong if wrong.until is not None)


def _minutes(duration: timedelta) -> str:
    seconds = round(duration.total_seconds())
    return f"{seconds // 60} min {seconds % 60:02d} s"


def _percent(judgements: Sequence[Judgement], acts: Sequence[Act]) -> int:
    """Expectations met, a late one half, less what was done wrong; never below 0."""
    worth = {Outcome.MET: 1.0, Outcome.LATE: 0.5}
    points = sum(worth.get(one.outcome, 0.0) for one in judgements)
    reached = 100 * points / len(judgements) if judgements else 100.0
    dangerous = sum(act.verdict == "dangerous" for act in acts)
    wrong = sum(act.verdict == "wrong" for act in acts)
    return max(0, round(reached - PENALTY_DANGEROUS * dangerous - PENALTY_WRONG * wrong))
