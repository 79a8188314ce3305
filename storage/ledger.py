"""The ledger: an append-only, hash-chained table of events, and the only way to write to it.

What an event means is not known here; streams are names ("ops", "incident/<uid>"), bodies are JSON.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from storage.database import Database, Transaction
from storage.errors import Damaged, StorageError
from storage.event import (
    COLUMNS,
    GENESIS,
    Draft,
    Encoded,
    Event,
    EventRow,
    draft_from_line,
    encode,
    event_from_row,
    link,
    side_line,
)
from storage.spill import retire, spilled
from storage.times import stamp
from storage.verification import Verification, verify

__all__ = ["Draft", "Event", "Ledger", "Verification"]

_SELECT = f"SELECT {COLUMNS} FROM event"  # noqa: S608 - constants
_INSERT = f"INSERT INTO event ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
_CHUNK = 500


class Ledger:
    """Appends to and reads from the ledger of one database; `now` gives the time of recording."""

    def __init__(self, database: Database, now: Callable[[], datetime], host: str | None = None) -> None:
        self._database = database
        self._now = now
        self._host = host or os.uname().nodename

    def append(self, drafts: Sequence[Draft], transaction: Transaction | None = None) -> list[Event]:
        """Record drafts in order and return their events; one that is recorded already gives its stored event.

        Without `transaction` they are on the disk when this returns. Raises Unwritable if the disk fails: the
        drafts are then in a side file that the sentence names, see `reappend()`. TypeError or ValueError for a
        body that is not JSON: then nothing is written.
        """
        rows = self.record([encode(draft) for draft in drafts], transaction)
        return [event_from_row(row) for row in rows]

    def record(self, encoded: Sequence[Encoded], transaction: Transaction | None = None) -> list[EventRow]:
        """`append()` for drafts that are encoded already; gives rows instead of events."""
        lines = (side_line(draft) for draft in encoded)
        if transaction is None:
            with self._database.write(keep=lines) as own:
                return self._insert(encoded, own)
        transaction.keep(lines)
        return self._insert(encoded, transaction)

    def since(self, seq: int, *, stream: str | None = None, limit: int = 50_000) -> list[Event]:
        """Events after number `seq`, in order, at most `limit`.

        `stream` is one stream's name, or ends in "/" and stands for all streams that begin so.
        """
        condition, parameters = _stream_condition(stream)
        rows = self._database.rows(
            f"{_SELECT} WHERE seq > ?{condition} ORDER BY seq LIMIT ?",
            (seq, *parameters, limit),
        )
        return [event_from_row(row) for row in rows]

    def stream(self, name: str) -> list[Event]:
        """Every event of one stream, in order."""
        rows = self._database.rows(f"{_SELECT} WHERE stream = ? ORDER BY seq", (name,))
        return [event_from_row(row) for row in rows]

    def find(self, event_id: str) -> Event | None:
        """The event with this id, or None."""
        rows = self._database.rows(f"{_SELECT} WHERE id = ?", (event_id,))
        return event_from_row(rows[0]) if rows else None

    def head(self) -> tuple[int, str]:
        """Number and hash of the last event; (0, "genesis") for an empty ledger. Note it elsewhere to show cuts."""
        rows = self._database.rows("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")
        return (rows[0][0], rows[0][1]) if rows else (0, GENESIS)

    def verify(self, expected: tuple[int, str] | None = None) -> Verification:
        """Recompute the whole chain; `expected` is a head that was noted elsewhere. See `storage.verification`."""
        return verify(self._database, expected)

    def spilled(self) -> list[Path]:
        """Side files with drafts that the disk would not take, oldest first."""
        return spilled(self._database.path)

    def reappend(self, side_file: Path, leave_out: tuple[str, ...] = ()) -> list[Event]:
        """Append what a side file holds and retire the file; drafts that made it the first time are not doubled.

        Drafts of streams that begin with one of `leave_out` stay in the retired file only.
        Raises Damaged, after appending the rest, if lines cannot be read; the file then stays where it is.
        """
        drafts, unreadable = [], []
        for number, line in enumerate(side_file.read_text(errors="surrogateescape").splitlines(), 1):
            try:
                draft = draft_from_line(line)
                if not draft.stream.startswith(leave_out):
                    drafts.append(draft)
            except (ValueError, KeyError, TypeError, AttributeError):
                unreadable.append(str(number))
        with self._database.write() as transaction:
            events = self.append(drafts, transaction)
            transaction.forget()
        if unreadable:
            raise Damaged(
                f"{side_file}: {len(events)} entries were appended; cannot read line {', '.join(unreadable)}."
            )
        try:
            retire(side_file)
        except OSError as error:
            raise StorageError(
                f"{side_file} was appended, but could not be renamed ({error.strerror}): move it away yourself."
            ) from error
        return events

    def _insert(self, encoded: Sequence[Encoded], transaction: Transaction) -> list[EventRow]:
        """Chain and insert what is new; rows come back in the order asked for."""
        known = self._known([draft[0] for draft in encoded], transaction)
        last = transaction.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")
        seq, prev = last[0] if last else (0, GENESIS)
        recorded_at, host = stamp(self._now()), self._host
        fresh: list[EventRow] = []
        rows: list[EventRow] = []
        for id_, stream, kind, occurred_at, actor, body in encoded:
            row = known.get(id_)
            if row is None:
                seq += 1
                hash_ = link(seq, id_, stream, kind, occurred_at, recorded_at, actor, host, body, prev)
                row = (seq, id_, stream, kind, occurred_at, recorded_at, actor, host, body, prev, hash_)
                known[id_] = row
                fresh.append(row)
                prev = hash_
            rows.append(row)
        if fresh:
            transaction.executemany(_INSERT, fresh)
        return rows

    @staticmethod
    def _known(ids: Sequence[str], transaction: Transaction) -> dict[str, EventRow]:
        """The rows of those `ids` that are in the ledger already."""
        known: dict[str, EventRow] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            for row in transaction.execute(f"{_SELECT} WHERE id IN ({marks})", chunk):
                known[row[1]] = row
        return known


def _stream_condition(stream: str | None) -> tuple[str, tuple[str, ...]]:
    if stream is None:
        return "", ()
    if stream.endswith("/"):
        # The plus keeps SQLite on the order of the ledger: a reader who follows asks for its end, not for a stream.
        return " AND +stream >= ? AND +stream < ?", (stream, stream[:-1] + "0")
    return " AND stream = ?", (stream,)
