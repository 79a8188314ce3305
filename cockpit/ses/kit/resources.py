"""What the kit consists of, each resource with the state it should be in; nothing here reaches AWS.

Names are those that organisations already use: the table `ses-email-suppression-list`, the function
`ses-notification-handler`, the role `SESNotificationHandlerRole`, the topic `ses-bounce-complaint-notifications`
and six alarms. A state is a flat mapping, so that two of them can be compared line by line.
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from cockpit.ses.alarms import Wanted, wanted

State = Mapping[str, Any]

HANDLER = "lambda_function.lambda_handler"
RUNTIME = "python3.12"
RETENTION_S = 1_209_600
"""Seconds that a queue keeps a message: 14 days, the most that SQS allows."""

POLICY_NAME = "suppression"
STATEMENT = "feedback-topic"
TAGS = {"managed-by": "incident-cockpit", "purpose": "ses-compliance"}
"""On everything that is made, so that costs can be told apart."""


def tag_words(tags: Mapping[str, str]) -> str:
    """Those of the kit's tags that a thing has, in one line; its other tags are its owner's business."""
    return ", ".join(f"{name} {value}" for name, value in sorted(tags.items()) if name in TAGS)


class Kind(StrEnum):
    """What a resource is."""

    TABLE = "table"
    TOPIC = "topic"
    QUEUE = "queue"
    ROLE = "role"
    FUNCTION = "function"
    PERMISSION = "permission"
    SUBSCRIPTION = "subscription"
    NOTIFICATION = "notification"
    ALARM = "alarm"


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Where the kit stands and what its parts are called; `domains` are the identities whose feedback is taken."""

    account: str
    region: str
    namespace: str = "DiscordBot/SES"
    domains: tuple[str, ...] = ()
    table: str = "ses-email-suppression-list"
    topic: str = "ses-bounce-complaint-notifications"
    queue: str = "ses-feedback"
    role: str = "SESNotificationHandlerRole"
    function: str = "ses-notification-handler"
    alarm_topic: str = "ses-alarms"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account; IAM's have no region."""
        return f"arn:aws:{service}:{'' if service == 'iam' else self.region}:{self.account}:{resource}"


class Resource(msgspec.Struct, frozen=True):
    """One part of the kit. `place` says where it hangs: the topic of a subscription, the metric of an alarm."""

    kind: Kind
    name: str
    says: str
    wanted: dict[str, Any]
    place: str = ""

    @property
    def key(self) -> str:
        """What it is called in plans and records."""
        return f"{self.kind}/{self.name}"


def kit(names: Names, code: str) -> tuple[Resource, ...]:
    """Every resource in the order in which they are made; `code` is the digest of the function's archive."""
    topic, queue = names.arn("sns", names.topic), names.arn("sqs", names.queue)
    function = names.arn("lambda", f"function:{names.function}")
    environment, tags = {"SUPPRESSION_LIST_TABLE": names.table}, tag_words(TAGS)
    return (
        Resource(
            Kind.TABLE,
            names.table,
            "who is not written to: email and reason",
            {"keys": "email HASH, reason RANGE", "billing": "PAY_PER_REQUEST", "tags": tags},
        ),
        Resource(
            Kind.TOPIC,
            names.topic,
            "receives bounces and complaints from SES",
            {"publishers": "ses.amazonaws.com", "tags": tags},
        ),
        Resource(
            Kind.TOPIC,
            names.alarm_topic,
            "tells people of alarms",
            {"publishers": "cloudwatch.amazonaws.com", "tags": tags},
        ),
        Resource(
            Kind.QUEUE,
            names.queue,
            "keeps feedback for the cockpit, 14 days",
            {"senders": topic, "retention_s": RETENTION_S, "tags": tags},
        ),
        Resource(Kind.SUBSCRIPTION, queue, "feedback goes to the queue", {"protocol": "sqs"}, topic),
        Resource(
            Kind.ROLE,
            names.role,
            "what the function may do",
            {"trusts": "lambda.amazonaws.com", "policy": canonical(role_policy(names)), "tags": tags},
        ),
        Resource(
            Kind.FUNCTION,
            names.function,
            "suppresses after permanent bounces and complaints",
            {
                "code": code,
                "handler": HANDLER,
                "runtime": RUNTIME,
                "role": names.arn("iam", f"role/{names.role}"),
                "environment": canonical(environment),
                "tags": tags,
            },
        ),
        Resource(Kind.PERMISSION, names.function, "the topic may call the function", {"caller": topic}),
        Resource(Kind.SUBSCRIPTION, function, "feedback goes to the function", {"protocol": "lambda"}, topic),
        *(
            Resource(Kind.NOTIFICATION, domain, "SES reports to the topic", {"bounce": topic, "complaint": topic})
            for domain in names.domains
        ),
        *(alarm(each, names) for each in wanted(names.namespace)),
    )


def alarm(want: Wanted, names: Names) -> Resource:
    """One of the six alarms, told to the alarm topic; without mail SES publishes nothing, which is no alarm."""
    state = {
        "metric": f"{want.namespace} {want.metric}" if want.metric else failure_expression(names.namespace),
        "comparison": want.comparison,
        "threshold": want.threshold,
        "missing": "notBreaching",
        "actions": names.arn("sns", names.alarm_topic),
        "enabled": True,
        "tags": tag_words(TAGS),
    }
    return Resource(Kind.ALARM, want.name, want.says, state, want.statistic)


def failure_expression(namespace: str) -> str:
    """The share of failed sends as CloudWatch reckons it, in one line."""
    return f"failed / (failed + sent) of {namespace}"


def role_policy(names: Names) -> dict[str, Any]:
    """The least that the function needs: three calls on one table, and its own log."""
    log = names.arn("logs", f"log-group:/aws/lambda/{names.function}")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem"],
                "Resource": names.arn("dynamodb", f"table/{names.table}"),
            },
            {"Effect": "Allow", "Action": ["logs:CreateLogGroup"], "Resource": log},
            {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": f"{log}:*"},
        ],
    }


def canonical(value: Any) -> str:
    """JSON that is equal when the values are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class Difference(msgspec.Struct, frozen=True):
    """One line of drift: what a resource has and what it should have."""

    what: str
    now: str
    wanted: str


def drift(resource: Resource, live: State | None) -> tuple[Difference, ...]:
    """Every line in which a resource is not as it should be; one that is absent differs in nothing."""
    if live is None:
        return ()
    return tuple(
        Difference(what, str(live.get(what, "")), str(value))
        for what, value in resource.wanted.items()
        if live.get(what) != value
    )


def in_order_of_removal(resources: Iterable[Resource]) -> list[Resource]:
    """What hangs on others goes first."""
    return list(reversed(list(resources)))
