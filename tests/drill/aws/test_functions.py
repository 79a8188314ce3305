"""Lambda: the documented contracts of the account's functions, and the functions that are deployed."""

import base64
import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cockpit.drill.aws.behaviours import DKIM_MANAGER, DNS_NOTIFIER, NOTIFICATION_HANDLER, UPDATE
from cockpit.drill.aws.protocol.faults import Fault, FaultKind
from cockpit.drill.aws.ses.dkim import spki
from tests.drill.aws.conftest import HandAccount

PHASE_7 = {"action": UPDATE, "domain": "shop.example", "selector": "s1"}
RECORD = ("s1._domainkey.shop.example", "TXT")
KEY_OBJECT = "dkim-certificates/shop.example/s1/private_key.pem"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


@pytest.fixture
def prepared(account: HandAccount, key: rsa.RSAPrivateKey) -> HandAccount:
    """Phases 1 to 6 are done: record published, key and record stored, functions deployed."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    account.dns.records[RECORD] = (f"v=DKIM1; k=rsa; p={spki(key.public_key())}",)
    now = account.clock.now()
    account.s3.store("acme-dkim", KEY_OBJECT, pem, now, "text/plain")
    account.s3.store("acme-dkim", "dns_records/shop.example/s1.json", b'{"selector": "s1"}', now, "text/plain")
    topic = account.whole.sns.open("dns")
    environment = {"DKIM_BUCKET": "acme-dkim", "DNS_TOPIC_ARN": topic.arn}
    account.whole.functions.add(DKIM_MANAGER, "dkim-manager-role", environment)
    account.whole.functions.add(DNS_NOTIFIER, "dkim-manager-role", environment)
    return account


def test_phase_7_points_ses_at_the_key_and_answers_as_documented(prepared: HandAccount) -> None:
    answers: list[Any] = []
    caller = threading.Thread(target=lambda: answers.append(_invoke(prepared, DKIM_MANAGER, PHASE_7)))
    caller.start()
    while caller.is_alive():
        if prepared.mail.get("shop.example").dkim.status == "PENDING":
            prepared.wait(25)
        caller.join(0.05)
    (answer,) = answers
    assert answer.pop("timestamp")
    assert answer == {
        "statusCode": 200,
        "message": "SES BYODKIM update completed successfully",
        "domain": "shop.example",
        "selector": "s1",
        "final_dkim_status": "SUCCESS",
        "signing_origin": "EXTERNAL",
        "automation_type": "lambda_extension",
    }
    assert prepared.mail.signature("shop.example").verifiable
    changes = [(call.service, call.operation) for call in prepared.calls.changes()]
    assert ("sesv2", "PutEmailIdentityDkimSigningAttributes") in changes
    assert "PRIVATE" not in repr(prepared.calls.changes())


def test_phase_7_stops_before_anything_changes_while_the_record_is_not_there(prepared: HandAccount) -> None:
    del prepared.dns.records[RECORD]
    assert _invoke(prepared, DKIM_MANAGER, PHASE_7) == {
        "statusCode": 400,
        "error": "DNS_TXT_NOT_READY",
        "message": "DNS TXT record for s1._domainkey.shop.example is not yet available. "
        "Please wait for DNS propagation.",
    }
    assert prepared.mail.get("shop.example").dkim.origin == "AWS_SES"


@pytest.mark.parametrize("missing", [KEY_OBJECT, "dns_records/shop.example/s1.json"])
def test_phase_7_misses_what_is_not_in_s3(prepared: HandAccount, missing: str) -> None:
    prepared.s3.remove("acme-dkim", missing)
    answer = _invoke(prepared, DKIM_MANAGER, PHASE_7)
    assert (answer["statusCode"], answer["error"]) == (404, "CERTIFICATE_NOT_FOUND")


def test_phase_7_switches_dkim_off_when_ses_refuses(prepared: HandAccount) -> None:
    prepared.faults.add(Fault(FaultKind.THROTTLE, "sesv2", "PutEmailIdentityDkimSigningAttributes"))
    answer = _invoke(prepared, DKIM_MANAGER, PHASE_7)
    assert (answer["statusCode"], answer["error"]) == (500, "SES_UPDATE_FAILED")
    assert answer["rollback"] == "DKIM_DISABLED"
    assert not prepared.mail.get("shop.example").dkim.enabled


@pytest.mark.parametrize("action", ["phase_manager", None])
def test_an_action_that_is_not_implemented_is_refused(prepared: HandAccount, action: str | None) -> None:
    answer = _invoke(prepared, DKIM_MANAGER, {"action": action})
    assert (answer["statusCode"], answer["error"]) == (400, "UNSUPPORTED_ACTION")


def test_the_notifier_mails_the_records_to_the_dns_team(prepared: HandAccount) -> None:
    sns = prepared.whole.sns
    sns.join(sns.open("dns"), "email", "dns@hosting.example", {}).token = ""
    answer = _invoke(prepared, DNS_NOTIFIER, {"domain": "shop.example"})
    assert (answer["statusCode"], answer["records"]) == (200, 1)
    assert [letter.subject for letter in sns.letters] == ["DNS records for shop.example"]
    missing = _invoke(prepared, DNS_NOTIFIER, {"domain": "nobody.example"})
    assert missing["error"] == "DNS_RECORDS_NOT_FOUND"


def test_a_function_is_deployed_as_the_documents_do_and_handles_feedback(account: HandAccount) -> None:
    client, dynamodb = account.client("lambda"), account.client("dynamodb")
    account.whole.dynamodb.add("ses-email-suppression-list", "email", "reason")
    role = account.client("iam").create_role(RoleName="SESNotificationHandlerRole", AssumeRolePolicyDocument=TRUST)
    made = client.create_function(
        FunctionName=NOTIFICATION_HANDLER,
        Runtime="python3.12",
        Role=role["Role"]["Arn"],
        Handler="ses_notification_handler.lambda_handler",
        Code={"ZipFile": b"PK"},
        Environment={"Variables": {"SUPPRESSION_LIST_TABLE": "ses-email-suppression-list"}},
    )
    sns = account.client("sns")
    topic = sns.create_topic(Name="ses-bounce-complaint-notifications")["TopicArn"]
    client.add_permission(
        FunctionName=NOTIFICATION_HANDLER,
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    assert "sns.amazonaws.com" in client.get_policy(FunctionName=NOTIFICATION_HANDLER)["Policy"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=made["FunctionArn"])
    for kind in ("Bounce", "Complaint"):
        account.client("ses").set_identity_notification_topic(
            Identity="shop.example", NotificationType=kind, SnsTopic=topic
        )
    for local in ("bounce", "complaint", "success"):
        account.mail.accept("a@shop.example", [f"{local}@simulator.amazonses.com"])
    account.wait(5)
    items = dynamodb.scan(TableName="ses-email-suppression-list")["Items"]
    assert sorted((item["email"]["S"], item["reason"]["S"]) for item in items) == [
        ("bounce@simulator.amazonses.com", "bounce"),
        ("complaint@simulator.amazonses.com", "complaint"),
    ]


def test_a_transient_bounce_is_logged_and_not_suppressed(account: HandAccount) -> None:
    account.whole.dynamodb.add("list", "email", "reason")
    account.whole.functions.add(NOTIFICATION_HANDLER, "role", {"SUPPRESSION_LIST_TABLE": "list"})
    bounced = {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": "full@x.example"}]}
    message = json.dumps({"notificationType": "Bounce", "bounce": bounced})
    event = {"Records": [{"Sns": {"Message": message}}, {"Sns": {"Message": "not json"}}]}
    assert _invoke(account, NOTIFICATION_HANDLER, event) == {"statusCode": 200, "suppressed": 0}
    logs = account.client("logs")
    group = f"/aws/lambda/{NOTIFICATION_HANDLER}"
    (found,) = logs.filter_log_events(logGroupName=group, filterPattern="Transient")["events"]
    assert found["message"] == "Transient bounce for full@x.example - not adding to suppression list"
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/")["logGroups"][0]["logGroupName"] == group
    stream = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["logStreamName"]
    assert len(logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]) == 3
    logs.create_log_group(logGroupName="own")
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName="own")


def test_a_function_can_be_changed_listed_and_deleted(account: HandAccount) -> None:
    client = account.client("lambda")
    account.whole.functions.add("own", "role")
    client.update_function_configuration(FunctionName="own", Timeout=30, Environment={"Variables": {"A": "b"}})
    changed = client.update_function_code(FunctionName="own", ZipFile=b"PK2")
    assert changed["CodeSize"] == 3
    told = client.get_function(FunctionName=changed["FunctionArn"])["Configuration"]
    assert (told["Timeout"], told["Environment"]["Variables"], told["State"]) == (30, {"A": "b"}, "Active")
    assert client.get_function_configuration(FunctionName="own")["Timeout"] == 30
    assert [one["FunctionName"] for one in client.list_functions()["Functions"]] == ["own"]
    client.delete_function(FunctionName="own")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="own")


def test_the_ways_of_invoking_are_told_apart(prepared: HandAccount) -> None:
    client = prepared.client("lambda")
    asked = {"FunctionName": DKIM_MANAGER, "Payload": json.dumps({"action": "x"}).encode()}
    assert client.invoke(**asked, InvocationType="DryRun")["StatusCode"] == 204
    assert client.invoke(**asked, InvocationType="Event")["StatusCode"] == 202
    told = client.invoke(**asked, LogType="Tail")
    assert b"START RequestId" in base64.b64decode(told["LogResult"])
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName=DKIM_MANAGER, Payload=b"{not json")


def test_code_of_ones_own_is_never_run(account: HandAccount) -> None:
    account.whole.functions.add("own", "role")
    with pytest.raises(ClientError) as caught:
        account.client("lambda").invoke(FunctionName="own")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def _invoke(account: HandAccount, name: str, event: dict[str, Any]) -> Any:
    answer = account.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())
