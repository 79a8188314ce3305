"""The one request, or the few, that bring a resource of the kit about, change it, or take it away."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.actions.aws import reading
from cockpit.actions.provision.looks import Looks
from cockpit.ses.kit.resources import (
    HANDLER,
    POLICY_NAME,
    RETENTION_S,
    RUNTIME,
    STATEMENT,
    TAGS,
    Kind,
    Names,
    Resource,
    State,
    role_policy,
)

_PERIOD_S = 3600
_TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]


class Send(msgspec.Struct, frozen=True):
    """One request to one service, as the SDK takes it; `parameters` never go into a record."""

    service: str
    operation: str
    method: str
    parameters: dict[str, Any]


class Requests:
    """Writes requests for one kit; `code` is the archive of the function."""

    def __init__(self, names: Names, code: bytes, looks: Looks) -> None:
        self._names = names
        self._code = code
        self._looks = looks

    def towards(self, resource: Resource, live: State | None) -> Sequence[Send]:
        """What makes it as it should be; empty for one whose difference nobody can change in place."""
        if live is None:
            made: Sequence[Send] = getattr(self, f"_{resource.kind}")(resource, live)
            return made
        sends: list[Send] = []
        if any(live.get(name) != value for name, value in resource.wanted.items() if name != "tags"):
            sends += getattr(self, f"_{resource.kind}")(resource, live)
        if live.get("tags") != resource.wanted.get("tags"):
            sends.append(self._tagged(resource))
        return sends

    def _tagged(self, resource: Resource) -> Send:
        """What tags a thing that is there already."""
        name, arn = resource.name, self._names.arn
        match resource.kind:
            case Kind.TABLE:
                table = {"ResourceArn": arn("dynamodb", f"table/{name}"), "Tags": _TAG_LIST}
                return Send("dynamodb", "TagResource", "tag_resource", table)
            case Kind.TOPIC:
                topic = {"ResourceArn": arn("sns", name), "Tags": _TAG_LIST}
                return Send("sns", "TagResource", "tag_resource", topic)
            case Kind.QUEUE:
                return Send("sqs", "TagQueue", "tag_queue", {"QueueUrl": self._url(name), "Tags": TAGS})
            case Kind.ROLE:
                return Send("iam", "TagRole", "tag_role", {"RoleName": name, "Tags": _TAG_LIST})
            case Kind.FUNCTION:
                function = {"Resource": arn("lambda", f"function:{name}"), "Tags": TAGS}
                return Send("lambda", "TagResource", "tag_resource", function)
            case _:
                alarm = {"ResourceARN": arn("cloudwatch", f"alarm:{name}"), "Tags": _TAG_LIST}
                return Send("cloudwatch", "TagResource", "tag_resource", alarm)

    def away(self, resource: Resource) -> Sequence[Send]:
        """What takes it away."""
        name, names = resource.name, self._names
        if resource.kind is Kind.TABLE:
            return [Send("dynamodb", "DeleteTable", "delete_table", {"TableName": name})]
        if resource.kind is Kind.TOPIC:
            return [Send("sns", "DeleteTopic", "delete_topic", {"TopicArn": names.arn("sns", name)})]
        if resource.kind is Kind.QUEUE:
            return [Send("sqs", "DeleteQueue", "delete_queue", {"QueueUrl": self._url(name)})]
        if resource.kind is Kind.SUBSCRIPTION:
            arn = self._looks.subscription(resource)
            return [Send("sns", "Unsubscribe", "unsubscribe", {"SubscriptionArn": arn})]
        if resource.kind is Kind.ROLE:
            policy = {"RoleName": name, "PolicyName": POLICY_NAME}
            return [
                Send("iam", "DeleteRolePolicy", "delete_role_policy", policy),
                Send("iam", "DeleteRole", "delete_role", {"RoleName": name}),
            ]
        if resource.kind is Kind.FUNCTION:
            return [Send("lambda", "DeleteFunction", "delete_function", {"FunctionName": name})]
        if resource.kind is Kind.NOTIFICATION:
            return [_notify(name, kind, "") for kind in ("Bounce", "Complaint")]
        if resource.kind is Kind.ALARM:
            return [Send("cloudwatch", "DeleteAlarms", "delete_alarms", {"AlarmNames": [name]})]
        return []

    def _table(self, resource: Resource, live: State | None) -> Sequence[Send]:
        if live is not None:
            if live.get("keys") != resource.wanted["keys"]:
                return []
            change = {"TableName": resource.name, "BillingMode": "PAY_PER_REQUEST"}
            return [Send("dynamodb", "UpdateTable", "update_table", change)]
        keys = [{"AttributeName": "email", "KeyType": "HASH"}, {"AttributeName": "reason", "KeyType": "RANGE"}]
        types = [{"AttributeName": each["AttributeName"], "AttributeType": "S"} for each in keys]
        parameters = {
            "TableName": resource.name,
            "KeySchema": keys,
            "AttributeDefinitions": types,
            "BillingMode": "PAY_PER_REQUEST",
            "Tags": _TAG_LIST,
        }
        return [Send("dynamodb", "CreateTable", "create_table", parameters)]

    def _topic(self, resource: Resource, live: State | None) -> Sequence[Send]:
        arn = self._names.arn("sns", resource.name)
        owner = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{self._names.account}:root"},
            "Action": [
                "SNS:Publish",
                "SNS:Subscribe",
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:DeleteTopic",
                "SNS:ListSubscriptionsByTopic",
            ],
            "Resource": arn,
        }
        service = {
            "Effect": "Allow",
            "Principal": {"Service": resource.wanted["publishers"]},
            "Action": "SNS:Publish",
            "Resource": arn,
            "Condition": {"StringEquals": {"AWS:SourceAccount": self._names.account}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [owner, service]})
        if live is not None:
            change = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy}
            return [Send("sns", "SetTopicAttributes", "set_topic_attributes", change)]
        parameters = {"Name": resource.name, "Attributes": {"Policy": policy}, "Tags": _TAG_LIST}
        return [Send("sns", "CreateTopic", "create_topic", parameters)]

    def _queue(self, resource: Resource, live: State | None) -> Sequence[Send]:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self._names.arn("sqs", resource.name),
            "Condition": {"ArnEquals": {"aws:SourceArn": resource.wanted["senders"]}},
        }
        attributes = {
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            "MessageRetentionPeriod": str(RETENTION_S),
        }
        if live is not None:
            parameters: dict[str, Any] = {"QueueUrl": self._url(resource.name), "Attributes": attributes}
            return [Send("sqs", "SetQueueAttributes", "set_queue_attributes", parameters)]
        parameters = {"QueueName": resource.name, "Attributes": attributes, "tags": TAGS}
        return [Send("sqs", "CreateQueue", "create_queue", parameters)]

    def _subscription(self, resource: Resource, live: State | None) -> Sequence[Send]:
        parameters = {
            "TopicArn": resource.place,
            "Protocol": resource.wanted["protocol"],
            "Endpoint": resource.name,
        }
        return [Send("sns", "Subscribe", "subscribe", parameters)]

    def _role(self, resource: Resource, live: State | None) -> Sequence[Send]:
        allow = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        policy = {
            "RoleName": resource.name,
            "PolicyName": POLICY_NAME,
            "PolicyDocument": json.dumps(role_policy(self._names)),
        }
        put = Send("iam", "PutRolePolicy", "put_role_policy", policy)
        if live is None:
            parameters = {"RoleName": resource.name, "AssumeRolePolicyDocument": trust, "Tags": _TAG_LIST}
            return [Send("iam", "CreateRole", "create_role", parameters), put]
        # Whom a role trusts is somebody's decision; one that trusts another is told and left alone.
        return [put] if live.get("trusts") == resource.wanted["trusts"] else []

    def _function(self, resource: Resource, live: State | None) -> Sequence[Send]:
        configuration = {
            "FunctionName": resource.name,
            "Role": resource.wanted["role"],
            "Handler": HANDLER,
            "Runtime": RUNTIME,
            "Timeout": 30,
            "Environment": {"Variables": json.loads(resource.wanted["environment"])},
        }
        if live is None:
            parameters = {**configuration, "Code": {"ZipFile": self._code}, "Tags": TAGS}
            return [Send("lambda", "CreateFunction", "create_function", parameters)]
        sends = []
        if live.get("code") != resource.wanted["code"]:
            code = {"FunctionName": resource.name, "ZipFile": self._code}
            sends.append(Send("lambda", "UpdateFunctionCode", "update_function_code", code))
        if any(live.get(key) != value for key, value in resource.wanted.items() if key not in ("code", "tags")):
            sends.append(
                Send("lambda", "UpdateFunctionConfiguration", "update_function_configuration", configuration)
            )
        return sends

    def _permission(self, resource: Resource, live: State | None) -> Sequence[Send]:
        if live is not None:
            return []
        parameters = {
            "FunctionName": resource.name,
            "StatementId": STATEMENT,
            "Action": "lambda:InvokeFunction",
            "Principal": "sns.amazonaws.com",
            "SourceArn": resource.wanted["caller"],
        }
        return [Send("lambda", "AddPermission", "add_permission", parameters)]

    def _notification(self, resource: Resource, live: State | None) -> Sequence[Send]:
        topics = {"Bounce": resource.wanted["bounce"], "Complaint": resource.wanted["complaint"]}
        seen = live or {}
        return [_notify(resource.name, kind, arn) for kind, arn in topics.items() if seen.get(kind.lower()) != arn]

    def _alarm(self, resource: Resource, live: State | None) -> Sequence[Send]:
        wanted = resource.wanted
        parameters: dict[str, Any] = {
            "AlarmName": resource.name,
            "AlarmDescription": resource.says,
            "ActionsEnabled": True,
            "AlarmActions": [wanted["actions"]],
            "EvaluationPeriods": 1,
            "Threshold": wanted["threshold"],
            "ComparisonOperator": wanted["comparison"],
            "TreatMissingData": wanted["missing"],
            "Tags": _TAG_LIST,
        }
        if resource.place:
            namespace, _, metric = wanted["metric"].rpartition(" ")
            parameters |= {
                "Namespace": namespace,
                "MetricName": metric,
                "Statistic": resource.place,
                "Period": _PERIOD_S,
            }
        else:
            parameters["Metrics"] = _failure_queries(self._names.namespace)
        return [Send("cloudwatch", "PutMetricAlarm", "put_metric_alarm", parameters)]

    def _url(self, queue: str) -> str:
        client = self._looks.clients.reader("sqs")
        return str(reading("where the queue is", lambda: client.get_queue_url(QueueName=queue)["QueueUrl"]))


def _notify(domain: str, kind: str, topic: str) -> Send:
    parameters = {"Identity": domain, "NotificationType": kind, **({"SnsTopic": topic} if topic else {})}
    return Send("ses", "SetIdentityNotificationTopic", "set_identity_notification_topic", parameters)


def _failure_queries(namespace: str) -> list[dict[str, Any]]:
    """Failed sends as a share of all, by CloudWatch's metric math."""
    counts = [
        {
            "Id": each,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": name},
                "Period": _PERIOD_S,
                "Stat": "Sum",
            },
        }
        for each, name in (("failed", "EmailsFailed"), ("sent", "EmailsSent"))
    ]
    return [
        *counts,
        {"Id": "share", "Expression": "failed / (failed + sent)", "ReturnData": True, "Label": "failed"},
    ]
