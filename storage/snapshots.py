"""Copies of zones, kept as backups: a new one only when something is different, else the last one is confirmed."""

from datetime import datetime

import msgspec

from storage.database import Database, Row
from storage.times import moment, stamp

KEPT = 200
"""Different copies of one domain and source that are kept."""


class Snapshot(msgspec.Struct, frozen=True):
    """A copy of `domain` by one source, opaque text: first had at `at`, and still the same at `confirmed_at`."""

    id: int
    domain: str
    source: str
    digest: str
    records: int
    at: datetime
    confirmed_at: datetime
    by: str
    text: str = ""


_READ = "SELECT id, domain, source, digest, records, at, confirmed_at, by FROM snapshot"
_READ_TEXT = "SELECT id, domain, source, digest, records, at, confirmed_at, by, text FROM snapshot"


class Snapshots:
    """The copies in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self, domain: str, source: str, digest: str, text: str, records: int, at: datetime, by: str
    ) -> Snapshot:
        """Keep a copy, or confirm the newest one of this source when it is the same; return which stands now."""
        with self._database.write() as own:
            newest = own.execute(
                f"{_READ} WHERE domain = ? AND source = ? ORDER BY id DESC LIMIT 1", (domain, source)
            )
            if newest and newest[0][3] == digest:
                own.execute("UPDATE snapshot SET confirmed_at = ? WHERE id = ?", (stamp(at), newest[0][0]))
                return msgspec.structs.replace(_snapshot(newest[0]), confirmed_at=at)
            rows = own.execute(
                """INSERT INTO snapshot (domain, source, digest, text, records, at, confirmed_at, by)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7) RETURNING id""",
                (domain, source, digest, text, records, stamp(at), by),
            )
            own.execute(
                """DELETE FROM snapshot WHERE domain = ?1 AND source = ?2 AND id NOT IN
                    (SELECT id FROM snapshot WHERE domain = ?1 AND source = ?2 ORDER BY id DESC LIMIT ?3)""",
                (domain, source, KEPT),
            )
        return Snapshot(int(rows[0][0]), domain, source, digest, records, at, at, by)

    def list(self, domain: str) -> list[Snapshot]:
        """The copies of a domain without their text, the last confirmed one first."""
        rows = self._database.rows(f"{_READ} WHERE domain = ? ORDER BY confirmed_at DESC, id DESC", (domain,))
        return [_snapshot(row) for row in rows]

    def get(self, id_: int) -> Snapshot | None:
        """One copy with its text, or None."""
        rows = self._database.rows(f"{_READ_TEXT} WHERE id = ?", (id_,))
        return _snapshot(rows[0]) if rows else None


def _snapshot(row: Row) -> Snapshot:
    id_, domain, source, digest, records, at, confirmed_at, by, *text = row
    return Snapshot(id_, domain, source, digest, records, moment(at), moment(confirmed_at), by, *text)
