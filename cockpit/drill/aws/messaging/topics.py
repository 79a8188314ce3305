"""SNS topics and their subscriptions, and which messages a subscription wants."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError, not_built

Attributes = Mapping[str, Mapping[str, Any]]
PENDING = "PendingConfirmation"
PROTOCOLS = ("sqs", "lambda", "email", "email-json", "sms", "http", "https")
AT_ONCE = ("sqs", "lambda", "sms")
"""Protocols whose subscriptions need nobody's confirmation."""
SETTINGS = ("DisplayName", "Policy", "DeliveryPolicy", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")
"""What can be set on a topic."""
_SETTINGS = ("RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "DeliveryPolicy", "RedrivePolicy")


@dataclass(slots=True, kw_only=True)
class Subscription:
    """One subscription; `token` is what confirms it, empty once it is confirmed."""

    arn: str
    protocol: str
    endpoint: str
    token: str = ""
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bool:
        """Whether the message is delivered without its envelope."""
        return self.settings.get("RawMessageDelivery") == "true"

    def set(self, name: str, value: str) -> None:
        """Change a setting; raises AwsError (InvalidParameter)."""
        if name not in _SETTINGS:
            raise AwsError("InvalidParameter", f"Invalid parameter: AttributeName {name}", 400)
        if name == "FilterPolicy" and value:
            try:
                policy = json.loads(value)
            except ValueError:
                raise AwsError(
                    "InvalidParameter", "Invalid parameter: FilterPolicy: failed to parse JSON."
                ) from None
            _check_policy(policy)
        self.settings[name] = value

    def wants(self, message: str, attributes: Attributes) -> bool:
        """Whether the filter policy, if any, lets this message through."""
        policy = json.loads(self.settings.get("FilterPolicy") or "{}")
        if not policy:
            return True
        if self.settings.get("FilterPolicyScope") == "MessageBody":
            try:
                body = json.loads(message)
            except ValueError:
                return False
            return isinstance(body, dict) and all(_meets(rules, body.get(name)) for name, rules in policy.items())
        return all(_meets(rules, _plain(attributes.get(name))) for name, rules in policy.items())


@dataclass(slots=True)
class Topic:
    """One topic and who has subscribed to it, by ARN."""

    arn: str
    settings: dict[str, str] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition(":")[2]


def _check_policy(policy: Any) -> None:
    if not isinstance(policy, dict):
        raise AwsError("InvalidParameter", "Invalid parameter: FilterPolicy: must be an object.", 400)
    for rules in policy.values():
        for rule in rules if isinstance(rules, list) else [{}]:
            if isinstance(rule, dict) and set(rule) - {"prefix", "exists"} or rule == {}:
                raise not_built("sns filter policies other than equal, prefix and exists")


def _plain(attribute: Mapping[str, Any] | None) -> Any:
    return None if attribute is None else attribute.get("StringValue")


def _meets(rules: list[Any], value: Any) -> bool:
    return any(_meets_one(rule, value) for rule in rules)


def _meets_one(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return bool(rule == value or (isinstance(rule, int | float) and str(rule) == value))
    if "exists" in rule:
        return (value is not None) is bool(rule["exists"])
    return isinstance(value, str) and value.startswith(str(rule["prefix"]))
