"""The one module that imports SQLite: connections, transactions, reads and backups.

Two SQLite builds in one process that open one file take away each other's POSIX locks
(https://sqlite.org/howtocorrupt.html), so nothing else in the product imports one, and the build is chosen here:
`pysqlite3` where it is installed, else the interpreter's own.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

from storage import backup, opening, place
from storage.errors import StorageError, Unsafe, Unwritable
from storage.faults import disk_failed, nothing_can_be_written, translate
from storage.spill import spill

try:
    import pysqlite3 as sqlite
except ImportError:
    import sqlite3 as sqlite

# SQLite quotes a damaged schema in its message, which then need not be UTF-8.
_FAULTS = (sqlite.Error, UnicodeDecodeError)

Row = tuple[Any, ...]
VERSION: tuple[int, int, int] = sqlite.sqlite_version_info
"""The version of the SQLite in use."""


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

        For reading only, a file where nothing can be written is opened too, as it lies there: others cannot change
        it either. Whoever reads such a file for long sees nothing new.

        Raises Unsafe (place, owner or mode), Unwritable, NewerSchema, Damaged, or StorageError with the reason.
        """
        if read_only:
            real = path.expanduser().resolve()
            if not real.exists():
                raise StorageError(f"There is no ledger at {path}.")
            place.inspect(real)
            try:
                return cls._open(real, read_only=True)
            except Unwritable as error:
                if not nothing_can_be_written(real):
                    raise
                opening.refuse_leftovers(real, error)
            return cls._open(real, read_only=True, as_it_lies=True)
        return cls._open(place.prepare(path))

    @classmethod
    def open_as_can_be(cls, path: Path) -> "Database":
        """Open for writing, or, where nothing can be written, an existing file for reading; `failure` says why."""
        try:
            return cls.open(path)
        except (Unwritable, Unsafe) as error:
            real = path.expanduser().resolve()
            if not place.has_content(real) or not nothing_can_be_written(real):
                raise
            reason = str(error)
        database = cls.open(path, read_only=True)
        database._failure = reason
        return database

    @classmethod
    def _open(cls, real: Path, *, read_only: bool = False, as_it_lies: bool = False) -> "Database":
        with _translated(real):
            connection = connect(real, read_only, as_it_lies)
            try:
                journal = opening.prepare(connection, real, read_only, sqlite, _read_only)
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
        return f"{count} kept in {kept}, to be appended with cockpit verify --reappend."

    def close(self) -> None:
        """Close the connection; the last one of a file copies its WAL back and removes it."""
        if os.getpid() == self._process:
            self._connection.close()

    def _execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        changing = self._connection.in_transaction or sql.startswith("BEGIN")
        try:
            return self._connection.execute(sql, parameters).fetchall()  # type: ignore[no-any-return]
        except _FAULTS as error:
            raise translate(error, self.path, changing=changing) from error

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
        if self.read_only and self._failure is not None:
            raise Unwritable(self._failure)
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


def connect(path: Path, read_only: bool = False, as_it_lies: bool = False) -> Any:
    """A bare connection to an existing file, by the one SQLite build of this process; its errors are SQLite's.

    `as_it_lies` reads a file that nobody can change, without locks and without files beside it.
    """
    mode = f"{'ro' if read_only else 'rw'}{'&immutable=1' if as_it_lies else ''}"
    return sqlite.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=opening.BUSY_TIMEOUT_S, isolation_level=None
    )


def _read_only(path: Path) -> Any:
    return connect(path, True)


def _as_stored(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        raise translate(error, path, changing=False) from error
    except OSError as error:
        raise Unwritable(f"{error.filename or path} cannot be read or written: {error.strerror}.") from error
