"""Time, passed in everywhere so that tests and drills can hold it in their hands."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the product needs to know about time."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC, to the microsecond."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC, to the microsecond."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        return time.monotonic()


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 timestamp as aware UTC; raises ValueError for a naive or malformed one."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """Write an aware datetime as RFC 3339 UTC with microseconds, e.g. `2026-11-20T14:03:22.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
