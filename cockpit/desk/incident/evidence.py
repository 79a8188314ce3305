"""Evidence that comes from outside the cockpit: files with their hashes, and what was said in a chat.

A file is copied to `attachments/` beside the database under the name of its SHA-256, so that the same file is kept
once and what the timeline says of it can be checked at any time.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cockpit.desk.feed import Feed
from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.errors import NotFound, Refused
from cockpit.incident.chat import ChatLine
from cockpit.incident.entry import clean_text
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.text import visible
from storage.errors import Unwritable

MAX_BYTES = 50_000_000
"""Bytes that one file may have."""


class Attachment(msgspec.Struct, frozen=True):
    """One file of an incident: its name when it was attached, its size, its hash, and where the copy is."""

    name: str
    size: int
    sha256: str
    path: Path
    said: str = ""


class Evidence:
    """Files and chat of the incidents of one database."""

    def __init__(self, feed: Feed, incidents: Incidents, database: Path) -> None:
        self._feed = feed
        self._incidents = incidents
        self._folder = database.with_name("attachments")

    def attach(self, ref: Ref, path: Path | str, said: str = "") -> Attachment:
        """Keep a copy of a file, and write its name, size and hash to the timeline.

        Raises Refused for what is no file or is too large, Unwritable when the copy cannot be written.
        """
        incident = self._incidents.get(ref)
        path = Path(path).expanduser()
        content = _read(path)
        digest = hashlib.sha256(content).hexdigest()
        kept = self._folder / digest
        _keep(kept, content)
        name = visible(path.name, limit=120)
        words = f"{name}, {len(content)} bytes, sha256 {digest}"
        text = clean_text(f"{said.strip()} ({words})" if said.strip() else words)
        body = {"text": text, "kind": "evidence", "file": name, "size": len(content), "sha256": digest}
        with self._feed.decide() as pen:
            pen.append(STREAM_PREFIX + incident.uid, "incident.note", body)
        return Attachment(name, len(content), digest, kept, said.strip())

    def check(self, sha256: str) -> Path:
        """Where the copy with this hash is; raises NotFound where it is gone, Refused where it was changed."""
        path = self._folder / sha256
        if len(sha256) != 64 or not path.is_file():
            raise NotFound("There is no such attachment.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise Refused(f"{path} was changed after it was attached.")
        return path

    def bring_in(self, ref: Ref, lines: Sequence[ChatLine]) -> int:
        """Write lines of a chat with their original times; returns how many were not there already."""
        incident = self._incidents.get(ref)
        known = {entry.id for entry in self._incidents.timeline(incident.uid, noise=True)}
        fresh = {id_: line for line in lines if (id_ := _id(incident.uid, line)) not in known}
        with self._feed.decide() as pen:
            for id_, line in fresh.items():
                body = {"text": f"{line.who}: {line.text}", "kind": "chat"}
                pen.append(STREAM_PREFIX + incident.uid, "incident.note", body, occurred_at=line.at, id=id_)
        return len(fresh)


def _id(uid: str, line: ChatLine) -> str:
    """The same line pasted twice is the same event."""
    return hashlib.sha256(f"{uid}\n{line.at.isoformat()}\n{line.who}\n{line.text}".encode()).hexdigest()[:32]


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise Refused(f"{visible(path)} is no file.")
        if path.stat().st_size > MAX_BYTES:
            raise Refused(f"{visible(path)} has {path.stat().st_size} bytes; {MAX_BYTES} are kept.")
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{visible(path)} cannot be read: {error.strerror}.") from None


def _keep(path: Path, content: bytes) -> None:
    """Write the copy whole or not at all; one that is there already has the same bytes."""
    part = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if path.exists():
            return
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Unwritable(f"{path} could not be written: {error.strerror}.") from None
