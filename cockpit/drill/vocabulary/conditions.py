"""When it is over: measures of true recovery, read off the world itself."""

from cockpit.drill.vocabulary.words import Quantity, Strict


class Condition(Strict, frozen=True, kw_only=True, tag_field="that"):
    """One measure of true recovery, read off the world itself."""


class MailSigned(Condition, frozen=True, kw_only=True, tag="mail-signed"):
    """Mail of this domain is signed with a key that is published."""

    domain: str


class RecordStands(Condition, frozen=True, kw_only=True, tag="record"):
    """A record set is published: with exactly these values in presentation form, or with any."""

    name: str
    type: str
    values: tuple[str, ...] = ()


class CertificateGood(Condition, frozen=True, kw_only=True, tag="certificate-good"):
    """Every address that is published for a host serves a certificate that a careful client accepts."""

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


class ZoneWhole(Condition, frozen=True, kw_only=True, tag="zone-whole"):
    """Every record set that the zone had when the world began stands again, as it was."""

    zone: str


class ChainWhole(Condition, frozen=True, kw_only=True, tag="chain-whole"):
    """A validating resolver with an empty cache can use the zone: its chain is secure, or plainly insecure."""

    zone: str


class ServiceUp(Condition, frozen=True, kw_only=True, tag="service-up"):
    """Every address that is published for a host serves it without a fault."""

    host: str


class ResolversAgree(Condition, frozen=True, kw_only=True, tag="resolvers-agree"):
    """No public resolver holds or tells anything else than what is published."""

    name: str
    type: str


class AccountSends(Condition, frozen=True, kw_only=True, tag="account-sends"):
    """Neither AWS nor anybody of ours has stopped the account."""


class AwsWell(Condition, frozen=True, kw_only=True, tag="aws-well"):
    """AWS answers every call."""


class MisissuedRevoked(Condition, frozen=True, kw_only=True, tag="misissued-revoked"):
    """The logs know no valid certificate of a domain or a name below it, from an issuer that the company does not
    use, but revoked ones."""

    domain: str


class CaaLimits(Condition, frozen=True, kw_only=True, tag="caa-limits"):
    """The CAA records that apply to a domain (RFC 8659) let this issuer issue, and nobody else."""

    domain: str
    issuer: str


AnyCondition = (
    MailSigned
    | RecordStands
    | ZoneWhole
    | ChainWhole
    | CertificateGood
    | HostGood
    | ServiceUp
    | ResolversAgree
    | RateBelow
    | AccountSends
    | AwsWell
    | ServerWell
    | MisissuedRevoked
    | CaaLimits
)
"""The closed vocabulary of recovery."""
