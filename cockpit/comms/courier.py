"""Carries one message in a process of its own, so that no terminal waits and none of them loads a network library.

The desk writes an errand as JSON to the standard input of `python -m cockpit.comms.courier` and goes on. The
courier opens the ledger itself, fetches the webhook's URL by its reference, sends once, and records intent and
outcome. An errand that is carried again with the same message id is not sent again.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from cockpit.clock import SystemClock
from cockpit.errors import BadInput, CockpitError, Refused
from cockpit.own_process import own_environment, own_module
from cockpit.profile import Profile
from cockpit.text import redact, visible
from storage.database import Database
from storage.ledger import Draft, Ledger

if TYPE_CHECKING:
    from cockpit.comms.chat import Message, Record


class Errand(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One message for one stream of the ledger; `webhook` is a reference (see `cockpit.secrets`), never a URL."""

    database: str
    stream: str
    actor: str
    text: str
    webhook: str
    profile: Profile
    audience: str = "internal"
    channel: str = "chat"
    message: str = msgspec.field(default_factory=lambda: uuid4().hex)


def dispatch(errand: Errand) -> "subprocess.Popen[bytes]":
    """Start a courier in its own session and return at once; what becomes of the message is in the ledger."""
    courier = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own module
        own_module("cockpit.comms.courier"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=own_environment(),
        start_new_session=True,
    )
    assert courier.stdin is not None
    with courier.stdin as pipe:
        pipe.write(msgspec.json.encode(errand))
    return courier


def carry(errand: Errand) -> bool:
    """Send the message unless it was sent before; returns whether it was accepted now.

    An accepted message about an incident is also recorded as its update, which meets the audience's deadline.
    """
    clock = SystemClock()
    database = Database.open(Path(errand.database))
    try:
        ledger = Ledger(database, clock.now)

        def record(kind: str, body: Mapping[str, Any]) -> None:
            id_, at = f"{errand.message}-{kind}", clock.now()
            draft = Draft(stream=errand.stream, kind=kind, body=body, occurred_at=at, actor=errand.actor, id=id_)
            with database.write() as transaction:
                if ledger.find(id_) is not None:
                    raise Refused(f"Message {errand.message} was carried before.")
                ledger.append([draft], transaction)

        accepted = _deliver(errand, record)
        if accepted and errand.stream.startswith("incident/"):
            text = redact(visible(errand.text, newlines=True))
            about = {"audience": errand.audience, "channel": errand.channel}
            record("incident.update", {**about, "text": text, "draft": False})
        return accepted
    except Refused:
        return False
    finally:
        database.close()


class _Webhook:
    """Fetches the URL only after the intent is recorded, so that a missing secret is an outcome too."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand

    def send(self, message: "Message") -> str:
        from cockpit.comms.chat import ChatWebhook
        from cockpit.secrets import resolve

        profile = self._errand.profile
        return ChatWebhook(resolve(self._errand.webhook, profile), profile).send(message)


def _deliver(errand: Errand, record: "Record") -> bool:
    from cockpit.comms.chat import Message, deliver

    message = Message(errand.text, errand.channel, errand.audience, errand.message)
    return deliver(_Webhook(errand), message, record)


def main() -> int:
    """Carry the errand on standard input; 0 when it was accepted, 1 when not, 2 when it cannot be understood."""
    try:
        errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    except msgspec.DecodeError as error:
        sys.stderr.write(f"{BadInput(f'The errand cannot be read: {error}.')}\n")
        return 2
    try:
        return 0 if carry(errand) else 1
    except CockpitError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
