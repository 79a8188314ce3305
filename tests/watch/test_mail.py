"""The mail looks on a whole world: what records and SES together amount to."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from cockpit.config import settings_from
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.watch import check_once
from tests.worlds import start_world

DOMAIN = "shop.example"


@pytest.fixture
def own() -> Iterator[LaunchedWorld]:
    """A world of the test's own, to be broken."""
    with start_world() as world:
        yield world


@pytest.fixture
def ses(own: LaunchedWorld) -> Iterator[Any]:
    aws = own.profile.aws
    client = boto3.session.Session().client(
        "sesv2",
        region_name=aws.region,
        endpoint_url=aws.endpoint,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key=aws.secret_key,
    )
    yield client
    client.close()


def decide(world: LaunchedWorld, check: str) -> Observation:
    settings = settings_from(world.profile.settings or {}, "the world")
    found = check_once(settings, world.profile, [DOMAIN], [check])
    (decision,) = [each for each in found if each.vantage == DECISION and each.check == check]
    return decision


def test_case_64_what_ses_sends_unsigned_and_unaligned_is_an_alert_of_its_own(own: LaunchedWorld, ses: Any) -> None:
    assert decide(own, "mail.alignment").verdict is Verdict.OK
    ses.put_email_identity_dkim_attributes(EmailIdentity=DOMAIN, SigningEnabled=False)
    alone = decide(own, "mail.alignment")
    assert (alone.verdict, alone.headline.split(";")[0]) == (
        Verdict.INFO,
        "Alignment: DMARC passes by MAIL FROM alone, forwarded mail fails",
    )
    ses.put_email_identity_mail_from_attributes(EmailIdentity=DOMAIN, MailFromDomain="")
    refused = decide(own, "mail.alignment")
    assert refused.verdict is Verdict.FAIL
    assert "mail will be sorted out as spam" in refused.headline
    assert refused.finding is not None
    assert "41,000 mails an hour" in refused.finding.now
    assert decide(own, "mail.mail_from").verdict is Verdict.NA


def test_a_mail_from_domain_without_records_fails_with_the_record_to_publish(own: LaunchedWorld, ses: Any) -> None:
    ses.put_email_identity_mail_from_attributes(EmailIdentity=DOMAIN, MailFromDomain=f"other.{DOMAIN}")
    seen = decide(own, "mail.mail_from")
    assert seen.verdict is Verdict.FAIL
    assert seen.finding is not None
    assert seen.finding.record == f"other.{DOMAIN}. 1800 IN MX 10 feedback-smtp.ca-central-1.amazonses.com."
