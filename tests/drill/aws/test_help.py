"""Health, Support and IAM: what AWS says, who is asked for help, and who may do what."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.drill.aws.conftest import HandAccount

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]})


def test_the_pause_of_an_account_is_a_closed_event(account: HandAccount) -> None:
    client, now = account.client("health"), account.clock.now()
    account.whole.health.announce("EC2", "AWS_EC2_OPERATIONAL_ISSUE", "slow", now, region="us-east-1")
    paused = account.whole.health.sending_paused(now)
    hidden = client.describe_events(filter={"services": ["SES"], "eventStatusCodes": ["open"]})["events"]
    assert hidden == []
    recent = {"lastUpdatedTimes": [{"from": now - timedelta(days=1)}], "services": ["SES"]}
    (event,) = client.describe_events(filter=recent)["events"]
    assert (event["arn"], event["statusCode"]) == (paused.arn, "closed")
    assert len(client.describe_events()["events"]) == 2
    details = client.describe_event_details(eventArns=[paused.arn, paused.arn + "X"])
    assert "paused" in details["successfulSet"][0]["eventDescription"]["latestDescription"]
    assert len(details["failedSet"]) == 1
    entities = client.describe_affected_entities(filter={"eventArns": [paused.arn]})["entities"]
    assert [one["entityValue"] for one in entities] == ["447112341123"]


def test_a_pause_is_announced_once_each_time(account: HandAccount) -> None:
    for status in ("SHUTDOWN", "SHUTDOWN", "HEALTHY", "SHUTDOWN"):
        account.mail.enforcement = status
        account.wait(1)
    events = account.client("health").describe_events(filter={"eventTypeCategories": ["accountNotification"]})
    assert [event["statusCode"] for event in events["events"]] == ["closed", "closed"]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"regions": ["ca-central-1"]}, 3),
        ({"eventTypeCategories": ["scheduledChange"]}, 0),
        ({"eventStatusCodes": ["open", "closed"]}, 3),
        ({"entityValues": ["shop.example"]}, 1),
        ({"endTimes": [{}]}, 1),
    ],
)
def test_events_are_found_by_what_they_are(account: HandAccount, wanted: dict[str, Any], count: int) -> None:
    health, now = account.whole.health, account.clock.now()
    health.announce("SES", "AWS_SES_ISSUE", "slow", now)
    health.announce("SES", "AWS_SES_IDENTITY", "dkim", now, entities=("shop.example",))
    health.sending_paused(now)
    assert len(account.client("health").describe_events(filter=wanted)["events"]) == count


def test_events_come_by_pages(account: HandAccount) -> None:
    for _ in range(3):
        account.whole.health.announce("SES", "AWS_SES_ISSUE", "slow", account.clock.now())
    pages = account.client("health").get_paginator("describe_events").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["events"]) for page in pages] == [2, 1]


@pytest.mark.parametrize(("service", "method"), [("health", "describe_events"), ("support", "describe_cases")])
def test_without_a_support_plan_both_say_so(account: HandAccount, service: str, method: str) -> None:
    account.whole.health.subscribed = account.whole.support.subscribed = False
    client = account.client(service)
    with pytest.raises(Exception, match="SubscriptionRequiredException"):
        getattr(client, method)()


def test_a_case_is_opened_written_in_answered_and_resolved(account: HandAccount) -> None:
    client = account.client("support")
    asked = {"subject": "Sending paused", "communicationBody": "Root cause ...", "severityCode": "urgent"}
    assert "caseId" not in client.create_case(**asked, dryRun=True)
    case_id = client.create_case(**asked, serviceCode="service-ses", categoryCode="other")["caseId"]
    assert client.add_communication_to_case(caseId=case_id, communicationBody="More")["result"] is True
    account.whole.support.reply(case_id, "We have reinstated your account.", account.clock.now())
    (case,) = client.describe_cases(caseIdList=[case_id])["cases"]
    assert (case["status"], case["severityCode"]) == ("pending-customer-action", "urgent")
    told = client.describe_communications(caseId=case_id)["communications"]
    assert [one["submittedBy"] for one in told] == ["Amazon Web Services", "mhassan", "mhassan"]
    assert client.resolve_case(caseId=case_id)["finalCaseStatus"] == "resolved"
    assert client.describe_cases()["cases"] == []
    assert len(client.describe_cases(includeResolvedCases=True)["cases"]) == 1
    assert {level["code"] for level in client.describe_severity_levels()["severityLevels"]} >= {
        "urgent",
        "critical",
    }
    with pytest.raises(client.exceptions.CaseIdNotFound):
        client.describe_communications(caseId="case-nothing")


def test_a_role_is_made_given_policies_and_removed(account: HandAccount) -> None:
    client = account.client("iam")
    role = client.create_role(RoleName="handler", AssumeRolePolicyDocument=TRUST)["Role"]
    assert role["Arn"] == "arn:aws:iam::447112341123:role/handler"
    with pytest.raises(client.exceptions.EntityAlreadyExistsException):
        client.create_role(RoleName="handler", AssumeRolePolicyDocument=TRUST)
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ses:*", "Resource": "*"}}
    client.put_role_policy(RoleName="handler", PolicyName="send", PolicyDocument=json.dumps(policy))
    assert client.get_role_policy(RoleName="handler", PolicyName="send")["PolicyDocument"] == policy
    assert client.list_role_policies(RoleName="handler")["PolicyNames"] == ["send"]
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    client.attach_role_policy(RoleName="handler", PolicyArn=basic)
    attached = client.list_attached_role_policies(RoleName="handler")["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [basic]
    with pytest.raises(client.exceptions.DeleteConflictException):
        client.delete_role(RoleName="handler")
    client.detach_role_policy(RoleName="handler", PolicyArn=basic)
    client.delete_role_policy(RoleName="handler", PolicyName="send")
    assert [one["RoleName"] for one in client.list_roles()["Roles"]] == ["handler"]
    client.delete_role(RoleName="handler")
    with pytest.raises(client.exceptions.NoSuchEntityException):
        client.get_role(RoleName="handler")
    with pytest.raises(client.exceptions.MalformedPolicyDocumentException):
        client.create_role(RoleName="x", AssumeRolePolicyDocument="{")


def test_a_policy_can_be_simulated_before_it_is_needed(account: HandAccount) -> None:
    allow = {"Effect": "Allow", "Action": ["dynamodb:*Item", "ses:Get*"], "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "dynamodb:DeleteItem", "Resource": "arn:aws:dynamodb:*:table/list"}
    role = account.whole.iam.add("handler", "lambda.amazonaws.com", {"p": {"Statement": [allow, deny]}})
    answer = account.client("iam").simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::447112341123:role/{role.name}",
        ActionNames=["dynamodb:PutItem", "dynamodb:DeleteItem", "ses:SendEmail"],
        ResourceArns=["arn:aws:dynamodb:ca-central-1:447112341123:table/list"],
    )
    assert [one["EvalDecision"] for one in answer["EvaluationResults"]] == [
        "allowed",
        "explicitDeny",
        "implicitDeny",
    ]
