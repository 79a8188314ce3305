"""The one module that imports SQLite: opening, the version gate, transactions, reads and backups.

Two SQLite builds in one process that open one file take away each other's POSIX locks
(https://sqlite.org/howtocorrupt.html), so nothing else in the product imports one, and the build is chosen here:
`pysqlite3` where it is installed, else the interpreter's own.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from storage import backup, migrations, place
from storage.errors import NewerSchema, StorageError, Unsafe, Unwritable
from storage.faults import disk_failed, is_busy, translate
from storage.spill import spill

try:
    import pysqlite3 as sqlite
except ImportError:
    import sqlite3 as sqlite

# SQLite quotes a damaged schema in its message, which then need not be UTF-8.
_FAULTS = (sqlite.Error, UnicodeDecodeError)

Row = tuple[Any, ...]
BUSY_TIMEOUT_S = 5.0
"""Seconds that a connection waits for another one's lock."""

_OLDEST = (3, 37, 0)
_CACHE_KIB = 16 * 1024
_JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite is free of the WAL-reset fault, which can lose committed pages with two connections.

    It is in 3.7.0 to 3.51.2, mended in 3.51.3 and in the branches 3.50 (from 3.50.7) and 3.44 (from 3.44.6).
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)


class Database:
    """One connection to one file, for one thread of one process.

    All writes go through `write()`. Every method raises from the tree in `storage.errors`. After the disk was
    full or returned an error inside a transaction the connection refuses further writes: what an fsync that
    failed has left in the page cache is unknown, and a second COMMIT might acknowledge what is not on the disk.
    """

    def __init__(self, path: Path, connection: Any, journal: str, read_only: bool) -> None:
        self.path = path
        self.journal = journal
        self.read_only = read_only
        self.sqlite_version: str = sqlite.sqlite_version
        self._connection = connection
        self._process = os.getpid()
        self._failure: str | None = None

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> "Database":
        """Open the file, creating or migrating it first (never when `read_only`).

        Raises Unsafe (place, owner or mode), Unwritable, NewerSchema, Damaged, or StorageError with the reason.
        """
        if sqlite.sqlite_version_info < _OLDEST:
            raise StorageError(f"SQLite {sqlite.sqlite_version} is too old; 3.37 or newer is needed.")
        if read_only:
            real = path.expanduser().resolve()
            if not real.exists():
                raise StorageError(f"There is no ledger at {path}.")
            place.inspect(real)
        else:
            real = place.prepare(path)
        with _translated(real):
            connection = connect(real, read_only)
            try:
                journal = _prepare(connection, real, read_only)
            except BaseException:
                connection.close()
                raise
        return cls(real, connection, journal, read_only)

    @contextmanager
    def write(self, keep: Iterable[str] = ()) -> Iterator["Transaction"]:
        """Run the block inside BEGIN IMMEDIATE; COMMIT at its end, ROLLBACK if it raises.

        When it returns, the changes are on the disk. Raises Unwritable when the disk is full or failed; the lines
        in `keep`, and what the block asked to `keep()`, are then in a side file that the sentence names. Leave
        waits out of the block: all other writers wait for it.
        """
        if self._connection.in_transaction:
            raise StorageError(
                f"{self.path}: a transaction is open already; hand it on instead of beginning another."
            )
        transaction = Transaction(self)
        transaction.keep(keep)
        try:
            self._refuse_unless_fit()
            self._execute("BEGIN IMMEDIATE")
            yield transaction
            self._execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error.__cause__, sqlite.Error) and disk_failed(error.__cause__):
                self._failure = self._failure or str(error)
            if isinstance(error, Unwritable) and (lines := transaction.kept()):
                raise Unwritable(f"{error} {self.spill(lines)}") from error
            raise

    @property
    def failure(self) -> str | None:
        """Why this connection writes no more, in a sentence; None while it does."""
        return self._failure

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction of this connection is open."""
        return bool(self._connection.in_transaction)

    def within(self, transaction: "Transaction | None") -> AbstractContextManager["Transaction"]:
        """Go on in `transaction`, which its owner commits; without one, a transaction of our own."""
        return self.write() if transaction is None else nullcontext(transaction)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a SELECT (or a reading PRAGMA) and return all its rows, so that no read transaction stays open."""
        return self._execute(sql, parameters)

    def rows_as_stored(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Like `rows()`, for text that may be damaged: bytes that are not UTF-8 come back as lone surrogates."""
        self._connection.text_factory = _as_stored
        try:
            return self._execute(sql, parameters)
        finally:
            self._connection.text_factory = str

    def data_version(self) -> int:
        """A number that changes when another connection, here or in another process, has committed (3 µs)."""
        return int(self._execute("PRAGMA data_version")[0][0])

    def checkpoint(self) -> bool:
        """Copy what can be copied from the WAL into the file; False if some of it had to stay.

        SQLite's automatic checkpoint hides its errors, so whoever runs for long asks here now and then.
        """
        if self.journal != "wal":
            return True
        _, pages, copied = self._execute("PRAGMA wal_checkpoint(PASSIVE)")[0]
        return bool(pages == copied)

    def backup(self, target: Path) -> None:
        """Write a copy to `target` (0600), which must not exist, and check it by reopening; others may write on."""
        with _translated(target):
            backup.copy(self._connection, target, _read_only)

    def spill(self, lines: Sequence[str]) -> str:
        """Put `lines` into a side file beside the database; return the sentence that says where they are."""
        kept = spill(self.path, lines)
        count = "1 entry" if len(lines) == 1 else f"{len(lines)} entries"
        if kept is None:
            return f"{count} could not be kept in a side file either: write down what you meant to record."
        return f"{count} kept in {kept}, to be appended later."

    def close(self) -> None:
        """Close the connection; the last one of a file copies its WAL back and removes it."""
        if os.getpid() == self._process:
            self._connection.close()

    def _execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._connection.execute(sql, parameters).fetchall()  # type: ignore[no-any-return]
        except _FAULTS as error:
            raise translate(error, self.path) from error

    def _executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        try:
            self._connection.executemany(sql, rows)
        except _FAULTS as error:
            raise translate(error, self.path) from error

    def _roll_back(self) -> None:
        """End the transaction; SQLite has done so itself after some errors, and then there is nothing to end."""
        if not self._connection.in_transaction:
            return
        try:
            self._connection.execute("ROLLBACK")
        except sqlite.Error as error:
            self._failure = self._failure or str(translate(error, self.path))

    def _refuse_unless_fit(self) -> None:
        if self.read_only:
            raise StorageError(f"{self.path} is open for reading only.")
        if self._failure is not None:
            raise Unwritable(
                f"{self._failure} This process writes no more to it: put the disk right, then start again."
            )
        if os.getpid() != self._process:
            raise StorageError(f"{self.path} was opened before a fork; a child process opens its own connection.")


class Transaction:
    """What may be done between BEGIN IMMEDIATE and COMMIT; valid inside the `write()` block only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: list[Iterable[str]] = []

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement and return the rows that it gives."""
        self._require_open()
        return self._database._execute(sql, parameters)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of `rows`."""
        self._require_open()
        self._database._executemany(sql, rows)

    def keep(self, lines: Iterable[str]) -> None:
        """Name what must go into a side file if the disk fails before the commit; read only if it does."""
        self._kept.append(lines)

    def forget(self) -> None:
        """Keep nothing: what was named is safe elsewhere."""
        self._kept.clear()

    def kept(self) -> list[str]:
        """The lines to keep, in the order in which they were named."""
        return [line for lines in self._kept for line in lines]

    def _require_open(self) -> None:
        """SQLite ends a transaction by itself after some errors; what came after would be committed piecemeal."""
        if not self._database.in_transaction:
            raise StorageError(f"{self._database.path}: the transaction has ended; nothing more is written in it.")


def connect(path: Path, read_only: bool = False) -> Any:
    """A bare connection to an existing file, by the one SQLite build of this process; its errors are SQLite's."""
    mode = "ro" if read_only else "rw"
    return sqlite.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
    )


def _read_only(path: Path) -> Any:
    return connect(path, True)


def _prepare(connection: Any, path: Path, read_only: bool) -> str:
    """Set the connection up, bring the schema up to date; return the journal mode."""
    version = _schema_version(connection, path)
    journal = _value(connection, "PRAGMA journal_mode") if read_only else _set_journal(connection, path, version)
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
        _migrate(connection, path)
    return str(journal)


def _schema_version(connection: Any, path: Path) -> int:
    """The number of migrations that the file has had; raises for another program's file and a newer schema."""
    owner = _value(connection, "PRAGMA application_id")
    version = int(_value(connection, "PRAGMA user_version"))
    if owner != migrations.APPLICATION_ID and (owner or version or _value(connection, _TABLES)):
        raise StorageError(
            f"{path} is a database of another program (application id {owner:#x}); choose another file."
        )
    if version > len(migrations.STEPS):
        raise NewerSchema(
            f"{path} was written by a newer cockpit (schema {version}, this one knows {len(migrations.STEPS)}); "
            "upgrade this cockpit to open it."
        )
    return version


_TABLES = "SELECT count(*) FROM sqlite_schema"


def _set_journal(connection: Any, path: Path, version: int) -> str:
    """Choose WAL for a new file where this SQLite is safe with it; leave WAL where it is not.

    A file that has left WAL stays out of it, even for a safe build: connections of the unsafe build may be open,
    and would follow it back into WAL without noticing.
    """
    current = str(_value(connection, "PRAGMA journal_mode"))
    safe = wal_is_safe(sqlite.sqlite_version_info)
    wanted = "wal" if safe and (current == "wal" or version == 0) else "delete"
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while current != wanted:
        try:
            current = str(_value(connection, f"PRAGMA journal_mode = {wanted}"))
        except sqlite.Error as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            if wanted == "delete":
                raise Unsafe(
                    f"{path} is open elsewhere in WAL mode, in which SQLite {sqlite.sqlite_version} can damage "
                    "it: install pysqlite3 (SQLite 3.51.3 or newer), or stop the others first."
                ) from error
            time.sleep(0.01)
        else:
            if current != wanted:
                raise Unsafe(f"{path} cannot be put into journal mode {wanted}; choose a local disk.")
    return current


def _migrate(connection: Any, path: Path) -> None:
    """Apply what is missing in one IMMEDIATE transaction, behind a verified backup of the exact state before.

    The write lock is taken first, so nobody appends between the backup and the migration; the backup reads the
    committed state over a connection of its own.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _schema_version(connection, path)
        if version < len(migrations.STEPS):
            if version > 0:
                _back_up_before_migration(path, version)
            with _one_build():
                migrations.apply(connection, migrations.STEPS)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _one_build() -> Iterator[None]:
    """Let `import sqlite3` find the build in use: sqlite_utils imports it for an annotation alone.

    Without this, creating a file would map a second SQLite into the process, where a later mistake could open the
    ledger with it.
    """
    if "sqlite3" in sys.modules:
        yield
        return
    sys.modules["sqlite3"] = sqlite
    try:
        yield
    finally:
        del sys.modules["sqlite3"]


def _back_up_before_migration(path: Path, version: int) -> None:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    source = connect(path, True)
    try:
        backup.copy(source, path.with_name(f"{path.name}.schema-{version}-{moment}.backup"), _read_only)
    finally:
        source.close()


def _value(connection: Any, sql: str) -> Any:
    return connection.execute(sql).fetchone()[0]


def _as_stored(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        raise translate(error, path) from error
    except OSError as error:
        raise Unwritable(f"{error.filename or path} cannot be read or written: {error.strerror}.") from error
