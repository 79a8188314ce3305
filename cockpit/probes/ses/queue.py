"""The queue that bounces and complaints come by (SQS ReceiveMessage, DeleteMessageBatch)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cockpit.probes.aws import AwsFailure
from cockpit.probes.ses.calls import Asker
from cockpit.ses.sorting import Message

BATCH = 10
"""Messages that one call gives at most."""

WAIT_S = 3
"""Seconds that SQS waits for a message; below the time after which the client gives up."""

HIDDEN_S = 120
"""Seconds for which a message is nobody else's; what was not deleted by then comes again."""


class FeedbackQueue:
    """One queue by its name or URL. A message is taken off it only after it was kept."""

    def __init__(self, asker: Asker, queue: str, *, wait_s: int = WAIT_S) -> None:
        self._asker = asker
        self._wait_s = wait_s
        self._queue = queue
        self._url = queue if "://" in queue else ""
        self._handles: dict[str, str] = {}

    async def receive(self, *, wait: bool) -> list[Message]:
        """The next messages, waiting for some with `wait`; raises AwsFailure."""
        answer = await self._asker.call(
            "sqs",
            "receive_message",
            QueueUrl=await self._address(),
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=self._wait_s if wait else 0,
            VisibilityTimeout=HIDDEN_S,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
        )
        found = list(answer.get("Messages", ()))
        self._handles = {str(each["MessageId"]): str(each["ReceiptHandle"]) for each in found}
        return [_message(each) for each in found]

    async def delete(self, messages: Sequence[Message]) -> int:
        """Take messages of the last batch off the queue; returns how many SQS kept, which come again."""
        entries = [
            {"Id": str(number), "ReceiptHandle": self._handles[message.id]}
            for number, message in enumerate(messages)
            if message.id in self._handles
        ]
        if not entries:
            return 0
        answer = await self._asker.call(
            "sqs", "delete_message_batch", QueueUrl=await self._address(), Entries=entries
        )
        return len(answer.get("Failed", ()))

    async def waiting(self) -> int:
        """About how many messages wait."""
        answer = await self._asker.call(
            "sqs",
            "get_queue_attributes",
            QueueUrl=await self._address(),
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int((answer.get("Attributes") or {}).get("ApproximateNumberOfMessages", 0))

    async def _address(self) -> str:
        if not self._url:
            answer = await self._asker.call("sqs", "get_queue_url", QueueName=self._queue)
            self._url = str(answer.get("QueueUrl", ""))
            if not self._url:
                raise AwsFailure("malformed", "SQS named no address for the queue")
        return self._url


def _message(each: Mapping[str, Any]) -> Message:
    attributes = each.get("Attributes") or {}
    sent = int(attributes.get("SentTimestamp", 0) or 0)
    when = datetime.fromtimestamp(sent / 1000, UTC) if sent else datetime.now(UTC)
    return Message(
        str(each["MessageId"]),
        str(each.get("Body", "")),
        when,
        int(attributes.get("ApproximateReceiveCount", 1) or 1),
    )
