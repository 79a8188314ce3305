"""tls.transparency: does a certificate bear enough timestamps of public logs for browsers to take it (RFC 6962)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.clock import parse_time
from cockpit.health.model import Finding, Observation, Reading, Verdict
from cockpit.health.tls.hosts import Judged, decide

CHECK = "tls.transparency"

LOOKED_IN = (
    "the certificate and the stapled OCSP answer; timestamps that a server adds to the TLS handshake (RFC 6962 "
    "section 3.3.1) cannot be seen from here"
)

_SHORT = timedelta(days=180)


def wanted(lifetime: timedelta) -> int:
    """How many logs must vouch for a certificate: 2 up to 180 days, 3 above (the browsers' policies)."""
    return 2 if lifetime <= _SHORT else 3


def judge_transparency(target: str, readings: Sequence[Reading], at: datetime) -> Observation:
    """The decision; a log counts once, and only if its signature holds where that can be checked."""
    return decide(target, CHECK, readings, at, _judge)


def _judge(reading: Reading, host: str) -> Judged:
    certificate = reading.seen["certificate"]
    need = wanted(parse_time(certificate["not_after"]) - parse_time(certificate["not_before"]))
    found: list[Mapping[str, Any]] = list(reading.seen.get("timestamps") or ())
    unchecked = {each["id"] for each in found if each["state"] == "not-verified"}
    verified = {each["id"] for each in found if each["state"] == "good"}
    counted = len(verified | unchecked)
    plain = {
        "wanted": need,
        "counted": counted,
        "verified": len(verified),
        "timestamps": [{key: each.get(key) for key in ("log", "at", "state", "source")} for each in found],
        "looked_in": LOOKED_IN,
    }
    forged = next((each for each in found if each["state"] in ("bad-signature", "future")), None)
    aside = "" if not unchecked else "; their signatures are not checked, for no list of logs is configured"
    if counted >= need and forged is None:
        logs = f"{counted} log{'' if counted == 1 else 's'}"
        return Judged(Verdict.OK, f"{host}: {logs} vouch for it, {need} are wanted{aside}", None, plain)
    if forged is not None and counted >= need:
        said = f"{host}: a timestamp of {forged['log']} is not good ({forged['state'].replace('-', ' ')})"
    else:
        said = f"{host}: {_few(counted, found)}, {need} are wanted"
    finding = Finding(
        f"{said}. Looked in: {LOOKED_IN}.",
        f"Timestamps of {need} different logs that browsers know.",
        "Have the certificate issued anew by an authority that logs what it issues; browsers refuse one that too "
        "few logs vouch for. A private authority need not log.",
    )
    return Judged(Verdict.WARN, said, finding, plain)


def _few(counted: int, found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "no log vouches for it"
    strange = sum(each["state"] == "unknown-log" for each in found)
    unlisted = f" ({strange} timestamp{'' if strange == 1 else 's'} of unlisted logs)" if strange else ""
    return f"{counted} log{'' if counted == 1 else 's'} vouch for it{unlisted}"
