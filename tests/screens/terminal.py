"""A program under a pseudo-terminal: what it writes, what it is sent, how it ends."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Terminal:
    """One program on a terminal of its own; ends it when the block ends."""

    def __init__(
        self, argv: Sequence[str], *, columns: int = 80, rows: int = 24, env: Mapping[str, str] | None = None
    ):
        self._leader, follower = pty.openpty()
        self._set_size(follower, columns, rows)
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": ROOT, "TEXTUAL_ANIMATIONS": "none"}
        environment.pop("NO_COLOR", None)
        environment.update(env or {})
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            list(argv), stdin=follower, stdout=follower, stderr=follower, env=environment, start_new_session=True
        )
        os.close(follower)
        self.output = bytearray()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.cut()

    def _set_size(self, descriptor: int, columns: int, rows: int) -> None:
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Change the size as a terminal does: the kernel tells the foreground, we tell the program."""
        self._set_size(self._leader, columns, rows)
        os.kill(self.process.pid, signal.SIGWINCH)

    def cut(self) -> None:
        """Take the line away, as an SSH connection that ends does."""
        if self._leader >= 0:
            os.close(self._leader)
            self._leader = -1

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._leader, keys.encode())

    def wait_for(self, needle: bytes, *, since: int = 0, timeout_s: float = 20) -> float:
        """Read until `needle` stands in what came after position `since`; returns seconds since the start."""
        self.wait_until(lambda: needle in self.output[since:], repr(needle), timeout_s=timeout_s)
        return time.perf_counter() - self.started

    def wait_until(self, condition: Callable[[], bool], what: str, *, timeout_s: float = 20) -> None:
        """Read until `condition` holds; fails with the tail of the output."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if not self._read(deadline - time.monotonic()):
                tail = bytes(self.output[-1500:]).decode("utf-8", "replace")
                raise AssertionError(f"{what} did not come; exit {self.process.poll()}; tail: {tail!r}")

    def read_for(self, seconds: float) -> None:
        """Read whatever comes during that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)

    def drain(self) -> None:
        """Read what is there now."""
        while self._read(0.0):
            pass

    def wait(self, timeout_s: float = 20) -> int:
        """Read to the end; returns the exit code."""
        deadline = time.monotonic() + timeout_s
        while self._read(deadline - time.monotonic()):
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def _read(self, wait_s: float) -> bool:
        ready, _, _ = select.select([self._leader], [], [], max(0.0, wait_s))
        if not ready:
            return False
        try:
            data = os.read(self._leader, 65536)
        except OSError:
            return False
        self.output += data
        return bool(data)
