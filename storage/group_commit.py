"""Durable appends from many asyncio tasks through one writer thread: one commit for all that wait.

While a commit waits for the disk, the next group gathers; so the cost of a sync is shared by everybody who came
meanwhile, and each caller still gets its answer only after the COMMIT that holds its event.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from storage.database import Database
from storage.errors import StorageError, Unwritable
from storage.event import Draft, Encoded, encode
from storage.faults import is_busy
from storage.ledger import Ledger

_LARGEST_GROUP = 1_000
"""Events in one transaction at most, so that writers of other processes get their turn."""

_TURN_S = 0.002
"""How long the writer waits at most for a turn of the loop; a loop that is busy for longer holds up nobody else."""

_Waiting = tuple[Encoded, "asyncio.Future[int]"]
_Outcome = tuple["asyncio.Future[int]", int | BaseException]


class Writer:
    """Appends for the tasks of one event loop; the thread that writes has its own connection.

    Use it as an async context manager, or `start()` and `close()` it.
    """

    def __init__(self, path: Path, now: Callable[[], datetime], host: str | None = None) -> None:
        self._path = path
        self._now = now
        self._host = host
        self._queue: list[_Waiting] = []
        self._wake = threading.Condition(threading.Lock())
        self._closing = False
        self._answering = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Open the database in the writer thread; raises what `Database.open()` raises."""
        self._loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="ledger-writer", daemon=True)
        self._thread.start()
        await opened

    async def append(self, draft: Draft) -> int:
        """Record one draft; return its number in the ledger once it is on the disk.

        Raises Unwritable when the disk fails (the draft is then in the side file that the sentence names),
        StorageError after `close()`, TypeError or ValueError for a body that is not JSON. A caller that is
        cancelled while it waits may find its event in the ledger all the same.
        """
        encoded = encode(draft)
        if self._loop is None or self._closing:
            raise StorageError("The ledger's writer is closed; nothing was written.")
        waiting: asyncio.Future[int] = self._loop.create_future()
        with self._wake:
            self._queue.append((encoded, waiting))
            if len(self._queue) == 1:
                self._wake.notify()
        return await waiting

    async def close(self) -> None:
        """Write what is queued, answer everybody, close the connection, end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.join)

    async def __aenter__(self) -> "Writer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _run(self, opened: "asyncio.Future[None]") -> None:
        """The thread: wait for drafts, write them in groups, until closed and empty."""
        try:
            database = Database.open(self._path)
        except Exception as error:
            self._call(_refuse, opened, error)
            return
        try:
            ledger = Ledger(database, self._now, self._host)
            self._call(_settle, opened)
            while group := self._next_group():
                self._answering = True
                self._call(self._answer, self._write(ledger, group))
        finally:
            database.close()

    def _next_group(self) -> list[_Waiting]:
        """What is queued, at most the largest group; waits for something; empty when closed and done.

        Those who were answered a moment ago may have more to say: they get one turn of the loop first, so that all
        producers meet in one group instead of two that take turns, each waiting for the other's sync.
        """
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closing)
            self._wake.wait_for(lambda: not self._answering, _TURN_S)
            group, self._queue = self._queue[:_LARGEST_GROUP], self._queue[_LARGEST_GROUP:]
        return group

    def _write(self, ledger: Ledger, group: Sequence[_Waiting]) -> list[_Outcome]:
        """Commit one group. The disk and locks fail for all of it, anything else for its cause alone."""
        try:
            rows = ledger.record([encoded for encoded, _ in group])
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for it
            if len(group) > 1 and not _concerns_all(error):
                return [outcome for one in group for outcome in self._write(ledger, [one])]
            return [(waiting, _own_copy(error)) for _, waiting in group]
        return [(waiting, row[0]) for (_, waiting), row in zip(group, rows, strict=True)]

    def _answer(self, outcomes: Sequence[_Outcome]) -> None:
        """In the loop: tell everybody, and tell the thread when those who were told have had their turn."""
        for waiting, outcome in outcomes:
            if waiting.done():
                continue
            if isinstance(outcome, BaseException):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)
        asyncio.get_running_loop().call_soon(self._turn_taken)

    def _turn_taken(self) -> None:
        with self._wake:
            self._answering = False
            self._wake.notify()

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        """Run `function` in the event loop; a loop that has gone has nobody waiting either."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)


def _concerns_all(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(error, Unwritable) or (isinstance(cause, Exception) and is_busy(cause))


def _own_copy(error: Exception) -> Exception:
    """A copy for one waiter: raising one exception in many tasks would pile up their tracebacks in it."""
    if isinstance(error, StorageError):
        copy = type(error)(str(error))
        copy.__cause__ = error
        return copy
    return error


def _settle(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def _refuse(waiting: "asyncio.Future[None]", error: BaseException) -> None:
    if not waiting.done():
        waiting.set_exception(error)
