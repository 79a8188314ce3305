"""Checking the chain: every event is recomputed from its stored bytes and compared with what the chain says.

The chain shows edits, removals, reorderings and forks inside the ledger. A tail that was cut off, or a ledger that
was rewritten as a whole, shows only against a head that was noted elsewhere: pass it as `expected`.
"""

from typing import Any

import msgspec

from storage.database import Database
from storage.errors import StorageError
from storage.event import COLUMNS, GENESIS, link
from storage.migrations import LEDGER_GUARDS

_PAGE = 5_000


class Verification(msgspec.Struct, frozen=True):
    """The outcome: how many events in a row check out, the hash of the last of them, and what is wrong if any."""

    ok: bool
    events: int
    head: str
    first_bad: int | None = None
    reason: str = ""


def verify(database: Database, expected: tuple[int, str] | None = None) -> Verification:
    """Check the whole ledger; `expected` is a head (seq, hash) known from elsewhere that must be in it.

    Never raises for what is wrong inside the file: that is the result.
    """
    count, head = 0, GENESIS
    noted = expected is None or expected == (0, GENESIS)
    try:
        while page := database.rows_as_stored(
            f"SELECT {COLUMNS} FROM event WHERE seq > ? ORDER BY seq LIMIT {_PAGE}",  # noqa: S608 - constants
            (count,),
        ):
            for row in page:
                if reason := _fault(row, count + 1, head):
                    return Verification(False, count, head, count + 1, reason)
                count, head = row[0], row[10]
                noted = noted or (count, head) == expected
        reason = _file_fault(database)
    except StorageError as error:
        return Verification(False, count, head, count + 1, str(error))
    if reason:
        return Verification(False, count, head, None, reason)
    if not noted and expected is not None:
        reason = f"event {expected[0]} with the hash {expected[1]}, noted elsewhere, is not in this ledger"
        return Verification(False, count, head, min(expected[0], count + 1), reason)
    return Verification(True, count, head)


def _fault(row: tuple[Any, ...], seq: int, prev: str) -> str:
    """What is wrong with a row that should be event number `seq` after `prev`; empty if nothing is."""
    if row[0] != seq:
        return f"event {seq} is missing; the next one in the file is event {row[0]}"
    if not all(isinstance(value, str) for value in row[1:]):
        return f"event {seq} holds a value that is not text"
    if row[9] != prev:
        return f"event {seq} does not continue the event before it"
    if link(*row[:10]) != row[10]:
        return f"the content of event {seq} does not match its hash"
    return ""


def _file_fault(database: Database) -> str:
    """What is wrong with the table around the chain: its pages and indexes, and the triggers that guard it."""
    verdict = database.rows_as_stored("PRAGMA integrity_check('event')")[0][0]
    if verdict != "ok":
        return f"the chain is whole, but the file is damaged: {verdict}"
    guards = {sql for (sql,) in database.rows_as_stored("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")}
    if not guards.issuperset(LEDGER_GUARDS):
        return "the chain is whole, but a trigger that refuses changes to the ledger was removed or altered"
    return ""
