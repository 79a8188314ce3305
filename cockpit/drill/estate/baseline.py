"""The healthy world before anything breaks: zones, SES identities, S3 objects and mail levels of the company."""

import json
import random
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from cockpit.drill.aws.ses.dkim import provider_public_key, spki
from cockpit.drill.aws.ses.identity import Dkim, EasyToken, Identity, Origin
from cockpit.drill.aws.ses.mail import ConfigurationSet, MailAccount
from cockpit.drill.aws.ses.traffic import Quantity
from cockpit.drill.aws.stores.s3 import S3
from cockpit.drill.aws.watching.alarms import Alarm
from cockpit.drill.clock import DrillClock
from cockpit.drill.dns import DnsNetwork, add_public_suffixes, has_ipv6_loopback
from cockpit.drill.estate.company import (
    ACCOUNT,
    BUCKET,
    CAMPAIGN_SET,
    CONFIGURATION_SET,
    FURTHER_RESOLVERS,
    MAIL_PROVIDER_SERVERS,
    NAME_SERVERS,
    NEGATIVE_TTL_S,
    RECORD_TTL_S,
    REGION,
    RESOLVERS,
    SITES,
    Site,
)

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


class PreparedKey:
    """The RSA-2048 key pair that lies ready in S3, generated in a thread because that takes its time."""

    def __init__(self) -> None:
        self._pem = b""
        self._public = ""
        self._thread = threading.Thread(target=self._generate, daemon=True)
        self._thread.start()

    @property
    def pem(self) -> bytes:
        """The private key as PKCS#1 PEM."""
        self._thread.join()
        return self._pem

    @property
    def public(self) -> str:
        """The public key as in `p=`."""
        self._thread.join()
        return self._public

    def _generate(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = rsa.generate_private_key(65537, 2048)
        self._pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        self._public = spki(key.public_key())


def easy_tokens(chance: random.Random) -> dict[str, tuple[EasyToken, ...]]:
    """Three Easy DKIM tokens for each domain, the same for the same seed."""
    return {site.name: tuple(_token(chance) for _ in range(3)) for site in SITES}


def lay_zones(network: DnsNetwork, tokens: Mapping[str, tuple[EasyToken, ...]], prepared: PreparedKey) -> None:
    """Publish everything that the company and its mail provider have in DNS, and add the public resolvers."""
    add_public_suffixes(network)
    hosting = network.add_zone("hosting.example.", NAME_SERVERS)
    hosting.publish("mx.hosting.example.", "A", "203.0.113.5")
    provider = network.add_zone("amazonses.com.", MAIL_PROVIDER_SERVERS)
    provider.publish("amazonses.com.", "TXT", '"v=spf1 ip4:192.0.2.192/26 -all"')
    provider.publish(f"feedback-smtp.{REGION}.amazonses.com.", "A", "192.0.2.200")
    for site in SITES:
        zone = network.add_zone(f"{site.name}.", NAME_SERVERS, ttl_s=RECORD_TTL_S, negative_ttl_s=NEGATIVE_TTL_S)
        for name, kind, value in _records(site, tokens[site.name]):
            zone.publish(name, kind, value)
        for token in tokens[site.name]:
            provider.publish(f"{token.token}.dkim.amazonses.com.", "TXT", f"p={token.public}")
        if site.selector:
            name = f"{site.selector}._domainkey.{site.name}."
            zone.publish(name, "TXT", dkim_record(prepared.public))
    for name, address in RESOLVERS:
        network.add_resolver(name, address)
    for further in FURTHER_RESOLVERS:
        network.add_resolver(further.name, further.address, public=False)


def add_configuration_sets(mail: MailAccount) -> None:
    """One set for mail that people wait for, and one for mailings, so that either can be paused alone."""
    for name in (CONFIGURATION_SET, CAMPAIGN_SET):
        mail.configuration_sets[name] = ConfigurationSet(name)


def add_identities(mail: MailAccount, tokens: Mapping[str, tuple[EasyToken, ...]]) -> None:
    """Each domain as an SES identity with Easy DKIM, its own MAIL FROM and a configuration set."""
    for site in SITES:
        dkim = Dkim(origin=Origin.EASY, tokens=tokens[site.name])
        mail.add(
            Identity(
                name=site.name,
                dkim=dkim,
                mail_from=f"bounce.{site.name}",
                configuration_set=site.configuration_set,
                tags={"owner": site.owner},
            )
        )


def store_prepared_key(s3: S3, prepared: PreparedKey, clock: DrillClock) -> None:
    """What phases 1 to 6 of the BYODKIM procedure leave in S3."""
    made = clock.now() - timedelta(days=3)
    for site in SITES:
        if not site.selector:
            continue
        record = {
            "domain": site.name,
            "selector": site.selector,
            "record_name": f"{site.selector}._domainkey.{site.name}",
            "record_type": "TXT",
            "record_value": dkim_record(prepared.public),
            "generated_at": made.isoformat(),
        }
        key = f"dkim-certificates/{site.name}/{site.selector}/private_key.pem"
        s3.store(BUCKET, key, prepared.pem, made, "application/x-pem-file")
        body = json.dumps(record, indent=2).encode()
        s3.store(BUCKET, f"dns_records/{site.name}/{site.selector}.json", body, made, "application/json")


def mail_levels() -> dict[Quantity, float]:
    """The usual height of each mail curve."""
    return {
        Quantity.SEND_PER_MINUTE: sum(site.mail_per_hour for site in SITES) / 60,
        Quantity.BOUNCE_FRACTION: 0.021,
        Quantity.COMPLAINT_FRACTION: 0.0004,
        Quantity.REJECT_FRACTION: 0.0002,
        Quantity.REPUTATION_BOUNCE: 0.019,
        Quantity.REPUTATION_COMPLAINT: 0.0004,
    }


def alarms(own: str) -> list[Alarm]:
    """The account's CloudWatch alarms; the last two watch the company's own counts, in namespace `own`."""
    topic = (f"arn:aws:sns:{REGION}:{ACCOUNT}:ses-alarms",)
    rates = (
        ("ses-high-bounce-rate-CRITICAL", "Reputation.BounceRate", 0.05),
        ("ses-high-complaint-rate-CRITICAL", "Reputation.ComplaintRate", 0.001),
        ("ses-bounce-rate-warning", "Reputation.BounceRate", 0.03),
        ("ses-complaint-rate-warning", "Reputation.ComplaintRate", 0.0005),
    )
    found = [
        Alarm(
            name=name,
            key=("AWS/SES", metric, ()),
            threshold=threshold,
            missing="notBreaching",
            actions=topic,
        )
        for name, metric, threshold in rates
    ]
    failed = Alarm(
        name="ses-email-failure-rate-high",
        threshold=0.10,
        actions=topic,
        missing="notBreaching",
        queries=_failure_rate(own),
    )
    suppressed = Alarm(
        name="ses-suppressed-emails-detected",
        key=(own, "EmailsSuppressed", ()),
        statistic="Sum",
        threshold=1.0,
        comparison="GreaterThanOrEqualToThreshold",
        missing="notBreaching",
        actions=topic,
    )
    return [*found, failed, suppressed]


def _failure_rate(own: str) -> tuple[Mapping[str, Any], ...]:
    """Failed sends among all, as metric math (CloudWatch MetricDataQuery)."""
    counts = (("failed", "EmailsFailed"), ("sent", "EmailsSent"))
    watched = [
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {"Metric": {"Namespace": own, "MetricName": metric}, "Period": 60, "Stat": "Sum"},
        }
        for name, metric in counts
    ]
    return (*watched, {"Id": "rate", "Expression": "failed / (failed + sent)", "ReturnData": True})


def dkim_record(public: str) -> str:
    """A selector's TXT value (RFC 6376 section 3.6.1)."""
    return f"v=DKIM1; k=rsa; p={public}"


def _token(chance: random.Random) -> EasyToken:
    return EasyToken("".join(chance.choice(_LETTERS) for _ in range(32)), provider_public_key(chance))


def _records(site: Site, tokens: tuple[EasyToken, ...]) -> Iterator[tuple[str, str, str]]:
    apex = f"{site.name}."
    yield apex, "MX", "10 mx.hosting.example."
    yield apex, "TXT", '"v=spf1 include:amazonses.com ~all"'
    yield f"_dmarc.{apex}", "TXT", f'"v=DMARC1; p=quarantine; adkim=r; aspf=r; rua=mailto:dmarc@{site.name}"'
    yield f"bounce.{apex}", "MX", f"10 feedback-smtp.{REGION}.amazonses.com."
    yield f"bounce.{apex}", "TXT", '"v=spf1 include:amazonses.com ~all"'
    if all(host.name != site.name for host in site.hosts):
        yield apex, "A", site.hosts[0].address
    for host in site.hosts:
        yield f"{host.name}.", "A", host.address
        if host.address6 and has_ipv6_loopback():
            yield f"{host.name}.", "AAAA", host.address6
    for token in tokens:
        yield f"{token.token}._domainkey.{apex}", "CNAME", f"{token.token}.dkim.amazonses.com."
