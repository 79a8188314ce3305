"""What can be configured: frozen values, named as they are written in `cockpit.yaml`.

Names that end in `_s` are seconds; in the file they may also be written as "30s", "5m", "2h" or "1d".
"""

from ipaddress import ip_address
from typing import Annotated, Literal

import msgspec

from cockpit.config.command import (
    ChannelConfig,
    ContactConfig,
    OfficeHoursConfig,
    OrganisationConfig,
    OwnLevel,
    OwnRole,
    ResolvingConfig,
)
from cockpit.config.dns_zone import DnsZone
from cockpit.config.issuance import CertificateTransparency, listed_logs
from cockpit.config.ses import SesConfig
from cockpit.profile import DEFAULT_RESOLVERS, PUBLIC_RESOLVERS, Aws, Profile, Resolver
from cockpit.secret_reference import SecretRef

DomainName = Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=31 * 86_400)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
MAX_RESOLVERS = 10
"""Resolvers that are asked side by side; each costs every look one more question."""

CLOSER_RESOLVERS = 15
"""How many are asked about a domain that is watched closer."""

UrlPath = Annotated[str, msgspec.Meta(pattern=r"^/")]


class DkimConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Our own DKIM key (BYODKIM) for a domain.

    `bucket` holds the private key and the records; empty means the one under `byodkim`. `public_key` is the
    published key, base64 as in the `p=` tag (RFC 6376 section 3.6.1), when the bucket is not to be asked.
    """

    selector: str = ""
    bucket: str = ""
    public_key: str = ""


class HostConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A host whose certificate is watched; with a `path`, also its answer over HTTPS.

    An answer is waited for `timeout_s` at most; one that takes longer than `slow_s` is a warning.
    """

    name: DomainName
    port: Port = 443
    path: UrlPath | None = "/health"
    expect_status: Annotated[int, msgspec.Meta(ge=100, le=599)] = 200
    expect_body: str = ""
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=25)] | None = None
    slow_s: Seconds | None = None


class RecordPin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A DNS record set that must have exactly these values, in presentation format (RFC 1035 section 5.1)."""

    name: DomainName
    type: Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]*\Z")]
    values: tuple[str, ...]


class OwnIntervals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds between two looks at one domain; what is left out is as for every domain."""

    dns_s: Seconds | None = None
    dnssec_s: Seconds | None = None
    tls_s: Seconds | None = None
    http_s: Seconds | None = None
    mail_s: Seconds | None = None
    ct_s: Seconds | None = None
    lb_s: Seconds | None = None
    backup_s: Seconds | None = None


class DomainConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One domain to watch, and who is hurt when it is down.

    `identity` says that it is an SES identity of the account. `mail_per_hour` is what is usually sent, used
    to say how much mail a failure reaches; None is not known. `load_balancers` are names or ARNs of load balancers
    or target groups whose targets are watched. `intervals` and `failures_to_alert` are for this
    domain alone, in place of the general ones. `dns_timeout_s` is what a question about its names is given, with a
    second try in it.
    """

    name: DomainName
    owner: str = ""
    services: tuple[str, ...] = ()
    production: bool = True
    mail_per_hour: Annotated[int, msgspec.Meta(ge=0)] | None = None
    dkim: DkimConfig | None = None
    identity: bool = False
    hosts: tuple[HostConfig, ...] = ()
    load_balancers: tuple[str, ...] = ()
    records: tuple[RecordPin, ...] = ()
    intervals: OwnIntervals | None = None
    failures_to_alert: Count | None = None
    dns_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=30)] | None = None


class Intervals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds between two looks at the same thing."""

    dns_s: Seconds = 30.0
    dnssec_s: Seconds = 120.0
    tls_s: Seconds = 300.0
    http_s: Seconds = 30.0
    mail_s: Seconds = 600.0
    ct_s: Seconds = 3600.0
    lb_s: Seconds = 30.0
    backup_s: Seconds = 240.0
    ses_identity_s: Seconds = 60.0
    ses_account_s: Seconds = 60.0
    ses_rates_s: Seconds = 60.0
    ses_state_s: Seconds = 300.0
    ses_feedback_s: Seconds = 10.0
    ses_lists_s: Seconds = 900.0
    ses_calls_s: Seconds = 15.0


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who can be given a role; `id` is the name that `--as` takes."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")]
    name: str = ""
    roles: tuple[str, ...] = ()
    contact: str = ""


class ByodkimConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the DKIM keys and their records lie in S3: `<prefix>/<domain>/<selector>…`."""

    bucket: str = ""
    key_prefix: str = "dkim-certificates"
    records_prefix: str = "dns_records"


class AwsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account that is meant. `account` is pinned: a caller in another one is refused before any change."""

    account: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{12})?\Z")] = ""
    region: Annotated[str, msgspec.Meta(pattern=r"^([a-z]{2}(-[a-z]+)+-[0-9])?\Z")] = ""
    sdk_profile: str | None = None


class RouteConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to notify of which alerts: a condition (`cockpit.health.condition`), and by way one name or several."""

    condition: str
    actions: tuple[dict[str, str | tuple[str, ...]], ...] = ()


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `cockpit.yaml`; `Settings()` is a cockpit that watches nothing yet.

    `runbook_folders` hold the organisation's own runbooks, `keys` maps command ids to keys. `alert_routing` has
    rules by class of alert, such as `critical_alerts`. `own_severity` changes levels of the profile, `roles` adds
    roles or says when they are needed; `channels` are the ways out for words, by name; `alertmanager` is the
    address of one whose alerts are taken over, and `sources` are those of AWS that are.
    `verify_every_s` is how often everything is to be verified by hand. `acme` is the URL of the directory of the
    authority that certificates may be ordered from (RFC 8555); using it agrees to that authority's terms.
    """

    domains: tuple[DomainConfig, ...] = ()
    intervals: Intervals = Intervals()
    failures_to_alert: Count = 2
    successes_to_clear: Count = 2
    severity_profile: Literal["emergency", "standard", "notify"] = "emergency"
    people: tuple[Person, ...] = ()
    alert_routing: dict[str, tuple[RouteConfig, ...]] = {}
    chat_webhook: SecretRef | None = None
    own_severity: dict[Literal["P0", "P1", "P2", "P3"], OwnLevel] = {}
    roles: dict[Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{1,5}\Z")], OwnRole] = {}
    office_hours: OfficeHoursConfig = OfficeHoursConfig()
    resolving: ResolvingConfig = ResolvingConfig()
    organisation: OrganisationConfig = OrganisationConfig()
    channels: dict[str, ChannelConfig] = {}
    contacts: tuple[ContactConfig, ...] = ()
    alertmanager: str = ""
    sources: tuple[Literal["cloudwatch", "aws-health"], ...] = ()
    byodkim: ByodkimConfig = ByodkimConfig()
    aws: AwsConfig = AwsConfig()
    ses: SesConfig = SesConfig()
    resolvers: Annotated[tuple[Resolver, ...], msgspec.Meta(max_length=MAX_RESOLVERS)] = ()
    certificate_transparency: CertificateTransparency = CertificateTransparency()
    acme: Annotated[str, msgspec.Meta(pattern=r"^(https://[^\s]+)?\Z")] = ""
    verify_every_s: Seconds = 86_400.0
    dns_zones: tuple[DnsZone, ...] = ()
    runbook_folders: tuple[str, ...] = ()
    keys: dict[str, str] = {}
    theme: Literal["dark", "light", "high-contrast"] = "dark"
    read_only: bool = False

    def domain(self, name: str) -> DomainConfig | None:
        """The configured domain of that name, or None."""
        return next((domain for domain in self.domains if domain.name == name), None)


def profile_from(settings: Settings) -> Profile:
    """The production profile: public resolvers unless some are configured, AWS itself, the system's roots.

    Raises ConfigError when the list of transparency logs cannot be read.
    """
    resolvers = settings.resolvers or tuple(Resolver(name, address) for name, address in DEFAULT_RESOLVERS)
    aws = settings.aws
    issuance = settings.certificate_transparency
    return Profile(
        resolvers=resolvers,
        further_resolvers=_further(resolvers),
        aws=Aws(region=aws.region, account=aws.account, sdk_profile=aws.sdk_profile),
        ct_logs=listed_logs(issuance.log_list) if issuance.log_list else (),
        ct_search=issuance.source or None,
        acme=settings.acme or None,
    )


def _further(resolvers: tuple[Resolver, ...]) -> tuple[Resolver, ...]:
    """Public resolvers for a closer watch; none for who keeps to resolvers of a private network."""
    if any(_private(each.address) for each in resolvers):
        return ()
    asked = {each.address for each in resolvers}
    others = [Resolver(name, address) for name, address in PUBLIC_RESOLVERS if address not in asked]
    return tuple(others[: max(0, CLOSER_RESOLVERS - len(resolvers))])


def _private(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
