"""A token bucket: how often one server may be asked. Public resolvers throttle whoever asks more."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial

Turn = Callable[[], bool]
"""Called when it is one's turn; returns whether the turn was of any use."""


class Bucket:
    """Gives `per_s` turns a second, and up to `burst` at once; those who come too early wait in line."""

    __slots__ = ("_at", "_burst", "_line", "_monotonic", "_per_s", "_timer", "_tokens")

    def __init__(self, per_s: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = burst
        self._monotonic = monotonic
        self._tokens = burst
        self._at = monotonic()
        self._line: deque[Turn] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def take(self) -> bool:
        """Take a turn if there is one, and nobody in line for it."""
        if self._line:
            return False
        self._fill()
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def owe(self) -> None:
        """Take a turn that cannot wait, such as the second attempt of a question; later ones wait for it."""
        self._fill()
        self._tokens = max(self._tokens - 1.0, -self._burst)

    def wait(self, turn: Turn) -> None:
        """Stand in line for a turn."""
        self._line.append(turn)
        if self._timer is None:
            self._again(asyncio.get_running_loop())

    async def turn(self) -> None:
        """Stand in line, and return when it is one's turn."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.wait(partial(_called, place))
        await place

    def close(self) -> list[Turn]:
        """Serve nobody any more; returns those who stood in line."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left = list(self._line)
        self._line.clear()
        return left

    def _fill(self) -> None:
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_s)
        self._at = now

    def _serve(self) -> None:
        self._timer = None
        self._fill()
        while self._line and self._tokens >= 1.0:
            if self._line.popleft()():
                self._tokens -= 1.0
        if self._line:
            self._again(asyncio.get_running_loop())

    def _again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(max(0.001, (1.0 - self._tokens) / self._per_s), self._serve)


def _called(place: "asyncio.Future[None]") -> bool:
    if place.done():
        return False
    place.set_result(None)
    return True
