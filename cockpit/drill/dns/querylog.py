"""What each simulated server was asked, bounded, for the referee and for tests."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cockpit.clock import Clock

LOG_LIMIT = 1000
"""Questions that one server remembers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what became of it; `rcode` is "TIMEOUT" when the server kept silent."""

    at: datetime
    name: str
    rdtype: str
    rcode: str
    tcp: bool


class QueryLog:
    """The newest questions of one server, and how many there were in all."""

    def __init__(self, clock: Clock, limit: int = LOG_LIMIT) -> None:
        self._clock = clock
        self._asked: deque[Asked] = deque(maxlen=limit)
        self.total = 0

    def __iter__(self) -> Iterator[Asked]:
        return iter(tuple(self._asked))

    def __len__(self) -> int:
        return len(self._asked)

    def note(self, name: str, rdtype: str, rcode: str, *, tcp: bool) -> None:
        """Remember one question."""
        self.total += 1
        self._asked.append(Asked(self._clock.now(), name, rdtype, rcode, tcp))
