"""Events: what a caller drafts, what the ledger holds, and the exact bytes whose hash chains them.

The hash of an event is SHA-256 over the ASCII bytes of one JSON array without spaces::

    ["cockpit-event-1",seq,id,stream,kind,occurred_at,recorded_at,actor,host,prev,body]

where everything but the body is a JSON string (seq too, as decimal digits), and the body stands there byte for byte
as it is stored: JSON with sorted keys, no spaces and ASCII escapes. The body comes last, so no text that could be
put in its place can imitate another split into fields. `prev` is the hash of the event before, in hex, and
"genesis" for the first.
"""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from datetime import datetime
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

import msgspec

from storage.times import moment, stamp

GENESIS = "genesis"
"""What the first event names as the hash before it."""

_VERSION = "cockpit-event-1"
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def new_id() -> str:
    """A new event id of 32 hex digits: 48 bits of milliseconds, then 80 random bits.

    Ids made one after another lie together in the index, so a commit touches few of its pages.
    """
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An event that has not been recorded; `id` is made by the writer, so that appending it twice is harmless.

    `body` is plain JSON: keys are strings, no NaN and no infinities. `occurred_at` is aware.
    """

    stream: str
    kind: str
    body: Mapping[str, Any]
    occurred_at: datetime
    actor: str
    id: str = msgspec.field(default_factory=new_id)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the ledger; `seq` counts from 1 without gaps, `prev` and `hash` are the links of the chain."""

    seq: int
    id: str
    stream: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    host: str
    body: dict[str, Any]
    prev: str
    hash: str


COLUMNS = "seq, id, stream, kind, occurred_at, recorded_at, actor, host, body, prev, hash"
"""The columns of the table `event`, in the order of an `EventRow`."""

EventRow = tuple[int, str, str, str, str, str, str, str, str, str, str]


def event_from_row(row: EventRow) -> Event:
    """Turn a row of the table into an Event."""
    seq, id_, stream, kind, occurred_at, recorded_at, actor, host, body, prev, hash_ = row
    return Event(
        seq=seq,
        id=id_,
        stream=stream,
        kind=kind,
        occurred_at=moment(occurred_at),
        recorded_at=moment(recorded_at),
        actor=actor,
        host=host,
        body=json.loads(body),
        prev=prev,
        hash=hash_,
    )


def body_text(body: Mapping[str, Any]) -> str:
    """The canonical text of a body; raises TypeError or ValueError for what JSON cannot hold."""
    return _encode(body if isinstance(body, dict) else dict(body))


def link(
    seq: int,
    id_: str,
    stream: str,
    kind: str,
    occurred_at: str,
    recorded_at: str,
    actor: str,
    host: str,
    body: str,
    prev: str,
) -> str:
    """The hash, in hex, of an event with these fields, as the module's docstring defines it."""
    line = (
        f'["{_VERSION}","{seq}",{_quoted(id_)},{_quoted(stream)},{_quoted(kind)},{_quoted(occurred_at)},'
        f"{_quoted(recorded_at)},{_quoted(actor)},{_quoted(host)},{_quoted(prev)},{body}]"
    )
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()


Encoded = tuple[str, str, str, str, str, str]
"""A draft ready for the table: id, stream, kind, occurred_at, actor, body text."""


def encode(draft: Draft) -> Encoded:
    """Bring a draft into the form in which it is stored.

    Raises TypeError or ValueError for a body that JSON cannot hold, a naive time, or a name that is not Unicode.
    """
    names = "".join((draft.id, draft.stream, draft.kind, draft.actor))
    if not names.isascii():
        names.encode()
    return draft.id, draft.stream, draft.kind, stamp(draft.occurred_at), draft.actor, body_text(draft.body)


def side_line(encoded: Encoded) -> str:
    """One encoded draft as a line of JSON, for a side file."""
    id_, stream, kind, occurred_at, actor, body = encoded
    return (
        f'{{"id":{_quoted(id_)},"stream":{_quoted(stream)},"kind":{_quoted(kind)},'
        f'"occurred_at":{_quoted(occurred_at)},"actor":{_quoted(actor)},"body":{body}}}'
    )


def draft_from_line(line: str) -> Draft:
    """Read what `side_line()` wrote; raises ValueError (or KeyError, TypeError) for anything else."""
    fields = json.loads(line)
    return Draft(
        id=fields["id"],
        stream=fields["stream"],
        kind=fields["kind"],
        occurred_at=moment(fields["occurred_at"]),
        actor=fields["actor"],
        body=dict(fields["body"]),
    )
