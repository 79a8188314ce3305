"""A verified copy of a live database: written by VACUUM INTO, reopened, checked, and only then given its name.

A copied file misses what is still in the WAL; VACUUM INTO reads one consistent snapshot while others write
(https://sqlite.org/lang_vacuum.html).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from storage.errors import Damaged, Unwritable
from storage.place import create_private, sync_directory

_LAST_EVENT = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"


def copy(connection: Any, target: Path, connect: Callable[[Path], Any]) -> None:
    """Write a copy of the database behind `connection` to `target` (0600), which must not exist.

    `connect` opens a path read-only; it is used to reopen and check the copy. Raises Damaged when the copy does
    not check out and Unwritable when `target` exists; SQLite's own errors pass through.
    """
    if target.exists():
        raise Unwritable(f"{target} exists already; a backup never overwrites a file.")
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    create_private(partial)
    try:
        before = connection.execute(_LAST_EVENT).fetchone()
        connection.execute("VACUUM INTO ?", (str(partial),))
        _sync(partial)
        _check(connection, before, partial, connect)
        os.replace(partial, target)
        sync_directory(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(source: Any, before: tuple[int, str] | None, copied: Path, connect: Callable[[Path], Any]) -> None:
    """Raise Damaged unless the copy is whole, has the source's schema and ends in an event of the source."""
    reopened = connect(copied)
    try:
        verdict = reopened.execute("PRAGMA integrity_check").fetchone()[0]
        versions = [c.execute("PRAGMA user_version").fetchone() for c in (source, reopened)]
        last = reopened.execute(_LAST_EVENT).fetchone()
    finally:
        reopened.close()
    if verdict != "ok":
        raise Damaged(f"The backup {copied} does not check out ({verdict}); the original was left as it is.")
    known = last and source.execute("SELECT 1 FROM event WHERE seq = ? AND hash = ?", last).fetchone()
    if versions[0] != versions[1] or (before and not (known and last[0] >= before[0])):
        raise Damaged(f"The backup {copied} does not hold what the original holds; the original was left as it is.")
