"""The drill's clock: speed divides durations only, never absolute timestamps.

Certificates, signatures and metric times stay on the wall clock, because the tools that read them compare with
the wall clock. What a scenario calls "after 20 s" is counted in scenario time, which runs `speed` times faster and
stands still while the drill is paused.
"""

import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cockpit.errors import BadInput

MAX_SPEED = 1000.0
"""Scenario seconds per second; beyond this the protocols' own round trips are what is measured."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """From `wall` on, scenario time went on from `elapsed` seconds at `rate` seconds per second."""

    wall: float
    elapsed: float
    rate: float


class DrillClock:
    """Wall clock for timestamps, scenario clock for durations; both from one monotonic source."""

    def __init__(self, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._base_wall = time.time() - monotonic()
        self._speed = _checked(speed)
        self._paused = False
        self._segments = [_Segment(monotonic(), 0.0, self._speed)]

    @property
    def speed(self) -> float:
        """Scenario seconds per second while running."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether scenario time stands still."""
        return self._paused

    @property
    def started(self) -> datetime:
        """The wall-clock moment of scenario time zero."""
        return self._wall(self._segments[0].wall)

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return self._wall(self._monotonic())

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        return self._monotonic()

    def elapsed(self) -> timedelta:
        """Scenario time since the start."""
        return timedelta(seconds=self._elapsed(self._monotonic()))

    def scenario_at(self, moment: datetime) -> timedelta:
        """Scenario time at a wall-clock moment; negative before the start."""
        return timedelta(seconds=self._elapsed(moment.timestamp() - self._base_wall))

    def shrink(self, duration: timedelta) -> timedelta:
        """How long a scenario duration lasts on the wall clock at today's speed."""
        return duration / self._speed

    def pause(self) -> None:
        """Stop scenario time; a second call changes nothing."""
        self._paused = True
        self._turn(0.0)

    def resume(self) -> None:
        """Let scenario time run again."""
        self._paused = False
        self._turn(self._speed)

    def set_speed(self, speed: float) -> None:
        """Change the speed from now on; raises BadInput for anything outside 0 < speed <= MAX_SPEED."""
        self._speed = _checked(speed)
        if not self._paused:
            self._turn(self._speed)

    def _turn(self, rate: float) -> None:
        wall = self._monotonic()
        self._segments.append(_Segment(wall, self._elapsed(wall), rate))

    def _elapsed(self, wall: float) -> float:
        index = max(0, bisect_right(self._segments, wall, key=lambda segment: segment.wall) - 1)
        segment = self._segments[index]
        return segment.elapsed + (wall - segment.wall) * segment.rate

    def _wall(self, monotonic: float) -> datetime:
        return datetime.fromtimestamp(self._base_wall + monotonic, UTC)


def _checked(speed: float) -> float:
    if not 0 < speed <= MAX_SPEED:
        raise BadInput(f"A drill's speed is above 0 and at most {MAX_SPEED:g}, not {speed:g}.")
    return float(speed)
