"""What SES tells about mail: bounces, complaints and deliveries, in both shapes that it has for them.

Identity notifications carry `notificationType` and go to the topics of the identity; events carry `eventType` and
go to the destinations of the configuration set. Only the mailbox simulator's addresses and suppressed ones have
feedback here, because a drill's mail reaches nobody.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.drill.aws.place import Place

KEPT_WAITING = 2_000
SIMULATOR = "simulator.amazonses.com"
_SIMULATED = {
    "bounce": ("Bounce", "General", "smtp; 550 5.1.1 user unknown"),
    "suppressionlist": ("Bounce", "Suppressed", "Amazon SES has suppressed sending to this address"),
    "complaint": ("Complaint", "", ""),
}

Notify = Callable[[str, str, str], object]
"""Tell a topic: its ARN, the message, the subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message that SES took, as far as its feedback speaks of it."""

    message_id: str
    at: datetime
    source: str
    identity: str
    recipients: tuple[str, ...]
    suppressed: frozenset[str] = frozenset()
    """Those of the recipients that are on the account's suppression list, so that SES sends them nothing."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """The identity's topics by notification type."""
    destinations: tuple[Mapping[str, Any], ...] = ()
    """The event destinations of the configuration set."""


class Feedback:
    """Feedback on its way; told when it is due, in scenario time."""

    def __init__(self, place: Place, notify: Notify) -> None:
        self._place = place
        self._notify = notify
        self._waiting: deque[tuple[timedelta, Sent]] = deque(maxlen=KEPT_WAITING)
        self.told = 0

    def note(self, sent: Sent, due: timedelta) -> None:
        """Take a message that was sent; its feedback comes at `due`."""
        self._event(sent, "Send", sent.at, {})
        self._waiting.append((due, sent))

    def tick(self, now: datetime, elapsed: timedelta) -> list[str]:
        """Tell what is due; a sentence for each bounce and complaint."""
        sentences = []
        while self._waiting and self._waiting[0][0] <= elapsed:
            sentences += self._tell(self._waiting.popleft()[1], now)
        return sentences

    def _tell(self, sent: Sent, now: datetime) -> list[str]:
        outcomes: dict[tuple[str, str, str], list[str]] = {}
        for recipient in sent.recipients:
            outcomes.setdefault(_outcome(recipient, sent), []).append(recipient)
        sentences = []
        for (kind, detail, code), recipients in outcomes.items():
            self._event(sent, kind, now, _body(kind, detail, code, recipients, sent, now))
            if kind != "Delivery":
                sentences.append(f"SES: {kind.lower()} for {', '.join(recipients[:5])}")
            if kind == "Complaint":
                self._event(sent, "Delivery", now, _body("Delivery", "", "", recipients, sent, now))
        return sentences

    def _event(self, sent: Sent, kind: str, now: datetime, body: Mapping[str, Any]) -> None:
        mail = self._mail(sent)
        topic = sent.topics.get(kind, "")
        if topic:
            self._say(topic, {"notificationType": kind, kind.lower(): body, "mail": mail})
        for destination in sent.destinations:
            wanted = destination.get("Enabled", False) and kind.upper() in destination["MatchingEventTypes"]
            if wanted and "SnsDestination" in destination:
                event = {"eventType": kind, kind.lower(): body, "mail": mail}
                self._say(destination["SnsDestination"]["TopicArn"], event)

    def _say(self, topic: str, message: Mapping[str, Any]) -> None:
        self.told += 1
        self._notify(
            topic, json.dumps(message), "Amazon SES Email Event Notification" if "eventType" in message else ""
        )

    def _mail(self, sent: Sent) -> dict[str, Any]:
        return {
            "timestamp": _stamp(sent.at),
            "messageId": sent.message_id,
            "source": sent.source,
            "sourceArn": self._place.arn("ses", f"identity/{sent.identity}"),
            "sendingAccountId": self._place.account,
            "destination": list(sent.recipients),
            "headersTruncated": False,
        }


def _outcome(recipient: str, sent: Sent) -> tuple[str, str, str]:
    if recipient.lower() in sent.suppressed:
        return "Bounce", "OnAccountSuppressionList", "Amazon SES did not send the message to this address"
    local, _, domain = recipient.lower().partition("@")
    simulated = _SIMULATED.get(local.partition("+")[0]) if domain == SIMULATOR else None
    return simulated or ("Delivery", "", "")


def _body(kind: str, detail: str, code: str, recipients: list[str], sent: Sent, now: datetime) -> dict[str, Any]:
    feedback_id = f"{sent.message_id}-{kind.lower()}"
    if kind == "Bounce":
        failed = {"action": "failed", "status": "5.1.1", "diagnosticCode": code}
        return {
            "feedbackId": feedback_id,
            "bounceType": "Permanent",
            "bounceSubType": detail,
            "bouncedRecipients": [{"emailAddress": recipient, **failed} for recipient in recipients],
            "timestamp": _stamp(now),
            "reportingMTA": "dns; drill.amazonses.com",
        }
    if kind == "Complaint":
        return {
            "feedbackId": feedback_id,
            "complaintSubType": None,
            "complainedRecipients": [{"emailAddress": recipient} for recipient in recipients],
            "timestamp": _stamp(now),
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": _stamp(now),
        }
    took = int((now - sent.at).total_seconds() * 1000)
    return {
        "timestamp": _stamp(now),
        "processingTimeMillis": max(0, took),
        "recipients": recipients,
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "drill.amazonses.com",
    }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
