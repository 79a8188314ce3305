"""SNS: topics that hand each message on to queues, functions and letter boxes, in a signed envelope or raw."""

import json
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from cockpit.clock import Clock
from cockpit.drill.aws.messaging.signing import CERTIFICATE_PATH, MessageSigner
from cockpit.drill.aws.messaging.sqs import Sqs
from cockpit.drill.aws.messaging.topics import (
    AT_ONCE,
    PENDING,
    PROTOCOLS,
    SETTINGS,
    Attributes,
    Subscription,
    Topic,
)
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation

MAX_TOPICS = 100
MAX_SUBSCRIPTIONS = 100
KEPT_LETTERS = 200
MAX_MESSAGE = 262_144


class Runner(Protocol):
    """What runs Lambda functions."""

    def run(self, function: str, event: Mapping[str, Any]) -> bool:
        """Run a function by its ARN or name for an event; False when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What went to a mail address, a phone or a web address, none of which a drill has: only that it went."""

    at: datetime
    protocol: str
    endpoint: str
    subject: str


class Sns:
    """The topics of one region; `url` is where the endpoint listens."""

    name = "sns"

    def __init__(self, place: Place, clock: Clock, url: Callable[[], str], queues: Sqs, functions: Runner) -> None:
        self._place = place
        self._clock = clock
        self._url = url
        self._queues = queues
        self._functions = functions
        self._topics: dict[str, Topic] = {}
        self.signer = MessageSigner(clock)
        self.letters: deque[Letter] = deque(maxlen=KEPT_LETTERS)

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateTopic": self.create_topic,
            "DeleteTopic": self.delete_topic,
            "ListTopics": self.list_topics,
            "GetTopicAttributes": self.get_topic_attributes,
            "SetTopicAttributes": self.set_topic_attributes,
            "Subscribe": self.subscribe,
            "ConfirmSubscription": self.confirm_subscription,
            "Unsubscribe": self.unsubscribe,
            "ListSubscriptions": self.list_subscriptions,
            "ListSubscriptionsByTopic": self.list_subscriptions_by_topic,
            "GetSubscriptionAttributes": self.get_subscription_attributes,
            "SetSubscriptionAttributes": self.set_subscription_attributes,
            "Publish": self.publish,
        }

    # From other parts of the account

    def open(self, name: str, settings: Mapping[str, str] | None = None) -> Topic:
        """Make a topic or find the one of this name; raises AwsError."""
        if not name or len(name) > 256 or not name.replace("-", "").replace("_", "").isalnum():
            raise AwsError("InvalidParameter", "Invalid parameter: Topic Name", 400)
        arn = self._place.arn("sns", name)
        if arn not in self._topics and len(self._topics) >= MAX_TOPICS:
            raise AwsError("TopicLimitExceeded", f"The drill world keeps {MAX_TOPICS} topics and no more.", 403)
        if not (settings or {}).keys() <= set(SETTINGS):
            raise AwsError("InvalidParameter", "Invalid parameter: Attributes", 400)
        topic = self._topics.setdefault(arn, Topic(arn))
        topic.settings.update(settings or {})
        return topic

    def join(self, topic: Topic, protocol: str, endpoint: str, settings: Mapping[str, str]) -> Subscription:
        """Subscribe an endpoint to a topic, or find its subscription; raises AwsError."""
        for held in topic.subscriptions.values():
            if (held.protocol, held.endpoint) == (protocol, endpoint):
                return held
        if protocol not in PROTOCOLS:
            raise AwsError(
                "InvalidParameter", f"Invalid parameter: Does not support this protocol: {protocol}", 400
            )
        if len(topic.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise AwsError("SubscriptionLimitExceeded", "The topic has too many subscriptions.", 403)
        token = "" if protocol in AT_ONCE else uuid.uuid4().hex
        arn = f"{topic.arn}:{uuid.uuid4()}"
        subscription = Subscription(arn=arn, protocol=protocol, endpoint=endpoint, token=token)
        for name, value in settings.items():
            subscription.set(name, value)
        topic.subscriptions[arn] = subscription
        return subscription

    def knows(self, arn: str) -> bool:
        """Whether there is a topic of this ARN."""
        return arn in self._topics

    def notify(self, arn: str, message: str, subject: str = "", attributes: Attributes | None = None) -> str:
        """Publish to a topic; returns the message id, empty when there is no such topic."""
        topic = self._topics.get(arn)
        if topic is None:
            return ""
        message_id = str(uuid.uuid4())
        self._fan_out(topic, message_id, message, subject, attributes or {}, lambda _: message)
        return message_id

    def enveloped(self, arn: str, message: str) -> str:
        """A notification of a topic as its queues get it, sent to nobody; empty when there is no such topic."""
        topic = self._topics.get(arn)
        queues = [one for one in topic.subscriptions.values() if one.protocol == "sqs"] if topic else []
        if topic is None or not queues:
            return ""
        return json.dumps(self._envelope(topic, queues[0], str(uuid.uuid4()), message, ""))

    # Topics

    def create_topic(self, call: Call) -> Mapping[str, Any]:
        """SNS CreateTopic; the same name is the same topic."""
        return {"TopicArn": self.open(call.parameters["Name"], call.parameters.get("Attributes")).arn}

    def delete_topic(self, call: Call) -> Mapping[str, Any]:
        """SNS DeleteTopic with its subscriptions; one that is gone already is no error."""
        self._topics.pop(call.parameters["TopicArn"], None)
        return {}

    def list_topics(self, call: Call) -> Mapping[str, Any]:
        """SNS ListTopics, all on one page."""
        return {"Topics": [{"TopicArn": arn} for arn in sorted(self._topics)]}

    def get_topic_attributes(self, call: Call) -> Mapping[str, Any]:
        """SNS GetTopicAttributes."""
        topic = self._topic(call)
        pending = sum(bool(subscription.token) for subscription in topic.subscriptions.values())
        own = {
            "TopicArn": topic.arn,
            "Owner": self._place.account,
            "DisplayName": "",
            "SubscriptionsConfirmed": str(len(topic.subscriptions) - pending),
            "SubscriptionsPending": str(pending),
            "SubscriptionsDeleted": "0",
        }
        return {"Attributes": own | topic.settings}

    def set_topic_attributes(self, call: Call) -> Mapping[str, Any]:
        """SNS SetTopicAttributes."""
        name = call.parameters["AttributeName"]
        if name not in SETTINGS:
            raise AwsError("InvalidParameter", f"Invalid parameter: AttributeName {name[:80]}", 400)
        self._topic(call).settings[name] = call.parameters.get("AttributeValue", "")
        return {}

    # Subscriptions

    def subscribe(self, call: Call) -> Mapping[str, Any]:
        """SNS Subscribe: pending until confirmed for what AWS would send a confirmation to."""
        asked = call.parameters
        made = self.join(
            self._topic(call), asked["Protocol"], asked.get("Endpoint", ""), asked.get("Attributes", {})
        )
        told = not made.token or asked.get("ReturnSubscriptionArn")
        return {"SubscriptionArn": made.arn if told else "pending confirmation"}

    def confirm_subscription(self, call: Call) -> Mapping[str, Any]:
        """SNS ConfirmSubscription with the token that the letter held."""
        for subscription in self._topic(call).subscriptions.values():
            if subscription.token and subscription.token == call.parameters["Token"]:
                subscription.token = ""
                return {"SubscriptionArn": subscription.arn}
        raise AwsError("InvalidParameter", "Invalid parameter: Token", 400)

    def unsubscribe(self, call: Call) -> Mapping[str, Any]:
        """SNS Unsubscribe; one that is gone already is no error."""
        arn = call.parameters["SubscriptionArn"]
        for topic in self._topics.values():
            topic.subscriptions.pop(arn, None)
        return {}

    def list_subscriptions(self, call: Call) -> Mapping[str, Any]:
        """SNS ListSubscriptions, all on one page."""
        return {"Subscriptions": [item for topic in self._topics.values() for item in self._listed(topic)]}

    def list_subscriptions_by_topic(self, call: Call) -> Mapping[str, Any]:
        """SNS ListSubscriptionsByTopic, all on one page."""
        return {"Subscriptions": self._listed(self._topic(call))}

    def get_subscription_attributes(self, call: Call) -> Mapping[str, Any]:
        """SNS GetSubscriptionAttributes."""
        topic, subscription = self._subscription(call)
        own = {
            "SubscriptionArn": subscription.arn,
            "TopicArn": topic.arn,
            "Protocol": subscription.protocol,
            "Endpoint": subscription.endpoint,
            "Owner": self._place.account,
            "PendingConfirmation": "true" if subscription.token else "false",
            "RawMessageDelivery": "false",
        }
        return {"Attributes": own | subscription.settings}

    def set_subscription_attributes(self, call: Call) -> Mapping[str, Any]:
        """SNS SetSubscriptionAttributes."""
        _, subscription = self._subscription(call)
        subscription.set(call.parameters["AttributeName"], call.parameters.get("AttributeValue", ""))
        return {}

    # Messages

    def publish(self, call: Call) -> Mapping[str, Any]:
        """SNS Publish: one message to every confirmed subscription that wants it."""
        asked = call.parameters
        arn = asked.get("TopicArn", asked.get("TargetArn", ""))
        if arn not in self._topics:
            raise AwsError("NotFound", "Topic does not exist", 404)
        message = asked["Message"]
        if not message or len(message.encode()) > MAX_MESSAGE:
            raise AwsError("InvalidParameter", "Invalid parameter: Message is empty or too long", 400)
        told = _by_protocol(message, asked.get("MessageStructure", ""))
        attributes = asked.get("MessageAttributes", {})
        message_id = str(uuid.uuid4())
        self._fan_out(self._topics[arn], message_id, message, asked.get("Subject", ""), attributes, told)
        return {"MessageId": message_id}

    def _fan_out(
        self,
        topic: Topic,
        message_id: str,
        message: str,
        subject: str,
        attributes: Attributes,
        told: Callable[[str], str],
    ) -> None:
        for subscription in list(topic.subscriptions.values()):
            if subscription.token or not subscription.wants(message, attributes):
                continue
            envelope = self._envelope(topic, subscription, message_id, told(subscription.protocol), subject)
            if attributes:
                envelope["MessageAttributes"] = {name: _shown(value) for name, value in attributes.items()}
            self._deliver(subscription, envelope, attributes)

    def _deliver(self, subscription: Subscription, envelope: dict[str, Any], attributes: Attributes) -> None:
        endpoint = subscription.endpoint
        if subscription.protocol == "sqs":
            body = envelope["Message"] if subscription.raw else json.dumps(envelope)
            self._queues.deliver(endpoint, body, attributes if subscription.raw else None)
        elif subscription.protocol == "lambda":
            self._functions.run(endpoint, _lambda_event(subscription, envelope))
        else:
            at, subject = self._clock.now(), str(envelope.get("Subject", ""))
            self.letters.append(Letter(at, subscription.protocol, endpoint, subject))

    def _envelope(
        self, topic: Topic, subscription: Subscription, message_id: str, message: str, subject: str
    ) -> dict[str, Any]:
        envelope = {"Type": "Notification", "MessageId": message_id, "TopicArn": topic.arn}
        if subject:
            envelope["Subject"] = subject
        envelope |= {"Message": message, "Timestamp": _stamp(self._clock.now())}
        if subscription.raw:
            return dict(envelope)
        version = topic.settings.get("SignatureVersion", "1")
        return envelope | {
            "SignatureVersion": version,
            "Signature": self.signer.sign(envelope, version),
            "SigningCertURL": f"{self._url()}{CERTIFICATE_PATH}",
            "UnsubscribeURL": f"{self._url()}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
        }

    def _listed(self, topic: Topic) -> list[dict[str, str]]:
        return [
            {
                "SubscriptionArn": PENDING if subscription.token else subscription.arn,
                "Owner": self._place.account,
                "Protocol": subscription.protocol,
                "Endpoint": subscription.endpoint,
                "TopicArn": topic.arn,
            }
            for subscription in topic.subscriptions.values()
        ]

    def _topic(self, call: Call) -> Topic:
        found = self._topics.get(call.parameters["TopicArn"])
        if found is None:
            raise AwsError("NotFound", "Topic does not exist", 404)
        return found

    def _subscription(self, call: Call) -> tuple[Topic, Subscription]:
        arn = call.parameters["SubscriptionArn"]
        for topic in self._topics.values():
            if arn in topic.subscriptions:
                return topic, topic.subscriptions[arn]
        raise AwsError("NotFound", "Subscription does not exist", 404)


def _by_protocol(message: str, structure: str) -> Callable[[str], str]:
    """What each protocol is told: the message, or with MessageStructure `json` its own part of it."""
    if structure != "json":
        return lambda _: message
    try:
        parts = json.loads(message)
    except ValueError:
        parts = None
    if not isinstance(parts, dict) or not isinstance(parts.get("default"), str):
        raise AwsError(
            "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON body", 400
        )
    return lambda protocol: str(parts.get(protocol, parts["default"]))


def _lambda_event(subscription: Subscription, envelope: Mapping[str, Any]) -> dict[str, Any]:
    """The event that Lambda gets; the names of the two URLs are spelt otherwise there."""
    renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    inner = {"Subject": None, "MessageAttributes": {}} | {
        renamed.get(name, name): value for name, value in envelope.items()
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": inner,
    }
    return {"Records": [record]}


def _shown(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"Type": value["DataType"], "Value": value.get("StringValue", "")}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
