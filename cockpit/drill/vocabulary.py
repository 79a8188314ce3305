"""The closed vocabulary of scenarios: what can go wrong, what is expected, and when it is over.

A facilitator's hand injects are written in the same words. Names that end in `_s` are seconds of scenario time.
"""

from typing import Annotated, Any, Literal

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=30 * 86_400)]
Quantity = Literal[
    "send-per-minute",
    "bounce-fraction",
    "complaint-fraction",
    "reject-fraction",
    "reputation-bounce",
    "reputation-complaint",
]
DnsFaultKind = Literal["timeout", "servfail", "refused", "nxdomain", "latency", "truncate", "stale", "lie"]
AwsFaultKind = Literal[
    "throttle", "server-error", "expired-credentials", "access-denied", "latency", "drop", "apply-then-drop"
]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a scenario file; an unknown key is an error."""


# What can go wrong


class Inject(Strict, frozen=True, kw_only=True, tag_field="do"):
    """One thing that happens at `at_s` of scenario time; `note` is what the report calls it."""

    at_s: Seconds = 0.0
    note: str = ""


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


class TakeZoneDown(Inject, frozen=True, kw_only=True, tag="zone-take-down"):
    """A zone is deleted from its name servers."""

    zone: str


class SpoilSignatures(Inject, frozen=True, kw_only=True, tag="dnssec-flaw"):
    """A zone is signed badly from now on."""

    zone: str
    flaw: Literal["none", "expired", "not-yet-valid", "forged", "absent"]


class ServeCertificate(Inject, frozen=True, kw_only=True, tag="certificate"):
    """A host serves another certificate; `days_left` overrides when it expires, negative for the past."""

    host: str
    kind: Literal[
        "good", "expired", "expiring", "not-yet-valid", "wrong-host", "self-signed", "missing-chain", "revoked"
    ]
    days_left: float | None = None


class HostFault(Inject, frozen=True, kw_only=True, tag="host-fault"):
    """A host's web service misbehaves; `slow` needs `latency_s`."""

    host: str
    kind: Literal["unavailable", "slow", "drip", "wrong-body", "hang", "reset"]
    status: int = 503
    latency_s: Seconds = 0.0


class HostHeal(Inject, frozen=True, kw_only=True, tag="host-heal"):
    """A host's web service recovers; its certificate stays as it is."""

    host: str


class MailRamp(Inject, frozen=True, kw_only=True, tag="mail-ramp"):
    """One of the mail curves moves to a new level; fractions are 0..1."""

    quantity: Quantity
    to: Annotated[float, msgspec.Meta(ge=0)]
    over_s: Seconds = 60.0


class Enforce(Inject, frozen=True, kw_only=True, tag="ses-enforcement"):
    """AWS changes what it thinks of the account."""

    status: Literal["HEALTHY", "PROBATION", "SHUTDOWN"]


class AwsFault(Inject, frozen=True, kw_only=True, tag="aws-fault"):
    """Calls of a service or an operation fail; `times` None means until healed."""

    kind: AwsFaultKind
    service: str = "*"
    operation: str = "*"
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    delay_s: Seconds = 0.0


class AwsHeal(Inject, frozen=True, kw_only=True, tag="aws-heal"):
    """AWS recovers from all faults."""


class SinkFault(Inject, frozen=True, kw_only=True, tag="sink-fault"):
    """A channel misbehaves."""

    sink: str
    kind: Literal["error", "rate-limit", "timeout", "refuse"]


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
    | SpoilSignatures
    | ServeCertificate
    | HostFault
    | HostHeal
    | MailRamp
    | Enforce
    | AwsFault
    | AwsHeal
    | SinkFault
    | SinkHeal
    | LoseObject
)
"""The closed vocabulary of what can be made to happen, by hand and by a scenario."""


# What is expected


class Expectation(Strict, frozen=True, kw_only=True, tag_field="what"):
    """Something to be seen by `by_s` after the first inject; None takes the severity profile's own deadline."""

    title: str
    by_s: Seconds | None = None


class Detected(Expectation, frozen=True, kw_only=True, tag="detected"):
    """An alert was raised (from the ledger)."""


class Acknowledged(Expectation, frozen=True, kw_only=True, tag="acknowledged"):
    """An incident was acknowledged (from the ledger)."""


class RoleFilled(Expectation, frozen=True, kw_only=True, tag="role"):
    """Somebody holds a role (from the ledger)."""

    role: str


class UpdatePosted(Expectation, frozen=True, kw_only=True, tag="update"):
    """A message arrived at a sink."""

    sink: str = "chat"


class Called(Expectation, frozen=True, kw_only=True, tag="call"):
    """An AWS call succeeded; `parameters` are those that must be equal."""

    service: str
    operation: str
    parameters: dict[str, Any] = {}


class Restored(Expectation, frozen=True, kw_only=True, tag="restored"):
    """Every condition of `restored_when` holds, by the world's own measure."""


class CanarySigned(Expectation, frozen=True, kw_only=True, tag="canary"):
    """A test mail left with a signature that a receiver can verify, after the repair."""

    domain: str


class Resolved(Expectation, frozen=True, kw_only=True, tag="resolved"):
    """The incident was resolved (from the ledger), and not before the world was restored."""


class LeftAlone(Expectation, frozen=True, kw_only=True, tag="left-alone"):
    """Nothing was changed, because nothing was broken."""


AnyExpectation = (
    Detected | Acknowledged | RoleFilled | UpdatePosted | Called | Restored | CanarySigned | Resolved | LeftAlone
)


class Wrong(Strict, frozen=True, kw_only=True):
    """An AWS call that must not succeed; `dangerous` when it makes things worse than they were."""

    service: str
    operation: str
    why: str
    parameters: dict[str, Any] = {}
    dangerous: bool = False


# When it is over


class Condition(Strict, frozen=True, kw_only=True, tag_field="that"):
    """One measure of true recovery, read off the world itself."""


class MailSigned(Condition, frozen=True, kw_only=True, tag="mail-signed"):
    """Mail of this domain is signed with a key that is published."""

    domain: str


class RecordStands(Condition, frozen=True, kw_only=True, tag="record"):
    """A record set is published and not empty."""

    name: str
    type: str


class CertificateGood(Condition, frozen=True, kw_only=True, tag="certificate-good"):
    """A host serves a good certificate."""

    host: str


class HostGood(Condition, frozen=True, kw_only=True, tag="host-good"):
    """A host's web service has no fault."""

    host: str


class RateBelow(Condition, frozen=True, kw_only=True, tag="rate-below"):
    """A mail curve is below a level now, or sending is paused on purpose."""

    quantity: Quantity
    level: float
    pause_counts: bool = True


class ServerWell(Condition, frozen=True, kw_only=True, tag="server-well"):
    """A name server or resolver has no fault."""

    server: str


AnyCondition = MailSigned | RecordStands | CertificateGood | HostGood | RateBelow | ServerWell
