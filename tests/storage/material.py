"""What storage tests write: drafts and samples with sensible defaults, and one fixed moment."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.database import VERSION, Database, connect
from storage.event import Draft, new_id
from storage.ledger import Ledger
from storage.observations import Sample
from storage.opening import wal_is_safe

needs_wal = pytest.mark.skipif(not wal_is_safe(VERSION), reason="this SQLite may not use WAL")
NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@contextmanager
def private_directory() -> Iterator[Path]:
    """A directory in memory where there is one: a killed process leaves the same bytes there as on a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as directory:
        yield Path(directory)


def noon() -> datetime:
    """A clock that stands still."""
    return NOON


def draft(
    text: str = "a note", *, stream: str = "ops", body: Mapping[str, Any] | None = None, id: str | None = None
) -> Draft:
    """A draft whose body is `{"text": text}` unless a body is given."""
    return Draft(
        stream=stream,
        kind="note",
        body={"text": text} if body is None else body,
        occurred_at=NOON,
        actor="mhassan",
        id=id or new_id(),
    )


def sample(verdict: str = "OK", *, target: str = "shop.example", check: str = "dkim", minute: int = 0) -> Sample:
    """A sample taken `minute` minutes after noon."""
    at = NOON + timedelta(minutes=minute)
    return Sample(target, check, "192.0.2.53", verdict, f"{check} is {verdict}", "{}", at, 12)


def ledger_file(path: Path, events: int) -> list[str]:
    """Make a closed ledger with `events` notes; return their ids."""
    database = Database.open(path)
    try:
        drafts = [draft(f"note {number} of the ledger") for number in range(events)]
        Ledger(database, noon).append(drafts)
    finally:
        database.close()
    return [one.id for one in drafts]


def strip_guards(path: Path, *statements: str) -> None:
    """Do to the file what the triggers refuse, as somebody with the file and a SQLite shell could."""
    connection = connect(path)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()
