"""From what each address presents to the decision of one check: the worst counts, and all stand in the evidence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

TOLD = "tls.certificate tells it"
"""Why a part is quiet."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one address amounts to for one check."""

    verdict: Verdict
    headline: str
    finding: Finding | None = None
    plain: Mapping[str, Any] = field(default_factory=dict)
    quiet: bool = False
    alert_kind: str = ""
    rung: int = 0


def decide(
    target: str,
    check: str,
    readings: Sequence[Reading],
    at: datetime,
    judge: Callable[[Reading, str], Judged],
    listed: str = "hosts",
) -> Observation:
    """The decision over all addresses; `judge` is asked for those that presented a certificate.

    Where some address presented none, that is for `tls.certificate` to tell: here the others decide.
    """
    seen = [(reading, host_of(reading)) for reading in readings if reading.failure is None]
    took = max((reading.took for reading in readings), default=timedelta())
    if not readings:
        return Observation(target, check, DECISION, Verdict.NA, "no host is configured", at)
    if not seen:
        reason = str(readings[0].seen.get("reason") or readings[0].failure)
        unseen = f"{host_of(readings[0])}: no certificate was seen ({reason})"
        return Observation(target, check, DECISION, Verdict.UNKNOWN, unseen, at, took, evidence={listed: []})
    judged = [judge(reading, host) for reading, host in seen]
    worst = min(judged, key=lambda each: (each.verdict.rank, each.quiet, -each.rung))
    plain = [
        {"host": host, "address": str(reading.seen.get("address", "")), **each.plain}
        for (reading, host), each in zip(seen, judged, strict=True)
    ]
    evidence: dict[str, Any] = {listed: plain, "kind": worst.alert_kind or "certificate-invalid"}
    if worst.rung:
        evidence["rung"] = worst.rung
    if worst.quiet:
        evidence["quiet"] = TOLD
    same = sum(each.verdict is worst.verdict for each in judged)
    more = f" (and {same - 1} more)" if same > 1 and worst.verdict is not Verdict.OK else ""
    return Observation(
        target, check, DECISION, worst.verdict, f"{worst.headline}{more}", at, took, worst.finding, evidence
    )


def host_of(reading: Reading) -> str:
    """The host that was looked at."""
    return str(reading.seen.get("host", reading.vantage))


def reason_of(reading: Reading) -> str:
    """Why clients refuse the certificate; empty when they accept it."""
    return str((reading.seen.get("verification") or {}).get("reason", ""))
