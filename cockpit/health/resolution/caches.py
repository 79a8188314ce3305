"""Rules about the resolvers: validation, ways that do not lead to the source, and who has not caught up yet."""

from datetime import timedelta

from cockpit.health.agreement import THRESHOLD, Agreement
from cockpit.health.model import Finding, Verdict
from cockpit.health.resolution.case import Case, Outcome, named, noted
from cockpit.health.servers import BOGUS, CACHED, ELSEWHERE, GONE, servers_phrase, span

STALE_ANSWER = "EDE 3"
"""Stale Answer (RFC 8914 section 4.4): served although its time is over (RFC 8767)."""


def bogus(case: Case) -> Outcome | None:
    """SERVFAIL that goes away with CD=1: the data fails validation (RFC 4035 section 3.2.2)."""
    heard = case.heard_resolvers()
    failing = [seat for seat in heard if seat.has(BOGUS)]
    if not failing:
        return None
    cell = next(cell for cell in failing[0].cells if cell.state == BOGUS)
    where = servers_phrase(failing, heard, "resolver")
    alone = len(failing) == 1 and len(heard) > 1
    return Outcome(
        Verdict.WARN if alone else Verdict.FAIL,
        f"DNSSEC: {case.target} fails validation at {where}",
        Finding(
            f"{cell.record} {cell.why} at {where}: they answer SERVFAIL, and answer when told not to validate.",
            "The signatures, keys and the DS at the parent form an unbroken chain.",
            "Check the DS at the registrar against the zone's keys and the dates of the signatures. Do not switch "
            "signing off while a DS is published: remove the DS first and wait out its TTL.",
        ),
        kind="dnssec-failure",
    )


def unresolvable(case: Case) -> Outcome | None:
    """The source is fine and nobody can get there: the resolvers all fail."""
    failing = [seat for seat in case.resolvers if any("SERVFAIL" in cell.why for cell in seat.cells)]
    if not failing or len(failing) < len(case.resolvers):
        return None
    where = servers_phrase(failing, case.resolvers, "resolver")
    return Outcome(
        Verdict.FAIL,
        f"DNS: {where} answer SERVFAIL for {case.target}",
        Finding(
            f"{where.capitalize()} answer SERVFAIL, though the name servers answer when asked from here.",
            "Resolvers find their way to the name servers.",
            "Compare the delegation and its glue at the registrar with the zone's own NS records.",
        ),
    )


def agreement(case: Case) -> Agreement:
    """How many of the resolvers that answered say what the source says, and how long the others still may not."""
    heard = case.heard_resolvers()
    behind = [seat for seat in heard if seat.has(GONE) or seat.has(CACHED)]
    rest = max(
        (cell.ttl_s or 0 for seat in behind for cell in seat.cells if cell.state in (GONE, CACHED)), default=0
    )
    clear_at = case.at + timedelta(seconds=rest) if behind else None
    return Agreement(len(heard), len(heard) - len(behind), rest, clear_at)


def lagging(case: Case) -> Outcome | None:
    """Resolvers that still remember an absence or an old value: no fault of the zone, and over at a known time."""
    heard = case.heard_resolvers()
    behind = [seat for seat in heard if seat.has(GONE) or seat.has(CACHED)]
    if not behind or not case.heard_auth():
        return None
    seen = agreement(case)
    cell = next(cell for seat in behind for cell in seat.cells if cell.state in (GONE, CACHED))
    where = servers_phrase(behind, heard, "resolver")
    does_not = "does not see" if len(behind) == 1 else "do not see"
    until = f"{seen.all_clear_at:%H:%M:%S}Z" if seen.all_clear_at else "some time"
    what = "that it was not there" if cell.state == GONE else f"an older value ({cell.value[:80]})"
    return Outcome(
        Verdict.WARN if seen.fraction < THRESHOLD else Verdict.INFO,
        f"DNS: {where} {does_not} the present {cell.record} yet, {span(seen.rest_s)} left; "
        f"{seen.percent} % agree, all clear at {until}",
        Finding(
            f"{cell.record} {cell.type} is published, and {where} still remember{'s' if len(behind) == 1 else ''} "
            f"{what}.",
            f"All resolvers see it; {THRESHOLD * 100:.0f} % of them count as done.",
            f"Wait: the longest of these memories ends in {span(seen.rest_s)}, at {until}.",
        ),
        kind="propagation",
    )


def elsewhere(case: Case) -> Outcome | None:
    """Addresses that the name servers do not give us: meant so for other places, or old. A pin would tell."""
    heard = case.heard_resolvers()
    other = [seat for seat in heard if seat.has(ELSEWHERE)]
    if not other:
        return None
    cell = next(cell for cell in other[0].cells if cell.state == ELSEWHERE)
    where, ending = servers_phrase(other, heard, "resolver"), "s" if len(other) == 1 else ""
    return Outcome(
        Verdict.INFO,
        f"DNS: {where} give{ending} another address for {cell.record}: meant for another place, "
        f"or not yet the new one ({span(cell.ttl_s or 0)} left)",
    )


def stale(case: Case) -> Outcome | None:
    """Answers past their time, which a resolver gives because it cannot reach the source."""
    serving = noted(case.resolvers, STALE_ANSWER)
    if not serving:
        return None
    where = servers_phrase(serving, case.resolvers, "resolver")
    return Outcome(
        Verdict.WARN,
        f"DNS: {where} serve{'s' if len(serving) == 1 else ''} an answer past its time",
        Finding(
            f"{named(serving)} cannot reach the name servers and repeats what it knew ({STALE_ANSWER}).",
            "Resolvers reach the name servers.",
            "Find out why the name servers do not answer there: rate limits, filters, or an outage on the way.",
        ),
    )
