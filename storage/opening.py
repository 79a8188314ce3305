"""What happens to a connection before anybody may use it: the version gate, the journal mode, the schema.

The version gate is about the WAL-reset fault (mended in SQLite 3.51.3): a build that has it may not use WAL, and
uses the rollback journal with synchronous EXTRA instead, which is as durable and slower.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage import backup, migrations
from storage.errors import NewerSchema, StorageError, Unsafe, Unwritable
from storage.faults import is_busy
from storage.place import has_content

BUSY_TIMEOUT_S = 5.0
"""Seconds that a connection waits for another one's lock."""

_OLDEST = (3, 37, 0)
_CACHE_KIB = 16 * 1024
_JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024
_TABLES = "SELECT count(*) FROM sqlite_schema"


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite is free of the WAL-reset fault, which can lose committed pages with two connections.

    It is in 3.7.0 to 3.51.2, mended in 3.51.3 and in the branches 3.50 (from 3.50.7) and 3.44 (from 3.44.6).
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)


def prepare(connection: Any, path: Path, read_only: bool, build: Any, connect: Callable[[Path], Any]) -> str:
    """Set a fresh connection up and bring the schema up to date; return the journal mode.

    `build` is the SQLite module in use, `connect` opens a path for reading by it. SQLite's own errors pass through.
    """
    if build.sqlite_version_info < _OLDEST:
        raise StorageError(f"SQLite {build.sqlite_version} is too old; 3.37 or newer is needed.")
    version = _schema_version(connection, path)
    journal = (
        _value(connection, "PRAGMA journal_mode") if read_only else _set_journal(connection, path, version, build)
    )
    for pragma in (
        f"synchronous = {'FULL' if journal == 'wal' else 'EXTRA'}",
        "fullfsync = ON",
        "checkpoint_fullfsync = ON",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
        f"cache_size = {-_CACHE_KIB}",
        f"journal_size_limit = {_JOURNAL_SIZE_LIMIT}",
        f"query_only = {'ON' if read_only else 'OFF'}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    if version < len(migrations.STEPS):
        if read_only:
            raise StorageError(f"{path} has the schema of an older cockpit; open it once for writing first.")
        _migrate(connection, path, build, connect)
    return str(journal)


def refuse_leftovers(path: Path, error: Unwritable) -> None:
    """Raise Unwritable when the file is not all there is: read alone, it would be without its last changes."""
    for suffix in ("-wal", "-journal"):
        beside = path.with_name(path.name + suffix)
        if has_content(beside):
            raise Unwritable(
                f"{path} cannot be read where nothing can be written, because {beside.name} beside it holds "
                "changes too: copy both into a private directory of yours, and name the copy with --database."
            ) from error


def _schema_version(connection: Any, path: Path) -> int:
    """The number of migrations that the file has had; raises for another program's file and a newer schema."""
    owner, version, tables = _identity(connection)
    if owner != migrations.APPLICATION_ID and (owner or version or tables):
        raise StorageError(
            f"{path} is a database of another program (application id {owner:#x}); choose another file."
        )
    if version > len(migrations.STEPS):
        raise NewerSchema(
            f"{path} was written by a newer cockpit (schema {version}, this one knows {len(migrations.STEPS)}); "
            "upgrade this cockpit to open it."
        )
    return version


def _identity(connection: Any) -> tuple[int, int, int]:
    """Application id, schema version and number of tables, all of one moment.

    Read one by one they may fall on both sides of another process's first migration, and look like a stranger's.
    """
    own = not connection.in_transaction
    if own:
        connection.execute("BEGIN")
    try:
        return (
            int(_value(connection, "PRAGMA application_id")),
            int(_value(connection, "PRAGMA user_version")),
            int(_value(connection, _TABLES)),
        )
    finally:
        # An error may have ended it already; nothing was written, so there is nothing to commit.
        if own and connection.in_transaction:
            connection.execute("ROLLBACK")


def _set_journal(connection: Any, path: Path, version: int, build: Any) -> str:
    """Choose WAL for a new file where this SQLite is safe with it; leave WAL where it is not.

    A file that has left WAL stays out of it, even for a safe build: connections of the unsafe build may be open,
    and would follow it back into WAL without noticing.
    """
    current = str(_value(connection, "PRAGMA journal_mode"))
    safe = wal_is_safe(build.sqlite_version_info)
    wanted = "wal" if safe and (current == "wal" or version == 0) else "delete"
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while current != wanted:
        try:
            current = str(_value(connection, f"PRAGMA journal_mode = {wanted}"))
        except build.Error as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            if wanted == "delete":
                raise Unsafe(
                    f"{path} is open elsewhere in WAL mode, in which SQLite {build.sqlite_version} can damage "
                    "it: install pysqlite3 (SQLite 3.51.3 or newer), or stop the others first."
                ) from error
            # SQLite asks its busy handler for locks on pages, and not for this one: two processes that make the
            # same file wait for each other here, for some milliseconds of its very first opening.
            time.sleep(0.01)
        else:
            if current != wanted:
                raise Unsafe(f"{path} cannot be put into journal mode {wanted}; choose a local disk.")
    return current


def _migrate(connection: Any, path: Path, build: Any, connect: Callable[[Path], Any]) -> None:
    """Apply what is missing in one IMMEDIATE transaction, behind a verified backup of the exact state before.

    The write lock is taken first, so nobody appends between the backup and the migration; the backup reads the
    committed state over a connection of its own.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _schema_version(connection, path)
        if version < len(migrations.STEPS):
            if version > 0:
                _back_up_before_migration(path, version, connect)
            migrations.apply(connection, migrations.STEPS, build)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _back_up_before_migration(path: Path, version: int, connect: Callable[[Path], Any]) -> None:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    source = connect(path)
    try:
        backup.copy(source, path.with_name(f"{path.name}.schema-{version}-{moment}.backup"), connect)
    finally:
        source.close()


def _value(connection: Any, sql: str) -> Any:
    return connection.execute(sql).fetchone()[0]
