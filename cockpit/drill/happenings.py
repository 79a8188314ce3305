"""The world's own log: what it did and what it saw, bounded, in both times."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cockpit.drill.clock import DrillClock
from cockpit.text import visible

KEPT = 2_000

Source = Literal["inject", "world", "caller", "facilitator"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line: `elapsed` is scenario time; `source` says whether the world did it or somebody in it."""

    at: datetime
    elapsed: timedelta
    source: Source
    text: str


class Happenings:
    """The newest lines, oldest first."""

    def __init__(self, clock: DrillClock) -> None:
        self._clock = clock
        self._lines: deque[Happening] = deque(maxlen=KEPT)

    def note(self, source: Source, text: str, at: datetime | None = None) -> None:
        """Keep one more line."""
        moment = at or self._clock.now()
        self._lines.append(Happening(moment, self._clock.scenario_at(moment), source, visible(text, limit=500)))

    def lines(self) -> list[Happening]:
        """All lines that are kept, by time."""
        return sorted(self._lines, key=lambda line: line.at)
