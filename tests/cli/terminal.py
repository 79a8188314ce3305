"""A pseudo-terminal with our program in it: what it wrote so far, keys to press, and how it ended."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from types import TracebackType

_CONTROL = re.compile(
    rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[\[?>=<][0-9;:?<>=!]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b."
)


class Terminal:
    """Runs a command on a terminal of its own; a context manager that ends it."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], columns: int = 80, rows: int = 24
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._child = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(slave)
        self.raw = b""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        os.close(self._master)

    @property
    def text(self) -> str:
        """Everything written so far, without control sequences."""
        return _CONTROL.sub(b"", self.raw).decode("utf-8", "replace")

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self._child.send_signal(number)

    def wait_for(self, words: str, within_s: float = 30.0) -> None:
        """Read until `words` were written; fails with what was written instead."""
        deadline = time.monotonic() + within_s
        while words not in self.text:
            left = deadline - time.monotonic()
            assert left > 0, f"{words!r} did not appear in:\n{self.text[-4000:]}"
            if not self._read(left):
                raise AssertionError(f"It ended before {words!r} appeared:\n{self.text[-4000:]}")

    def end(self, within_s: float = 30.0) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + within_s
        while self._read(max(0.0, deadline - time.monotonic())):
            assert time.monotonic() < deadline, f"It did not end:\n{self.text[-4000:]}"
        return self._child.wait(max(0.1, deadline - time.monotonic()))

    def _read(self, timeout_s: float) -> bool:
        """Read once; False at the end."""
        if not select.select([self._master], [], [], timeout_s)[0]:
            return True
        try:
            octets = os.read(self._master, 65536)
        except OSError:
            return False
        self.raw += octets
        return bool(octets)
