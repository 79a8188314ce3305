"""How many resolvers agree with the source, and when the last of them must have forgotten the past."""

from datetime import datetime
from typing import Any

import msgspec

THRESHOLD = 0.8
"""Fraction of resolvers that must agree for a change to count as arrived."""


class Agreement(msgspec.Struct, frozen=True):
    """`agreeing` of `heard` resolvers say what the source says; the others must have forgotten in `rest_s` seconds.

    `all_clear_at` is the latest of these times, None when nobody is behind.
    """

    heard: int
    agreeing: int
    rest_s: int = 0
    all_clear_at: datetime | None = None

    @property
    def fraction(self) -> float:
        """The part that agrees; 1 when nobody was heard, since then nobody disagrees."""
        return self.agreeing / self.heard if self.heard else 1.0

    @property
    def percent(self) -> int | None:
        """The part that agrees in whole percent, never 100 while somebody disagrees; None when nobody was heard."""
        return int(self.fraction * 100) if self.heard else None

    @property
    def arrived(self) -> bool:
        """Whether enough resolvers agree."""
        return bool(self.heard) and self.fraction >= THRESHOLD

    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "heard": self.heard,
            "agreeing": self.agreeing,
            "percent": self.percent,
            "threshold_percent": int(THRESHOLD * 100),
            "rest_s": self.rest_s,
            "all_clear_at": self.all_clear_at.isoformat() if self.all_clear_at else None,
        }
