"""What of an SNS message is signed, and where its certificate may come from; the checking itself needs a network.

AWS signs the values of fixed keys (Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages").
The certificate's URL stands in the message itself, so it is believed only when it is one of SNS's own hosts: a path
in somebody's bucket on an AWS host is how such checks were got around elsewhere.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cockpit.ses.feedback import moment

OLDEST = timedelta(hours=1)
"""Age beyond which a message may be a replay; what waited in a queue is older by the time it waited."""

HOST = re.compile(r"\Asns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\Z")
PATH = re.compile(r"\A/SimpleNotificationService-[A-Za-z0-9]+\.pem\Z")

_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
HASHES = {"1": "SHA1", "2": "SHA256"}
"""The digest by `SignatureVersion`."""


def signed_text(envelope: Mapping[str, Any]) -> bytes:
    """The bytes that the signature is over."""
    keys = _NOTIFICATION if envelope.get("Type") == "Notification" else _CONFIRMATION
    lines = [f"{key}\n{envelope[key]}\n" for key in keys if isinstance(envelope.get(key), str)]
    return "".join(lines).encode()


def certificate_url(envelope: Mapping[str, Any], endpoint: str = "") -> str:
    """Where the signer's certificate is; empty for a place that is not SNS's own.

    With an `endpoint`, SNS is there and nowhere else.
    """
    url = envelope.get("SigningCertURL") or envelope.get("SigningCertUrl")
    if not isinstance(url, str) or not url.isascii() or any(letter.isspace() for letter in url):
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if endpoint:
        return url if url.startswith(f"{endpoint.rstrip('/')}/") and PATH.match(parts.path) else ""
    own = parts.scheme == "https" and port in (None, 443) and not parts.username and not parts.password
    if not own or parts.query or parts.fragment or not HOST.match(parts.hostname or ""):
        return ""
    return url if PATH.match(parts.path) and parts.netloc == parts.netloc.lower() else ""


def refusal(
    envelope: Mapping[str, Any],
    topics: Collection[str],
    received: datetime,
    *,
    waited: timedelta = timedelta(),
    version: str = "2",
    endpoint: str = "",
) -> str:
    """Why an envelope is not believed, before its signature is looked at; empty when nothing speaks against it.

    `topics` are the ARNs that are expected, none meaning any; `waited` is how long the message lay in a queue.
    `version` is the lowest signature version that is taken.
    """
    if not all(isinstance(envelope.get(key), str) for key in ("Type", "MessageId", "TopicArn", "Message")):
        return "it is no SNS message"
    if topics and envelope["TopicArn"] not in topics:
        return f"it comes from the topic {str(envelope['TopicArn'])[:120]}, which is not expected"
    given = str(envelope.get("SignatureVersion", ""))
    if given not in HASHES or given < version:
        return f"its signature version {given[:10]!r} is not taken"
    if not isinstance(envelope.get("Signature"), str) or not envelope["Signature"]:
        return "it is not signed"
    if not certificate_url(envelope, endpoint):
        return "its certificate is not from SNS itself"
    at = moment(envelope.get("Timestamp"))
    if at is None:
        return "it has no time that can be read"
    if at - received > timedelta(minutes=5):
        return "it is from the future"
    if received - at > OLDEST + waited:
        return "it is too old, so it may be a replay"
    return ""
