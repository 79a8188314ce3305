"""One SQS queue: messages that hide while somebody works on them, and move on when nobody manages to.

Times are seconds on the monotonic clock, because a worker's patience does not shrink with the speed of a drill.
"""

import hashlib
import json
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError

KEPT_MESSAGES = 2_000
KEPT_BYTES = 8 * 1024 * 1024
"""What a queue holds at most; the oldest messages make room, as they would at the end of their retention."""
MAX_BODY = 262_144

DEFAULTS = {
    "VisibilityTimeout": "30",
    "MaximumMessageSize": str(MAX_BODY),
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
}
_RANGES = {
    "VisibilityTimeout": (0, 43_200),
    "MaximumMessageSize": (1_024, MAX_BODY),
    "MessageRetentionPeriod": (60, 1_209_600),
    "DelaySeconds": (0, 900),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
}
_TEXTS = ("Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "SqsManagedSseEnabled")


@dataclass(slots=True, kw_only=True)
class Message:
    """One message; `visible_s` is when it may be received (again)."""

    body: str
    attributes: Mapping[str, Mapping[str, Any]]
    sent_at: datetime
    sent_s: float
    visible_s: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    receives: int = 0
    first_received_at: datetime | None = None

    @property
    def size(self) -> int:
        """What the message weighs, its attributes included, near enough in bytes."""
        named = sum(len(name) + len(str(value)) for name, value in self.attributes.items())
        return len(self.body) + named

    @property
    def handle(self) -> str:
        """The receipt handle of the newest receive."""
        return f"{self.id}#{self.receives}"


@dataclass(slots=True)
class Queue:
    """One queue and its settings, as strings, the way SQS speaks of them."""

    name: str
    arn: str
    created_at: datetime
    settings: dict[str, str] = field(default_factory=lambda: dict(DEFAULTS))
    changed_at: datetime | None = None
    messages: dict[str, Message] = field(default_factory=dict)
    held_bytes: int = 0

    def set(self, given: Mapping[str, str]) -> None:
        """Change settings, all or none; raises AwsError (InvalidAttributeName, InvalidAttributeValue)."""
        for name, value in given.items():
            if name in _RANGES:
                low, high = _RANGES[name]
                if not value.isdigit() or not low <= int(value) <= high:
                    raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.", 400)
            elif name not in _TEXTS:
                raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.", 400)
        for name, value in given.items():
            if value:
                self.settings[name] = value
            else:
                self.settings.pop(name, None)

    def number(self, name: str) -> int:
        """A setting that is a number."""
        return int(self.settings.get(name, DEFAULTS[name]))

    @property
    def redrive(self) -> tuple[str, int] | None:
        """The dead-letter queue's ARN and after how many receives a message goes there."""
        policy = json.loads(self.settings.get("RedrivePolicy", "{}"))
        return (policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])) if policy else None

    def put(
        self,
        body: str,
        attributes: Mapping[str, Mapping[str, Any]],
        now: datetime,
        now_s: float,
        delay_s: int | None = None,
    ) -> Message:
        """Take a message in; raises AwsError (InvalidParameterValue) for one that is too long."""
        if len(body.encode()) > self.number("MaximumMessageSize"):
            raise AwsError("InvalidParameterValue", "One or more parameters are invalid: the message is too long.")
        hidden = self.number("DelaySeconds") if delay_s is None else delay_s
        message = Message(body=body, attributes=attributes, sent_at=now, sent_s=now_s, visible_s=now_s + hidden)
        self.take(message)
        return message

    def take(self, message: Message) -> None:
        """Keep a message, and let the oldest go where there are too many."""
        self.messages[message.id] = message
        self.held_bytes += message.size
        while len(self.messages) > KEPT_MESSAGES or self.held_bytes > KEPT_BYTES:
            self.drop(next(iter(self.messages)))

    def drop(self, message_id: str) -> Message | None:
        """Let a message go; None when it is gone already."""
        gone = self.messages.pop(message_id, None)
        self.held_bytes -= gone.size if gone else 0
        return gone

    def clear(self) -> None:
        """Let all messages go."""
        self.messages.clear()
        self.held_bytes = 0

    def expire(self, now_s: float) -> None:
        """Forget what is older than the retention."""
        kept_s = self.number("MessageRetentionPeriod")
        for message in [message for message in self.messages.values() if now_s - message.sent_s > kept_s]:
            self.drop(message.id)

    def ready(self, now_s: float) -> list[Message]:
        """What may be received now, oldest first."""
        self.expire(now_s)
        return [message for message in self.messages.values() if message.visible_s <= now_s]

    def hand_out(self, message: Message, now: datetime, now_s: float, hidden_s: int) -> None:
        """Count one receive, and hide the message for so long."""
        message.receives += 1
        message.first_received_at = message.first_received_at or now
        message.visible_s = now_s + hidden_s

    def find(self, handle: str) -> Message | None:
        """The message of a receipt handle; None when it is gone; raises AwsError for what is no handle."""
        message_id, separator, count = handle.partition("#")
        if not separator or not count.isdigit():
            raise AwsError("ReceiptHandleIsInvalid", f'The input receipt handle "{handle[:80]}" is not valid.', 404)
        return self.messages.get(message_id)

    def counts(self, now_s: float) -> dict[str, int]:
        """How many messages wait, are being worked on, and are delayed."""
        self.expire(now_s)
        hidden = [message for message in self.messages.values() if message.visible_s > now_s]
        delayed = sum(message.receives == 0 for message in hidden)
        return {
            "ApproximateNumberOfMessages": len(self.messages) - len(hidden),
            "ApproximateNumberOfMessagesNotVisible": len(hidden) - delayed,
            "ApproximateNumberOfMessagesDelayed": delayed,
        }


def body_digest(body: str) -> str:
    """`MD5OfMessageBody`."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def attributes_digest(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    """`MD5OfMessageAttributes`: names, types and values in name order, each after its length."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        binary = value["DataType"].startswith("Binary")
        content = value["BinaryValue"] if binary else value["StringValue"].encode()
        for part in (name.encode(), value["DataType"].encode()):
            digest.update(struct.pack("!I", len(part)) + part)
        digest.update((b"\x02" if binary else b"\x01") + struct.pack("!I", len(content)) + content)
    return digest.hexdigest()
