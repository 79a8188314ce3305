"""SQS: standard queues with visibility, long polling and dead-letter queues."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.aws.messaging.queues import Message, Queue, attributes_digest, body_digest
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.wire import Call, Operation

MAX_QUEUES = 100
LOOK_S = 0.02
"""Seconds between two looks of a long poll at its queue."""


class Sqs:
    """The queues of one region; `url` is where the endpoint listens."""

    name = "sqs"

    def __init__(self, place: Place, clock: Clock, url: Callable[[], str]) -> None:
        self._place = place
        self._clock = clock
        self._url = url
        self._queues: dict[str, Queue] = {}

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateQueue": self.create_queue,
            "GetQueueUrl": self.get_queue_url,
            "ListQueues": self.list_queues,
            "DeleteQueue": self.delete_queue,
            "GetQueueAttributes": self.get_queue_attributes,
            "SetQueueAttributes": self.set_queue_attributes,
            "ListDeadLetterSourceQueues": self.list_dead_letter_sources,
            "SendMessage": self.send_message,
            "SendMessageBatch": self.send_message_batch,
            "ReceiveMessage": self.receive_message,
            "DeleteMessage": self.delete_message,
            "DeleteMessageBatch": self.delete_message_batch,
            "ChangeMessageVisibility": self.change_message_visibility,
            "PurgeQueue": self.purge_queue,
        }

    # From other parts of the account

    def open(self, name: str, settings: Mapping[str, str] | None = None) -> Queue:
        """Make a queue, or find the one that has this name and these settings; raises AwsError."""
        if name.endswith(".fifo"):
            raise not_built("sqs:CreateQueue for FIFO queues")
        wanted = dict(settings or {})
        present = self._queues.get(name)
        if present is not None:
            if any(present.settings.get(key) != value for key, value in wanted.items()):
                raise AwsError("QueueNameExists", "A queue already exists with the same name and other attributes.")
            return present
        if len(self._queues) >= MAX_QUEUES:
            raise AwsError("OverLimit", f"The drill world keeps {MAX_QUEUES} queues and no more.", 403)
        queue = Queue(name, self._place.arn("sqs", name), self._clock.now())
        queue.set(wanted)
        self._queues[name] = queue
        return queue

    def find(self, name: str) -> Queue | None:
        """A queue by its name."""
        return self._queues.get(name)

    def deliver(self, arn: str, body: str, attributes: Mapping[str, Mapping[str, Any]] | None = None) -> bool:
        """Put a message into the queue of this ARN; False when there is none."""
        for queue in self._queues.values():
            if queue.arn == arn:
                queue.put(body, attributes or {}, self._clock.now(), self._clock.monotonic())
                return True
        return False

    # Queues

    def create_queue(self, call: Call) -> Mapping[str, Any]:
        """SQS CreateQueue; the same name with the same attributes is the same queue."""
        return {
            "QueueUrl": self._address(self.open(call.parameters["QueueName"], call.parameters.get("Attributes")))
        }

    def get_queue_url(self, call: Call) -> Mapping[str, Any]:
        """SQS GetQueueUrl."""
        return {"QueueUrl": self._address(self._named(call.parameters["QueueName"]))}

    def list_queues(self, call: Call) -> Mapping[str, Any]:
        """SQS ListQueues by prefix."""
        prefix = call.parameters.get("QueueNamePrefix", "")
        return {
            "QueueUrls": [
                self._address(self._queues[name]) for name in sorted(self._queues) if name.startswith(prefix)
            ]
        }

    def delete_queue(self, call: Call) -> Mapping[str, Any]:
        """SQS DeleteQueue with all that it holds."""
        del self._queues[self._queue(call).name]
        return {}

    def get_queue_attributes(self, call: Call) -> Mapping[str, Any]:
        """SQS GetQueueAttributes; `All` for every one."""
        queue = self._queue(call)
        created = str(int(queue.created_at.timestamp()))
        changed = str(int((queue.changed_at or queue.created_at).timestamp()))
        every = queue.settings | {name: str(count) for name, count in queue.counts(self._clock.monotonic()).items()}
        every |= {"QueueArn": queue.arn, "CreatedTimestamp": created, "LastModifiedTimestamp": changed}
        asked = call.parameters.get("AttributeNames", [])
        shown = every if "All" in asked else {name: every[name] for name in asked if name in every}
        return {"Attributes": shown} if shown else {}

    def set_queue_attributes(self, call: Call) -> Mapping[str, Any]:
        """SQS SetQueueAttributes."""
        queue = self._queue(call)
        queue.set(call.parameters["Attributes"])
        queue.changed_at = call.at
        return {}

    def list_dead_letter_sources(self, call: Call) -> Mapping[str, Any]:
        """SQS ListDeadLetterSourceQueues."""
        target = self._queue(call).arn
        sources = [queue for queue in self._queues.values() if queue.redrive and queue.redrive[0] == target]
        return {"queueUrls": [self._address(queue) for queue in sources]}

    # Messages

    def send_message(self, call: Call) -> Mapping[str, Any]:
        """SQS SendMessage."""
        return self._send(self._queue(call), call.parameters, call.at)

    def send_message_batch(self, call: Call) -> Mapping[str, Any]:
        """SQS SendMessageBatch: each entry on its own."""
        queue = self._queue(call)
        return _each(call, lambda entry: self._send(queue, entry, call.at))

    async def receive_message(self, call: Call) -> Mapping[str, Any]:
        """SQS ReceiveMessage: at once what is there, else a wait of up to `WaitTimeSeconds` of real time."""
        asked = call.parameters
        queue = self._queue(call)
        limit = asked.get("MaxNumberOfMessages", 1)
        wait_s = asked.get("WaitTimeSeconds", queue.number("ReceiveMessageWaitTimeSeconds"))
        if not 1 <= limit <= 10 or not 0 <= wait_s <= 20:
            raise AwsError("InvalidParameterValue", "MaxNumberOfMessages is 1 to 10, WaitTimeSeconds 0 to 20.", 400)
        hidden_s = asked.get("VisibilityTimeout", queue.number("VisibilityTimeout"))
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        # Hidden messages come back by time alone, which sets no event; so the poll looks again and again.
        while not (found := self._receive(queue, limit, hidden_s)) and loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        return {"Messages": [_received(message, asked, call) for message in found]} if found else {}

    def delete_message(self, call: Call) -> Mapping[str, Any]:
        """SQS DeleteMessage; a message that is gone already is no error."""
        self._delete(self._queue(call), call.parameters["ReceiptHandle"])
        return {}

    def delete_message_batch(self, call: Call) -> Mapping[str, Any]:
        """SQS DeleteMessageBatch: each entry on its own."""
        queue = self._queue(call)
        return _each(call, lambda entry: self._delete(queue, entry["ReceiptHandle"]))

    def change_message_visibility(self, call: Call) -> Mapping[str, Any]:
        """SQS ChangeMessageVisibility of a message that is being worked on."""
        now_s = self._clock.monotonic()
        message = self._queue(call).find(call.parameters["ReceiptHandle"])
        if message is None or message.visible_s <= now_s:
            raise AwsError("MessageNotInflight", "The message is not in flight.", 400)
        message.visible_s = now_s + call.parameters["VisibilityTimeout"]
        return {}

    def purge_queue(self, call: Call) -> Mapping[str, Any]:
        """SQS PurgeQueue, at once."""
        self._queue(call).clear()
        return {}

    def _send(self, queue: Queue, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        attributes = given.get("MessageAttributes", {})
        message = queue.put(
            given["MessageBody"], attributes, now, self._clock.monotonic(), given.get("DelaySeconds")
        )
        sent = {"MessageId": message.id, "MD5OfMessageBody": body_digest(message.body)}
        return sent | ({"MD5OfMessageAttributes": attributes_digest(attributes)} if attributes else {})

    def _receive(self, queue: Queue, limit: int, hidden_s: int) -> list[Message]:
        now, now_s = self._clock.now(), self._clock.monotonic()
        found: list[Message] = []
        for message in queue.ready(now_s):
            redrive = queue.redrive
            if redrive is not None and message.receives >= redrive[1]:
                self._bury(queue, message, redrive[0])
            elif len(found) < limit:
                queue.hand_out(message, now, now_s, hidden_s)
                found.append(message)
        return found

    def _bury(self, queue: Queue, message: Message, target: str) -> None:
        """Move a message that nobody managed to its dead-letter queue, with its id and its count."""
        for other in self._queues.values():
            if other.arn == target and queue.drop(message.id):
                other.take(message)
                return

    def _delete(self, queue: Queue, handle: str) -> dict[str, Any]:
        message = queue.find(handle)
        if message is not None:
            queue.drop(message.id)
        return {}

    def _queue(self, call: Call) -> Queue:
        return self._named(call.parameters["QueueUrl"].rstrip("/").rpartition("/")[2])

    def _named(self, name: str) -> Queue:
        if name not in self._queues:
            raise AwsError("QueueDoesNotExist", "The specified queue does not exist.", 400)
        return self._queues[name]

    def _address(self, queue: Queue) -> str:
        return f"{self._url()}/{self._place.account}/{queue.name}"


def _each(call: Call, do: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
    """Do a batch entry by entry; raises AwsError for a batch that is none."""
    entries = call.parameters["Entries"]
    if not entries:
        raise AwsError("EmptyBatchRequest", "There should be at least one entry in the batch.", 400)
    if len(entries) > 10:
        raise AwsError("TooManyEntriesInBatchRequest", "A batch holds at most 10 entries.", 400)
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise AwsError("BatchEntryIdsNotDistinct", "Two entries of the batch have the same Id.", 400)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            done.append({"Id": entry["Id"], **do(entry)})
        except AwsError as error:
            failed.append({"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": error.message})
    return {"Successful": done, "Failed": failed}


def _received(message: Message, asked: Mapping[str, Any], call: Call) -> dict[str, Any]:
    first = message.first_received_at or call.at
    system = {
        "SenderId": "AROADRILLDRILLDRILL00",
        "SentTimestamp": str(int(message.sent_at.timestamp() * 1000)),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(int(first.timestamp() * 1000)),
    }
    wanted = {*asked.get("AttributeNames", []), *asked.get("MessageSystemAttributeNames", [])}
    shown = system if "All" in wanted else {name: text for name, text in system.items() if name in wanted}
    attributes = _wanted(message.attributes, asked.get("MessageAttributeNames", []))
    told: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "MD5OfBody": body_digest(message.body),
        "Body": message.body,
    }
    if shown:
        told["Attributes"] = shown
    if attributes:
        told |= {"MessageAttributes": attributes, "MD5OfMessageAttributes": attributes_digest(attributes)}
    return told


def _wanted(attributes: Mapping[str, Mapping[str, Any]], names: list[str]) -> dict[str, Mapping[str, Any]]:
    """Message attributes by name, `All`, or `prefix.*`."""
    prefixes = tuple(name.removesuffix(".*") for name in names if name.endswith(".*"))
    return {
        name: value
        for name, value in attributes.items()
        if "All" in names or name in names or (prefixes and name.startswith(prefixes))
    }
