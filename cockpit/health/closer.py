"""Which domains are watched closer for a while: a fold of the events that ask for it and end it. Pure."""

from datetime import datetime, timedelta
from typing import Any, Protocol

from cockpit.clock import parse_time

CLOSER, CALMED = "watch.closer", "watch.calmed"
"""Kinds of event in the stream `ops`; the first has `target` and `until`, the second `target`."""
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=48)
"""For how long a domain may be watched closer: what is forgotten ends by itself."""


class Told(Protocol):
    """What is needed of an event."""

    @property
    def kind(self) -> str:
        """Its kind."""

    @property
    def body(self) -> dict[str, Any]:
        """Its body."""


class Closer:
    """Targets with the moment at which each is watched as usual again."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def absorb(self, event: Told) -> None:
        """Take in one event; others than these two mean nothing here."""
        if event.kind == CLOSER:
            self._until[str(event.body["target"])] = parse_time(str(event.body["until"]))
        elif event.kind == CALMED:
            self._until.pop(str(event.body["target"]), None)

    def until(self, target: str, now: datetime) -> datetime | None:
        """When the closer watch of a target ends; None when it is watched as usual."""
        until = self._until.get(target)
        return until if until is not None and until > now else None

    def targets(self, now: datetime) -> list[str]:
        """All that are watched closer now."""
        return [target for target, until in self._until.items() if until > now]
