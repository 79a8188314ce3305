"""The company that a drill happens to: its domains, who uses them, and how much mail they send."""

from dataclasses import dataclass
from typing import Any

from cockpit.profile import PUBLIC_RESOLVERS
from cockpit.profile import Resolver as ResolverAddress

ACCOUNT = "447112341123"
REGION = "ca-central-1"
BUCKET = "acme-dkim"
CONFIGURATION_SET = "transactional"
CAMPAIGN_SET = "campaigns"
CAMPAIGN_SENDER = "news@news.example"
NEXT_SELECTOR = "s2026b"
"""The key that has been prepared for shop.example: its record is published, its private half lies in S3."""
PREPARED_DOMAIN = "shop.example"
REGISTRY = "example."
"""The zone above the company's: the registrar changes the DS and NS records of a domain there."""
ISSUER = "DRILL - NOT TRUSTED issuer"
"""The authority that the company has its certificates from."""
ALARM_TOPIC = "ses-alarms"
FEEDBACK_TOPIC = "ses-bounce-complaint-notifications"
FEEDBACK_QUEUE = "ses-feedback"
SUPPRESSION_TABLE = "ses-email-suppression-list"
METRICS_NAMESPACE = "DiscordBot/SES"
"""Where the company's own mail code counts what it sends."""
RECORD_TTL_S = 60
NEGATIVE_TTL_S = 30

NAME_SERVERS = (
    ("ns1.hosting.example.", "203.0.113.1"),
    ("ns2.hosting.example.", "203.0.113.2"),
    ("ns3.hosting.example.", "203.0.113.3"),
)
MAIL_PROVIDER_SERVERS = (("ns1.amazonses.com.", "192.0.2.31"), ("ns2.amazonses.com.", "192.0.2.32"))
RESOLVERS = (("google", "198.51.100.8"), ("cloudflare", "198.51.100.1"), ("opendns", "198.51.100.22"))
FURTHER_RESOLVERS = tuple(
    ResolverAddress(name, f"198.51.100.{number}")
    for number, (name, _) in enumerate(PUBLIC_RESOLVERS[len(RESOLVERS) :], start=101)
)
"""Asked beside the others about what is watched closer, under the names that they have outside."""


@dataclass(frozen=True, slots=True)
class Host:
    """A name that serves HTTPS; `standby` is the address of a second load balancer, not in DNS.

    `address6` is published and served where this machine has an IPv6 loopback.
    """

    name: str
    address: str
    standby: str = ""
    address6: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it is served over IPv4, in DNS or not."""
        return (self.address, self.standby) if self.standby else (self.address,)


@dataclass(frozen=True, slots=True)
class Site:
    """One domain of the company; `mail_per_hour` at the usual level."""

    name: str
    owner: str
    services: tuple[str, ...]
    mail_per_hour: int
    hosts: tuple[Host, ...]
    configuration_set: str = CONFIGURATION_SET
    pinned: bool = False
    """Whether the addresses of its hosts are pinned in the configuration."""
    targets_watched: bool = False
    """Whether the targets of its load balancer are watched by themselves."""

    @property
    def balancer(self) -> str:
        """The name of the load balancer before its hosts."""
        return f"{self.name.replace('.', '-')}-lb"

    @property
    def selector(self) -> str:
        """The BYODKIM selector that has been prepared, if any."""
        return NEXT_SELECTOR if self.name == PREPARED_DOMAIN else ""


SITES = (
    Site(
        "shop.example",
        "Team Storefront",
        ("order confirmations", "receipts", "password resets"),
        41_000,
        (Host("www.shop.example", "203.0.113.10"),),
    ),
    Site(
        "pay.example",
        "Team Payments",
        ("payment notices", "refunds"),
        18_000,
        (
            Host("www.pay.example", "203.0.113.20", standby="203.0.113.25"),
            Host("api.pay.example", "203.0.113.21", standby="203.0.113.26"),
        ),
    ),
    Site(
        "news.example",
        "Team Marketing",
        ("newsletter", "campaigns"),
        22_000,
        (Host("www.news.example", "203.0.113.30"),),
        CAMPAIGN_SET,
        pinned=True,
    ),
    Site(
        "api.example",
        "Team Platform",
        ("webhooks", "partner API notices"),
        6_000,
        (Host("api.example", "203.0.113.40", standby="203.0.113.45"),),
        targets_watched=True,
    ),
    Site(
        "admin.example",
        "Team Security",
        ("sign-in codes", "audit notices"),
        900,
        (Host("admin.example", "203.0.113.50", address6="2001:db8:50::1"),),
    ),
    Site(
        "app.example",
        "Team Product",
        ("invitations", "reminders"),
        9_500,
        (Host("app.example", "203.0.113.60", address6="2001:db8:60::1"),),
    ),
)

PEOPLE: tuple[dict[str, Any], ...] = (
    {"id": "mhassan", "name": "Mona Hassan", "roles": ["IC", "L2"], "contact": "+1 613 555 0142"},
    {"id": "jroy", "name": "Jules Roy", "roles": ["TL", "L1"], "contact": "+1 613 555 0187"},
    {"id": "atran", "name": "An Tran", "roles": ["CL", "CSL"], "contact": "+1 613 555 0119"},
    {"id": "kblake", "name": "Kim Blake", "roles": ["SL"], "contact": "+1 613 555 0164"},
    {"id": "dsilva", "name": "Dora Silva", "roles": ["L3"], "contact": "+1 613 555 0103"},
)

CONTACTS: tuple[dict[str, Any], ...] = (
    {"name": "Operations on call", "group": "on-call", "level": 1, "phone": "+1 613 555 0100"},
    {"name": "DNS specialist", "group": "specialist", "level": 2, "phone": "+1 613 555 0121"},
    {"name": "Example Registrar support", "group": "registrar", "phone": "+1 613 555 0170"},
    {"name": "Cloud provider support", "group": "vendor", "phone": "+1 613 555 0171"},
    {
        "name": "Chief technology officer",
        "group": "executive",
        "level": 4,
        "phone": "+1 613 555 0190",
        "severities": ["P0", "P1"],
    },
    {"name": "Chief executive officer", "group": "executive", "phone": "+1 613 555 0191", "severities": ["P0"]},
)

ORGANISATION = {
    "name": "Acme Shop",
    "status_page": "https://status.shop.example",
    "support_team": "Acme Shop support",
    "registrar": "Example Registrar",
    "registrar_account": "ACME-4471",
}

SPARE_CERTIFICATES = ("www.pay.example", "api.pay.example")
"""Hosts for which a good certificate lies ready."""


def mail_shares() -> dict[str, float]:
    """Each configuration set with its part of all mail where bad mailings go through it, and 0 where none do."""
    total = sum(site.mail_per_hour for site in SITES)
    campaigns = sum(site.mail_per_hour for site in SITES if site.configuration_set == CAMPAIGN_SET)
    return {CONFIGURATION_SET: 0.0, CAMPAIGN_SET: campaigns / total}


def settings() -> dict[str, Any]:
    """The configuration that this company would have written, in `cockpit.yaml`'s shape; short intervals.

    Its channels are added by who knows where these listen.
    """
    return {
        "domains": [_domain(site) for site in SITES],
        "aws": {"account": ACCOUNT, "region": REGION},
        "byodkim": {"bucket": BUCKET, "key_prefix": "dkim-certificates", "records_prefix": "dns_records"},
        "intervals": {
            "dns_s": 5.0,
            "dnssec_s": 5.0,
            "tls_s": 30.0,
            "http_s": 5.0,
            "mail_s": 30.0,
            "ses_identity_s": 5.0,
            "ses_account_s": 5.0,
            "ses_rates_s": 10.0,
            "ses_state_s": 15.0,
            "ses_feedback_s": 5.0,
            "ses_lists_s": 20.0,
            "ct_s": 15.0,
            "lb_s": 5.0,
            "backup_s": 30.0,
        },
        "ses": {
            "namespace": METRICS_NAMESPACE,
            "feedback_queue": FEEDBACK_QUEUE,
            "feedback_topics": [f"arn:aws:sns:{REGION}:{ACCOUNT}:{FEEDBACK_TOPIC}"],
            "suppression_table": SUPPRESSION_TABLE,
        },
        "sources": ["cloudwatch", "aws-health"],
        "certificate_transparency": {"issuers": [ISSUER]},
        "dns_zones": [{"zone": site.name, "provider": "rfc2136"} for site in SITES],
        "severity_profile": "emergency",
        # A drill lasts minutes: it is over when alerts have cleared and no check fails.
        "resolving": {"conditions": []},
        "people": [dict(person) for person in PEOPLE],
        "contacts": [dict(contact) for contact in CONTACTS],
        "organisation": dict(ORGANISATION),
    }


def _domain(site: Site) -> dict[str, Any]:
    domain: dict[str, Any] = {
        "name": site.name,
        "owner": site.owner,
        "services": list(site.services),
        "production": True,
        "mail_per_hour": site.mail_per_hour,
        "identity": True,
        "hosts": [{"name": host.name, "path": "/health", "expect_status": 200} for host in site.hosts],
        "load_balancers": [site.balancer] if site.targets_watched else [],
    }
    if site.pinned:
        pins = [{"name": host.name, "type": "A", "values": [host.address]} for host in site.hosts]
        domain["records"] = pins
    if site.selector:
        domain["dkim"] = {"selector": site.selector, "bucket": BUCKET}
    return domain
