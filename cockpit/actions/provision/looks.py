"""How each resource of the kit stands in the account; None is "not there", an error is never taken for it."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from cockpit.actions.aws import AwsClients, reading
from cockpit.ses.kit.resources import (
    POLICY_NAME,
    STATEMENT,
    Names,
    Resource,
    canonical,
    failure_expression,
    tag_words,
)

Live = dict[str, Any] | None

ABSENT = frozenset(
    {
        "ResourceNotFoundException",
        "NotFound",
        "NotFoundException",
        "NoSuchEntity",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NotFoundFault",
    }
)
"""Codes by which services say that something is not there."""


class Looks:
    """Reads one account's kit."""

    def __init__(self, clients: AwsClients, names: Names) -> None:
        self.clients = clients
        self._names = names

    def look(self, resource: Resource) -> Live:
        """The live state with the keys of `resource.wanted`; raises WorldError when it cannot be read."""
        look: Callable[[Resource], Live] = getattr(self, f"_{resource.kind}")
        return look(resource)

    def _ask(self, what: str, call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """An answer, or None where the service says that there is no such thing."""

        def asked() -> Mapping[str, Any] | None:
            try:
                return call()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code", "") in ABSENT:
                    return None
                raise

        return reading(what, asked)

    def _tags(self, call: Callable[[], Mapping[str, Any]]) -> str:
        """The kit's tags on a thing, in one line."""
        found = (self._ask("how it is tagged", call) or {}).get("Tags") or {}
        pairs = found.items() if isinstance(found, Mapping) else ((each["Key"], each["Value"]) for each in found)
        return tag_words(dict(pairs))

    def _table(self, resource: Resource) -> Live:
        client = self.clients.reader("dynamodb")
        found = self._ask("what the table is like", lambda: client.describe_table(TableName=resource.name))
        if found is None:
            return None
        table = found["Table"]
        keys = ", ".join(f"{each['AttributeName']} {each['KeyType']}" for each in table["KeySchema"])
        billing = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
        tags = self._tags(
            lambda: client.list_tags_of_resource(ResourceArn=self._names.arn("dynamodb", f"table/{resource.name}"))
        )
        return {"keys": keys, "billing": billing, "status": table["TableStatus"], "tags": tags}

    def _topic(self, resource: Resource) -> Live:
        client, arn = self.clients.reader("sns"), self._names.arn("sns", resource.name)
        found = self._ask("how the topic is set", lambda: client.get_topic_attributes(TopicArn=arn))
        if found is None:
            return None
        publishers = _principals(found["Attributes"].get("Policy", ""), "sns:publish")
        return {
            "publishers": publishers,
            "tags": self._tags(lambda: client.list_tags_for_resource(ResourceArn=arn)),
        }

    def _queue(self, resource: Resource) -> Live:
        client = self.clients.reader("sqs")
        url = self._ask("where the queue is", lambda: client.get_queue_url(QueueName=resource.name))
        if url is None:
            return None
        found = self._ask(
            "how the queue is set",
            lambda: client.get_queue_attributes(
                QueueUrl=url["QueueUrl"], AttributeNames=["Policy", "MessageRetentionPeriod"]
            ),
        )
        attributes = (found or {}).get("Attributes", {})
        return {
            "senders": _sources(attributes.get("Policy", "")),
            "retention_s": int(attributes.get("MessageRetentionPeriod", 0)),
            "tags": self._tags(lambda: client.list_queue_tags(QueueUrl=url["QueueUrl"])),
        }

    def _subscription(self, resource: Resource) -> Live:
        arn = self.subscription(resource)
        return None if not arn else {"protocol": resource.wanted["protocol"]}

    def subscription(self, resource: Resource) -> str:
        """The ARN of a subscription, empty where there is none; every page of the topic's is looked through."""
        client = self.clients.reader("sns")
        more: dict[str, Any] = {}
        while True:
            found = self._ask(
                "who is subscribed",
                lambda: client.list_subscriptions_by_topic(TopicArn=resource.place, **more),  # noqa: B023
            )
            for each in (found or {}).get("Subscriptions", ()):
                if each["Endpoint"] == resource.name and each["Protocol"] == resource.wanted["protocol"]:
                    return str(each["SubscriptionArn"])
            if not (found or {}).get("NextToken"):
                return ""
            more = {"NextToken": (found or {})["NextToken"]}

    def _role(self, resource: Resource) -> Live:
        client = self.clients.reader("iam")
        found = self._ask("what the role is like", lambda: client.get_role(RoleName=resource.name))
        if found is None:
            return None
        policy = self._ask(
            "what the role may do", lambda: client.get_role_policy(RoleName=resource.name, PolicyName=POLICY_NAME)
        )
        trust = _document(found["Role"]["AssumeRolePolicyDocument"])
        services = [each.get("Principal", {}).get("Service", "") for each in trust.get("Statement", ())]
        allowed = canonical(_document(policy["PolicyDocument"])) if policy is not None else ""
        tags = self._tags(lambda: client.list_role_tags(RoleName=resource.name))
        return {"trusts": ", ".join(map(str, services)), "policy": allowed, "tags": tags}

    def _function(self, resource: Resource) -> Live:
        client = self.clients.reader("lambda")
        found = self._ask("what the function is like", lambda: client.get_function(FunctionName=resource.name))
        if found is None:
            return None
        seen = found["Configuration"]
        environment = dict(seen.get("Environment", {}).get("Variables", {}))
        # Lambda sets this one by itself and refuses to be told; where it stands all the same it does no harm.
        environment.pop("AWS_DEFAULT_REGION", None)
        return {
            "code": seen["CodeSha256"],
            "handler": seen["Handler"],
            "runtime": seen["Runtime"],
            "role": seen["Role"],
            "environment": canonical(environment),
            "tags": self._tags(
                lambda: client.list_tags(Resource=self._names.arn("lambda", f"function:{resource.name}"))
            ),
        }

    def _permission(self, resource: Resource) -> Live:
        client = self.clients.reader("lambda")
        found = self._ask("who may call the function", lambda: client.get_policy(FunctionName=resource.name))
        statements = _document(found["Policy"]).get("Statement", ()) if found is not None else ()
        mine = next((each for each in statements if each.get("Sid") == STATEMENT), None)
        if mine is None:
            return None
        condition = mine.get("Condition", {})
        arns = [
            value for each in condition.values() for name, value in each.items() if name.lower() == "aws:sourcearn"
        ]
        return {"caller": str(arns[0]) if arns else ""}

    def _notification(self, resource: Resource) -> Live:
        client = self.clients.reader("ses")
        found = self._ask(
            "where SES reports to",
            lambda: client.get_identity_notification_attributes(Identities=[resource.name]),
        )
        attributes = (found or {}).get("NotificationAttributes", {}).get(resource.name, {})
        return {"bounce": attributes.get("BounceTopic", ""), "complaint": attributes.get("ComplaintTopic", "")}

    def _alarm(self, resource: Resource) -> Live:
        client = self.clients.reader("cloudwatch")
        found = self._ask("what the alarm is like", lambda: client.describe_alarms(AlarmNames=[resource.name]))
        alarm = next(iter((found or {}).get("MetricAlarms", ())), None)
        if alarm is None:
            return None
        metric = f"{alarm.get('Namespace', '')} {alarm.get('MetricName', '')}"
        if alarm.get("Metrics"):
            metric = failure_expression(_namespace(alarm["Metrics"]))
        return {
            "metric": metric,
            "comparison": alarm["ComparisonOperator"],
            "threshold": alarm.get("Threshold"),
            "missing": alarm.get("TreatMissingData", "missing"),
            "actions": ", ".join(sorted(alarm.get("AlarmActions", ()))),
            "enabled": bool(alarm.get("ActionsEnabled", True)),
            "state": alarm.get("StateValue", ""),
            "tags": self._tags(
                lambda: client.list_tags_for_resource(
                    ResourceARN=self._names.arn("cloudwatch", f"alarm:{resource.name}")
                )
            ),
        }


def _document(text: Any) -> dict[str, Any]:
    """A policy document, which some services quote for a URL and the SDK sometimes reads already."""
    if isinstance(text, dict):
        return text
    try:
        found = json.loads(unquote(str(text)) if str(text).startswith("%") else str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _principals(policy: str, action: str) -> str:
    """The services that a policy lets do something, in one line."""
    found = []
    for each in _document(policy).get("Statement", ()):
        actions = [each.get("Action", [])] if isinstance(each.get("Action"), str) else each.get("Action", [])
        principal = each.get("Principal", {})
        if isinstance(principal, dict) and action in (str(one).lower() for one in actions):
            found.append(str(principal.get("Service", "")))
    return ", ".join(sorted(filter(None, found)))


def _sources(policy: str) -> str:
    """The topics from which a queue's policy takes messages."""
    found = []
    for each in _document(policy).get("Statement", ()):
        for condition in each.get("Condition", {}).values():
            found += [str(value) for name, value in condition.items() if name.lower() == "aws:sourcearn"]
    return ", ".join(sorted(found))


def _namespace(queries: Any) -> str:
    for each in queries:
        space = each.get("MetricStat", {}).get("Metric", {}).get("Namespace")
        if space:
            return str(space)
    return ""
