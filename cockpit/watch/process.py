"""The watch as a process: its lease, its signals, its log, and its end when its parent goes."""

import asyncio
import logging
import logging.handlers
import os
import signal
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

from cockpit.clock import SystemClock
from cockpit.config import Settings
from cockpit.profile import Profile
from cockpit.text import redact, visible
from cockpit.watch.loop import Watch
from cockpit.watch.neighbours import Neighbours
from cockpit.watch.store import Store
from storage.errors import LeaseHeld, StorageError

LOG_NAME = "watch.log"
LOG_BYTES = 1_000_000

HELD = 3
"""Exit code when another watch holds the lease, or took it over."""

FAILED = 4
"""Exit code when a part of the watch itself failed."""

_log = logging.getLogger("cockpit.watch")


def run_watch(settings: Settings, profile: Profile, database_path: Path, *, until_eof: bool, operator: str) -> int:
    """Watch until a signal (TERM, INT, HUP); returns the exit code, 0 for a clean end and `HELD` for a lost lease.

    With `until_eof` this is somebody's child: it ends when standard input does, and says everything in
    `watch.log` beside the database and nothing on the terminal. Otherwise it logs to standard error, and raises
    LeaseHeld when another watch is at work and StorageError when the database cannot be opened.
    """
    with _logging(database_path.parent if until_eof else None):
        try:
            return asyncio.run(_watch(settings, profile, database_path, until_eof, operator))
        except StorageError as error:
            if not until_eof:
                raise
            _log.error("%s", error)
            return HELD if isinstance(error, LeaseHeld) else error.exit_code


async def _watch(settings: Settings, profile: Profile, database_path: Path, until_eof: bool, operator: str) -> int:
    clock = SystemClock()
    holder = f"the watch of {operator}"
    store = Store(database_path, clock, holder)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    if until_eof:
        _when_input_ends(loop, stopping)
    await store.open()
    try:
        if not await _first(store.acquire(), stopping):
            return 0
        watch = Watch(settings, profile, store, clock, holder)
        beside = asyncio.create_task(Neighbours(settings, profile, database_path, clock, operator).run())
        running = asyncio.create_task(watch.run())
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        watch.stop()
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
        await running
        if watch.failed:
            return FAILED
        return HELD if watch.lost else 0
    finally:
        await store.close()


async def _first(acquiring: Coroutine[Any, Any, None], stopping: asyncio.Event) -> bool:
    """Whether the lease was got before somebody asked to stop."""
    task = asyncio.ensure_future(acquiring)
    stop = asyncio.ensure_future(stopping.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not task.done():
        task.cancel()
        return False
    await task
    return True


def _when_input_ends(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    """Set `stopping` when standard input closes, which it does when the parent dies, however it dies."""

    def read() -> None:
        try:
            while os.read(0, 4096):
                continue
        except OSError:
            pass
        if not loop.is_closed():
            loop.call_soon_threadsafe(stopping.set)

    threading.Thread(target=read, name="parent", daemon=True).start()


class Clean(logging.Formatter):
    """Log lines in UTC, without secrets and without anything a terminal would obey; tracebacks where wanted."""

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._tracebacks = tracebacks

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """The record as visible, redacted text; a traceback keeps its lines, or is told by its error alone."""
        if record.exc_info and not self._tracebacks:
            error = record.exc_info[1]
            record = copy(record)
            record.exc_info = record.exc_text = None
            record.msg, record.args = f"{record.getMessage()} ({type(error).__name__}: {error})", ()
        return redact(visible(super().format(record), limit=20_000, newlines=True))


@contextmanager
def _logging(directory: Path | None) -> Iterator[None]:
    """Log to `watch.log` in `directory`, or to standard error; only our own loggers and asyncio's are heard.

    Tracebacks are for files: a person at a terminal gets a sentence.
    """
    handler: logging.Handler
    if directory is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        os.umask(0o077)
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / LOG_NAME
        # Whatever else might print (an interpreter that dies, a library) must not tear the parent's screen.
        raw = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(raw, 1)
        os.dup2(raw, 2)
        os.close(raw)
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1)
    handler.setFormatter(Clean(tracebacks=directory is not None or not sys.stderr.isatty()))
    loggers = [logging.getLogger(name) for name in ("cockpit.watch", "asyncio")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
        handler.close()
