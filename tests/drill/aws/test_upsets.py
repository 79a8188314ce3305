"""What a facilitator makes happen in the account, seen through the unmodified SDK."""

import json

import pytest
from botocore.exceptions import ClientError

from cockpit.drill.account_upsets import upset_account
from cockpit.drill.aws.behaviours import NOTIFICATION_HANDLER
from cockpit.drill.estate.provision import provision
from cockpit.drill.scenario import parse_inject
from cockpit.drill.vocabulary import AccountWord
from cockpit.drill.web.web_access import HostedSites
from cockpit.errors import NotFound
from tests.drill.aws.conftest import HandAccount

HOST = "www.shop.example"


@pytest.fixture
def deployed(account: HandAccount) -> HandAccount:
    """The account with everything that a company has deployed in it."""
    for site in ("www.shop.example", "www.pay.example", "api.pay.example", "www.news.example"):
        account.hosts.add_host(site, "203.0.113.10")
    for site in ("api.example", "admin.example", "app.example"):
        account.hosts.add_host(site, "203.0.113.10")
    provision(account.whole, HostedSites(account.hosts))
    return account


def upset(account: HandAccount, do: str, **fields: object) -> None:
    word = parse_inject({"do": do, **fields})
    assert isinstance(word, AccountWord)
    upset_account(account.whole, account.clock, word)


def test_a_health_event_opens_and_closes(deployed: HandAccount) -> None:
    health, code = deployed.client("health"), "AWS_SES_OPERATIONAL_ISSUE"
    upset(deployed, "aws-health", code=code, text="Elevated error rates.", entities=["shop.example"])
    (event,) = health.describe_events(filter={"eventStatusCodes": ["open"]})["events"]
    assert (event["eventTypeCode"], event["eventScopeCode"]) == (code, "ACCOUNT_SPECIFIC")
    upset(deployed, "aws-health-close", code=code)
    assert health.describe_events(filter={"eventStatusCodes": ["open"]})["events"] == []
    with pytest.raises(NotFound, match=code):
        upset(deployed, "aws-health-close", code=code)


def test_a_support_plan_ends_and_aws_writes_in_a_case(deployed: HandAccount) -> None:
    support = deployed.client("support")
    with pytest.raises(NotFound, match="no support case"):
        upset(deployed, "support-reply", text="Hello?")
    case = support.create_case(subject="Sending paused", communicationBody="What is the matter?")["caseId"]
    upset(deployed, "support-reply", text="Tell us what you changed.")
    newest = support.describe_communications(caseId=case)["communications"][0]
    assert (newest["submittedBy"], newest["body"]) == ("Amazon Web Services", "Tell us what you changed.")
    upset(deployed, "support-plan", on=False)
    for service, call in (("support", "describe_cases"), ("health", "describe_events")):
        with pytest.raises(ClientError, match="SubscriptionRequiredException"):
            getattr(deployed.client(service), call)()
    upset(deployed, "support-plan", on=True)
    assert support.describe_cases()["cases"]


def test_a_backlog_poison_and_duplicates_wait_in_the_queue(deployed: HandAccount) -> None:
    sqs = deployed.client("sqs")
    url = sqs.get_queue_url(QueueName="incident-events")["QueueUrl"]
    upset(deployed, "queue-backlog", messages=7)
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert told == {"ApproximateNumberOfMessages": "7"}
    upset(deployed, "queue-duplicates", messages=2)
    bodies = [one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert (len(bodies), len(set(bodies))) == (9, 7)
    assert all(json.loads(json.loads(body)["Message"])["notificationType"] == "Bounce" for body in bodies)
    sqs.purge_queue(QueueUrl=url)
    for kind in ("no-json", "cut-off", "unknown-shape", "not-signed"):
        upset(deployed, "queue-poison", kind=kind)
    poison = [one["Body"] for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert len(poison) == 4
    for body in poison[:2]:
        with pytest.raises(ValueError, match=r"Expecting value|Unterminated string|delimiter"):
            json.loads(body)
    assert json.loads(json.loads(poison[2])["Message"])["notificationType"] == "Telegram"
    assert json.loads(poison[3])["Signature"] == "bm90IHNpZ25lZA=="
    with pytest.raises(NotFound, match="no queue"):
        upset(deployed, "queue-backlog", messages=1, queue="nobody")


def test_a_function_fails_in_three_ways_and_is_mended(deployed: HandAccount) -> None:
    client = deployed.client("lambda")

    def invoke() -> dict[str, object]:
        answer = client.invoke(FunctionName=NOTIFICATION_HANDLER, Payload=b'{"Records": []}')
        found: dict[str, object] = json.loads(answer["Payload"].read())
        return {"error": answer.get("FunctionError", ""), **found}

    assert invoke()["error"] == ""
    upset(deployed, "function-fault", function=NOTIFICATION_HANDLER)
    assert (invoke()["error"], invoke()["errorType"]) == ("Unhandled", "KeyError")
    upset(deployed, "function-fault", function=NOTIFICATION_HANDLER, kind="timeout")
    assert "Task timed out after 3.00 seconds" in str(invoke()["errorMessage"])
    upset(deployed, "function-fault", function=NOTIFICATION_HANDLER, kind="throttle")
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        invoke()
    upset(deployed, "function-heal", function=NOTIFICATION_HANDLER)
    assert invoke()["error"] == ""
    with pytest.raises(NotFound, match="no function"):
        upset(deployed, "function-fault", function="nobody")


def test_targets_fail_are_replaced_and_taken_out(deployed: HandAccount) -> None:
    elb, host = deployed.client("elbv2"), deployed.hosts.host(HOST)
    arn = elb.describe_target_groups(Names=["www-shop-example"])["TargetGroups"][0]["TargetGroupArn"]
    upset(deployed, "target-fault", host=HOST)
    (sick,) = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert (sick["Target"]["Id"], sick["TargetHealth"]["State"]) == ("10.0.0.10", "unhealthy")
    assert host.faulty
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.9.9.9"}])
    assert host.faulty, "a machine that nobody knows answers nobody"
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.1.10"}])
    assert not host.faulty
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.10"}, {"Id": "10.9.9.9"}])
    asked = elb.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.10"}, {"Id": "10.0.1.10"}])
    states = [one["TargetHealth"]["State"] for one in asked["TargetHealthDescriptions"]]
    assert states == ["unused", "healthy"]
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.1.10"}])
    assert host.faulty, "nothing is behind the load balancer"
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        elb.register_targets(TargetGroupArn=arn.replace("shop", "none"), Targets=[{"Id": "10.0.1.10"}])
    with pytest.raises(NotFound, match="no load balancer"):
        upset(deployed, "target-heal", host="nobody.example")
