"""One command, run without a shell, with its output, its exit status and an end that is certain."""

import os
import selectors
from collections.abc import Sequence

import msgspec

from cockpit.clock import Clock, SystemClock
from cockpit.runbooks.child import Child
from cockpit.runbooks.command_line import environment
from cockpit.text import redact, visible

MOST_OUTPUT = 16_000
"""Characters of output that are kept."""

TIMEOUT_S = 60.0


class Ended(msgspec.Struct, frozen=True):
    """How a command ended: `status` is None when it was stopped for taking too long."""

    status: int | None
    output: str

    @property
    def last_line(self) -> str:
        """The last line that it printed, or nothing."""
        lines = self.output.strip().splitlines()
        return lines[-1] if lines else ""


def run(argv: Sequence[str], timeout_s: float = TIMEOUT_S, clock: Clock | None = None) -> Ended:
    """Run a command to its end; raises FileNotFoundError when there is no such program, OSError when it cannot run.

    Nothing that it started outlives it, and none of it outlives us.
    """
    clock = clock or SystemClock()
    child = Child(argv, environment(os.environ), tty=False)
    try:
        raw, in_time = _follow(child, clock, clock.monotonic() + timeout_s)
        status = child.poll()
    finally:
        child.end()
    text = redact(visible(raw.decode("utf-8", "replace"), limit=MOST_OUTPUT, newlines=True))
    return Ended(status if in_time else None, text)


def _follow(child: Child, clock: Clock, deadline: float) -> tuple[bytes, bool]:
    raw = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.output, selectors.EVENT_READ)
        while (left := deadline - clock.monotonic()) > 0:
            if not selector.select(timeout=min(left, 0.1)):
                if child.poll() is not None:
                    return raw, True
                continue
            part = child.read()
            if not part:
                return raw, child.wait(deadline - clock.monotonic()) is not None
            raw = (raw + part)[: MOST_OUTPUT * 4]
    return raw, False
