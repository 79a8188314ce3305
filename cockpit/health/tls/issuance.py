"""tls.issuance: which certificates were issued for a domain, whether who issued them may, and which are new.

A certificate by somebody who may not issue fails until it ends, is accepted in the configuration, or its issuer
says that it is revoked. What was revoked once stays so: the one exception, the hold (RFC 5280 section 5.3.1), is
not for certificates of servers.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.clock import format_time, parse_time
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

CHECK = "tls.issuance"

SHOWN = 20
"""Certificates that are shown, the newest first."""

REMEMBERED = 1000
"""Certificates that are remembered as seen, the newest first; older ones have expired long since."""

NEW_FOR = timedelta(hours=24)
"""For how long a certificate counts as new."""


class Allowed(msgspec.Struct, frozen=True):
    """Who may issue, by organisation or common name, and the serial numbers that are known all the same."""

    issuers: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()

    def may(self, certificate: Mapping[str, Any]) -> bool:
        """Whether a certificate is in order; with no issuer named, everybody may."""
        accepted = {serial.lower().replace(":", "").lstrip("0") for serial in self.accepted}
        if certificate["serial"] in accepted or not self.issuers:
            return True
        named = {value.casefold() for value in names_of(str(certificate["issuer"]))}
        return any(issuer.casefold() in named for issuer in self.issuers)


class Memory(msgspec.Struct, frozen=True):
    """What earlier looks had seen: since when there were looks, when each certificate was seen first, and when
    those of others were revoked."""

    since: datetime
    seen: Mapping[str, str] = {}
    revoked: Mapping[str, str] = {}


def memory_of(evidence: Mapping[str, Any]) -> Memory | None:
    """The memory that a decision carries; None when it has none."""
    if not isinstance(evidence.get("seen"), Mapping) or not evidence.get("since"):
        return None
    return Memory(
        parse_time(str(evidence["since"])), dict(evidence["seen"]), dict(evidence.get("revoked_at") or {})
    )


def to_ask_about(reading: Reading, allowed: Allowed, memory: Memory | None, at: datetime) -> list[dict[str, Any]]:
    """The certificates whose issuer is to be asked whether they still count: by others, not ended, not revoked."""
    strange = (each for each in reading.seen.get("certificates") or () if not allowed.may(each))
    known = memory.revoked if memory else {}
    return [each for each in strange if _key(each) not in known and not _ended(each, at)]


def names_of(distinguished: str) -> list[str]:
    """The organisations and common names in a distinguished name (RFC 4514), and the whole of it."""
    parts = re.split(r"""(?<!\\)[,+](?=\s*[A-Za-z0-9.]+\s*=)""", distinguished)
    found: dict[str, str] = {}
    for part in parts:
        key, _, value = part.strip().partition("=")
        found.setdefault(key.strip().upper(), re.sub(r"\\(.)", r"\1", value.strip().strip('"')))
    return [found[key] for key in ("CN", "O") if found.get(key)] + [distinguished]


def not_watched(target: str, at: datetime) -> Observation:
    """The decision where no source is configured."""
    said = "no search of the transparency logs is configured (certificate_transparency: source)"
    return Observation(target, CHECK, DECISION, Verdict.NA, said, at)


def judge_issuance(reading: Reading, allowed: Allowed, memory: Memory | None, at: datetime) -> Observation:
    """The decision, with what has been seen so far in its evidence, where the next look finds it."""
    if reading.failure is not None:
        reason = str(reading.seen.get("reason") or reading.failure)
        kept = _kept(memory) if memory else {}
        evidence = {"source": reading.seen.get("source", ""), **kept}
        return _decision(
            reading, Verdict.UNKNOWN, f"the transparency logs cannot be searched: {reason}", at, evidence
        )
    found = [_marked(each, allowed, memory, at) for each in reading.seen.get("certificates") or ()]
    found.sort(key=lambda each: str(each["logged_at"] or each["not_before"]), reverse=True)
    standing = [each for each in found if not each["ended"]]
    strange = [each for each in standing if not each["allowed"] and not each["revoked_at"]]
    revoked = [each for each in standing if each["revoked_at"]]
    new = [each for each in standing if each["new"] and not each["revoked_at"]]
    evidence = {
        "source": reading.seen.get("source", ""),
        "allowed": list(allowed.issuers),
        "unauthorised": strange[:SHOWN],
        "revoked": revoked[:SHOWN],
        "new": new[:SHOWN],
        "recent": found[:SHOWN],
        "seen_count": len(found),
        "since": format_time(memory.since if memory else at),
        "seen": {_key(each): each["first_seen"] for each in found[:REMEMBERED]},
        "revoked_at": {_key(each): each["revoked_at"] for each in revoked},
    }
    if strange:
        return _strange(reading, strange, allowed, at, evidence)
    if new and not allowed.issuers:
        return _unlisted(reading, new, at, evidence)
    if revoked and (not new or any(each["new"] for each in revoked)):
        said = f"revoked, so it counts no more: {_told(revoked[0])}{_more(revoked)}"
        return _decision(reading, Verdict.INFO, said, at, evidence)
    if new:
        return _decision(reading, Verdict.INFO, f"new: {_told(new[0])}{_more(new)}", at, evidence)
    who = f"all by {', '.join(allowed.issuers[:3])}" if allowed.issuers else "no issuers are listed"
    one = len(standing) == 1
    said = f"{len(standing)} certificate{'' if one else 's'} stand{'s' if one else ''}, {who}"
    return _decision(reading, Verdict.OK, said, at, evidence)


def _marked(each: Mapping[str, Any], allowed: Allowed, memory: Memory | None, at: datetime) -> dict[str, Any]:
    first = memory.seen.get(_key(each)) if memory else None
    # At the first look everything is seen for the first time; what stood before is no news.
    first_seen = first or (format_time(at) if memory else "")
    new = bool(first_seen) and at - parse_time(first_seen) < NEW_FOR
    revocation = each.get("revocation") or {}
    told = (revocation.get("revoked_at") or format_time(at)) if revocation.get("status") == "revoked" else ""
    return {
        **each,
        "allowed": allowed.may(each),
        "first_seen": first_seen,
        "new": new,
        "ended": _ended(each, at),
        "revoked_at": memory.revoked.get(_key(each), told) if memory else told,
    }


def _ended(each: Mapping[str, Any], at: datetime) -> bool:
    return bool(each["not_after"]) and parse_time(str(each["not_after"])) < at


def _kept(memory: Memory) -> dict[str, Any]:
    return {
        "since": format_time(memory.since),
        "seen": dict(memory.seen),
        "revoked_at": dict(memory.revoked),
    }


def _key(each: Mapping[str, Any]) -> str:
    return str(each["serial"])


def _strange(
    reading: Reading, strange: Sequence[Mapping[str, Any]], allowed: Allowed, at: datetime, evidence: dict[str, Any]
) -> Observation:
    one = strange[0]
    finding = Finding(
        f"The transparency logs show {_told(one)}, serial {one['serial']}{_more(strange)}. It is not among the "
        f"issuers that may issue{_standing(one)}.",
        f"Certificates by {', '.join(allowed.issuers)} only.",
        "Find out who ordered it. If nobody did, have its issuer revoke it, and forbid others to issue by a CAA "
        "record. If it is in order, list the issuer under certificate_transparency: issuers, or the serial under "
        "accepted.",
        f'{reading.target}. IN CAA 0 issue "ISSUER-DOMAIN"',
    )
    evidence["kind"] = "certificate-misissued"
    return _decision(reading, Verdict.FAIL, f"unauthorised: {_told(one)}{_more(strange)}", at, evidence, finding)


def _standing(one: Mapping[str, Any]) -> str:
    """What its issuer says of it, if anything could be learnt."""
    revocation = one.get("revocation") or {}
    if revocation.get("status") == "good":
        return ", and says that the certificate counts"
    detail = revocation.get("detail") or revocation.get("status")
    return f"; whether it is revoked is not known: {detail}" if detail else ""


def _unlisted(
    reading: Reading, new: Sequence[Mapping[str, Any]], at: datetime, evidence: dict[str, Any]
) -> Observation:
    finding = Finding(
        f"A new certificate is in the transparency logs: {_told(new[0])}{_more(new)}.",
        "Only certificates that were ordered.",
        "See whether it was ordered. List who may issue under certificate_transparency: issuers, so that only "
        "others alarm.",
    )
    return _decision(reading, Verdict.WARN, f"new: {_told(new[0])}{_more(new)}", at, evidence, finding)


def _told(one: Mapping[str, Any]) -> str:
    names = ", ".join(str(name) for name in one["names"][:3])
    return f"a certificate for {names} by {issuer_name(str(one['issuer']))}"


def issuer_name(distinguished: str) -> str:
    """The name by which people know an issuer."""
    return names_of(distinguished)[0] or "nobody named"


def _more(some: Sequence[Mapping[str, Any]]) -> str:
    return f" (and {len(some) - 1} more)" if len(some) > 1 else ""


def _decision(
    reading: Reading,
    verdict: Verdict,
    headline: str,
    at: datetime,
    evidence: Mapping[str, Any],
    finding: Finding | None = None,
) -> Observation:
    return Observation(reading.target, CHECK, DECISION, verdict, headline, at, reading.took, finding, evidence)
