"""SES, both versions: suppression, configuration sets, feedback, figures and new identities."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cockpit.drill.aws.ses.mail import ConfigurationSet
from cockpit.drill.aws.ses.traffic import Quantity, Ramp
from tests.drill.aws.conftest import HandAccount


def test_an_address_is_suppressed_shown_listed_and_released(account: HandAccount) -> None:
    client = account.client("sesv2")
    client.put_suppressed_destination(EmailAddress="Ann@X.example", Reason="BOUNCE")
    client.put_suppressed_destination(EmailAddress="bob@x.example", Reason="COMPLAINT")
    found = client.get_suppressed_destination(EmailAddress="ann@x.example")["SuppressedDestination"]
    assert (found["EmailAddress"], found["Reason"]) == ("ann@x.example", "BOUNCE")
    first = client.list_suppressed_destinations(PageSize=1)
    second = client.list_suppressed_destinations(PageSize=1, NextToken=first["NextToken"])
    listed = first["SuppressedDestinationSummaries"] + second["SuppressedDestinationSummaries"]
    assert [one["EmailAddress"] for one in listed] == ["ann@x.example", "bob@x.example"]
    only = client.list_suppressed_destinations(Reasons=["COMPLAINT"])["SuppressedDestinationSummaries"]
    assert [one["EmailAddress"] for one in only] == ["bob@x.example"]
    client.delete_suppressed_destination(EmailAddress="ann@x.example")
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_suppressed_destination(EmailAddress="ann@x.example")
    with pytest.raises(client.exceptions.NotFoundException):
        client.delete_suppressed_destination(EmailAddress="ann@x.example")


def test_the_sandbox_may_not_write_the_suppression_list(account: HandAccount) -> None:
    account.mail.production = False
    client = account.client("sesv2")
    with pytest.raises(client.exceptions.BadRequestException):
        client.put_suppressed_destination(EmailAddress="ann@x.example", Reason="BOUNCE")


def test_the_reasons_of_the_account_replace_those_before(account: HandAccount) -> None:
    client = account.client("sesv2")
    client.put_account_suppression_attributes(SuppressedReasons=["COMPLAINT"])
    assert client.get_account()["SuppressionAttributes"]["SuppressedReasons"] == ["COMPLAINT"]
    client.put_account_suppression_attributes(SuppressedReasons=[])
    assert client.get_account()["SuppressionAttributes"]["SuppressedReasons"] == []


def test_a_list_is_imported_from_csv_and_taken_off_by_json(account: HandAccount) -> None:
    client, s3 = account.client("sesv2"), account.client("s3")
    s3.put_object(
        Bucket="acme-dkim", Key="in.csv", Body=b"a@x.example,BOUNCE\nb@x.example,COMPLAINT\nbroken,BOUNCE\n"
    )
    s3.put_object(Bucket="acme-dkim", Key="out.json", Body=b'{"emailAddress":"a@x.example"}\n')
    job = _import(client, "PUT", "in.csv", "CSV")
    told = client.get_import_job(JobId=job)
    assert (told["JobStatus"], told["ProcessedRecordsCount"], told["FailedRecordsCount"]) == ("COMPLETED", 3, 1)
    _import(client, "DELETE", "out.json", "JSON")
    listed = client.list_suppressed_destinations()["SuppressedDestinationSummaries"]
    assert [one["EmailAddress"] for one in listed] == ["b@x.example"]
    assert client.get_import_job(JobId=_import(client, "PUT", "nothing.csv", "CSV"))["JobStatus"] == "FAILED"
    assert [one["JobStatus"] for one in client.list_import_jobs()["ImportJobs"]] == [
        "FAILED",
        "COMPLETED",
        "COMPLETED",
    ]


def test_a_configuration_set_is_made_switched_and_deleted(account: HandAccount) -> None:
    client = account.client("sesv2")
    client.create_configuration_set(ConfigurationSetName="news", SendingOptions={"SendingEnabled": False})
    with pytest.raises(client.exceptions.AlreadyExistsException):
        client.create_configuration_set(ConfigurationSetName="news")
    client.put_configuration_set_reputation_options(ConfigurationSetName="news", ReputationMetricsEnabled=True)
    client.put_configuration_set_suppression_options(ConfigurationSetName="news", SuppressedReasons=["BOUNCE"])
    client.put_email_identity_configuration_set_attributes(
        EmailIdentity="shop.example", ConfigurationSetName="news"
    )
    told = client.get_configuration_set(ConfigurationSetName="news")
    assert told["SendingOptions"] == {"SendingEnabled": False}
    assert told["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE"]}
    assert client.list_configuration_sets()["ConfigurationSets"] == ["news"]
    with pytest.raises(client.exceptions.SendingPausedException):
        _send(client, "friend@x.example")
    client.delete_configuration_set(ConfigurationSetName="news")
    with pytest.raises(client.exceptions.NotFoundException):
        _send(client, "friend@x.example")


@pytest.mark.parametrize(
    ("recipient", "kind", "detail"),
    [
        ("bounce+42@simulator.amazonses.com", "Bounce", "General"),
        ("suppressionlist@simulator.amazonses.com", "Bounce", "Suppressed"),
        ("held@x.example", "Bounce", "OnAccountSuppressionList"),
        ("complaint@simulator.amazonses.com", "Complaint", "abuse"),
        ("success@simulator.amazonses.com", "Delivery", ""),
    ],
)
def test_a_mail_comes_back_as_identity_notification_and_as_event(
    account: HandAccount, recipient: str, kind: str, detail: str
) -> None:
    client, classic = account.client("sesv2"), account.client("ses")
    notices, events = _queue(account, "notices"), _queue(account, "events")
    client.create_configuration_set(ConfigurationSetName="main")
    destination = {
        "Enabled": True,
        "MatchingEventTypes": ["BOUNCE", "COMPLAINT", "DELIVERY"],
        "SnsDestination": {"TopicArn": events[0]},
    }
    client.create_configuration_set_event_destination(
        ConfigurationSetName="main", EventDestinationName="sns", EventDestination=destination
    )
    classic.set_identity_notification_topic(Identity="shop.example", NotificationType=kind, SnsTopic=notices[0])
    client.put_suppressed_destination(EmailAddress="held@x.example", Reason="BOUNCE")
    sent = _send(client, recipient, "main")
    assert _messages(account, notices[1]) == []
    account.wait(5)
    (notice,) = _messages(account, notices[1])
    event = next(one for one in _messages(account, events[1]) if one["eventType"] == kind)
    assert notice["notificationType"] == kind
    assert notice["mail"]["messageId"] == event["mail"]["messageId"] == sent
    assert notice["mail"]["destination"] == [recipient]
    body = notice[kind.lower()]
    assert detail in (body.get("bounceSubType", ""), body.get("complaintFeedbackType", ""), "")
    assert body.get("bounceType") == ("Permanent" if kind == "Bounce" else None)


def test_an_event_destination_can_be_changed_and_removed(account: HandAccount) -> None:
    client = account.client("sesv2")
    account.mail.configuration_sets["main"] = ConfigurationSet("main")
    named = {"ConfigurationSetName": "main", "EventDestinationName": "metrics"}
    given = {"Enabled": False, "MatchingEventTypes": ["SEND"], "EventBridgeDestination": {"EventBusArn": "arn:x"}}
    client.create_configuration_set_event_destination(**named, EventDestination=given)
    with pytest.raises(client.exceptions.AlreadyExistsException):
        client.create_configuration_set_event_destination(**named, EventDestination=given)
    client.update_configuration_set_event_destination(**named, EventDestination=given | {"Enabled": True})
    (told,) = client.get_configuration_set_event_destinations(ConfigurationSetName="main")["EventDestinations"]
    assert (told["Name"], told["Enabled"]) == ("metrics", True)
    client.delete_configuration_set_event_destination(**named)
    assert client.get_configuration_set_event_destinations(ConfigurationSetName="main")["EventDestinations"] == []
    with pytest.raises(client.exceptions.BadRequestException):
        client.create_configuration_set_event_destination(
            **named, EventDestination={"MatchingEventTypes": ["SEND"]}
        )


def test_notification_topics_are_shown_and_must_exist(account: HandAccount) -> None:
    client = account.client("ses")
    topic, _ = _queue(account, "bounces")
    for kind in ("Bounce", "Complaint"):
        client.set_identity_notification_topic(Identity="shop.example", NotificationType=kind, SnsTopic=topic)
    client.set_identity_feedback_forwarding_enabled(Identity="shop.example", ForwardingEnabled=False)
    told = client.get_identity_notification_attributes(Identities=["shop.example", "nobody.example"])
    assert told["NotificationAttributes"] == {
        "shop.example": {
            "BounceTopic": topic,
            "ComplaintTopic": topic,
            "DeliveryTopic": "",
            "ForwardingEnabled": False,
        }
    }
    with pytest.raises(ClientError, match="Invalid SNS topic"):
        client.set_identity_notification_topic(
            Identity="shop.example", NotificationType="Bounce", SnsTopic="arn:no"
        )
    client.set_identity_notification_topic(Identity="shop.example", NotificationType="Bounce")
    told = client.get_identity_notification_attributes(Identities=["shop.example"])["NotificationAttributes"]
    assert told["shop.example"]["BounceTopic"] == ""


def test_the_classic_api_sends_and_switches_sending(account: HandAccount) -> None:
    client = account.client("ses")
    asked: dict[str, Any] = {
        "Source": "Shop <orders@shop.example>",
        "Destination": {"ToAddresses": ["success@simulator.amazonses.com"]},
        "Message": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
    }
    assert client.send_email(**asked)["MessageId"] == account.mail.mails[-1].message_id
    client.update_account_sending_enabled(Enabled=False)
    assert client.get_account_sending_enabled()["Enabled"] is False
    with pytest.raises(client.exceptions.AccountSendingPausedException):
        client.send_email(**asked)
    client.update_account_sending_enabled(Enabled=True)
    with pytest.raises(client.exceptions.ConfigurationSetDoesNotExistException):
        client.send_email(**asked, ConfigurationSetName="nothing")
    assert client.list_identities()["Identities"] == ["shop.example"]


def test_a_raw_message_names_its_own_sender_and_recipients(account: HandAccount) -> None:
    raw = b"From: Shop <a@shop.example>\r\nTo: B <b@x.example>, c@x.example\r\nSubject: s\r\n\r\nbody\r\n"
    account.client("sesv2").send_email(Content={"Raw": {"Data": raw}})
    assert (account.mail.mails[-1].sender_domain, account.mail.mails[-1].recipients) == ("shop.example", 2)


def test_a_new_identity_verifies_once_its_records_stand(account: HandAccount) -> None:
    client = account.client("sesv2")
    made = client.create_email_identity(EmailIdentity="new.example", Tags=[{"Key": "owner", "Value": "t"}])
    assert made["VerifiedForSendingStatus"] is False
    tokens = made["DkimAttributes"]["Tokens"]
    assert len(tokens) == 3
    account.wait(25)
    assert client.get_email_identity(EmailIdentity="new.example")["DkimAttributes"]["Status"] == "PENDING"
    for token in tokens:
        account.dns.records[f"{token}._domainkey.new.example", "CNAME"] = (f"{token}.dkim.amazonses.com",)
    account.wait(25)
    assert client.get_email_identity(EmailIdentity="new.example")["VerifiedForSendingStatus"] is True
    with pytest.raises(client.exceptions.AlreadyExistsException):
        client.create_email_identity(EmailIdentity="new.example")
    client.delete_email_identity(EmailIdentity="new.example")
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_email_identity(EmailIdentity="new.example")


def test_mail_from_is_pending_until_its_mx_is_seen(account: HandAccount) -> None:
    client = account.client("sesv2")
    with pytest.raises(client.exceptions.BadRequestException):
        client.put_email_identity_mail_from_attributes(
            EmailIdentity="shop.example", MailFromDomain="b.other.example"
        )
    client.put_email_identity_mail_from_attributes(
        EmailIdentity="shop.example", MailFromDomain="mail.shop.example", BehaviorOnMxFailure="REJECT_MESSAGE"
    )
    account.wait(40)
    told = client.get_email_identity(EmailIdentity="shop.example")["MailFromAttributes"]
    assert (told["MailFromDomainStatus"], told["BehaviorOnMxFailure"]) == ("PENDING", "REJECT_MESSAGE")
    account.dns.records["mail.shop.example", "MX"] = ("10 feedback-smtp.ca-central-1.amazonses.com",)
    account.wait(40)
    told = client.get_email_identity(EmailIdentity="shop.example")["MailFromAttributes"]
    assert told["MailFromDomainStatus"] == "SUCCESS"


def test_account_details_and_the_request_for_production_are_kept(account: HandAccount) -> None:
    account.mail.production = False
    client = account.client("sesv2")
    client.put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://shop.example", ProductionAccessEnabled=True
    )
    details = client.get_account()["Details"]
    assert (details["MailType"], details["ReviewDetails"]["Status"]) == ("TRANSACTIONAL", "PENDING")


def test_figures_of_the_deliverability_manager_are_whole_days(account: HandAccount) -> None:
    now = datetime.now(UTC)
    queries = [
        {
            "Id": name.lower(),
            "Namespace": "VDM",
            "Metric": name,
            "StartDate": now - timedelta(days=3),
            "EndDate": now,
        }
        for name in ("SEND", "PERMANENT_BOUNCE", "DELIVERY", "OPEN")
    ]
    answer = account.client("sesv2").batch_get_metric_data(Queries=queries)
    sent, bounced, delivered, opened = (result["Values"] for result in answer["Results"])
    assert len(sent) == 4
    assert bounced[1] / sent[1] == pytest.approx(0.02, rel=0.1)
    assert sent[1] - bounced[1] == delivered[1]
    assert set(opened) == {0}


def test_recommendations_name_what_is_wrong(account: HandAccount) -> None:
    client = account.client("sesv2")
    assert client.list_recommendations()["Recommendations"] == []
    del account.dns.records["token0x1._domainkey.shop.example", "CNAME"]
    account.wait(40)
    now = datetime.now(UTC)
    account.traffic.ramp(Quantity.REPUTATION_BOUNCE, Ramp(now - timedelta(minutes=2), timedelta(minutes=1), 0.06))
    found = client.list_recommendations()["Recommendations"]
    assert {one["Type"] for one in found} == {"DKIM", "BOUNCE"}
    (dkim,) = client.list_recommendations(Filter={"TYPE": "DKIM"})["Recommendations"]
    assert dkim["ResourceArn"].endswith("identity/shop.example")


def test_one_identity_can_be_paused_by_its_reputation_entity(account: HandAccount) -> None:
    client = account.client("sesv2")
    account.mail.configuration_sets["main"] = ConfigurationSet("main")
    entities = client.list_reputation_entities()["ReputationEntities"]
    arns = [one["ReputationEntityReference"] for one in entities]
    assert [arn.rpartition(":")[2] for arn in arns] == ["identity/shop.example", "configuration-set/main"]
    named = {"ReputationEntityType": "RESOURCE", "ReputationEntityReference": arns[0]}
    client.update_reputation_entity_customer_managed_status(**named, SendingStatus="DISABLED")
    entity = client.get_reputation_entity(**named)["ReputationEntity"]
    assert (entity["CustomerManagedStatus"]["Status"], entity["SendingStatusAggregate"]) == ("DISABLED", "DISABLED")
    with pytest.raises(client.exceptions.MessageRejected):
        _send(client, "friend@x.example")


def _import(client: Any, action: str, key: str, form: str) -> str:
    job = client.create_import_job(
        ImportDestination={"SuppressionListDestination": {"SuppressionListImportAction": action}},
        ImportDataSource={"S3Url": f"s3://acme-dkim/{key}", "DataFormat": form},
    )
    return str(job["JobId"])


def _send(client: Any, recipient: str, configuration_set: str = "") -> str:
    more = {"ConfigurationSetName": configuration_set} if configuration_set else {}
    sent = client.send_email(
        FromEmailAddress="orders@shop.example",
        Destination={"ToAddresses": [recipient]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
        **more,
    )
    return str(sent["MessageId"])


def _queue(account: HandAccount, name: str) -> tuple[str, str]:
    """A topic, and the URL of a queue that gets its messages raw."""
    sns, sqs = account.client("sns"), account.client("sqs")
    topic, url = sns.create_topic(Name=name)["TopicArn"], sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return str(topic), str(url)


def _messages(account: HandAccount, url: str) -> list[Any]:
    found = account.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]
