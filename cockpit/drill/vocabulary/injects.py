"""What can go wrong: the words that a scenario and a facilitator's hand make things happen with."""

from typing import Annotated, Literal

import msgspec

from cockpit.drill.vocabulary.account_injects import AccountInject
from cockpit.drill.vocabulary.words import AwsFaultKind, DnsFaultKind, Inject, Quantity, Seconds


class WithdrawRecord(Inject, frozen=True, kw_only=True, tag="dns-withdraw"):
    """A record set vanishes from the authoritative zone."""

    name: str
    type: str


class PublishRecord(Inject, frozen=True, kw_only=True, tag="dns-publish"):
    """A record set becomes exactly this."""

    name: str
    type: str
    values: tuple[str, ...]
    ttl_s: Seconds | None = None


class WithdrawToken(Inject, frozen=True, kw_only=True, tag="dkim-token-withdraw"):
    """One of the three Easy DKIM CNAMEs of a domain vanishes; SES signs with number 1."""

    domain: str
    token: Literal[1, 2, 3] = 1


class DnsFault(Inject, frozen=True, kw_only=True, tag="dns-fault"):
    """A name server (by host name) or a resolver (by its name) misbehaves."""

    server: str
    kind: DnsFaultKind
    under: str = "."
    type: str | None = None
    latency_s: Seconds = 0.0
    values: tuple[str, ...] = ()


class DnsHeal(Inject, frozen=True, kw_only=True, tag="dns-heal"):
    """A name server or a resolver recovers."""

    server: str


class Redelegate(Inject, frozen=True, kw_only=True, tag="dns-redelegate"):
    """The parent names these servers for a zone, whatever the zone itself says; `glue` maps names to addresses."""

    zone: str
    servers: tuple[str, ...]
    glue: dict[str, str] = {}


class ServeStale(Inject, frozen=True, kw_only=True, tag="dns-serve-stale"):
    """A resolver gives what it knew when it can ask nobody (RFC 8767), or does so no more."""

    resolver: str
    on: bool = True


class TakeZoneDown(Inject, frozen=True, kw_only=True, tag="zone-take-down"):
    """A zone is deleted from its name servers."""

    zone: str


class EmptyZone(Inject, frozen=True, kw_only=True, tag="zone-empty"):
    """Every record set of a zone is deleted but those that make it a zone."""

    zone: str


class RollKey(Inject, frozen=True, kw_only=True, tag="dnssec-roll-key"):
    """A zone is signed with a new key only, and nobody tells the registrar: the DS goes on naming the old one."""

    zone: str


class SpoilSignatures(Inject, frozen=True, kw_only=True, tag="dnssec-flaw"):
    """A zone is signed badly from now on."""

    zone: str
    flaw: Literal["none", "expired", "not-yet-valid", "forged", "absent"]


class ServeCertificate(Inject, frozen=True, kw_only=True, tag="certificate"):
    """A host serves another certificate, at one of its addresses where one is given.

    `days_left` overrides when it expires, negative for the past.
    """

    host: str
    kind: Literal[
        "good",
        "expired",
        "expiring",
        "not-yet-valid",
        "wrong-host",
        "self-signed",
        "missing-chain",
        "revoked",
        "must-staple",
        "few-scts",
        "no-scts",
        "unknown-log",
        "weak-key",
        "weak-signature",
        "no-san",
        "other-issuer",
    ]
    days_left: float | None = None
    address: str | None = None


class Revoke(Inject, frozen=True, kw_only=True, tag="certificate-revoke"):
    """The authority revokes the certificate that a host presents, which goes on presenting it."""

    host: str


class Staple(Inject, frozen=True, kw_only=True, tag="staple"):
    """A host staples this OCSP response to each handshake from now on, or none."""

    host: str
    kind: Literal["none", "good", "stale", "revoked", "unknown"]


class OcspFault(Inject, frozen=True, kw_only=True, tag="ocsp-fault"):
    """The authority's OCSP responder misbehaves, or with `none` recovers."""

    kind: Literal[
        "none", "try-later", "internal-error", "unauthorized", "unknown", "stale", "forged", "issuer-signed"
    ]


class AcmeFault(Inject, frozen=True, kw_only=True, tag="acme-fault"):
    """The authority's ACME interface misbehaves, or with `none` recovers."""

    kind: Literal["none", "rate-limit", "server-error", "bad-nonce", "stuck"]


class Misissue(Inject, frozen=True, kw_only=True, tag="ct-misissue"):
    """A certificate for a host appears in the transparency logs, from an issuer that the company does not use."""

    host: str


class RevokeMisissued(Inject, frozen=True, kw_only=True, tag="ct-revoke"):
    """The issuer that the company does not use revokes what it has issued for a host, as if asked by telephone."""

    host: str


class HostFault(Inject, frozen=True, kw_only=True, tag="host-fault"):
    """A host's web service misbehaves, at one of its addresses where one is given; `slow` needs `latency_s`.

    `every` says which connections meet it: 1 is each, 3 is every third.
    """

    host: str
    kind: Literal[
        "unavailable",
        "slow",
        "drip",
        "wrong-body",
        "hang",
        "reset",
        "abort",
        "plain-http",
        "handshake-hang",
        "handshake-reset",
    ]
    status: int = 503
    latency_s: Seconds = 0.0
    address: str | None = None
    every: Annotated[int, msgspec.Meta(ge=1)] = 1


class HostHeal(Inject, frozen=True, kw_only=True, tag="host-heal"):
    """A host's web service recovers; its certificate stays as it is."""

    host: str


class MailRamp(Inject, frozen=True, kw_only=True, tag="mail-ramp"):
    """One of the mail curves moves to a new level; fractions are 0..1."""

    quantity: Quantity
    to: Annotated[float, msgspec.Meta(ge=0)]
    over_s: Seconds = 60.0


class Campaign(Inject, frozen=True, kw_only=True, tag="campaign"):
    """A mailing through one configuration set that bounces or draws complaints (fractions of all mail).

    AWS's own figures follow `lag_s` later. Both fall back to normal within `recovers_s` once sending is paused for
    that configuration set, or for the account.
    """

    configuration_set: str
    bounces: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    complaints: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    over_s: Seconds = 60.0
    lag_s: Seconds = 30.0
    recovers_s: Seconds = 60.0


class Enforce(Inject, frozen=True, kw_only=True, tag="ses-enforcement"):
    """AWS changes what it thinks of the account.

    With `lifted_after_s`, AWS takes it back so long after the case was answered, provided that the cause has been
    stopped by then.
    """

    status: Literal["HEALTHY", "PROBATION", "SHUTDOWN"]
    lifted_after_s: Seconds | None = None


class AwsFault(Inject, frozen=True, kw_only=True, tag="aws-fault"):
    """Calls of a service or an operation fail, but for `spared` services; `times` None means until healed."""

    kind: AwsFaultKind
    service: str = "*"
    operation: str = "*"
    spared: tuple[str, ...] = ()
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    delay_s: Seconds = 0.0


class ExpireSession(Inject, frozen=True, kw_only=True, tag="session-expires"):
    """The operator's role session ends; every call but STS AssumeRole answers that the token has expired."""


class AwsHeal(Inject, frozen=True, kw_only=True, tag="aws-heal"):
    """AWS recovers from all faults."""


class SinkFault(Inject, frozen=True, kw_only=True, tag="sink-fault"):
    """A channel misbehaves."""

    sink: str
    kind: Literal["error", "rate-limit", "timeout", "refuse", "lost-answer"]


class SinkHeal(Inject, frozen=True, kw_only=True, tag="sink-heal"):
    """A channel recovers."""

    sink: str


class LoseObject(Inject, frozen=True, kw_only=True, tag="s3-lose"):
    """An object vanishes from S3."""

    bucket: str
    key: str


AnyInject = (
    WithdrawRecord
    | PublishRecord
    | WithdrawToken
    | DnsFault
    | DnsHeal
    | TakeZoneDown
    | EmptyZone
    | RollKey
    | SpoilSignatures
    | Redelegate
    | ServeStale
    | ServeCertificate
    | Revoke
    | Staple
    | OcspFault
    | AcmeFault
    | Misissue
    | RevokeMisissued
    | HostFault
    | HostHeal
    | MailRamp
    | Campaign
    | Enforce
    | AwsFault
    | ExpireSession
    | AwsHeal
    | SinkFault
    | SinkHeal
    | LoseObject
    | AccountInject
)
"""The closed vocabulary of what can be made to happen, by hand and by a scenario."""
