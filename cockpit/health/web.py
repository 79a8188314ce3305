"""http.health: does each address of each host give the answer that is wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

CHECK = "http.health"

_UNSEEN = ("no-resolver", "not-allowed", "unreachable")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a host should answer; `body` is a text that must occur in it, empty for any.

    An answer that takes longer than `slow_s` seconds is a warning; None warns of none.
    """

    status: int = 200
    body: str = ""
    slow_s: float | None = None


def judge_health(target: str, readings: Sequence[tuple[Reading, Wanted]], at: datetime) -> list[Observation]:
    """One observation per host and address, and the decision over them all, which comes last."""
    seen = [_judge(reading, wanted) for reading, wanted in readings]
    return [*seen, _decide(target, seen, at)]


def _judge(reading: Reading, wanted: Wanted) -> Observation:
    seen = reading.seen
    url = f"https://{seen.get('host', '')}{seen.get('path', '')}"
    reason = str(seen.get("reason", ""))
    if reading.failure in _UNSEEN:
        return _observation(reading, Verdict.UNKNOWN, f"{url}: {reason}")
    if reading.failure is not None:
        return _observation(reading, Verdict.FAIL, f"{url}: {reason}", _finding(reading, url, reason, wanted))
    status = int(seen["status"])
    if status != wanted.status:
        to = f" to {seen['location']}" if seen.get("location") else ""
        said = f"answers {status}{to} instead of {wanted.status}"
        return _observation(reading, Verdict.FAIL, f"{url} {said}", _finding(reading, url, said, wanted))
    if wanted.body and not seen.get("body_matches"):
        said = f"answers {status} without the text that is wanted"
        return _observation(reading, Verdict.FAIL, f"{url} {said}", _finding(reading, url, said, wanted))
    elsewhere = _other_host(seen)
    took_ms = round(reading.took.total_seconds() * 1000)
    if wanted.slow_s is not None and reading.took.total_seconds() > wanted.slow_s:
        said = f"answers in {took_ms} ms, and {wanted.slow_s:g} s are allowed"
        return _observation(reading, Verdict.WARN, f"{url} {said}", _finding(reading, url, said, wanted))
    if elsewhere:
        return _observation(reading, Verdict.INFO, f"{url} answers {status} and sends everybody to {elsewhere}")
    return _observation(reading, Verdict.OK, f"{url} answers {status} in {took_ms} ms")


def _other_host(seen: Mapping[str, Any]) -> str:
    """The host that a redirect names, where that is another one; empty otherwise."""
    try:
        named = urlsplit(str(seen.get("location") or "")).hostname or ""
    except ValueError:
        return ""
    return "" if named == str(seen.get("host", "")).lower() else named


def _finding(reading: Reading, url: str, said: str, wanted: Wanted) -> Finding:
    text = f" with “{wanted.body[:80]}” in the body" if wanted.body else ""
    return Finding(
        f"{url} at {reading.vantage}: {said}.",
        f"Status {wanted.status}{text}.",
        "Look at the service behind this address; if only some addresses fail, take them out of the name first.",
    )


def _observation(reading: Reading, verdict: Verdict, headline: str, finding: Finding | None = None) -> Observation:
    # A page that is not asked for because of its host's certificate is mended where the certificate is.
    evidence = {
        "kind": "certificate-invalid" if reading.failure == "bad-certificate" else "service-down",
        **{key: reading.seen[key] for key in ("host", "address", "status", "phases") if key in reading.seen},
    }
    return reading.judged(verdict, headline, finding, evidence)


def _decide(target: str, seen: Sequence[Observation], at: datetime) -> Observation:
    judged = [each for each in seen if each.verdict is not Verdict.UNKNOWN] or list(seen)
    if not judged:
        return Observation(target, CHECK, DECISION, Verdict.NA, "no host is configured", at)
    failing = [each for each in judged if each.verdict is Verdict.FAIL]
    worst = failing[0] if failing else min(judged, key=lambda each: each.verdict.rank)
    headline = worst.headline
    if failing and len(judged) > 1:
        headline = f"{worst.headline} ({len(failing)} of {len(judged)} addresses)"
    elif not failing and worst.verdict is Verdict.OK and len(judged) > 1:
        headline = f"{len(judged)} addresses answer as wanted"
    slowest = max(each.took for each in seen)
    return Observation(target, CHECK, DECISION, worst.verdict, headline, at, slowest, worst.finding, worst.evidence)
