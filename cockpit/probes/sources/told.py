"""What one look at a source amounts to."""

from datetime import datetime
from typing import Protocol

import msgspec

from cockpit.incident.outside import Outside


class Told(msgspec.Struct, frozen=True):
    """What a source said. With `failure`, it said nothing, and nothing follows from what is not there.

    `complete` says that every active alert is among them, so that one which is not has ended.
    """

    source: str
    alerts: tuple[Outside, ...] = ()
    failure: str = ""
    complete: bool = True


class Source(Protocol):
    """Something that can be asked for its alerts."""

    async def ask(self, now: datetime) -> Told:
        """What it says now; never raises for what the world does."""
