"""Turns at a fixed pace: SES takes one call a second per action, so calls queue here and not at AWS."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

URGENT = 0
ROUTINE = 1


class Pace:
    """Gives out turns at least `every_s` seconds apart; urgent waiters come before routine ones."""

    def __init__(self, every_s: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._monotonic = monotonic
        self._next = 0.0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return sum(not future.done() for _, _, future in self._waiting)

    async def turn(self, priority: int = ROUTINE) -> None:
        """Wait for a turn."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._numbers), future))
        self._serve()
        await future

    def _serve(self) -> None:
        """Give the next turn now, or set the clock for it."""
        if self._timer is not None:
            return
        while self._waiting:
            wait_s = self._next - self._monotonic()
            if wait_s > 0:
                self._timer = asyncio.get_running_loop().call_later(wait_s, self._again)
                return
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                self._next = self._monotonic() + self._every_s
                future.set_result(None)

    def _again(self) -> None:
        self._timer = None
        self._serve()
