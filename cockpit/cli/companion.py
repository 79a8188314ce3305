"""The watch that a terminal brings along, as a child of it.

The watch outlives neither the terminal nor a crash of it, because the kernel closes its standard input in either
case. It writes what it has to say to a log file of the owner's.
"""

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from cockpit.errors import ConfigError
from cockpit.own_process import own_command, own_environment
from cockpit.paths import private_directory

PATIENCE_S = 5.0
"""Seconds that a child gets to finish what it is writing."""

RETRY_S = 5.0
LONGEST_RETRY_S = 60.0
"""Seconds before a child that left is started again: the first time, and at most."""

HELD = 3
"""Exit code of a watch that found the lease held."""


class CompanionWatch:
    """`cockpit watch --until-eof` beside a terminal; ends when the block it guards ends, or the process does.

    While another watch holds the lease ours leaves; it is started again when `held` says that nobody holds it any
    more, so the last terminal that is open always has a watch. One that failed is started again too, ever more
    slowly. `profile`, one JSON line, goes through the child's standard input and never through its arguments,
    because it may carry a token.
    """

    def __init__(
        self, arguments: Sequence[str], log: Path, profile: bytes | None, held: Callable[[], bool] = lambda: False
    ) -> None:
        self._arguments = arguments
        self._log = log
        self._profile = profile
        self._held = held
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> "CompanionWatch":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> bool:
        """Start the child unless it lives; returns whether one was started, and does not wait for it.

        Raises ConfigError when the log cannot be opened or no process can be started.
        """
        with self._lock:
            if self.running or self._stopping.is_set():
                return False
            self._child = self._spawn()
        if self._keeper is None or not self._keeper.is_alive():
            self._keeper = threading.Thread(target=self._keep, name="companion", daemon=True)
            self._keeper.start()
        return True

    def stop(self) -> None:
        """Close the pipe, wait for the child to leave, and end it if it does not."""
        self._stopping.set()
        with self._lock:
            child = self._child
        if child is None:
            return
        _hang_up(child)
        for harder in (child.terminate, child.kill):
            try:
                child.wait(PATIENCE_S)
                return
            except subprocess.TimeoutExpired:
                harder()
        child.wait()

    def _keep(self) -> None:
        """Start the child again after it left, until it leaves cleanly or the terminal does."""
        pause_s = RETRY_S
        while self._child is not None:
            code = self._child.wait()
            _hang_up(self._child)
            if code == 0 or self._stopping.wait(pause_s):
                return
            if code == HELD:
                if self._held():
                    continue
            else:
                pause_s = min(pause_s * 2, LONGEST_RETRY_S)
            # What keeps it from starting (a full disk, say) may pass; the header says meanwhile that none runs.
            with self._lock, suppress(ConfigError):
                if not self._stopping.is_set():
                    self._child = self._spawn()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        brings = ["--profile", "-"] if self._profile is not None else []
        child = _start(own_command("watch", "--until-eof", *self._arguments, *brings), self._log)
        if self._profile is not None and child.stdin is not None:
            with suppress(BrokenPipeError):
                child.stdin.write(self._profile)
                child.stdin.flush()
        return child


def _hang_up(child: "subprocess.Popen[bytes]") -> None:
    """Close our end of the child's standard input."""
    if child.stdin is not None:
        with suppress(BrokenPipeError):
            child.stdin.close()


def watch_is_held(database: Path) -> bool:
    """Whether a watch that may still live holds the lease; opens the database anew, so any thread may ask."""
    from cockpit.desk import WATCH_LEASE
    from storage.database import Database
    from storage.errors import StorageError
    from storage.leases import Leases, holder_is_alive

    try:
        opened = Database.open(database, read_only=True)
    except StorageError:
        return False
    try:
        row = Leases(opened).holder(WATCH_LEASE)
    finally:
        opened.close()
    return row is not None and holder_is_alive(row)


def _start(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    private_directory(log.parent)
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"The log {log} cannot be written: {error.strerror}.") from None
    try:
        return subprocess.Popen(  # noqa: S603 -- our own interpreter and our own arguments
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=descriptor,
            env=own_environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise ConfigError(f"The watch cannot be started: {error.strerror}.") from None
    finally:
        os.close(descriptor)
