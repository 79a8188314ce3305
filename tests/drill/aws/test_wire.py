"""The wire: protocols, validation, the call log and the faults, seen through unmodified boto3."""

import http.client
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from cockpit.drill.aws.protocol.faults import Fault, FaultKind
from cockpit.drill.aws.protocol.models import SERVICES, Models
from cockpit.drill.aws.protocol.wire import Call
from cockpit.drill.aws.watching.cloudwatch import CloudWatch
from tests.drill.aws.conftest import ARN, HandAccount


@pytest.mark.parametrize(
    ("service", "protocol"),
    [
        ("sts", "query"),
        ("sesv2", "rest-json"),
        ("ses", "query"),
        ("cloudwatch", "json"),
        ("s3", "rest-xml"),
        ("route53", "rest-xml"),
        ("sns", "query"),
        ("sqs", "json"),
        ("dynamodb", "json"),
        ("acm", "json"),
        ("elbv2", "query"),
        ("health", "json"),
        ("support", "json"),
        ("lambda", "rest-json"),
        ("logs", "json"),
        ("iam", "query"),
        ("secretsmanager", "json"),
    ],
)
def test_the_sdk_still_speaks_the_protocol_that_is_built(service: str, protocol: str) -> None:
    assert Models().service(service).resolved_protocol == protocol


def test_every_built_operation_exists_in_the_model(account: HandAccount) -> None:
    models = Models()
    for service, operation in account.endpoint.built:
        assert operation in models.service(service).operation_names
    assert {service for service, _ in account.endpoint.built} <= set(SERVICES)


def test_every_built_operation_is_called_by_some_test(account: HandAccount) -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    missing = [
        f"{service}:{operation}"
        for service, operation in sorted(account.endpoint.built)
        if f'"{xform_name(operation)}"' not in tests and f".{xform_name(operation)}(" not in tests
    ]
    assert missing == []


def test_an_operation_that_is_not_built_says_so(account: HandAccount) -> None:
    with pytest.raises(ClientError) as caught:
        account.client("sesv2").list_contact_lists()
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert "sesv2:ListContactLists" in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_unknown_service_says_so(account: HandAccount) -> None:
    with pytest.raises(ClientError) as caught:
        account.client("kinesis").list_streams()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_unknown_access_key_is_refused(account: HandAccount) -> None:
    with pytest.raises(ClientError) as caught:
        account.client("sesv2", key="AKIASTRANGERSTRANGER").get_account()
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"


def test_an_unsigned_request_is_refused(account: HandAccount) -> None:
    connection = _connect(account)
    connection.request("GET", "/v2/email/account")
    answer = connection.getresponse()
    assert answer.status == 403
    assert b"not signed" in answer.read()
    connection.close()


def test_a_request_that_lacks_a_required_parameter_is_refused_by_the_model(account: HandAccount) -> None:
    status, body = _signed(account, "PUT", "/v2/email/identities/shop.example/dkim/signing", b"{}")
    assert status == 400
    assert b"SigningAttributesOrigin" in body


def test_a_body_that_is_not_json_is_refused(account: HandAccount) -> None:
    status, body = _signed(account, "PUT", "/v2/email/identities/shop.example/dkim/signing", b"{not json")
    assert status == 400
    assert b"cannot be read" in body


def test_an_answer_outside_the_model_is_a_500_and_noted(account: HandAccount) -> None:
    def strange(call: Call) -> dict[str, Any]:
        return {"Account": "447112341123", "Mood": "good"}

    account.endpoint._operations["sts", "GetCallerIdentity"] = strange
    with pytest.raises(ClientError) as caught:
        account.client("sts").get_caller_identity()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert "Mood" in account.calls.drift.pop()


def test_what_is_too_large_to_be_kept_is_refused(account: HandAccount) -> None:
    client = account.client("sns")
    topic = client.create_topic(Name="t")["TopicArn"]
    with pytest.raises(ClientError) as caught:
        client.publish(TopicArn=topic, Message="x" * 1_100_000)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_working_off_a_queue_and_looking_things_up_change_nothing(account: HandAccount) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert [call.operation for call in account.calls.changes()] == ["CreateQueue", "SendMessage"]


def test_an_expired_session_of_the_operator_spares_what_runs_inside(account: HandAccount) -> None:
    account.faults.add(Fault(FaultKind.EXPIRED_CREDENTIALS))
    answer = account.endpoint.act("sesv2", "GetEmailIdentity", "role", {"EmailIdentity": "shop.example"})
    assert answer["VerifiedForSendingStatus"] is True
    assert account.calls.reads()[-1].caller == "role"


def test_a_defect_in_an_operation_is_a_500_and_noted(account: HandAccount) -> None:
    def broken(call: Call) -> dict[str, Any]:
        raise ZeroDivisionError("by the test")

    account.endpoint._operations["sts", "GetCallerIdentity"] = broken
    with pytest.raises(ClientError) as caught:
        account.client("sts").get_caller_identity()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert "ZeroDivisionError" in account.calls.drift.pop()


def test_the_go_ahead_for_a_body_carries_its_reason_phrase(account: HandAccount) -> None:
    connection = _connect(account)
    connection.connect()
    assert connection.sock is not None
    head = (
        "PUT /acme-dkim/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDRILLDRILLDRILL00/20260101/r/s3/aws4_request\r\n\r\n"
    )
    connection.sock.sendall(head.encode())
    assert connection.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sock.sendall(b"ok")
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 200")
    connection.close()


def test_many_calls_share_one_connection(account: HandAccount) -> None:
    connection = _connect(account)
    for _ in range(3):
        connection.request("GET", "/v2/email/account", headers=_headers("ses"))
        assert connection.getresponse().read()
    assert connection.sock is not None
    assert [record.status for record in account.calls.reads()] == [200, 200, 200]
    connection.close()


def test_the_log_names_caller_operation_and_parameters_without_keys(account: HandAccount) -> None:
    with pytest.raises(ClientError):
        account.client("sesv2").put_email_identity_dkim_signing_attributes(
            EmailIdentity="shop.example",
            SigningAttributesOrigin="EXTERNAL",
            SigningAttributes={"DomainSigningSelector": "s1", "DomainSigningPrivateKey": "U0VDUkVU"},
        )
    (record,) = account.calls.changes()
    assert (record.service, record.operation) == ("sesv2", "PutEmailIdentityDkimSigningAttributes")
    assert record.caller == ARN
    assert record.error == "BadRequestException"
    assert not record.succeeded
    assert record.parameters["SigningAttributes"] == {
        "DomainSigningSelector": "s1",
        "DomainSigningPrivateKey": "[redacted]",
    }
    assert "U0VDUkVU" not in repr(record)


def test_reads_never_push_a_change_out_of_the_log(account: HandAccount) -> None:
    client = account.client("sesv2")
    client.put_account_sending_attributes(SendingEnabled=True)
    account.calls._reads = type(account.calls._reads)(maxlen=2)
    for _ in range(5):
        client.get_account()
    assert len(account.calls.reads()) == 2
    assert [record.operation for record in account.calls.changes()] == ["PutAccountSendingAttributes"]
    assert account.calls.total == 6


@pytest.mark.parametrize(
    ("service", "method", "status", "code"),
    [
        ("sesv2", "get_account", 429, "TooManyRequestsException"),
        ("ses", "get_send_quota", 400, "Throttling"),
        ("cloudwatch", "list_metrics", 400, "ThrottlingException"),
        ("s3", "list_buckets", 503, "SlowDown"),
        ("route53", "list_hosted_zones", 400, "Throttling"),
    ],
)
def test_a_throttle_speaks_the_words_of_its_service(
    account: HandAccount, service: str, method: str, status: int, code: str
) -> None:
    account.faults.add(Fault(FaultKind.THROTTLE, service=service))
    with pytest.raises(ClientError) as caught:
        getattr(account.client(service), method)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_counted_fault_is_used_up_and_the_sdk_retries_through_it(account: HandAccount) -> None:
    account.faults.add(Fault(FaultKind.SERVER_ERROR, service="sts", times=1))
    assert account.client("sts", attempts=2).get_caller_identity()["Arn"] == ARN
    assert account.faults.active() == []
    assert [record.status for record in account.calls.reads()] == [500, 200]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.SERVER_ERROR, "InternalFailure"),
        (FaultKind.EXPIRED_CREDENTIALS, "ExpiredTokenException"),
        (FaultKind.ACCESS_DENIED, "AccessDeniedException"),
    ],
)
def test_a_fault_for_one_operation_spares_the_others(account: HandAccount, kind: FaultKind, code: str) -> None:
    account.faults.add(Fault(kind, service="sesv2", operation="GetEmailIdentity"))
    client = account.client("sesv2")
    assert client.get_account()["EnforcementStatus"] == "HEALTHY"
    with pytest.raises(ClientError) as caught:
        client.get_email_identity(EmailIdentity="shop.example")
    assert caught.value.response["Error"]["Code"] == code


def test_expired_credentials_at_a_query_service_are_called_expired_token(account: HandAccount) -> None:
    account.faults.add(Fault(FaultKind.EXPIRED_CREDENTIALS))
    with pytest.raises(ClientError) as caught:
        account.client("sts").get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "ExpiredToken"


def test_a_dropped_call_changes_nothing(account: HandAccount) -> None:
    account.faults.add(Fault(FaultKind.DROP, operation="PutAccountSendingAttributes", times=1))
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        account.client("sesv2").put_account_sending_attributes(SendingEnabled=False)
    assert account.mail.sending
    (record,) = account.calls.changes()
    assert (record.status, record.applied, record.succeeded) == (0, False, False)


def test_an_answer_lost_on_the_way_back_leaves_the_change_done(account: HandAccount) -> None:
    account.faults.add(Fault(FaultKind.APPLY_THEN_DROP, operation="PutAccountSendingAttributes", times=1))
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        account.client("sesv2").put_account_sending_attributes(SendingEnabled=False)
    assert not account.mail.sending
    (record,) = account.calls.changes()
    assert (record.status, record.applied, record.succeeded) == (0, True, True)


def test_latency_delays_the_answer(account: HandAccount) -> None:
    account.faults.add(Fault(FaultKind.LATENCY, service="sts", delay=timedelta(milliseconds=60)))
    client = account.client("sts")
    began = time.monotonic()
    client.get_caller_identity()
    assert time.monotonic() - began >= 0.06


def test_an_old_client_that_speaks_query_to_cloudwatch_is_served(account: HandAccount) -> None:
    status, body = _signed(
        account, "POST", "/", b"Action=ListMetrics&Namespace=AWS%2FSES&MetricName=Send", service="monitoring"
    )
    assert status == 200
    assert re.search(rb"<MetricName>Send</MetricName>", body)
    assert isinstance(account.cloudwatch, CloudWatch)


def _connect(account: HandAccount) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(account.endpoint.url.removeprefix("http://"), timeout=5)


def _headers(service: str) -> dict[str, str]:
    scope = f"AKIDRILLDRILLDRILL00/20260101/ca-central-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def _signed(account: HandAccount, method: str, path: str, body: bytes, service: str = "ses") -> tuple[int, bytes]:
    connection = _connect(account)
    connection.request(method, path, body=body, headers=_headers(service))
    answer = connection.getresponse()
    result = answer.status, answer.read()
    connection.close()
    return result
