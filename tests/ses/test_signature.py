"""SNS messages: forgeries are refused for the right reason, and the real one is believed."""

import json
from datetime import timedelta
from typing import Any

import pytest

from cockpit.clock import SystemClock
from cockpit.drill.aws.messaging.signing import MessageSigner
from cockpit.probes.ses.signers import Signers, _certificate
from cockpit.profile import Profile
from cockpit.ses.signature import certificate_url, refusal, signed_text
from tests.ses.messages import AT, bounce, stamp

URL = "https://sns.ca-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem"
TOPIC = "arn:aws:sns:ca-central-1:447112341123:ses-bounce-complaint-notifications"


@pytest.fixture(scope="module")
def signer() -> MessageSigner:
    return MessageSigner(SystemClock())


@pytest.fixture
def real(signer: MessageSigner) -> dict[str, Any]:
    message = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": json.dumps(bounce("a@x.example")),
        "Timestamp": stamp(AT),
    }
    return {**message, "SignatureVersion": "2", "Signature": signer.sign(message, "2"), "SigningCertURL": URL}


@pytest.fixture
def signers(signer: MessageSigner) -> Signers:
    made = Signers(Profile())
    made._known[URL] = _certificate(signer.certificate())
    return made


def refused(message: dict[str, Any], signers: Signers, version: str = "2") -> str:
    return refusal(message, [TOPIC], AT + timedelta(minutes=1), version=version) or signers.refusal(message)


def test_the_real_one_is_believed(real: dict[str, Any], signers: Signers) -> None:
    assert refused(real, signers) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.ca-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.ca-central-1.amazonaws.com.evil.example/SimpleNotificationService-0123abc.pem",
        "https://evil.example/SimpleNotificationService-0123abc.pem",
        "https://evil.example#sns.ca-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.ca-central-1.amazonaws.com@evil.example/SimpleNotificationService-0123abc.pem",
        "https://user:pw@sns.ca-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.ca-central-1.amazonaws.com:8443/SimpleNotificationService-0123abc.pem",
        "https://s3.amazonaws.com/sns.ca-central-1/SimpleNotificationService-0123abc.pem",
        "https://sns.s3.amazonaws.com.cn.evil.example/SimpleNotificationService-0.pem",
        "https://bucket.s3.ca-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.ca-central-1.amazonaws.com/evil/SimpleNotificationService-0123abc.pem",
        "https://sns.ca-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem?x=1",
        "https://sns.ca-central-1.amazonaws.com/SimpleNotificationService-../../x.pem",
        "https://sns.ca-central-1.amazonaws.com/key.pem",
        "https://sns.ca-central-1.amazonaws.com\\.evil.example/SimpleNotificationService-0.pem",
        "https://sns.ca-central-1.amazonaws.com/SimpleNotificationService-0.pem\n",
        "https://xn--sns-abc.ca-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://[::1]/SimpleNotificationService-0.pem",
        "https://sns.ca-central-1.amazonaws.com:x/SimpleNotificationService-0.pem",
        "https://ѕns.ca-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "",
        None,
        7,
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(url: Any, real: dict[str, Any], signers: Signers) -> None:
    forged = {**real, "SigningCertURL": url}
    assert certificate_url(forged) == ""
    assert refused(forged, signers) == "its certificate is not from SNS itself"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Message": "other"}, "signature is wrong"),
        ({"Subject": "added"}, "signature is wrong"),
        ({"MessageId": "m-2"}, "signature is wrong"),
        ({"Signature": "AAAA"}, "signature is wrong"),
        ({"Signature": "!"}, "signature is wrong"),
        ({"Signature": ""}, "not signed"),
        ({"SignatureVersion": "1"}, "version '1' is not taken"),
        ({"SignatureVersion": "3"}, "version '3' is not taken"),
        ({"TopicArn": "arn:aws:sns:ca-central-1:999999999999:evil"}, "not expected"),
        ({"Timestamp": stamp(AT - timedelta(hours=2))}, "replay"),
        ({"Timestamp": stamp(AT + timedelta(hours=2))}, "future"),
        ({"Timestamp": "x"}, "time"),
        ({"Type": None}, "no SNS message"),
    ],
)
def test_each_forgery_is_refused_for_its_reason(
    change: dict[str, Any], why: str, real: dict[str, Any], signers: Signers
) -> None:
    assert why in refused({**real, **change}, signers)


def test_version_1_is_believed_only_where_it_is_taken(
    real: dict[str, Any], signer: MessageSigner, signers: Signers
) -> None:
    body = {key: real[key] for key in ("Type", "MessageId", "TopicArn", "Message", "Timestamp")}
    old = {**real, "SignatureVersion": "1", "Signature": signer.sign(body, "1")}
    assert refused(old, signers, version="1") == ""
    assert "not taken" in refused(old, signers, version="2")
    downgraded = {**real, "SignatureVersion": "1"}
    assert "signature is wrong" in refused(downgraded, signers, version="1")


def test_what_is_signed_is_in_sns_own_order() -> None:
    text = signed_text({"Type": "Notification", "TopicArn": "t", "MessageId": "i", "Message": "m", "Subject": "s"})
    assert text == b"Message\nm\nMessageId\ni\nSubject\ns\nTopicArn\nt\nType\nNotification\n"
