"""Watching a domain closer for a while: asked for by a person, read by the watch, over by itself."""

from datetime import datetime, timedelta

from cockpit.clock import format_time
from cockpit.desk.feed import Feed
from cockpit.errors import BadInput
from cockpit.health.closer import CALMED, CLOSER, LONGEST, SHORTEST, Closer

HOUR = timedelta(hours=1)
"""For how long a domain is watched closer, unless somebody ends it."""


class CloserWatch:
    """Which domains are watched closer, and asking for it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._closer = Closer()
        self.absorb = self._closer.absorb

    def until(self, target: str, now: datetime) -> datetime | None:
        """Until when a domain is watched closer; None when it is not."""
        return self._closer.until(target, now)

    def watch(self, target: str, length: timedelta = HOUR) -> datetime:
        """Watch a domain closer from now on; returns until when. Asked again, the time begins anew.

        Raises BadInput for a length outside SHORTEST to LONGEST.
        """
        if not SHORTEST <= length <= LONGEST:
            raise BadInput("A domain is watched closer for 1 minute to 48 hours; write 30m, 1h or 48h.")
        with self._feed.decide() as pen:
            until = pen.now + length
            pen.append("ops", CLOSER, {"target": target, "until": format_time(until)})
        return until

    def calm(self, target: str) -> None:
        """Watch a domain as often as all others again."""
        with self._feed.decide() as pen:
            pen.append("ops", CALMED, {"target": target})
