"""Which book of the library is played in which drill, and what is answered there: a row for each."""

from typing import Any

import boto3
from botocore.config import Config

from cockpit.drill.process.launch import LaunchedWorld
from tests.runbooks.playing import Play

BUCKET, DOMAIN, SELECTOR = "acme-dkim", "shop.example", "s2026b"
KMS = "arn:aws:kms:us-east-1:447112341123:key/next"
ROLE = "arn:aws:iam::447112341123:role/ic-remediate"


def _aws(world: LaunchedWorld, service: str) -> Any:
    """The client that the person's own AWS command line would be."""
    aws = world.profile.aws
    return boto3.session.Session().client(
        service,
        region_name=aws.region,
        endpoint_url=aws.endpoint,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key=aws.secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


def _sign_by_hand(world: LaunchedWorld) -> None:
    """What the three blocks of the manual way do with the key in S3."""
    path = f"dkim-certificates/{DOMAIN}/{SELECTOR}/private_key.pem"
    pem = _aws(world, "s3").get_object(Bucket=BUCKET, Key=path)["Body"].read().decode()
    _aws(world, "sesv2").put_email_identity_dkim_signing_attributes(
        EmailIdentity=DOMAIN,
        SigningAttributesOrigin="EXTERNAL",
        SigningAttributes={
            "DomainSigningSelector": SELECTOR,
            "DomainSigningPrivateKey": "".join(line for line in pem.splitlines() if not line.startswith("-----")),
        },
    )


def _owner_publishes(world: LaunchedWorld) -> None:
    """The owner of the domain puts the three CNAMEs back that were in the letter."""
    dkim = _aws(world, "sesv2").get_email_identity(EmailIdentity=DOMAIN)["DkimAttributes"]
    zone = dkim.get("SigningHostedZone") or "dkim.amazonses.com"
    for token in dkim["Tokens"]:
        name = f"{token}._domainkey.{DOMAIN}"
        world.inject(do="dns-publish", name=name, type="CNAME", values=[f"{token}.{zone}."])


def _renew(world: LaunchedWorld) -> None:
    _aws(world, "sts").assume_role(RoleArn=ROLE, RoleSessionName="incident")


PLAYS = (
    Play("dkim-missing", "dkim-record-missing", "shop.example", 20),
    Play("dkim-missing", "domain-identity-failed", "shop.example", 40),
    Play(
        "dkim-missing",
        "byodkim-phase-7",
        "shop.example",
        60,
        answers=("The remedy of this cockpit",),
        values={"Bucket": "keys"},
    ),
    Play(
        "zone-deletion",
        "dns-resolution-failure",
        "shop.example",
        40,
        answers=("Our servers answer, records are missing",),
    ),
    Play(
        "propagation-stale",
        "dns-propagation",
        "news.example",
        20,
        answers=("Resolvers only",),
        repairs=0,
        speed=20.0,
    ),
    Play("dnssec-wrong-ds", "dnssec-failure", "pay.example", 25, answers=("The DS names no key",)),
    Play(
        "dnssec-expired", "dnssec-failure", "pay.example", 30, answers=("The zone is no longer signed, or its key",)
    ),
    Play("certificate-expiry", "certificate-expired", "pay.example", 40, answers=("AWS Certificate Manager",)),
    Play(
        "all-quiet",
        "certificate-expiring",
        "pay.example",
        40,
        answers=("No, the renewal did not run",),
        before=({"do": "certificate", "host": "www.pay.example", "kind": "expiring"},),
        restores=False,
    ),
    Play(
        "all-quiet",
        "certificate-invalid",
        "pay.example",
        40,
        answers=("no certificate of ours",),
        before=({"do": "certificate", "host": "www.pay.example", "kind": "wrong-host"},),
        restores=False,
    ),
    Play(
        "all-quiet",
        "certificate-revoked",
        "pay.example",
        60,
        before=({"do": "certificate-revoke", "host": "www.pay.example"},),
        restores=False,
    ),
    Play(
        "load-balancer-failure",
        "load-balancer",
        "pay.example",
        60,
        answers=("It cuts connections",),
        values={"balancer that stands ready": "203.0.113.25"},
        restores=False,
    ),
    Play(
        "all-quiet",
        "service-down",
        "news.example",
        60,
        answers=("Nothing, only this service", "Nothing of ours, it hangs", "Yes, as a deployment"),
        values={"deployment": "web"},
        before=({"do": "host-fault", "host": "www.news.example", "kind": "unavailable"},),
        mended={"rollout restart deployment/web": {"do": "host-heal", "host": "www.news.example"}},
        repairs=0,
        restores=False,
    ),
    Play(
        "all-quiet",
        "database-connectivity",
        "news.example",
        90,
        answers=("It answers with a primary",),
        values={"MongoDB": "db.news.example", "namespace": "news", "deployment": "web"},
        before=({"do": "host-fault", "host": "www.news.example", "kind": "unavailable"},),
        mended={"rollout restart deployment/web": {"do": "host-heal", "host": "www.news.example"}},
        repairs=0,
        restores=False,
    ),
    Play(
        "ses-bounce-ramp",
        "ses-bounce-rate",
        "ses:",
        40,
        answers=("Yes, stop that one",),
        values={"configuration set": "campaigns"},
    ),
    Play(
        "ses-complaint-jump",
        "ses-complaint-rate",
        "ses:",
        40,
        answers=("Yes, stop that one",),
        values={"configuration set": "campaigns"},
    ),
    Play(
        "account-suspension",
        "ses-account-stopped",
        "ses:",
        140,
        answers=("SHUTDOWN",),
        values={
            "Configuration set": "campaigns",
            "Web site": "https://shop.example",
            "What caused it": "A mailing to an old list bounced. It was stopped, the list was cleaned.",
        },
        repairs=2,
    ),
    Play("customer-communication", "customer-communication", "", 60, answers=("P0,",), repairs=0, restores=False),
    Play("dkim-missing", "initial-assessment", "shop.example", 40, answers=("Fewer,",), repairs=0, restores=False),
    Play("dkim-missing", "team-assembly", "shop.example", 50, answers=("P1",), repairs=0, restores=False),
    Play("dkim-missing", "registrar-escalation", "shop.example", 60, repairs=0, restores=False),
    Play(
        "all-quiet",
        "ses-daily-check",
        "news.example",
        30,
        before=({"do": "host-fault", "host": "www.news.example", "kind": "unavailable"},),
        repairs=0,
        restores=False,
    ),
    Play(
        "dkim-missing",
        "ses-weekly-check",
        "shop.example",
        90,
        values={"verified address": "post@shop.example", "ARN": "arn:aws:sns:x"},
        repairs=0,
        restores=False,
    ),
    Play(
        "dkim-missing",
        "byodkim-by-hand",
        "shop.example",
        60,
        values={"Bucket": BUCKET},
        repairs=0,
        by_hand={"Set the signing attributes": _sign_by_hand},
    ),
    Play(
        "dkim-missing",
        "domain-owner-notification",
        "shop.example",
        60,
        answers=("Several,",),
        repairs=0,
        by_hand={"See that the records stand": _owner_publishes},
    ),
    Play(
        "all-quiet",
        "post-incident-validation",
        "news.example",
        40,
        before=({"do": "host-fault", "host": "www.news.example", "kind": "unavailable"},),
        repairs=0,
        by_hand={"The service answers": {"do": "host-heal", "host": "www.news.example"}},
        restores=False,
    ),
    Play(
        "regional-outage",
        "regional-outage",
        "api.example",
        80,
        answers=("Yes, the incident commander",),
        values={"Which region": "ca-central-1", "Address of the other region": "203.0.113.45"},
    ),
    Play(
        "load-balancer-targets",
        "load-balancer",
        "api.example",
        90,
        answers=("It answers 502", "Yes, and AWS balances"),
        values={"Its address or instance": "10.0.1.10", "target that is unhealthy": "10.0.0.10"},
        repairs=2,
    ),
    Play(
        "ct-misissuance",
        "certificate-misissued",
        "shop.example",
        70,
        answers=("Nobody of us",),
        values={"authority's name": "drill-ca.example"},
        by_hand={"Have it revoked": {"do": "ct-revoke", "host": "www.shop.example"}},
    ),
    Play(
        "propagation-split",
        "dns-propagation",
        "news.example",
        70,
        answers=("Our own servers all tell the same",),
        values={"Name of the record": "www.news.example"},
        speed=20.0,
    ),
    Play(
        "two-faults",
        "dnssec-failure",
        "shop.example",
        80,
        answers=("The zone is no longer signed, or its key",),
        repairs=2,
        then="dkim-record-missing",
    ),
    Play(
        "all-quiet",
        "dnssec-failure",
        "pay.example",
        140,
        answers=("The DS names no key", "Yes, others may have it", "Route 53"),
        values={"ARN of the KMS key": KMS},
        repairs=5,
        before=({"do": "dnssec-roll-key", "zone": "pay.example"},),
        zones=({"zone": "pay.example", "provider": "route53"}, {"zone": "example", "provider": "rfc2136"}),
        restores=False,
    ),
    Play("api-throttling", "aws-not-seen", "", 20, answers=("Too many requests",), repairs=0, calm=True),
    Play(
        "expired-credentials",
        "aws-not-seen",
        "",
        70,
        answers=("The token or the session",),
        values={"ARN of the role": ROLE},
        repairs=0,
        by_hand={"Renew the session": _renew},
        calm=True,
    ),
    Play(
        "false-alarm",
        "dns-propagation",
        "",
        60,
        answers=("Nobody, one resolver is silent",),
        repairs=0,
        calm=True,
        speed=20.0,
    ),
)
"""A row for each book and drill."""
