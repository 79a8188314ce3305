"""Carries one message in a process of its own, so that no terminal waits and none of them loads a network library.

The desk writes an errand as JSON to the standard input of `python -m cockpit.comms.courier` and goes on. The
courier opens the ledger itself, fetches the channel's secret by its reference, sends with patience, and records
intent, attempts and outcome. An errand that is carried again with the same message id is not sent again.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from cockpit.clock import SystemClock
from cockpit.comms.channels import Way
from cockpit.errors import BadInput, CockpitError, Refused
from cockpit.own_process import own_environment, own_module
from cockpit.profile import Profile
from cockpit.text import redact, visible
from storage.database import Database
from storage.ledger import Draft, Ledger

if TYPE_CHECKING:
    from cockpit.comms.journal import Patience
    from cockpit.comms.outcome import Letter, Outcome


class Errand(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One message for one stream of the ledger, over one channel.

    The channel names its secret by reference (see `cockpit.secrets`). The rest is as in `outcome.Letter`.
    """

    database: str
    stream: str
    actor: str
    text: str
    way: Way
    profile: Profile
    audience: str = "internal"
    subject: str = ""
    to: tuple[str, ...] = ()
    key: str = ""
    ref: str = ""
    title: str = ""
    state: str = ""
    severity: str = ""
    about: str = "open"
    thread: str = ""
    reason: str = ""
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
    # Nobody waits for it, and one that has ended must not stay in the table of processes.
    threading.Thread(target=courier.wait, name=f"courier {courier.pid}", daemon=True).start()
    return courier


def carry(
    errand: Errand, *, wait: Callable[[float], None] = time.sleep, patience: "Patience | None" = None
) -> bool:
    """Send the message unless it was sent before; returns whether it was accepted now.

    An accepted message about an incident is also recorded as its update, which meets the audience's deadline.
    """
    clock = SystemClock()
    database = Database.open(Path(errand.database))
    try:
        ledger = Ledger(database, clock.now)

        def record(kind: str, body: Mapping[str, Any]) -> None:
            number = f"-{body['attempt']}" if "attempt" in body else ""
            id_, at = f"{errand.message}-{kind}{number}", clock.now()
            draft = Draft(stream=errand.stream, kind=kind, body=body, occurred_at=at, actor=errand.actor, id=id_)
            with database.write() as transaction:
                if ledger.find(id_) is not None:
                    raise Refused(f"Message {errand.message} was carried before.")
                ledger.append([draft], transaction)

        accepted = _deliver(errand, record, wait, patience)
        if accepted and errand.stream.startswith("incident/") and errand.about == "open":
            text = redact(visible(errand.text, limit=40_000, newlines=True))
            about = {"audience": errand.audience, "channel": errand.way.name}
            record("incident.update", {**about, "text": text, "draft": False})
        return accepted
    except Refused:
        return False
    finally:
        database.close()


class _Late:
    """Opens the channel only after the intent is recorded, so that a missing secret is an outcome too."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._channel: Any = None

    @property
    def safe_to_repeat(self) -> bool:
        return self._channel is not None and bool(self._channel.safe_to_repeat)

    def send(self, letter: "Letter", *, again: bool) -> "Outcome":
        from cockpit.comms.channels import open_channel

        if self._channel is None:
            self._channel = open_channel(self._errand.way, self._errand.profile)
        outcome: Outcome = self._channel.send(letter, again=again)
        return outcome


def _deliver(
    errand: Errand,
    record: Callable[[str, Mapping[str, Any]], None],
    wait: Callable[[float], None],
    patience: "Patience | None",
) -> bool:
    from cockpit.comms.journal import deliver
    from cockpit.comms.outcome import Fate, Letter

    letter = Letter(
        id=errand.message,
        text=errand.text,
        subject=errand.subject,
        audience=errand.audience,
        to=errand.to,
        key=errand.key,
        ref=errand.ref,
        title=errand.title,
        state=errand.state,
        severity=errand.severity,
        about=errand.about,
        thread=errand.thread,
        reason=errand.reason,
    )
    outcome = deliver(_Late(errand), letter, record, name=errand.way.name, wait=wait, patience=patience)
    return outcome.fate is Fate.SENT


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
