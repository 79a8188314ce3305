"""mail.mail_from: the records of the custom MAIL FROM domain that SES bounces to and that SPF passes for.

SES wants exactly one MX, to its own feedback host of the identity's region, and an SPF record that allows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.dkim_expected import RECORD_TTL_S
from cockpit.health.mail.asking import Asker, Kind, Told
from cockpit.health.mail.names import within
from cockpit.health.mail.notes import Note, decide, note, unknown
from cockpit.health.mail.spf import allows, usable
from cockpit.health.mail.spf_tree import Branch, inspect
from cockpit.health.mail.text_record import damaged, doubled, mixed_ttls, txt_record
from cockpit.health.model import Observation, Verdict

CHECK = "mail.mail_from"
LABEL = "MAIL FROM"

SENDER_DOMAIN = "amazonses.com"
SPF_TEXT = f"v=spf1 include:{SENDER_DOMAIN} ~all"


@dataclass(frozen=True, slots=True)
class MailFrom:
    """The records of one MAIL FROM domain, and what SES says of it. `doubled` is case 19."""

    target: str
    domain: str
    region: str
    status: str
    exchange: Told
    spf: Branch
    doubled: bool = False

    @property
    def wanted_host(self) -> str:
        """Where bounces must go; an unknown region leaves a pattern."""
        return f"feedback-smtp.{self.region or '<region>'}.{SENDER_DOMAIN}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that the MX records name."""
        return tuple(value.partition(" ")[2].strip().removesuffix(".").lower() for value in self.exchange.values)

    @property
    def passes(self) -> bool | None:
        """Whether mail of SES with this MAIL FROM passes SPF; None when that was not seen."""
        can = usable(self.spf)
        return can if not can else allows(self.spf, SENDER_DOMAIN)


async def read_mail_from(
    asker: Asker, target: str, identity: Mapping[str, Any] | None, region: str
) -> MailFrom | None:
    """Ask for the records of the MAIL FROM domain that SES names; None when it names none."""
    domain = str((identity or {}).get("mail_from") or "").lower().removesuffix(".")
    if identity is None or not domain:
        return None
    exchange = await asker.ask(domain, "MX")
    tree = await inspect(asker, domain)
    twice = exchange.void and await _elsewhere(asker, domain, target)
    return MailFrom(target, domain, region, str(identity.get("mail_from_status") or ""), exchange, tree, twice)


async def _elsewhere(asker: Asker, domain: str, target: str) -> bool:
    return within(domain, target) and await doubled(asker, domain, target)


def no_mail_from(target: str, at: datetime, *, identity: bool) -> Observation:
    """The decision without a MAIL FROM domain: SES then uses its own, which never aligns."""
    said = "SES uses its own; SPF passes and is never aligned with this domain" if identity else "no SES identity"
    return decide(
        target, CHECK, LABEL, [], said, at, evidence={"kind": "mail-from"}, otherwise=Verdict.NA
    )  # fmt: skip


def not_known(target: str, at: datetime, headline: str) -> Observation:
    """The decision while SES has not said which MAIL FROM domain it uses."""
    return decide(target, CHECK, LABEL, [], headline, at, evidence={"kind": "mail-from"}, otherwise=Verdict.UNKNOWN)


def judge_mail_from(seen: MailFrom, at: datetime, *, took: timedelta = timedelta()) -> Observation:
    """The decision over the records of a MAIL FROM domain."""
    evidence = {
        "kind": "mail-from",
        "domain": seen.domain,
        "status": seen.status,
        "hosts": list(seen.hosts),
        "spf": seen.spf.text[:600],
        "passes": seen.passes,
    }
    notes = [*_exchange(seen), *_spf(seen)]
    if not within(seen.domain, seen.target) or seen.domain == seen.target:
        notes.append(
            note(
                Verdict.FAIL,
                "not-below",
                f"{seen.domain} is not a subdomain of {seen.target}",
                f"SES uses {seen.domain} as MAIL FROM for {seen.target}.",
                "A subdomain of the identity that nothing else uses.",
                "Set another MAIL FROM domain at the identity.",
            )
        )
    if seen.status in ("FAILED", "TEMPORARY_FAILURE") and not notes:
        notes.append(_status(seen))
    return decide(
        seen.target, CHECK, LABEL, notes, f"{seen.domain} is right", at, took=took, evidence=evidence
    )  # fmt: skip


def _status(seen: MailFrom) -> Note:
    failed = seen.status == "FAILED"
    return note(
        Verdict.FAIL if failed else Verdict.WARN,
        "status",
        f"the records are right, and SES still says {seen.status}",
        f"SES says {seen.status} for {seen.domain}"
        + ("; it has stopped looking." if failed else "; it looks again by itself."),
        "SUCCESS.",
        "Set the MAIL FROM domain again at the identity, so that SES starts anew."
        if failed
        else "Wait; SES looks again for up to 72 hours.",
    )


def _exchange(seen: MailFrom) -> list[Note]:
    """Exactly one MX, to the feedback host of the right region."""
    wanted = f"{seen.domain}. {RECORD_TTL_S} IN MX 10 {seen.wanted_host}."
    if seen.exchange.kind is Kind.FAILED:
        return [unknown(f"the MX of {seen.domain} cannot be looked up: {seen.exchange.reason}")]
    notes = mixed_ttls(seen.exchange)
    only = f"Exactly one MX, to {seen.wanted_host}."
    if not seen.hosts:
        hint = f" It was published as {seen.domain}.{seen.target}: the zone editor added the domain once more."
        notes.append(
            note(
                Verdict.FAIL,
                "doubled" if seen.doubled else "mx-absent",
                f"{seen.domain} has no MX" + (": its name has the domain twice" if seen.doubled else ""),
                f"{seen.domain} has no MX record, so SES cannot take bounces there."
                + (hint if seen.doubled else ""),
                only,
                "Publish the record below.",
                wanted,
            )
        )
    elif len(seen.hosts) > 1:
        notes.append(
            note(
                Verdict.FAIL,
                "mx-several",
                f"{seen.domain} has {len(seen.hosts)} MX records; SES takes one only",
                f"{seen.domain} has MX records to {', '.join(seen.hosts[:4])}.",
                only,
                "Delete the others.",
                wanted,
            )
        )
    elif not _right_host(seen):
        region = seen.hosts[0].startswith("feedback-smtp.") and within(seen.hosts[0], SENDER_DOMAIN)
        notes.append(
            note(
                Verdict.FAIL,
                "mx-region" if region else "mx-other",
                f"the MX of {seen.domain} is {seen.hosts[0]}" + (", of another region" if region else ""),
                f"The MX of {seen.domain} is {seen.hosts[0]}.",
                only,
                "Publish the record below in its place.",
                wanted,
            )
        )
    return notes


def _right_host(seen: MailFrom) -> bool:
    host = seen.hosts[0]
    if seen.region:
        return host == seen.wanted_host
    return host.startswith("feedback-smtp.") and within(host, SENDER_DOMAIN)


def _spf(seen: MailFrom) -> list[Note]:
    """An SPF record that receivers can evaluate and that includes SES."""
    tree = seen.spf
    if tree.unseen:
        return [unknown(tree.unseen)]
    bent = damaged(tree.told, "v=spf1", "SPF") if tree.told is not None else []
    if bent:
        return bent
    wanted = "An SPF record that includes amazonses.com; without it MAIL FROM neither passes nor aligns."
    if not tree.text:
        return [
            note(
                Verdict.FAIL,
                "spf-absent",
                f"{seen.domain} has no SPF record",
                f"{seen.domain} has no SPF record.",
                wanted,
                "Publish the record below.",
                txt_record(seen.domain, SPF_TEXT),
            )
        ]
    passes = seen.passes
    if passes is None:
        return [unknown(f"the SPF record of {seen.domain} could not be followed to its end")]
    if passes:
        return []
    return [
        note(
            Verdict.FAIL,
            "spf-other",
            f"the SPF record of {seen.domain} does not let SES send",
            f"The SPF record of {seen.domain} is {tree.text[:200]}.",
            wanted,
            "Publish the record below in its place.",
            txt_record(seen.domain, SPF_TEXT),
        )
    ]
