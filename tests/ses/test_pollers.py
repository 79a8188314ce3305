"""What the watch and the estate read of CloudWatch and S3, from moto's servers, which we did not write."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from cockpit.actions.aws import AwsClients
from cockpit.actions.estate.functions import functions
from cockpit.actions.estate.generate import generate
from cockpit.actions.estate.stored import Estate
from cockpit.config.settings import ByodkimConfig
from cockpit.health.model import Verdict
from cockpit.health.rates import judge_failures, judge_rates
from cockpit.probes.aws import AwsReader
from cockpit.probes.cloudwatch import read_rates
from cockpit.probes.ses.alarms import read_alarms
from cockpit.probes.ses.calls import Calls
from cockpit.profile import Profile
from cockpit.ses.alarms import judge_alarms, wanted
from cockpit.ses.estate.functions import Expected
from storage.ledger import Draft

SPACE = "Pollers/SES"
TARGET = "ses:123456789012/us-east-1"


def client(profile: Profile, service: str) -> Any:
    aws = profile.aws
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name=aws.region,
        aws_access_key_id=aws.access_key,
        aws_secret_access_key=aws.secret_key,
    )


def calls(profile: Profile) -> Calls:
    return Calls(AwsReader(profile), speed=1000)


def count(profile: Profile, space: str, at: datetime, **values: float) -> None:
    data = [
        {"MetricName": name.replace("_", "."), "Timestamp": at, "Value": value} for name, value in values.items()
    ]
    client(profile, "cloudwatch").put_metric_data(Namespace=space, MetricData=data)


async def test_rates_and_our_own_counts_are_read_and_judged(moto: Profile) -> None:
    now = datetime.now(UTC)
    for minutes in (5, 20, 35, 50):
        at = now - timedelta(minutes=minutes)
        count(moto, "AWS/SES", at, Send=1000, Bounce=40, Complaint=0, Reputation_BounceRate=0.031)
        count(moto, SPACE, at, EmailsSent=900, EmailsFailed=100, EmailsSuppressed=2)
    reading = await read_rates(calls(moto), TARGET, "ses.bounce", at=now, namespace=SPACE)
    assert reading.failure is None, reading.seen
    decided = {each.check: each for each in judge_rates(reading, now) if not each.vantage}
    assert decided["ses.bounce"].verdict is Verdict.WARN
    assert decided["ses.bounce"].evidence["windowed"] == 0.04
    assert decided["ses.bounce"].evidence["reported"] == 0.031
    (failing,) = judge_failures(reading, now)
    assert (failing.verdict, failing.evidence["fraction"]) == (Verdict.FAIL, 0.1)
    assert failing.evidence["suppressed_last_hour"] == 8


async def test_alarms_are_read_though_nobody_may_ask_how_they_changed(moto: Profile) -> None:
    """Moto has no DescribeAlarmHistory: as where it is not allowed, the alarms themselves are still known."""
    cloudwatch = client(moto, "cloudwatch")
    for want in wanted(SPACE)[:4]:
        cloudwatch.put_metric_alarm(
            AlarmName=want.name,
            Namespace=want.namespace,
            MetricName=want.metric,
            Statistic=want.statistic,
            Period=3600,
            EvaluationPeriods=1,
            Threshold=5 if want.name == "ses-high-bounce-rate-CRITICAL" else want.threshold,
            ComparisonOperator=want.comparison,
            AlarmActions=["arn:aws:sns:us-east-1:123456789012:ses-alarms"],
        )
    now = datetime.now(UTC)
    (found,) = judge_alarms(await read_alarms(calls(moto), TARGET, "ses.alarms", SPACE, at=now), SPACE, now)
    assert found.verdict is Verdict.WARN
    assert "it can never fire (5 % is 0.05)" in found.headline
    assert "2 of 6 wanted alarms are missing" in found.headline
    assert found.evidence["history_failure"]


def test_a_key_is_made_into_s3_listed_with_its_age_and_its_functions_are_looked_for(moto: Profile) -> None:
    client(moto, "s3").create_bucket(Bucket="poller-dkim")
    clients, where = AwsClients(moto, "mhassan"), ByodkimConfig(bucket="poller-dkim")
    records: list[Draft] = []
    now = datetime.now(UTC)
    made = generate(
        clients, where, "shop.example", "s1", operator="mhassan", append=records.extend, now=lambda: now
    )
    (line,) = Estate(clients, moto, where).keys()
    assert (line.domain, line.selector, line.recorded) == ("shop.example", "s1", True)
    assert line.place == made.place
    assert line.days_left(now) == 455 or line.days_left(now) == 456
    expected = Expected(bucket="poller-dkim", table="t", region="us-east-1", identities={})
    assert {each.state for each in functions(clients, expected)} == {"absent"}
