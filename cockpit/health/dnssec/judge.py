"""The judge of the chain: an observation per name server of the domain, and the decision with the chain itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.clock import parse_time
from cockpit.health.dnssec.reasons import BOGUS, INSECURE, NO_DS, SECURE, UNKNOWN, fix, sentence, time_span
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict
from cockpit.health.servers import counted

CHECK = "dns.dnssec"

CHAIN = "chain"
"""The vantage of the reading that holds the links from the root down."""

REFRESH_FRACTION = 0.1
REFRESH_WINDOW = timedelta(days=3)
"""A signature is warned about in the last tenth of its life, or in its last three days if that is shorter."""

_OWN_LABELS = 2
"""Zones with fewer labels are the registries' to keep signed, and not warned about."""


def judge_dnssec(target: str, readings: Sequence[Reading], at: datetime) -> list[Observation]:
    """One observation per name server of the domain's zone, and the decision, which comes last."""
    chain = next(reading for reading in readings if reading.vantage == CHAIN)
    servers = [reading for reading in readings if reading.vantage != CHAIN]
    links: list[Mapping[str, Any]] = list(chain.seen.get("links", ()))
    observed = [_observe(reading, at) for reading in servers]
    aliases: list[Mapping[str, Any]] = list(chain.seen.get("aliases", ()))
    verdict, headline, finding = _decide(target, links, servers, aliases, at)
    took = max((reading.took for reading in readings), default=timedelta())
    evidence = {
        "kind": "dnssec-failure",
        "status": _status(links, servers),
        "chain": [dict(link) for link in links],
        "aliases": [dict(alias) for alias in aliases],
        "expires_at": _first_end(links, servers),
        "also": [
            f"{alias['name']} leads to {alias['target']}, which is {alias['status']}"
            for alias in aliases
            if alias["status"] != SECURE
        ],
    }
    return [*observed, Observation(target, CHECK, DECISION, verdict, headline, at, took, finding, evidence)]


def _observe(reading: Reading, at: datetime) -> Observation:
    status, seen = str(reading.seen.get("status", UNKNOWN)), reading.seen
    if status == SECURE:
        ending = _ending_soon(seen, at)
        verdict, headline = (
            (Verdict.WARN, ending) if ending else (Verdict.OK, "what it answers is signed and valid")
        )
    elif status == BOGUS:
        verdict, headline = Verdict.FAIL, sentence(seen)
    elif status == INSECURE:
        verdict, headline = Verdict.INFO, sentence(seen) or "not signed"
    else:
        verdict, headline = Verdict.UNKNOWN, str(seen.get("trouble") or "does not answer")
    return Observation(
        reading.target, CHECK, reading.vantage, verdict, headline, at, reading.took, evidence=dict(seen)
    )


def _decide(
    target: str,
    links: Sequence[Mapping[str, Any]],
    servers: Sequence[Reading],
    aliases: Sequence[Mapping[str, Any]],
    at: datetime,
) -> tuple[Verdict, str, Finding | None]:
    broken = next((link for link in links if link["status"] == BOGUS), None)
    if broken is not None:
        return _bogus(target, broken, "", Verdict.FAIL)
    if not links or links[-1]["status"] == UNKNOWN:
        where = links[-1]["zone"] if links else "."
        return Verdict.UNKNOWN, f"DNSSEC: {_zone(where)} cannot be asked, so the chain cannot be followed", None
    if links[-1]["status"] == INSECURE:
        return Verdict.INFO, _unsigned(target, links[-1]), None
    return _by_servers(target, links, servers, aliases, at)


def _by_servers(
    target: str,
    links: Sequence[Mapping[str, Any]],
    servers: Sequence[Reading],
    aliases: Sequence[Mapping[str, Any]],
    at: datetime,
) -> tuple[Verdict, str, Finding | None]:
    """The chain holds down to the zone's keys; now what each of its servers answers."""
    heard = [reading for reading in servers if reading.seen.get("status") != UNKNOWN]
    wrong = [reading for reading in heard if reading.seen.get("status") == BOGUS]
    if wrong:
        everywhere = len(wrong) == len(heard)
        names = ", ".join(reading.vantage for reading in wrong[:3])
        where = "" if everywhere else f" at {len(wrong)} of {len(heard)} name servers ({names})"
        return _bogus(target, wrong[0].seen, where, Verdict.FAIL if everywhere else Verdict.WARN)
    alias = next((each for each in aliases if each["status"] == BOGUS), None)
    if alias is not None:
        headline = f"DNSSEC: {alias['name']} leads to {alias['target']}, where {sentence(alias)}"
        wanted = "What an alias leads to validates as well, or is not signed at all."
        return Verdict.FAIL, headline, Finding(f"{headline.partition(': ')[2]}.", wanted, fix(alias))
    for each in (*links, *(reading.seen for reading in heard)):
        ending = _ending_soon(each, at)
        if ending:
            zone = _zone(str(each.get("zone", target)))
            now = f"In {zone}, {ending}."
            wanted = "Signatures are renewed well before they expire."
            do = f"See why the signer of {zone} has not renewed them; once they end, the domain is gone for many."
            return Verdict.WARN, f"DNSSEC: {ending}", Finding(now, wanted, do)
    if not heard:
        return Verdict.UNKNOWN, f"DNSSEC: no name server of {target} answers", None
    rounds = max((int(reading.seen.get("iterations", 0)) for reading in heard), default=0)
    if rounds:
        headline = f"DNSSEC: {target} is valid, and its NSEC3 takes {rounds} extra rounds of hashing"
        now, wanted = f"NSEC3 iterations are {rounds}.", "They are 0; more protect nothing (RFC 9276)."
        return Verdict.WARN, headline, Finding(now, wanted, "Sign the zone with 0 iterations and without salt.")
    end = _first_end(links, servers)
    until = f"; the first signature ends in {_left(end, at)}" if end else ""
    return Verdict.OK, f"DNSSEC: {counted(len(links), 'zone')} signed and valid{until}", None


def _bogus(
    target: str, link: Mapping[str, Any], where: str, verdict: Verdict
) -> tuple[Verdict, str, Finding | None]:
    zone = _zone(str(link.get("zone", target)))
    said = f"{zone}: {sentence(link)}{where}"
    record = link.get("record")
    return (
        verdict,
        f"DNSSEC: {said}",
        Finding(
            f"In {zone}, {sentence(link)}{where}. Validating resolvers answer SERVFAIL for {target}.",
            "Every link from the root down to the records is signed by a key that the zone above vouches for.",
            fix(link),
            str(record) if record else None,
        ),
    )


def _unsigned(target: str, link: Mapping[str, Any]) -> str:
    zone, reason = _zone(str(link["zone"])), str(link.get("reason", ""))
    if reason == NO_DS and link.get("keys"):
        return f"DNSSEC: {zone} is signed, and the zone above has no DS for it: not protected"
    if reason == NO_DS:
        return f"DNSSEC: {zone} is not signed" if zone != target else "DNSSEC: not signed"
    return f"DNSSEC: not protected: {sentence(link)}"


def _ending_soon(seen: Mapping[str, Any], at: datetime) -> str:
    """The warning about a signature in its last days; empty where there is none."""
    zone = str(seen.get("zone", ""))
    if not seen.get("expires_at") or zone.rstrip(".").count(".") + 1 < _OWN_LABELS or zone == ".":
        return ""
    ends, begins = parse_time(str(seen["expires_at"])), parse_time(str(seen["inception"]))
    window = min(REFRESH_WINDOW, (ends - begins) * REFRESH_FRACTION)
    if not timedelta() <= ends - at < window:
        return ""
    return f"the signature over {seen.get('ends_what') or zone} expires in {_left(str(seen['expires_at']), at)}"


def _status(links: Sequence[Mapping[str, Any]], servers: Sequence[Reading]) -> str:
    for each in links:
        if each["status"] != SECURE:
            return str(each["status"])
    found = {str(reading.seen.get("status")) for reading in servers}
    return next((status for status in (BOGUS, UNKNOWN) if status in found), SECURE if links else UNKNOWN)


def _first_end(links: Sequence[Mapping[str, Any]], servers: Sequence[Reading]) -> str | None:
    ends = [
        each["expires_at"] for each in (*links, *(reading.seen for reading in servers)) if each.get("expires_at")
    ]
    return min(ends, default=None)


def _left(moment: str, at: datetime) -> str:
    return time_span((parse_time(moment) - at).total_seconds())


def _zone(zone: str) -> str:
    return "the root" if zone in ("", ".") else zone
