"""The judge: an observation per server, and the decision over them all.

What is wrong at the source comes before any talk of caches. The worst finding decides; the others stand beside it.
"""

from collections.abc import Sequence
from datetime import datetime

from cockpit.health.model import DECISION, Observation, Reading, Verdict
from cockpit.health.resolution import caches, manners, source
from cockpit.health.resolution.case import Case, Outcome
from cockpit.health.resolution.cells import Source, seat
from cockpit.health.resolution.said import Truth, truth_of
from cockpit.health.resolution.wanted import CHECK, Wanted
from cockpit.health.servers import (
    AUTHORITATIVE,
    BOGUS,
    BROKEN,
    CACHED,
    ELSEWHERE,
    GONE,
    GOOD,
    RESOLVER,
    UNKNOWN,
    WRONG,
    Seat,
    counted,
    longest,
    trouble,
)

_RULES = (
    source.gone,
    source.misplaced_alias,
    source.changed,
    source.cut_off,
    source.circle,
    source.no_service,
    source.disagree,
    manners.hollow_name,
    caches.bogus,
    caches.unresolvable,
    caches.lagging,
    manners.delegation,
    manners.without_edns,
    caches.stale,
    manners.wildcard,
    manners.uneven_ttl,
    caches.elsewhere,
)
"""In the order in which they decide among findings that are equally bad."""

_STATES = (
    (GONE, Verdict.FAIL),
    (WRONG, Verdict.FAIL),
    (BOGUS, Verdict.FAIL),
    (BROKEN, Verdict.FAIL),
    (CACHED, Verdict.WARN),
    (UNKNOWN, Verdict.UNKNOWN),
    (ELSEWHERE, Verdict.INFO),
)
_ABOUT_A_RECORD = (GONE, WRONG, BOGUS, CACHED, ELSEWHERE)


def judge_resolution(
    wanted: Wanted,
    readings: Sequence[Reading],
    at: datetime,
    more: Sequence[Reading] = (),
    before: Truth | None = None,
) -> list[Observation]:
    """One observation per server and the decision, which comes last.

    `more` are answers to `follow_up()`; `before` is what the name servers were seen to say earlier.
    """
    source_says = Source(truth_of(readings), before or {})
    seats = [seat(reading, wanted, source_says) for reading in readings]
    case = Case(
        wanted,
        at,
        tuple(each for each in seats if each.role == AUTHORITATIVE and each.name != "delegation"),
        tuple(each for each in seats if each.role == RESOLVER),
        tuple(more),
    )
    return [*(_observe(each) for each in seats), _decide(case)]


def _observe(one: Seat) -> Observation:
    if not one.cells:
        reason = str(one.reading.seen.get("reason", ""))
        return one.observe(Verdict.UNKNOWN, reason or trouble(one.reading.failure or "timeout"))
    for state, verdict in _STATES:
        for cell in one.cells:
            if cell.state == state:
                subject = f"{cell.record} {cell.type} " if state in _ABOUT_A_RECORD else ""
                return one.observe(verdict, f"{subject}{cell.why}")
    return one.observe(Verdict.OK, f"{counted(len(one.cells), 'record')} answered")


def _decide(case: Case) -> Observation:
    silence = source.nobody(case)
    if silence is not None:
        return _decision(case, [silence])
    found = [outcome for rule in _RULES if (outcome := rule(case)) is not None]
    found.sort(key=lambda outcome: outcome.verdict.rank)
    return _decision(case, found or [_fine(case)])


def _decision(case: Case, found: Sequence[Outcome]) -> Observation:
    seats = (*case.auth, *case.resolvers)
    worst, *others = found
    agreement = caches.agreement(case)
    evidence = {
        "kind": worst.kind,
        "zone": case.zone,
        "asked": len(seats),
        "agreeing": sum(each.heard and all(cell.state == GOOD for cell in each.cells) for each in seats),
        "serials": {each.name: each.notes["serial"] for each in case.auth if each.notes.get("serial") is not None},
        "agreement": agreement.plain(),
        "also": [outcome.headline for outcome in others],
    }
    return Observation(
        case.target,
        CHECK,
        DECISION,
        worst.verdict,
        worst.headline,
        case.at,
        longest(seats),
        worst.finding,
        evidence,
    )


def _fine(case: Case) -> Outcome:
    auth, resolvers = case.heard_auth(), case.heard_resolvers()
    silent = [each.name for each in (*case.auth, *case.resolvers) if not each.heard]
    aside = f"; silent: {', '.join(silent[:3])}" if silent else ""
    if not auth:
        return Outcome(
            Verdict.INFO, f"{counted(len(resolvers), 'resolver')} agree; the name servers cannot be asked from here"
        )
    verdict = Verdict.INFO if len(auth) < len(case.auth) else Verdict.OK
    return Outcome(
        verdict, f"{counted(len(auth), 'name server')} and {counted(len(resolvers), 'resolver')} agree{aside}"
    )
