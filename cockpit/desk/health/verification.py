"""Verifying everything by hand now and then: one request for all targets, stamped with who and when, and when next.

The watch does the looking. What it found is counted once every target has been looked at since the request.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from cockpit.clock import Clock, parse_time
from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.errors import Refused
from cockpit.health.model import DECISION, Verdict
from storage.ledger import Event
from storage.observations import Observations

STREAM = "ops"
BEGUN = "verification.begun"
DONE = "verification.done"

_AT_ONCE = 200
"""Targets that are looked through in one `settle()`."""


class Verification(msgspec.Struct, frozen=True):
    """A verification that was finished: when, by whom, of how many targets, and how many checks came out how."""

    at: datetime
    by: str
    targets: int
    verdicts: Mapping[str, int] = {}

    @property
    def failing(self) -> int:
        """Checks that fail."""
        return self.verdicts.get(Verdict.FAIL.value, 0)

    @property
    def unknown(self) -> int:
        """Checks of which nothing is known."""
        return self.verdicts.get(Verdict.UNKNOWN.value, 0)


class Due(msgspec.Struct, frozen=True):
    """When the next verification is due; `at` is None when there never was one, which is overdue."""

    at: datetime | None
    overdue: bool
    every: timedelta


class UnderWay(msgspec.Struct, frozen=True):
    """A verification that was begun: `left` targets have not been looked at since."""

    at: datetime
    by: str
    targets: int
    left: int


class Verifications:
    """Which verifications there were, and beginning one."""

    def __init__(
        self, feed: Feed, observations: Observations, settings: Settings, accounts: Sequence[str], clock: Clock
    ) -> None:
        self._feed = feed
        self._observations = observations
        self._every = timedelta(seconds=settings.verify_every_s)
        self._targets = [*(domain.name for domain in settings.domains), *accounts]
        self._clock = clock
        self._last: Verification | None = None
        self._begun: tuple[datetime, str] | None = None
        self._left: list[str] = []
        self._counts: Counter[str] = Counter()

    def absorb(self, event: Event) -> None:
        """Take in one event."""
        if event.kind == DONE:
            body = event.body
            verdicts = {str(word): int(count) for word, count in dict(body.get("verdicts") or {}).items()}
            at = parse_time(str(body["at"])) if body.get("at") else event.occurred_at
            self._last = Verification(at, str(body.get("by") or event.actor), int(body["targets"]), verdicts)
            self._begun, self._left = None, []
        elif event.kind == BEGUN:
            self._begun = event.occurred_at, event.actor
            self._left, self._counts = list(self._targets), Counter()

    def last(self) -> Verification | None:
        """The last one that was finished."""
        return self._last

    def due(self) -> Due:
        """When the next is due."""
        if self._last is None:
            return Due(None, bool(self._targets), self._every)
        at = self._last.at + self._every
        return Due(at, self._clock.now() >= at, self._every)

    def under_way(self) -> UnderWay | None:
        """The one that was begun and is not finished."""
        if self._begun is None:
            return None
        return UnderWay(*self._begun, len(self._targets), len(self._left))

    def begin(self) -> int:
        """Ask the watch to look at every target now; returns how many. Raises Refused when nothing is watched."""
        if not self._targets:
            raise Refused("There is nothing to verify: no domain is configured.")
        with self._feed.decide() as pen:
            pen.append(STREAM, BEGUN, {"targets": len(self._targets)})
        self._observations.request_all(self._targets, self._feed.actor, self._clock.now())
        return len(self._targets)

    def settle(self) -> Verification | None:
        """Finish what is under way once all was looked at; returns it then. Call it about once a second."""
        if self._begun is None:
            return None
        since, by = self._begun
        for target in self._left[:_AT_ONCE]:
            decided = [row for row in self._observations.latest(target) if row.vantage == DECISION]
            if not decided or any(row.at < since for row in decided):
                break
            self._counts.update(row.verdict for row in decided)
            self._left = self._left[1:]
        if self._left:
            return None
        return self.record(self._counts, by=by)

    def record(self, verdicts: Mapping[str, int], *, by: str = "", targets: int | None = None) -> Verification:
        """Write down that everything was verified, by whom, and what came out of it."""
        body = {
            "targets": len(self._targets) if targets is None else targets,
            "verdicts": dict(sorted(verdicts.items())),
            **({"by": by} if by else {}),
        }
        with self._feed.decide() as pen:
            if self._begun is not None or targets is not None:
                pen.append(STREAM, DONE, body)
        assert self._last is not None
        return self._last
