"""Conformance: each built operation through unmodified boto3, its success and its errors."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cockpit.drill.aws.ses.mail import ConfigurationSet
from cockpit.drill.aws.ses.traffic import Quantity, Ramp
from tests.drill.aws.conftest import ARN, HandAccount


def test_sts_tells_who_signs(account: HandAccount) -> None:
    answer = account.client("sts").get_caller_identity()
    assert (answer["Account"], answer["Arn"]) == ("447112341123", ARN)


def test_a_session_is_renewed_for_ones_own_role_only(account: HandAccount) -> None:
    client = account.client("sts")
    role = "arn:aws:iam::447112341123:role/ic-remediate"
    renewed = client.assume_role(RoleArn=role, RoleSessionName="mhassan")
    assert renewed["AssumedRoleUser"]["Arn"] == ARN
    assert renewed["Credentials"]["Expiration"] > datetime.now(UTC)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.assume_role(RoleArn="arn:aws:iam::447112341123:role/admin", RoleSessionName="mhassan")


def test_the_account_shows_enforcement_switch_and_quota(account: HandAccount) -> None:
    answer = account.client("sesv2").get_account()
    assert answer["EnforcementStatus"] == "HEALTHY"
    assert answer["SendingEnabled"] is True
    assert answer["SendQuota"]["Max24HourSend"] == 200_000.0
    assert 0 < answer["SendQuota"]["SentLast24Hours"] < 1_200_000


def test_sending_can_be_switched_off_and_on(account: HandAccount) -> None:
    client = account.client("sesv2")
    client.put_account_sending_attributes(SendingEnabled=False)
    assert client.get_account()["SendingEnabled"] is False
    client.put_account_sending_attributes(SendingEnabled=True)
    assert client.get_account()["SendingEnabled"] is True


def test_a_pause_by_aws_cannot_be_lifted_by_the_customer(account: HandAccount) -> None:
    account.mail.enforcement = "SHUTDOWN"
    client = account.client("sesv2")
    assert client.get_account()["SendingEnabled"] is False
    with pytest.raises(client.exceptions.ConflictException):
        client.put_account_sending_attributes(SendingEnabled=True)


def test_identities_are_listed_by_pages(account: HandAccount) -> None:
    account._add_identity("pay.example", 2)
    client = account.client("sesv2")
    first = client.list_email_identities(PageSize=1)
    assert [item["IdentityName"] for item in first["EmailIdentities"]] == ["pay.example"]
    second = client.list_email_identities(PageSize=1, NextToken=first["NextToken"])
    assert [item["IdentityName"] for item in second["EmailIdentities"]] == ["shop.example"]
    assert "NextToken" not in second


def test_an_identity_shows_what_ses_last_saw(account: HandAccount) -> None:
    answer = account.client("sesv2").get_email_identity(EmailIdentity="shop.example")
    assert answer["VerifiedForSendingStatus"] is True
    assert answer["DkimAttributes"]["Status"] == "SUCCESS"
    assert answer["DkimAttributes"]["SigningAttributesOrigin"] == "AWS_SES"
    assert len(answer["DkimAttributes"]["Tokens"]) == 3
    assert answer["MailFromAttributes"]["MailFromDomainStatus"] == "SUCCESS"
    assert answer["VerificationInfo"]["SOARecord"]["SerialNumber"] == 1
    assert answer["VerificationInfo"]["LastCheckedTimestamp"] <= datetime.now(UTC)


def test_an_identity_that_does_not_exist_is_a_typed_404(account: HandAccount) -> None:
    client = account.client("sesv2")
    with pytest.raises(client.exceptions.NotFoundException) as caught:
        client.get_email_identity(EmailIdentity="nobody.example")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_signing_can_be_switched_off(account: HandAccount) -> None:
    client = account.client("sesv2")
    client.put_email_identity_dkim_attributes(EmailIdentity="shop.example", SigningEnabled=False)
    answer = client.get_email_identity(EmailIdentity="shop.example")
    assert answer["DkimAttributes"]["SigningEnabled"] is False
    assert not account.mail.signature("shop.example").verifiable


def test_mail_is_recorded_with_the_selector_it_is_signed_with(account: HandAccount) -> None:
    sent = _send(account.client("sesv2"), "Shop <orders@shop.example>")
    (mail,) = account.mail.mails
    assert mail.message_id == sent["MessageId"]
    assert mail.sender_domain == "shop.example"
    assert mail.signature.selector == "token0x1"
    assert mail.signature.verifiable


@pytest.mark.parametrize(
    ("state", "sender", "code"),
    [
        ("suspended", "a@shop.example", "AccountSuspendedException"),
        ("paused", "a@shop.example", "SendingPausedException"),
        ("open", "a@stranger.example", "MessageRejected"),
        ("open", "no address", "BadRequestException"),
    ],
)
def test_mail_that_may_not_leave_is_refused(account: HandAccount, state: str, sender: str, code: str) -> None:
    account.mail.enforcement = "SHUTDOWN" if state == "suspended" else "HEALTHY"
    account.mail.sending = state != "paused"
    with pytest.raises(ClientError) as caught:
        _send(account.client("sesv2"), sender)
    assert caught.value.response["Error"]["Code"] == code
    assert not account.mail.mails


def test_a_configuration_set_can_be_paused_apart(account: HandAccount) -> None:
    account.mail.configuration_sets["news"] = ConfigurationSet("news")
    account.mail.get("shop.example").configuration_set = "news"
    client = account.client("sesv2")
    assert client.get_email_identity(EmailIdentity="shop.example")["ConfigurationSetName"] == "news"
    client.put_configuration_set_sending_options(ConfigurationSetName="news", SendingEnabled=False)
    assert client.get_configuration_set(ConfigurationSetName="news")["SendingOptions"] == {"SendingEnabled": False}
    with pytest.raises(client.exceptions.SendingPausedException):
        _send(client, "a@shop.example")
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_configuration_set(ConfigurationSetName="nothing")


def test_the_classic_api_answers_for_many_identities_at_once(account: HandAccount) -> None:
    client = account.client("ses")
    names = ["shop.example", "nobody.example"]
    verification = client.get_identity_verification_attributes(Identities=names)["VerificationAttributes"]
    assert verification == {"shop.example": {"VerificationStatus": "Success"}}
    dkim = client.get_identity_dkim_attributes(Identities=names)["DkimAttributes"]["shop.example"]
    assert (dkim["DkimEnabled"], dkim["DkimVerificationStatus"], len(dkim["DkimTokens"])) == (True, "Success", 3)
    sender = client.get_identity_mail_from_domain_attributes(Identities=names)["MailFromDomainAttributes"]
    assert sender["shop.example"]["MailFromDomain"] == "bounce.shop.example"
    assert client.get_send_quota()["MaxSendRate"] == 80.0


def test_send_statistics_cover_two_weeks_in_quarters_of_an_hour(account: HandAccount) -> None:
    points = account.client("ses").get_send_statistics()["SendDataPoints"]
    assert len(points) == 14 * 96
    stamps = sorted(point["Timestamp"] for point in points)
    assert stamps[1] - stamps[0] == timedelta(minutes=15)
    whole = sorted(points, key=lambda point: point["Timestamp"])[-2]
    assert whole["Bounces"] / whole["DeliveryAttempts"] == pytest.approx(0.02, rel=0.1)


def test_metrics_are_listed_and_read_as_fractions(account: HandAccount) -> None:
    client = account.client("cloudwatch")
    names = {metric["MetricName"] for metric in client.list_metrics(Namespace="AWS/SES")["Metrics"]}
    assert names == {
        "Send",
        "Delivery",
        "Bounce",
        "Complaint",
        "Reject",
        "Reputation.BounceRate",
        "Reputation.ComplaintRate",
    }
    now = datetime.now(UTC)
    answer = client.get_metric_data(
        MetricDataQueries=[_query("rate", "Reputation.BounceRate", "Average"), _query("sent", "Send", "Sum")],
        StartTime=now - timedelta(hours=1),
        EndTime=now,
    )
    rate, sent = answer["MetricDataResults"]
    assert rate["Values"][0] == pytest.approx(0.019, rel=0.05)
    assert rate["Timestamps"] == sorted(rate["Timestamps"], reverse=True)
    assert sum(sent["Values"][1:-1]) == pytest.approx(600 * 5 * len(sent["Values"][1:-1]), rel=0.3)


def test_a_ramp_moves_what_is_measured_from_now_on_only(account: HandAccount) -> None:
    now = datetime.now(UTC)
    ramp = Ramp(now - timedelta(minutes=10), timedelta(minutes=5), 0.12)
    account.traffic.ramp(Quantity.REPUTATION_BOUNCE, ramp)
    answer = account.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SES",
        MetricName="Reputation.BounceRate",
        StartTime=now - timedelta(hours=1),
        EndTime=now,
        Period=60,
        Statistics=["Average", "Maximum"],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    assert points[0]["Average"] == pytest.approx(0.019, rel=0.05)
    assert points[-1]["Average"] == pytest.approx(0.12)


def test_an_alarm_follows_its_metric(account: HandAccount) -> None:
    client = account.client("cloudwatch")
    assert account.cloudwatch.tick(datetime.now(UTC)) == ["CloudWatch: alarm ses-bounce INSUFFICIENT_DATA -> OK"]
    now = datetime.now(UTC)
    account.traffic.ramp(Quantity.REPUTATION_BOUNCE, Ramp(now - timedelta(minutes=2), timedelta(minutes=1), 0.08))
    account.cloudwatch.tick(now)
    (alarm,) = client.describe_alarms(AlarmNamePrefix="ses-", StateValue="ALARM")["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["Threshold"]) == ("ses-bounce", 0.05)
    assert "greater than the threshold" in alarm["StateReason"]


def test_own_metrics_can_be_put_and_read_back(account: HandAccount) -> None:
    client = account.client("cloudwatch")
    now = datetime.now(UTC)
    dimensions = [{"Name": "service", "Value": "shop"}]
    data = [
        {"MetricName": "EmailsFailed", "Value": 3.0, "Timestamp": now, "Dimensions": dimensions},
        {"MetricName": "EmailsFailed", "Values": [1.0, 2.0], "Counts": [2.0, 1.0], "Dimensions": dimensions},
    ]
    client.put_metric_data(Namespace="Shop/SES", MetricData=data)
    answer = client.get_metric_statistics(
        Namespace="Shop/SES",
        MetricName="EmailsFailed",
        Dimensions=dimensions,
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )
    assert [(point["Sum"], point["SampleCount"]) for point in answer["Datapoints"]] == [(7.0, 4.0)]
    with pytest.raises(ClientError):
        client.put_metric_data(Namespace="AWS/SES", MetricData=data)


def test_metric_math_over_two_metrics_is_computed(account: HandAccount) -> None:
    now = datetime.now(UTC)
    queries = [
        _query("b", "Bounce", "Sum") | {"ReturnData": False},
        _query("s", "Send", "Sum") | {"ReturnData": False},
        {"Id": "percent", "Expression": "100 * b / s"},
    ]
    client = account.client("cloudwatch")
    times = {"StartTime": now - timedelta(hours=1), "EndTime": now}
    (percent,) = client.get_metric_data(MetricDataQueries=queries, **times)["MetricDataResults"]
    assert percent["Values"][1] == pytest.approx(2.0, rel=0.2)


def test_metric_math_beyond_arithmetic_says_that_it_is_not_built(account: HandAccount) -> None:
    now = datetime.now(UTC)
    query = {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(b)"}
    with pytest.raises(ClientError) as caught:
        account.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query], StartTime=now - timedelta(hours=1), EndTime=now
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_object_comes_back_as_it_was_put(account: HandAccount) -> None:
    client = account.client("s3")
    body = bytes(range(256)) * 40
    put = client.put_object(Bucket="acme-dkim", Key="a b/ü+.pem", Body=body, Metadata={"made-by": "phase-5"})
    assert put["ETag"] == f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    head = client.head_object(Bucket="acme-dkim", Key="a b/ü+.pem")
    assert head["ContentLength"] == len(body)
    assert head["Metadata"] == {"made-by": "phase-5"}
    got = client.get_object(Bucket="acme-dkim", Key="a b/ü+.pem")
    assert got["Body"].read() == body
    assert client.list_buckets()["Buckets"][0]["Name"] == "acme-dkim"


def test_a_missing_key_and_a_missing_bucket_are_told_apart(account: HandAccount) -> None:
    client = account.client("s3")
    with pytest.raises(client.exceptions.NoSuchKey):
        client.get_object(Bucket="acme-dkim", Key="nothing")
    with pytest.raises(client.exceptions.NoSuchBucket):
        client.list_objects_v2(Bucket="nothing")
    with pytest.raises(ClientError) as caught:
        client.head_object(Bucket="acme-dkim", Key="nothing")
    assert caught.value.response["Error"]["Code"] == "404"
    client.head_bucket(Bucket="acme-dkim")


def test_objects_are_listed_by_prefix_delimiter_and_page(account: HandAccount) -> None:
    client = account.client("s3")
    for key in ("dkim/shop/a", "dkim/shop/b", "dkim/pay/a", "notes"):
        client.put_object(Bucket="acme-dkim", Key=key, Body=b"x")
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket="acme-dkim", Prefix="dkim/", PaginationConfig={"PageSize": 1}
    )
    assert [item["Key"] for page in pages for item in page["Contents"]] == [
        "dkim/pay/a",
        "dkim/shop/a",
        "dkim/shop/b",
    ]
    folded = client.list_objects_v2(Bucket="acme-dkim", Delimiter="/")
    assert [item["Prefix"] for item in folded["CommonPrefixes"]] == ["dkim/"]
    assert [item["Key"] for item in folded["Contents"]] == ["notes"]


def test_hosted_zones_are_found_by_name(account: HandAccount) -> None:
    client = account.client("route53")
    assert [zone["Name"] for zone in client.list_hosted_zones()["HostedZones"]] == ["pay.example.", "shop.example."]
    found = client.list_hosted_zones_by_name(DNSName="shop.example", MaxItems="1")["HostedZones"]
    assert [zone["Name"] for zone in found] == ["shop.example."]


def test_a_record_without_a_trailing_dot_is_absolute(account: HandAccount) -> None:
    client = account.client("route53")
    change = client.change_resource_record_sets(
        HostedZoneId=_shop(account), ChangeBatch={"Changes": [_change("UPSERT", "s1._domainkey.shop.example")]}
    )
    assert change["ChangeInfo"]["Status"] == "PENDING"
    assert account.network.tree.values("s1._domainkey.shop.example.", "TXT")
    records = client.list_resource_record_sets(
        HostedZoneId=_shop(account),
        StartRecordName="s1._domainkey.shop.example",
        StartRecordType="TXT",
        MaxItems="1",
    )
    (record,) = records["ResourceRecordSets"]
    assert record["ResourceRecords"] == [{"Value": '"v=DKIM1; p=abc"'}]


def test_a_change_becomes_insync(account: HandAccount) -> None:
    client = account.client("route53")
    change_id = client.change_resource_record_sets(
        HostedZoneId=_shop(account), ChangeBatch={"Changes": [_change("CREATE", "new.shop.example.")]}
    )["ChangeInfo"]["Id"]
    assert client.get_change(Id=change_id)["ChangeInfo"]["Status"] == "PENDING"
    account.wait(account.timings.route53_insync.total_seconds())
    assert client.get_change(Id=change_id)["ChangeInfo"]["Status"] == "INSYNC"
    with pytest.raises(client.exceptions.NoSuchChange):
        client.get_change(Id="C9999")


@pytest.mark.parametrize(
    ("action", "name", "complaint"),
    [
        ("CREATE", "shop.example.other.test", "not permitted in zone"),
        ("DELETE", "absent.shop.example", "was not found"),
        ("UPSERT", "www.shop.example", "conflicts with a CNAME"),
    ],
)
def test_a_batch_with_one_wrong_change_does_nothing(
    account: HandAccount, action: str, name: str, complaint: str
) -> None:
    client = account.client("route53")
    before = account.zones.records("shop.example.")
    with pytest.raises(client.exceptions.InvalidChangeBatch) as caught:
        client.change_resource_record_sets(
            HostedZoneId=_shop(account),
            ChangeBatch={"Changes": [_change("UPSERT", "fine.shop.example"), _change(action, name)]},
        )
    assert complaint in str(caught.value)
    assert account.zones.records("shop.example.") == before


def test_a_deletion_must_name_the_present_values(account: HandAccount) -> None:
    client = account.client("route53")
    record = {"Name": "shop.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.99"}]}
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
    with pytest.raises(client.exceptions.InvalidChangeBatch, match="do not match"):
        client.change_resource_record_sets(HostedZoneId=_shop(account), ChangeBatch=batch)
    record["ResourceRecords"] = [{"Value": "192.0.2.10"}]
    client.change_resource_record_sets(HostedZoneId=_shop(account), ChangeBatch=batch)
    assert not account.network.tree.values("shop.example.", "A")


def test_a_zone_that_does_not_exist_is_named_in_the_error(account: HandAccount) -> None:
    client = account.client("route53")
    with pytest.raises(client.exceptions.NoSuchHostedZone):
        client.list_resource_record_sets(HostedZoneId="ZNOTHING")


def _send(client: Any, sender: str) -> Any:
    return client.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "canary"}, "Body": {"Text": {"Data": "x"}}}},
    )


def _query(label: str, metric: str, statistic: str) -> dict[str, object]:
    stat = {"Metric": {"Namespace": "AWS/SES", "MetricName": metric}, "Period": 300, "Stat": statistic}
    return {"Id": label, "MetricStat": stat}


def _shop(account: HandAccount) -> str:
    zones = account.client("route53").list_hosted_zones_by_name(DNSName="shop.example")["HostedZones"]
    return str(zones[0]["Id"])


def _change(action: str, name: str) -> dict[str, object]:
    record = {"Name": name, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"v=DKIM1; p=abc"'}]}
    return {"Action": action, "ResourceRecordSet": record}
