"""What the company's account holds besides mail: topics, a queue, a table, functions and load balancers."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from cockpit.drill.aws.account import Account
from cockpit.drill.aws.behaviours import DKIM_MANAGER, DNS_NOTIFIER, NOTIFICATION_HANDLER
from cockpit.drill.company import BUCKET, SITES
from cockpit.drill.web_access import HostedSites

ALARM_TOPIC = "ses-alarms"
FEEDBACK_TOPIC = "ses-bounce-complaint-notifications"
DNS_TOPIC = "dns-change-requests"
EVENT_QUEUE = "incident-events"
SUPPRESSION_TABLE = "ses-email-suppression-list"
METRICS_NAMESPACE = "DiscordBot/SES"
"""Where the company's own mail code counts what it sends."""


def provision(account: Account, sites: HostedSites) -> None:
    """Make everything that was deployed before the drill; call once, when the identities and hosts are there."""
    _deploy_functions(account)
    _connect_topics(account)
    _balance_loads(account, sites)


def _deploy_functions(account: Account) -> None:
    account.dynamodb.add(SUPPRESSION_TABLE, "email", "reason")
    table = account.place.arn("dynamodb", f"table/{SUPPRESSION_TABLE}")
    suppression = {"SUPPRESSION_LIST_TABLE": SUPPRESSION_TABLE, "AWS_DEFAULT_REGION": account.place.region}
    dkim = {"DKIM_BUCKET": BUCKET, "DNS_TOPIC_ARN": account.place.arn("sns", DNS_TOPIC)}
    roles = {
        "SESNotificationHandlerRole": _policy(
            ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem"], table
        ),
        "dkim-manager-role": _policy(["ses:*", "s3:GetObject", "s3:ListBucket", "sns:Publish"], "*"),
        "ic-remediate": _policy(["ses:*", "s3:*", "route53:*", "cloudwatch:*", "lambda:InvokeFunction"], "*"),
    }
    for name, policy in roles.items():
        account.iam.add(name, "lambda.amazonaws.com", {"inline": policy})
    account.functions.add(NOTIFICATION_HANDLER, "SESNotificationHandlerRole", suppression)
    account.functions.add(DKIM_MANAGER, "dkim-manager-role", dkim)
    account.functions.add(DNS_NOTIFIER, "dkim-manager-role", dkim)


def _connect_topics(account: Account) -> None:
    queue = account.sqs.open(EVENT_QUEUE)
    account.sns.join(account.sns.open(ALARM_TOPIC), "sqs", queue.arn, {})
    feedback = account.sns.open(FEEDBACK_TOPIC)
    account.sns.join(feedback, "lambda", account.place.arn("lambda", f"function:{NOTIFICATION_HANDLER}"), {})
    account.sns.join(feedback, "sqs", queue.arn, {})
    letters = account.sns.join(account.sns.open(DNS_TOPIC), "email", "dns-team@hosting.example", {})
    letters.token = ""
    for identity in account.mail.identities.values():
        identity.topics |= {"Bounce": feedback.arn, "Complaint": feedback.arn}


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
