"""Feedback messages as SES sends them, and queues full of them."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def mail(at: datetime = AT, **more: Any) -> dict[str, Any]:
    return {
        "timestamp": stamp(at),
        "messageId": "0100018f-mail",
        "source": "news@shop.example",
        "destination": ["a@mail.example"],
        **more,
    }


def bounce(
    *addresses: str, kind: str = "Permanent", at: datetime = AT, id_: str = "fb-1", form: str = "notificationType"
) -> dict[str, Any]:
    recipients = [
        {"emailAddress": each, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}
        for each in addresses
    ]
    return {
        form: "Bounce",
        "mail": mail(tags={"ses:configuration-set": ["campaigns"]}),
        "bounce": {
            "bounceType": kind,
            "bounceSubType": "General",
            "bouncedRecipients": recipients,
            "timestamp": stamp(at),
            "feedbackId": id_,
            "aNewField": {"nobody": ["knows"]},
        },
    }


def complaint(*addresses: str, kind: str | None = "abuse", at: datetime = AT, id_: str = "fb-2") -> dict[str, Any]:
    return {
        "eventType": "Complaint",
        "mail": mail(),
        "complaint": {
            "complainedRecipients": [{"emailAddress": each} for each in addresses],
            "timestamp": stamp(at),
            "feedbackId": id_,
            "complaintSubType": None,
            **({"complaintFeedbackType": kind} if kind else {}),
        },
    }


def event(kind: str, *addresses: str, at: datetime = AT) -> dict[str, Any]:
    part = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}.get(kind, kind.lower())
    return {"eventType": kind, "mail": mail(at, destination=list(addresses)), part: {"timestamp": stamp(at)}}


def envelope(message: Mapping[str, Any] | str, **more: Any) -> str:
    text = message if isinstance(message, str) else json.dumps(message)
    return json.dumps({"Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:t", "Message": text, **more})


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Replay:
    """Feedback about made-up recipients with duplicates and disorder, and the suppression set it must end in."""

    def __init__(self, number: int, seed: int = 7) -> None:
        chance = random.Random(seed)
        self.bodies: list[str] = []
        self.expected: set[tuple[str, str]] = set()
        made: list[str] = []
        while len(made) < number:
            at = AT + timedelta(seconds=chance.randrange(86_400))
            address = f"user{chance.randrange(number)}@{chance.choice(['a.example', 'b.example', 'gmail.com'])}"
            id_ = f"fb-{len(made)}"
            roll = chance.random()
            if roll < 0.35:
                made.append(envelope(bounce(address, at=at, id_=id_)))
                self.expected.add((address, "BOUNCE"))
            elif roll < 0.6:
                made.append(json.dumps(bounce(address, kind="Transient", at=at, id_=id_, form="eventType")))
            elif roll < 0.75:
                made.append(envelope(complaint(address, at=at, id_=id_)))
                self.expected.add((address, "COMPLAINT"))
            elif roll < 0.8:
                made.append(json.dumps(complaint(address, kind="not-spam", at=at, id_=id_)))
            else:
                made.append(json.dumps(event("Delivery", address, at=at)))
            if chance.random() < 0.2:
                made.append(made[chance.randrange(len(made))])
        chance.shuffle(made)
        self.bodies = made
