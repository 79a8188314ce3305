"""What the company's account holds besides mail: topics, a queue, a table, functions and load balancers."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from cockpit.actions.provision.archive import archive, digest
from cockpit.drill.aws.account import Account
from cockpit.drill.aws.behaviours import DKIM_MANAGER, DNS_NOTIFIER, NOTIFICATION_HANDLER
from cockpit.drill.estate.company import (
    ALARM_TOPIC,
    BUCKET,
    FEEDBACK_QUEUE,
    FEEDBACK_TOPIC,
    METRICS_NAMESPACE,
    SITES,
    SUPPRESSION_TABLE,
)
from cockpit.drill.web.web_access import HostedSites
from cockpit.ses.alarms import wanted
from cockpit.ses.kit.resources import POLICY_NAME, RETENTION_S, STATEMENT, TAGS, Names, role_policy
from cockpit.ses.permissions import ROLES, Where, policy

DNS_TOPIC = "dns-change-requests"
EVENT_QUEUE = "incident-events"
OPERATORS_ROLE = "ic-remediate"
"""Whoever drills calls AWS by this role, which has what `cockpit iam` prints and nothing else."""
HANDLER_ROLE = "SESNotificationHandlerRole"
VERIFICATION_HANDLER = "discord-verification-handler"
"""The company's own sender of sign-in codes, which asks the suppression table before it sends."""


def provision(account: Account, sites: HostedSites) -> None:
    """Make everything that was deployed before the drill; call once, when the identities and hosts are there."""
    _deploy_functions(account)
    _connect_topics(account)
    _tag_kit(account)
    _balance_loads(account, sites)


def kit_names(account: Account) -> Names:
    """What the compliance kit's parts are called here."""
    return Names(
        account=account.place.account,
        region=account.place.region,
        namespace=METRICS_NAMESPACE,
        domains=tuple(site.name for site in SITES),
        table=SUPPRESSION_TABLE,
        topic=FEEDBACK_TOPIC,
        queue=FEEDBACK_QUEUE,
        role=HANDLER_ROLE,
        function=NOTIFICATION_HANDLER,
        alarm_topic=ALARM_TOPIC,
    )


def _deploy_functions(account: Account) -> None:
    account.dynamodb.add(SUPPRESSION_TABLE, "email", "reason")
    dkim = {"DKIM_BUCKET": BUCKET, "DNS_TOPIC_ARN": account.place.arn("sns", DNS_TOPIC)}
    suppression = {"SUPPRESSION_LIST_TABLE": SUPPRESSION_TABLE, "AWS_DEFAULT_REGION": account.place.region}
    roles: Mapping[str, Mapping[str, Any]] = {
        HANDLER_ROLE: {POLICY_NAME: role_policy(kit_names(account))},
        "dkim-manager-role": {"inline": _policy(["ses:*", "s3:GetObject", "s3:ListBucket", "sns:Publish"], "*")},
        OPERATORS_ROLE: {f"cockpit-{role}": policy(role, _everywhere(account)) for role in ROLES},
    }
    for name, policies in roles.items():
        account.iam.add(name, "lambda.amazonaws.com", policies)
    handler = account.functions.add(NOTIFICATION_HANDLER, HANDLER_ROLE, suppression)
    handler.code_digest = digest(archive())
    handler.statements[STATEMENT] = {
        "Sid": STATEMENT,
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": handler.arn,
        "Condition": {"ArnLike": {"AWS:SourceArn": account.place.arn("sns", FEEDBACK_TOPIC)}},
    }
    account.functions.add(DKIM_MANAGER, "dkim-manager-role", dkim)
    account.functions.add(DNS_NOTIFIER, "dkim-manager-role", dkim)
    verification = suppression | {"FROM_EMAIL": "verify@app.example"}
    account.functions.add(VERIFICATION_HANDLER, HANDLER_ROLE, verification)


def _everywhere(account: Account) -> Where:
    """The account's own region, and everything in it by its kind."""
    return Where(account=account.place.account, region=account.place.region)


def _connect_topics(account: Account) -> None:
    events = account.sqs.open(EVENT_QUEUE)
    account.sns.join(account.sns.open(ALARM_TOPIC, _published_by("cloudwatch")), "sqs", events.arn, {})
    feedback = account.sns.open(FEEDBACK_TOPIC, _published_by("ses"))
    queue = account.sqs.open(FEEDBACK_QUEUE, _filled_by(feedback.arn))
    account.sns.join(feedback, "lambda", account.place.arn("lambda", f"function:{NOTIFICATION_HANDLER}"), {})
    account.sns.join(feedback, "sqs", events.arn, {})
    account.sns.join(feedback, "sqs", queue.arn, {})
    letters = account.sns.join(account.sns.open(DNS_TOPIC), "email", "dns-team@hosting.example", {})
    letters.token = ""
    for identity in account.mail.identities.values():
        identity.topics |= {"Bounce": feedback.arn, "Complaint": feedback.arn}


def _published_by(service: str) -> Mapping[str, str]:
    """The settings of a topic that one of AWS's services may publish to."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "SNS:Publish",
        "Resource": "*",
    }
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def _filled_by(topic: str) -> Mapping[str, str]:
    """The settings of a queue that takes a topic's messages and keeps them for 14 days."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {"Policy": policy, "MessageRetentionPeriod": str(RETENTION_S)}


def _tag_kit(account: Account) -> None:
    """What the kit was tagged with when it was made."""
    things = [
        ("dynamodb", SUPPRESSION_TABLE), ("sns", FEEDBACK_TOPIC), ("sns", ALARM_TOPIC), ("sqs", FEEDBACK_QUEUE),
        ("iam", HANDLER_ROLE), ("lambda", NOTIFICATION_HANDLER),
        *(("cloudwatch", each.name) for each in wanted(METRICS_NAMESPACE)),
    ]  # fmt: skip
    for service, name in things:
        account.tagging.put(service, name, TAGS)


def _balance_loads(account: Account, sites: HostedSites) -> None:
    for site in SITES:
        hosts = [host.name for host in site.hosts]
        held = [account.acm.adopt([name], partial(sites.presented, name)).arn for name in hosts]
        account.elbv2.add(site.balancer, hosts, [host.address for host in site.hosts], held)


def _policy(actions: list[str], resource: str) -> Mapping[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}],
    }
