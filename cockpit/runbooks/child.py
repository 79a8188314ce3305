"""A command as a child: a session and a terminal or pipe of its own, and never left behind.

The kernel is asked to kill the command when its parent dies (prctl(2), PR_SET_PDEATHSIG), which reaches the command
alone. What the command started is ended by a guardian: a process that holds one end of a pipe, and ends the whole
group when the other end closes without a word.
"""

import ctypes
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

TERMINATE_S = 3.0
"""How long a command may take to end after SIGTERM before it is killed."""

_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.05


class Child:
    """One running command; `output` is the descriptor that its output is read from."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], *, tty: bool) -> None:
        """Start it; raises FileNotFoundError when there is no such program, OSError when it cannot be run."""
        self._parent = os.getpid()
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None
        self.output, theirs = pty.openpty() if tty else os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - arguments from the runbook, shown and confirmed
                list(argv),
                stdin=theirs if tty else subprocess.DEVNULL,
                stdout=theirs,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
                preexec_fn=self._die_with_parent,
            )
        except OSError:
            os.close(self.output)
            raise
        finally:
            os.close(theirs)
        self._guardian, self._word = _guard(self._process.pid, self.output)

    def poll(self) -> int | None:
        """The exit status once it has ended, else None."""
        return self._process.poll()

    def wait(self, patience_s: float) -> int | None:
        """The exit status if it ends within that time, else None."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=patience_s)
        return self._process.poll()

    def read(self) -> bytes:
        """What it printed; empty at the end. A terminal whose other side is gone is at its end too."""
        try:
            return os.read(self.output, 65_536)
        except OSError:
            return b""

    def end(self) -> None:
        """End the command and everything it started, then dismiss the guardian."""
        _end_group(self._process.pid, self.wait)
        self._process.wait()
        with suppress(OSError):
            os.close(self.output)
        with suppress(OSError):
            os.write(self._word, b".")
        os.close(self._word)
        os.waitpid(self._guardian, 0)

    def _die_with_parent(self) -> None:
        if self._libc is not None:
            self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != self._parent:
            os._exit(1)


def _end_group(group: int, wait: Callable[[float], object]) -> None:
    """Ask every process of the group to end, and kill those that do not."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, sign)
        except (ProcessLookupError, PermissionError):
            return
        wait(TERMINATE_S)


def _guard(group: int, output: int) -> tuple[int, int]:
    """Fork the guardian of a group; returns its process id and the descriptor that dismisses it.

    It is in a session of its own, so what ends us by our group does not end it, and it keeps nothing of ours open.
    """
    listening, word = os.pipe()
    guardian = os.fork()
    if guardian:
        os.close(listening)
        return guardian, word
    try:
        os.setsid()
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)
        os.close(word)
        os.close(output)
        if not os.read(listening, 1):
            _end_group(group, _wait_for(group))
    finally:
        os._exit(0)


def _wait_for(group: int) -> Callable[[float], None]:
    """How the guardian waits for a group that it is no parent of, once its own parent is dead."""

    def wait(patience_s: float) -> None:
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            try:
                os.killpg(group, 0)
            except OSError:
                return
            # Nothing tells of the end of a process group: it is looked at, for seconds at most.
            time.sleep(_LOOK_S)

    return wait
