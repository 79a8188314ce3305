"""Our own program as a child: the watch that a terminal brings along, and how any child of ours is called.

The watch outlives neither the terminal nor a crash of it, because the kernel closes its standard input in either
case. It writes what it has to say to a log file of the owner's.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from cockpit.errors import ConfigError
from cockpit.paths import private_directory

PATIENCE_S = 5.0
"""Seconds that a child gets to finish what it is writing."""


def own_command(*arguments: str) -> list[str]:
    """This interpreter running this program; -P keeps the working directory from being imported."""
    return [sys.executable, "-P", "-m", "cockpit", *arguments]


def own_environment() -> dict[str, str]:
    """The environment in which a child finds the same installation as we did."""
    home = str(Path(__file__).parent.parent.parent)
    before = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (home, before)))}


class CompanionWatch:
    """`cockpit watch --until-eof` beside a terminal; ends when the block it guards ends, or the process does.

    `profile`, one JSON line, goes through the child's standard input and never through its arguments, because it
    may carry a token.
    """

    def __init__(self, arguments: Sequence[str], log: Path, profile: bytes | None) -> None:
        self._arguments = arguments
        self._log = log
        self._profile = profile
        self._child: subprocess.Popen[bytes] | None = None

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
        if self.running:
            return False
        brings = ["--profile", "-"] if self._profile is not None else []
        child = _start(own_command("watch", "--until-eof", *self._arguments, *brings), self._log)
        self._child = child
        if self._profile is not None and child.stdin is not None:
            with suppress(BrokenPipeError):
                child.stdin.write(self._profile)
                child.stdin.flush()
        return True

    def stop(self) -> None:
        """Close the pipe, wait for the child to leave, and end it if it does not."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            with suppress(BrokenPipeError):
                child.stdin.close()
        for harder in (child.terminate, child.kill):
            try:
                child.wait(PATIENCE_S)
                return
            except subprocess.TimeoutExpired:
                harder()
        child.wait()


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
