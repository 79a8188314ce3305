"""SNS and SQS through unmodified boto3: queues, topics, fan-out, and signatures that verify."""

import base64
import json
import threading
import time
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from tests.drill.aws.conftest import Endpoint, HandAccount


def test_a_message_comes_back_until_it_is_deleted(peer: Endpoint) -> None:
    sqs = peer.client("sqs")
    url = sqs.create_queue(QueueName="events", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    assert sqs.get_queue_url(QueueName="events")["QueueUrl"] == url
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="bounce",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "permanent"}},
    )
    for count in (1, 2):
        (message,) = sqs.receive_message(
            QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["ApproximateReceiveCount"]
        )["Messages"]
        assert (message["Body"], message["MessageId"]) == ("bounce", sent["MessageId"])
        assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
        assert message["Attributes"]["ApproximateReceiveCount"] == str(count)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_received_message_hides_for_its_visibility_timeout(peer: Endpoint) -> None:
    sqs = peer.client("sqs")
    url = sqs.create_queue(QueueName="hiding")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="once")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("0", "1")
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "once"


def test_batches_are_done_entry_by_entry(peer: Endpoint) -> None:
    sqs = peer.client("sqs")
    url = sqs.create_queue(QueueName="batches")["QueueUrl"]
    entries = [{"Id": str(index), "MessageBody": f"m{index}"} for index in range(10)]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    handles = [{"Id": str(index), "ReceiptHandle": one["ReceiptHandle"]} for index, one in enumerate(messages)]
    assert len(sqs.delete_message_batch(QueueUrl=url, Entries=handles)["Successful"]) == 10
    with pytest.raises(sqs.exceptions.BatchEntryIdsNotDistinct):
        sqs.send_message_batch(QueueUrl=url, Entries=[entries[0], entries[0]])
    with pytest.raises(sqs.exceptions.TooManyEntriesInBatchRequest):
        sqs.send_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "x", "MessageBody": "x"}])


def test_a_message_that_nobody_manages_goes_to_the_dead_letters(peer: Endpoint) -> None:
    sqs = peer.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    settings = {"VisibilityTimeout": "0", "RedrivePolicy": policy}
    url = sqs.create_queue(QueueName="work", Attributes=settings)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "poison"
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]


def test_a_queue_can_be_changed_listed_purged_and_deleted(peer: Endpoint) -> None:
    sqs = peer.client("sqs")
    url = sqs.create_queue(QueueName="short-lived")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds", "QueueArn"])["Attributes"]
    assert told["DelaySeconds"] == "5"
    assert told["QueueArn"].endswith(":short-lived")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=0)
    assert sqs.list_queues(QueueNamePrefix="short")["QueueUrls"] == [url]
    sqs.purge_queue(QueueUrl=url)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.get_queue_url(QueueName="short-lived")
    assert caught.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


def test_a_topic_hands_on_in_an_envelope_and_raw(peer: Endpoint) -> None:
    sns, sqs = peer.client("sns"), peer.client("sqs")
    topic = sns.create_topic(Name="feedback")["TopicArn"]
    wrapped, raw = (_subscribed(sns, sqs, topic, name, name == "raw") for name in ("wrapped", "raw"))
    sent = sns.publish(TopicArn=topic, Message="hello", Subject="greeting")
    envelope = json.loads(_body(sqs, wrapped))
    assert (envelope["Type"], envelope["MessageId"]) == ("Notification", sent["MessageId"])
    assert (envelope["TopicArn"], envelope["Subject"], envelope["Message"]) == (topic, "greeting", "hello")
    assert _body(sqs, raw) == "hello"
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {item["Protocol"] for item in listed} == {"sqs"}
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"] == topic
    sns.unsubscribe(SubscriptionArn=listed[0]["SubscriptionArn"])
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1
    sns.delete_topic(TopicArn=topic)
    assert sns.list_topics()["Topics"] == []
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn=topic, Message="into the void")


def test_a_filter_policy_lets_only_what_it_names_through(peer: Endpoint) -> None:
    sns, sqs = peer.client("sns"), peer.client("sqs")
    topic = sns.create_topic(Name="filtered")["TopicArn"]
    url = _subscribed(sns, sqs, topic, "filtered", raw=True)
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    policy = json.dumps({"kind": ["Bounce", {"prefix": "Comp"}]})
    sns.set_subscription_attributes(
        SubscriptionArn=subscription["SubscriptionArn"], AttributeName="FilterPolicy", AttributeValue=policy
    )
    for kind in ("Delivery", "Bounce", "Complaint"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=kind, MessageAttributes=attributes)
    assert sorted(_body(sqs, url) for _ in range(2)) == ["Bounce", "Complaint"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_protocol_may_be_told_something_of_its_own(peer: Endpoint) -> None:
    sns, sqs = peer.client("sns"), peer.client("sqs")
    topic = sns.create_topic(Name="structured")["TopicArn"]
    url = _subscribed(sns, sqs, topic, "structured", raw=False)
    message = json.dumps({"default": "for all", "sqs": "for queues"})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    assert json.loads(_body(sqs, url))["Message"] == "for queues"
    with pytest.raises(sns.exceptions.InvalidParameterException):
        sns.publish(TopicArn=topic, Message="{}", MessageStructure="json")


def test_a_long_poll_waits_for_the_message_and_others_are_served_meanwhile(account: HandAccount) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="slow")["QueueUrl"]
    found: list[Any] = []
    waiter = threading.Thread(
        target=lambda: found.append(account.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=4))
    )
    waiter.start()
    assert account.client("sts").get_caller_identity()["Account"]
    sqs.send_message(QueueUrl=url, MessageBody="at last")
    waiter.join(4)
    assert found[0]["Messages"][0]["Body"] == "at last"


def test_a_long_poll_without_a_message_ends_in_time(account: HandAccount) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="empty")["QueueUrl"]
    began = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert 0.9 < time.monotonic() - began < 30


def test_queues_that_are_not_built_say_so(account: HandAccount) -> None:
    with pytest.raises(ClientError) as caught:
        account.client("sqs").create_queue(QueueName="orders.fifo")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_queue_that_nobody_reads_stays_bounded(account: HandAccount) -> None:
    queue = account.whole.sqs.open("unread")
    for index in range(2_500):
        account.whole.sqs.deliver(queue.arn, f"m{index}")
    assert len(queue.messages) == 2_000
    assert next(iter(queue.messages.values())).body == "m500"


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_envelope_is_signed_with_the_certificate_it_names(account: HandAccount, version: str) -> None:
    sns, sqs = account.client("sns"), account.client("sqs")
    topic = sns.create_topic(Name="signed", Attributes={"SignatureVersion": version})["TopicArn"]
    url = _subscribed(sns, sqs, topic, "signed", raw=False)
    sns.publish(TopicArn=topic, Message="true", Subject="s")
    envelope = json.loads(_body(sqs, url))
    assert envelope["SignatureVersion"] == version
    with urllib.request.urlopen(envelope["SigningCertURL"], timeout=5) as answer:
        key = x509.load_pem_x509_certificate(answer.read()).public_key()
    assert isinstance(key, RSAPublicKey)
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names).encode()
    key.verify(base64.b64decode(envelope["Signature"]), text, PKCS1v15(), SHA256() if version == "2" else SHA1())


def test_a_mail_subscription_waits_for_its_confirmation(account: HandAccount) -> None:
    sns = account.client("sns")
    topic = sns.create_topic(Name="letters")["TopicArn"]
    asked = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="dns@shop.example")
    assert asked["SubscriptionArn"] == "pending confirmation"
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsPending"] == "1"
    sns.publish(TopicArn=topic, Message="nobody reads this")
    assert not account.whole.sns.letters
    (held,) = account.whole.sns.open("letters").subscriptions.values()
    arn = sns.confirm_subscription(TopicArn=topic, Token=held.token)["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "false"
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="DNS team")
    sns.publish(TopicArn=topic, Message="now", Subject="records")
    assert [(one.endpoint, one.subject) for one in account.whole.sns.letters] == [("dns@shop.example", "records")]


def _subscribed(sns: Any, sqs: Any, topic: str, name: str, raw: bool) -> str:
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    settings = {"RawMessageDelivery": "true"} if raw else {}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=settings)
    return url


def _body(sqs: Any, url: str) -> str:
    return str(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"][0]["Body"])
