"""How each record was, kept only when it changes: what a zone was like before somebody touched it.

A record here is anything that has a name, a kind and a value: a record set at its name servers, a certificate at
its host, what SES says of an identity. Values and verdicts are opaque text; whether one is good is a flag.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.database import Database, Row, Transaction
from storage.times import moment, stamp

KEPT_PER_RECORD = 200
"""States of one record that are kept, for a value that changes at every look."""


class RecordState(msgspec.Struct, frozen=True):
    """A record was seen to be so from `at` on; `before_at` is the last look at which it was still otherwise.

    `before_at` is None for a first state, and where nobody looked in between. An empty `value` is no record.
    """

    target: str
    check: str
    record: str
    type: str
    value: str
    good: bool
    why: str
    at: datetime
    before_at: datetime | None = None


_PUT = """
    INSERT INTO record_state (target, check_name, record, type, value, good, why, at, before_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""

_READ = "SELECT target, check_name, record, type, value, good, why, at, before_at FROM record_state"

_NEWEST = "SELECT max(id) FROM record_state GROUP BY target, check_name, record, type"

_PRUNE = """
    DELETE FROM record_state WHERE id IN (
        SELECT id FROM (
            SELECT id, at, row_number() OVER place AS place FROM record_state
            WINDOW place AS (PARTITION BY target, check_name, record, type ORDER BY id DESC)
        ) WHERE at < ? OR place > ?
    )
    AND id NOT IN (SELECT max(id) FROM record_state GROUP BY target, check_name, record, type)
    AND id NOT IN (SELECT max(id) FROM record_state WHERE good GROUP BY target, check_name, record, type)
    RETURNING id"""


class RecordHistory:
    """The states of the records of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, states: Sequence[RecordState], transaction: Transaction | None = None) -> None:
        """Add states, in the order in which they were seen."""
        if not states:
            return
        with self._database.within(transaction) as own:
            own.executemany(
                _PUT,
                [
                    (
                        s.target,
                        s.check,
                        s.record,
                        s.type,
                        s.value,
                        int(s.good),
                        s.why,
                        stamp(s.at),
                        _stamp(s.before_at),
                    )
                    for s in states
                ],
            )

    def newest(self) -> list[RecordState]:
        """The newest state of every record."""
        rows = self._database.rows(f"{_READ} WHERE id IN ({_NEWEST}) ORDER BY id")
        return [_state(row) for row in rows]

    def of(self, target: str) -> list[RecordState]:
        """Every state of a target's records that is kept, oldest first."""
        rows = self._database.rows(f"{_READ} WHERE target = ? ORDER BY id", (target,))
        return [_state(row) for row in rows]

    def prune(self, before: datetime) -> int:
        """Delete states older than `before`, and those beyond the newest of a record; return how many went.

        What each record is, and what it was when it was last good, always stays.
        """
        with self._database.write() as own:
            gone = own.execute(_PRUNE, (stamp(before), KEPT_PER_RECORD))
        return len(gone)


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _state(row: Row) -> RecordState:
    target, check, record, type_, value, good, why, at, before_at = row
    before = None if before_at is None else moment(before_at)
    return RecordState(target, check, record, type_, value, bool(good), why, moment(at), before)
