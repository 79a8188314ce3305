"""tls.certificate: is what each host presents trusted, for its name, complete, and good for long enough."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.clock import parse_time
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

CHECK = "tls.certificate"

RUNGS_DAYS = (30, 14, 7, 1)
"""Days before the end at which the warning rises; the last one is a failure."""

_FULL_LADDER_DAYS = 100
"""A certificate that lives shorter than this climbs a ladder shortened in proportion, or it would always warn."""

_UNSEEN = {
    "timeout": "no TLS handshake in time",
    "unreachable": "there is no way to it from here",
    "no-resolver": "no resolver answers",
    "servfail": "the resolvers answer SERVFAIL",
    "no-address": "it has no address",
    "bogus": "its address fails DNSSEC validation",
    "not-allowed": "it may not be connected to",
}
"""Failures after which nothing is known of the certificate."""


def judge_certificates(target: str, readings: Sequence[Reading], at: datetime) -> list[Observation]:
    """One observation per host and address, and the worst of them as the decision, which comes last."""
    seen = [_judge(reading, at) for reading in readings]
    return [*seen, _worst(target, seen, at)]


def rung_of(left: timedelta, lifetime: timedelta) -> int:
    """How many rungs of the ladder have been passed, 0 to 4: min(fixed days, a fraction of the lifetime) each."""
    return sum(left <= step for step in ladder(lifetime))


def ladder(lifetime: timedelta) -> tuple[timedelta, ...]:
    """How long before its end a certificate that lives so long is warned about, longest first."""
    share = min(1.0, lifetime / timedelta(days=_FULL_LADDER_DAYS))
    return tuple(timedelta(days=days) * share for days in RUNGS_DAYS)


def _judge(reading: Reading, at: datetime) -> Observation:
    seen = reading.seen
    host = str(seen.get("host", reading.vantage))
    evidence: dict[str, Any] = {"kind": "certificate-invalid", "host": host, "address": seen.get("address", "")}
    if reading.failure is not None:
        return _not_fetched(reading, host, evidence)
    certificate, verification = seen["certificate"], seen["verification"]
    ends, starts = parse_time(certificate["not_after"]), parse_time(certificate["not_before"])
    left = ends - at
    rung = rung_of(left, ends - starts)
    evidence.update(
        not_after=certificate["not_after"],
        issuer=certificate["issuer"],
        names=certificate["names"],
        hours_left=round(left / timedelta(hours=1), 1),
        rung=rung,
        path=verification["path"],
        sha256=certificate["sha256"],
        key=certificate.get("key", ""),
        signature=certificate.get("signature", ""),
        chain=[dict(each) for each in seen.get("picture") or ()],
    )
    reason = str(verification["reason"])
    if reason:
        return _refused(reading, host, reason, str(verification["detail"]), evidence)
    if rung:
        return _expiring(reading, host, ends, left, rung, evidence)
    until = f"{ends:%Y-%m-%d} ({left.days} days)"
    return reading.judged(Verdict.OK, f"{host}: good until {until}, by {certificate['issuer']}", evidence=evidence)


def _not_fetched(reading: Reading, host: str, evidence: dict[str, Any]) -> Observation:
    failure, reason = str(reading.failure), str(reading.seen.get("reason", ""))
    if failure in _UNSEEN:
        return reading.judged(Verdict.UNKNOWN, f"{host}: {reason or _UNSEEN[failure]}", evidence=evidence)
    evidence["kind"] = "service-down"
    finding = Finding(
        f"No certificate can be had from {reading.vantage}: {reason}.",
        "The host completes a TLS handshake and presents its certificate.",
        "Check the listener on that port and what stands before it (load balancer, proxy).",
    )
    return reading.judged(Verdict.FAIL, f"{host}: no certificate ({reason})", finding, evidence)


_FIXES = {
    "expired": "Issue a new certificate, install it, and only then retire this one.",
    "not-yet-valid": "Check the clock of this machine and of the issuer; install one that is valid now.",
    "name-mismatch": "Install a certificate that has the host among its subject alternative names, or point the "
    "name at the host that the certificate is for.",
    "self-signed": "Install a certificate of an authority that clients trust.",
    "missing-intermediate": "Send the whole chain: in its file, the issuer's certificate follows the server's own.",
    "weak": "Make a new key of 2048 bits or more (or a P-256 one), and have a certificate issued for it.",
    "untrusted-root": "Use a certificate of an authority that clients trust, or give clients this root.",
}


def _refused(reading: Reading, host: str, reason: str, detail: str, evidence: dict[str, Any]) -> Observation:
    evidence.update(reason=reason, rung=len(RUNGS_DAYS))
    if reason == "expired":
        evidence["kind"] = "certificate-expired"
    finding = Finding(
        f"The certificate at {reading.vantage} is refused: {detail}.",
        f"A trusted, complete chain for {host} that is valid now.",
        _FIXES.get(reason, "Install a certificate that clients accept; the reason given is the verifier's own."),
    )
    headline = f"{host}: certificate {detail}" if reason == "expired" else f"{host}: {_short(reason)}: {detail}"
    return reading.judged(Verdict.FAIL, headline, finding, evidence)


def _short(reason: str) -> str:
    return reason.replace("-", " ")


def _expiring(
    reading: Reading, host: str, ends: datetime, left: timedelta, rung: int, evidence: dict[str, Any]
) -> Observation:
    evidence["kind"] = "certificate-expiring"
    last = rung >= len(RUNGS_DAYS)
    rest = f"{left.days} days" if left >= timedelta(days=2) else f"{round(left / timedelta(hours=1))} hours"
    finding = Finding(
        f"The certificate of {host} ends on {ends:%Y-%m-%d %H:%MZ}, in {rest}.",
        "Renewed well before its end.",
        "Issue a new certificate, install it, and only then retire this one. Check why it was not renewed "
        "by itself.",
    )
    verdict = Verdict.FAIL if last else Verdict.WARN
    return reading.judged(verdict, f"{host}: certificate expires in {rest}", finding, evidence)


def _worst(target: str, seen: Sequence[Observation], at: datetime) -> Observation:
    """The worst address decides; an address that cannot be reached from here leaves it to the others."""
    judged = [each for each in seen if each.verdict is not Verdict.UNKNOWN] or list(seen)
    if not judged:
        return Observation(target, CHECK, DECISION, Verdict.NA, "no host is configured", at)
    worst = min(judged, key=lambda each: (each.verdict.rank, -int(each.evidence.get("rung", 0))))
    good = sum(each.verdict is Verdict.OK for each in seen)
    headline = worst.headline
    if worst.verdict is Verdict.OK and good > 1:
        first = min((each for each in judged), key=lambda each: str(each.evidence.get("not_after", "")))
        headline = f"{good} certificates good; the first to end is {first.headline}"
    return Observation(
        target, CHECK, DECISION, worst.verdict, headline, at, worst.took, worst.finding, worst.evidence
    )
