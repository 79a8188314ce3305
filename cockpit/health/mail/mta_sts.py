"""mail.mta_sts: does the domain ask for TLS by MTA-STS, and does its policy say what is true (RFC 8461)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cockpit.health.mail.asking import Kind, Told
from cockpit.health.mail.notes import Note, decide, note, unknown
from cockpit.health.mail.text_record import damaged, txt_record
from cockpit.health.model import Observation, Verdict

CHECK = "mail.mta_sts"
LABEL = "MTA-STS"

MAX_AGE_S = 31_557_600
SHORT_AGE_S = 86_400

_RECORD = re.compile(r"v=STSv1[ \t]*;[ \t]*(?:.*;[ \t]*)?id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})[ \t]*(?:;.*)?\Z")


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """What `https://mta-sts.<domain>/.well-known/mta-sts.txt` answered.

    `failure` is a token when nothing usable came (`timeout`, `bad-certificate`, `redirect`, `status`, …) and
    `reason` says it in words. `text` is what a status of 200 brought.
    """

    text: str = ""
    failure: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A policy as written (RFC 8461 section 3.2); `flaws` say what senders would refuse it for."""

    mode: str
    mx: tuple[str, ...]
    max_age_s: int
    flaws: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The id and the digest of the policy that were seen before."""

    id: str
    digest: str


def record_id(told: Told) -> tuple[str, int]:
    """The id of the one MTA-STS record, and how many records there are (several count as none)."""
    texts = [value for value in told.values if value.startswith("v=STSv1")]
    found = _RECORD.match(texts[0]) if len(texts) == 1 else None
    return (found[1] if found else "", len(texts))


def parse_policy(text: str) -> StsPolicy:
    """Read a policy file: lines of `key: value`, unknown keys ignored."""
    fields: dict[str, str] = {}
    mx: list[str] = []
    flaws: list[str] = []
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon:
            flaws.append(f"the line {line.strip()[:60]!r} is no key with a value")
        elif key.strip() == "mx":
            mx.append(value.strip().lower().removesuffix("."))
        else:
            fields.setdefault(key.strip(), value.strip())
    mode, age = fields.get("mode", ""), fields.get("max_age", "")
    if fields.get("version") != "STSv1":
        flaws.append("version is not STSv1")
    if mode not in ("enforce", "testing", "none"):
        flaws.append(f"mode {mode[:40]!r} is none of enforce, testing, none")
    seconds = int(age) if age.isascii() and age.isdigit() and len(age) <= 10 else -1
    if not 0 <= seconds <= MAX_AGE_S:
        flaws.append(f"max_age {age[:40]!r} is not a number of seconds up to {MAX_AGE_S}")
    if not mx and mode != "none":
        flaws.append("it names no mx")
    flaws += [
        f"mx {each!r} has a * that is not its whole first label" for each in mx if "*" in each.removeprefix("*.")
    ]
    return StsPolicy(mode, tuple(mx), seconds, tuple(flaws))


def covers(patterns: Sequence[str], host: str) -> bool:
    """Whether a host matches one of the patterns; `*.` stands for exactly one label (RFC 8461 section 4.1)."""
    name = host.lower().removesuffix(".")
    parent = name.partition(".")[2]
    return any(pattern == name or (pattern.startswith("*.") and pattern[2:] == parent) for pattern in patterns)


def digest(text: str) -> str:
    """What tells one policy from another."""
    return hashlib.sha256(text.encode()).hexdigest()


def judge_mta_sts(
    domain: str,
    told: Told,
    policy: PolicyFile | None,
    hosts: Sequence[str],
    at: datetime,
    *,
    earlier: Earlier | None = None,
    took: timedelta = timedelta(),
) -> Observation:
    """The decision over the record at `_mta-sts.<domain>`, the policy file and the hosts of the MX records."""
    found, number = record_id(told)
    text = policy.text if policy is not None and not policy.failure else ""
    evidence = {
        "kind": "mta-sts",
        "id": found,
        "digest": digest(text) if text else "",
        "policy": text[:1000],
    }
    if told.kind is Kind.FAILED:
        notes = [unknown(f"{told.name} cannot be looked up: {told.reason}")]
        return decide(domain, CHECK, LABEL, notes, "", at, took=took, evidence=evidence)
    notes = damaged(told, "v=stsv1", LABEL)
    if not number and not notes:
        return decide(domain, CHECK, LABEL, [], "not used", at, took=took, evidence=evidence, otherwise=Verdict.NA)
    if number and not found:
        notes.append(_record(domain, told, number))
    elif policy is not None and policy.failure:
        notes.append(_file(domain, policy))
    elif policy is not None:
        notes.extend(_policy(domain, parse_policy(text), hosts))
        notes.extend(_unchanged(domain, found, text, earlier))
    mode = parse_policy(text).mode if text else ""
    return decide(domain, CHECK, LABEL, notes, f"mode {mode}", at, took=took, evidence=evidence)


def _record(domain: str, told: Told, number: int) -> Note:
    why = f"there are {number} records, which count as none" if number > 1 else "it has no id of letters and digits"
    return note(
        Verdict.FAIL,
        "record",
        f"the record at {told.name} is not valid: {why}",
        f"{told.name} TXT is {' | '.join(value[:120] for value in told.values)}.",
        "One record with v=STSv1 and an id (RFC 8461 section 3.1).",
        "Publish the record below.",
        txt_record(f"_mta-sts.{domain}", "v=STSv1; id=1;"),
    )


def _file(domain: str, policy: PolicyFile) -> Note:
    silent = policy.failure in ("timeout", "no-resolver", "servfail", "not-allowed")
    place = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    finding_now = f"{place} cannot be fetched: {policy.reason}."
    return note(
        Verdict.UNKNOWN if silent else Verdict.FAIL,
        "file",
        f"the policy cannot be fetched: {policy.reason}",
        finding_now,
        "Status 200 at this very address, no redirect, a certificate for the name (RFC 8461 section 3.3).",
        f"Serve the policy there; until then senders keep the last one that they have for {domain}, if any.",
    )


def _policy(domain: str, policy: StsPolicy, hosts: Sequence[str]) -> list[Note]:
    if policy.flaws:
        return [
            note(
                Verdict.FAIL,
                "policy",
                f"the policy is not valid: {policy.flaws[0]}",
                f"The policy of {domain}: {'; '.join(policy.flaws[:4])}.",
                "version: STSv1, a mode, a max_age and the hosts of the MX records (RFC 8461 section 3.2).",
                "Correct the file, then change the id in the record.",
            )
        ]
    notes = []
    left = [host for host in hosts if not covers(policy.mx, host)] if policy.mode != "none" else []
    if left:
        enforced = policy.mode == "enforce"
        lines = "\n".join(f"mx: {host}" for host in hosts)
        notes.append(
            note(
                Verdict.FAIL if enforced else Verdict.WARN,
                "mx",
                f"the policy does not name {', '.join(left[:3])}"
                + (": mail to there is refused by its senders" if enforced else ""),
                f"{domain} has MX {', '.join(left[:4])}; the policy names {', '.join(policy.mx[:4])}.",
                "Every host of the MX records matches a line of the policy.",
                "Add the lines below to the policy, then change the id in the record.",
                lines,
            )
        )
    if policy.mode == "enforce" and policy.max_age_s < SHORT_AGE_S:
        notes.append(
            note(
                Verdict.WARN,
                "short",
                f"max_age is {policy.max_age_s} s, so the policy is forgotten within a day",
                f"max_age is {policy.max_age_s}.",
                "Weeks or more, so that a sender remembers it when an attacker hides the record.",
                "Raise max_age, for instance to 1209600 (two weeks), then change the id in the record.",
            )
        )
    if policy.mode == "testing":
        notes.append(Note(Verdict.INFO, "testing", "mode testing: failures are reported and mail still goes"))
    return notes


def _unchanged(domain: str, found: str, text: str, earlier: Earlier | None) -> list[Note]:
    """The policy is another one than before, under the id that it had before: senders do not look again."""
    if earlier is None or earlier.id != found or not earlier.digest or earlier.digest == digest(text):
        return []
    return [
        note(
            Verdict.WARN,
            "same-id",
            "the policy changed and its id did not: senders keep the old policy",
            f"The policy file changed, and _mta-sts.{domain} still has id={found}.",
            "Another id after every change (RFC 8461 section 3.1).",
            "Publish the record below.",
            txt_record(f"_mta-sts.{domain}", f"v=STSv1; id={_next(found)};"),
        )
    ]


def _next(found: str) -> str:
    """Another id than `found`: the next number where it is one."""
    return str(int(found) + 1) if found.isdigit() and len(found) < 32 else f"{found[:30]}2"
