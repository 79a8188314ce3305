"""An SES domain identity and its DKIM state, which follows the drill's DNS.

PENDING becomes SUCCESS when SES, looking again from time to time, finds the key it signs with; SUCCESS becomes
TEMPORARY_FAILURE when it no longer does, and FAILED when that lasts. How soon SES looks is not documented:
`Timings` names each assumption.
"""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cockpit.drill.aws.names.lookup import Answer, Found, Lookup, Soa
from cockpit.drill.aws.ses.dkim import HeldKey, published_keys

ASSUMPTIONS = (
    "of the three Easy DKIM tokens SES signs with the first",
    "while TEMPORARY_FAILURE, SES goes on signing with the key it has",
    "while PENDING or FAILED, SES signs nothing, with the new key or the old",
)
"""What the drill assumes of SES besides the timings."""


class Status(StrEnum):
    """SESv2 `DkimStatus`, also used for verification and for MAIL FROM."""

    NOT_STARTED = "NOT_STARTED"
    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    TEMPORARY_FAILURE = "TEMPORARY_FAILURE"
    FAILED = "FAILED"


class Origin(StrEnum):
    """SESv2 `DkimSigningAttributesOrigin`: who made the signing key."""

    EASY = "AWS_SES"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How the simulated AWS behaves in time, in scenario time. AWS documents none of these but the 72 hours."""

    first_check: timedelta = timedelta(seconds=20)
    """From a new signing configuration to SES's first look at DNS."""
    recheck_pending: timedelta = timedelta(seconds=20)
    """Between looks while PENDING."""
    recheck: timedelta = timedelta(seconds=30)
    """Between looks at a verified identity; also from a missing record to TEMPORARY_FAILURE at the latest."""
    failed_after: timedelta = timedelta(hours=72)
    """How long TEMPORARY_FAILURE lasts before FAILED."""
    pending_expires: timedelta = timedelta(hours=72)
    """How long PENDING lasts before FAILED."""
    route53_insync: timedelta = timedelta(seconds=30)
    """From a Route 53 change to INSYNC; the servers answer with it at once."""
    acm_recheck: timedelta = timedelta(seconds=20)
    """Between ACM's looks at the records that prove a requested certificate."""
    feedback_after: timedelta = timedelta(seconds=3)
    """From a mail to its bounce, complaint or delivery notification."""
    phase_7_patience: timedelta = timedelta(seconds=60)
    """How long the BYODKIM function waits for SES to verify the key before it answers."""

    def sentences(self) -> list[str]:
        """Each assumption by name, for the report."""
        return [f"{item.name.replace('_', ' ')}: {getattr(self, item.name)}" for item in fields(self)]


@dataclass(frozen=True, slots=True)
class Checked:
    """What SES's last look at DNS came to; `error` is SESv2 `VerificationError`, empty when all was found."""

    at: datetime
    error: str
    soa: Soa | None


@dataclass(frozen=True, slots=True)
class EasyToken:
    """One Easy DKIM token and the key that SES publishes for it under its own zone."""

    token: str
    public: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """The DKIM side of an identity; times `since` and `due` are scenario time."""

    origin: Origin
    tokens: tuple[EasyToken, ...]
    hosted_zone: str = "dkim.amazonses.com"
    selector: str = ""
    held: HeldKey | None = None
    enabled: bool = True
    status: Status = Status.SUCCESS
    since: timedelta = timedelta()
    due: timedelta = timedelta()
    last: Checked | None = None
    last_success: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How mail from an identity leaves: `selector` empty when unsigned; `verifiable` by a receiver now."""

    selector: str = ""
    verifiable: bool = False
    why: str = ""


@dataclass(slots=True, kw_only=True)
class Identity:
    """One identity as SES keeps it; `mail_from` is empty when the default MAIL FROM is used."""

    name: str
    dkim: Dkim
    mail_from: str = ""
    mail_from_status: Status = Status.SUCCESS
    reject_on_mx_failure: bool = False
    sending: bool = True
    configuration_set: str = ""
    topics: dict[str, str] = field(default_factory=dict)
    """SNS topics by notification type: Bounce, Complaint, Delivery."""
    forwarding: bool = True
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether SES accepts mail from this identity: once DKIM proved the domain, until it FAILED."""
        return self.dkim.status in (Status.SUCCESS, Status.TEMPORARY_FAILURE) or self.dkim.last_success is not None


def begin(dkim: Dkim, at: timedelta, timings: Timings) -> Dkim:
    """The state after a new signing configuration: PENDING, with the first look to come."""
    return replace(dkim, status=Status.PENDING, since=at, due=at + timings.first_check, last=None)


def look(dkim: Dkim, domain: str, lookup: Lookup, now: datetime) -> Checked:
    """Ask DNS for what this configuration needs, as SES does; says nothing about the state."""
    if dkim.origin is Origin.EXTERNAL:
        answer = lookup(selector_name(dkim.selector, domain), "TXT")
        return Checked(now, _error(answer, dkim.held.public if dkim.held else ""), answer.soa)
    soa: Soa | None = None
    for token in dkim.tokens:
        pointer = lookup(selector_name(token.token, domain), "CNAME")
        soa = soa or pointer.soa
        target = f"{token.token}.{dkim.hosted_zone}"
        if pointer.found is not Found.ANSWER:
            return Checked(now, _error(pointer, ""), pointer.soa or soa)
        if target not in pointer.values:
            return Checked(now, "INVALID_VALUE", soa)
        error = _error(lookup(target, "TXT"), token.public)
        if error:
            return Checked(now, error, soa)
    return Checked(now, "", soa)


def settle(dkim: Dkim, checked: Checked, at: timedelta, timings: Timings) -> Dkim:
    """The state after a look at scenario time `at`. FAILED is left only by a new configuration."""
    if dkim.status is Status.FAILED:
        return replace(dkim, last=checked, due=timedelta.max)
    if not checked.error:
        since = dkim.since if dkim.status is Status.SUCCESS else at
        return replace(
            dkim,
            status=Status.SUCCESS,
            since=since,
            due=at + timings.recheck,
            last=checked,
            last_success=checked.at,
        )
    waited = at - dkim.since
    if dkim.status is Status.PENDING:
        status = Status.FAILED if waited >= timings.pending_expires else Status.PENDING
        return replace(
            dkim,
            status=status,
            since=dkim.since if status is dkim.status else at,
            due=at + timings.recheck_pending,
            last=checked,
        )
    if dkim.status is Status.TEMPORARY_FAILURE and waited >= timings.failed_after:
        return replace(dkim, status=Status.FAILED, since=at, due=timedelta.max, last=checked)
    since = dkim.since if dkim.status is Status.TEMPORARY_FAILURE else at
    return replace(dkim, status=Status.TEMPORARY_FAILURE, since=since, due=at + timings.recheck, last=checked)


def signature(identity: Identity, lookup: Lookup) -> Signature:
    """How mail leaves now, and whether a receiver that asks the authoritative servers can verify it.

    While PENDING or FAILED, SES signs with nothing at all, not with the key before. Of the three Easy DKIM tokens
    it signs with the first.
    """
    dkim = identity.dkim
    if not dkim.enabled:
        return Signature(why="DKIM signing is switched off for the identity")
    if dkim.status not in (Status.SUCCESS, Status.TEMPORARY_FAILURE):
        return Signature(why=f"the DKIM status is {dkim.status}, so SES does not sign")
    if dkim.origin is Origin.EXTERNAL:
        selector, wanted = dkim.selector, dkim.held.public if dkim.held else ""
        answer = lookup(selector_name(selector, identity.name), "TXT")
    else:
        selector, wanted = dkim.tokens[0].token, dkim.tokens[0].public
        answer = lookup(selector_name(selector, identity.name), "CNAME")
        if answer.found is Found.ANSWER:
            answer = lookup(answer.values[0], "TXT")
    keys = published_keys(answer)
    if not wanted or keys != (wanted,):
        reason = "another key is published there" if keys else "no key is published there"
        return Signature(selector=selector, why=f"SES signs with selector {selector}, and {reason}")
    return Signature(selector=selector, verifiable=True)


def selector_name(selector: str, domain: str) -> str:
    """Where a selector's key stands (RFC 6376 section 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def _error(answer: Answer, wanted: str) -> str:
    if answer.found is Found.FAILED:
        return "DNS_SERVER_ERROR"
    if answer.found is Found.NO_NAME:
        return "HOST_NOT_FOUND"
    if answer.found is Found.NO_TYPE:
        return "TYPE_NOT_FOUND"
    return "" if wanted and published_keys(answer) == (wanted,) else "INVALID_VALUE"
