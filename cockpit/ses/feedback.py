"""What SES reports about mail that was sent: reading its messages, and deciding who is not written to again.

The rule is one for everybody: a permanent bounce suppresses its recipients, a transient one is noted, and every
complaint suppresses except "this is not spam". Only the standard library is used, so that a function in AWS Lambda
can carry this very file.

SES has two shapes for the same thing. Identity notifications carry `notificationType`, published events
`eventType`; both may come bare, or as the text `Message` of an SNS envelope. Fields that are not known are left
alone, because SES adds new ones.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

BOUNCE, COMPLAINT = "Bounce", "Complaint"
NOT_SPAM = "not-spam"

KINDS = frozenset(
    {
        BOUNCE,
        COMPLAINT,
        "Delivery",
        "Send",
        "Reject",
        "Open",
        "Click",
        "Rendering Failure",
        "DeliveryDelay",
        "Subscription",
    }
)
"""Every kind of feedback that SES has."""

_PART = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}
_RECIPIENTS = {
    BOUNCE: "bouncedRecipients",
    COMPLAINT: "complainedRecipients",
    "DeliveryDelay": "delayedRecipients",
}
_MOST = 400
"""Characters of a reason that are kept."""


class NotFeedbackError(ValueError):
    """A message that says nothing about mail; the text says what is wrong with it."""


class Feedback(NamedTuple):
    """What one message says of one recipient; `id` is the feedback's own, or the message's where it has none.

    `kind` and `subtype` are SES's words: (Bounce, Permanent), (Complaint, abuse). `reason` is what the other side
    said. `suppress` is the reason under which the recipient is suppressed, empty for not at all.
    """

    id: str
    recipient: str
    kind: str
    subtype: str
    detail: str
    reason: str
    source: str
    configuration_set: str
    at: datetime
    suppress: str = ""


def read(text: str | bytes) -> list[Feedback]:
    """Every recipient's feedback of one message in any of its shapes; raises NotFeedbackError.

    What SNS sends about itself, the test message with which SES begins, and a CloudWatch alarm that came by the
    same topic say nothing: an empty list.
    """
    message = _object(text)
    if "Message" in message and "Type" in message:
        if message["Type"] != "Notification":
            return []
        inner = message["Message"]
        if isinstance(inner, str) and inner.startswith("Successfully validated SNS topic"):
            return []
        message = _object(inner)
    detail = message.get("detail")
    if isinstance(detail, dict) and str(message.get("source", "")) == "aws.ses":
        message = detail
    if "AlarmName" in message and "NewStateValue" in message:
        return []
    return list(_each(message))


def decide(kind: str, subtype: str) -> str:
    """Under which reason a recipient is suppressed: BOUNCE, COMPLAINT, or empty for not at all."""
    if kind == BOUNCE:
        return "BOUNCE" if subtype == "Permanent" else ""
    return "COMPLAINT" if kind == COMPLAINT and subtype != NOT_SPAM else ""


def address(text: str) -> str:
    """An address as it is compared: without a display name, in lower case."""
    bare = text.rpartition("<")[2].partition(">")[0] if "<" in text else text
    return bare.strip().strip("\"'").lower()


def moment(text: Any) -> datetime | None:
    """A time in either of SES's forms (`2026-11-21T03:00:00.000Z`, `Sat, 21 Nov 2026 03:00:00 +0000`), or None."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" +0000", "+00:00"))
    except ValueError:
        return _written(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _written(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _object(text: Any) -> dict[str, Any]:
    if isinstance(text, dict):
        return text
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotFeedbackError(f"it is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise NotFeedbackError("it is JSON, but no object")
    return found


def _each(message: Mapping[str, Any]) -> Iterator[Feedback]:
    kind = message.get("notificationType") or message.get("eventType")
    if kind not in KINDS:
        raise NotFeedbackError(
            f"it has neither notificationType nor eventType of a known kind ({str(kind)[:40]!r})"
        )
    mail = _mapping(message.get("mail"))
    part = _mapping(message.get(_PART.get(kind, kind.lower())))
    if not mail:
        raise NotFeedbackError("it does not say which mail it is about")
    if kind in (BOUNCE, COMPLAINT) and not part:
        raise NotFeedbackError(f"it is a {kind} without its part {kind.lower()!r}")
    at = moment(part.get("timestamp")) or moment(mail.get("timestamp"))
    if at is None:
        raise NotFeedbackError("it has no time that can be read")
    subtype, detail = _subtype(kind, part)
    suppress = decide(kind, subtype)
    id_ = str(part.get("feedbackId") or f"{mail.get('messageId', '')}-{kind}")
    source, used = _text(mail.get("source")), _set(mail)
    for recipient, reason in _recipients(kind, part, mail):
        yield Feedback(id_[:200], recipient, kind, subtype, detail, reason, source, used, at, suppress)


def _subtype(kind: str, part: Mapping[str, Any]) -> tuple[str, str]:
    if kind == BOUNCE:
        return _text(part.get("bounceType")) or "Undetermined", _text(part.get("bounceSubType"))
    if kind == COMPLAINT:
        return _text(part.get("complaintFeedbackType")), _text(part.get("complaintSubType"))
    return _text(part.get("delayType")), ""


def _recipients(kind: str, part: Mapping[str, Any], mail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    listed = part.get(_RECIPIENTS.get(kind, ""))
    if kind in _RECIPIENTS:
        named = [_mapping(each) for each in listed] if isinstance(listed, list) else []
        found = {address(_text(each.get("emailAddress"))): _reason(each) for each in named}
        found.pop("", None)
        if not found and kind in (BOUNCE, COMPLAINT):
            raise NotFeedbackError(f"it is a {kind} that names no recipient")
        yield from found.items()
        return
    others = part.get("recipients") or mail.get("destination")
    for each in others if isinstance(others, list) else ():
        yield address(_text(each)), _text(part.get("reason") or part.get("errorMessage"))


def _reason(recipient: Mapping[str, Any]) -> str:
    return _text(recipient.get("diagnosticCode")) or _text(recipient.get("status"))


def _set(mail: Mapping[str, Any]) -> str:
    """The configuration set of an event, which comes as a tag with a list of values."""
    values = _mapping(mail.get("tags")).get("ses:configuration-set")
    return _text(values[0]) if isinstance(values, list) and values else _text(values)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value[:_MOST] if isinstance(value, str) else ""
