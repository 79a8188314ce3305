"""The past of one target: what its records were, what changed, and how its hours went."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from cockpit.clock import Clock
from cockpit.desk.health.board import Board
from cockpit.health.changes import Diff, since, since_good
from cockpit.health.clearing import Clearing, clearing
from cockpit.health.model import DECISION, Observation, Verdict
from storage.database import Database
from storage.hourly import Hourly
from storage.record_history import RecordHistory, RecordState

DAY = timedelta(hours=24)


class Hour(msgspec.Struct, frozen=True):
    """The worst verdict of one check in one hour that is over, and the first words that told of it."""

    check: str
    hour: datetime
    verdict: Verdict
    headline: str
    looks: int


class Past:
    """Reads the database only; what is not kept any more is not made up."""

    def __init__(self, database: Database, board: Board, clock: Clock) -> None:
        self._records = RecordHistory(database)
        self._hourly = Hourly(database)
        self._board = board
        self._clock = clock

    def records(self, target: str) -> Sequence[RecordState]:
        """Every state of its records that is kept, oldest first."""
        return self._records.of(target)

    def changes(self, target: str, moment: datetime | None = None) -> Diff:
        """What changed since it was last good, or every step since `moment`."""
        states = self._records.of(target)
        return since_good(states) if moment is None else since(states, moment)

    def clearing(self, target: str) -> Clearing | None:
        """When everybody will see the truth; None when nobody is wrong or behind."""
        return clearing(
            Observation(target, check.check, seen.vantage, seen.verdict, "", seen.at, evidence=seen.evidence)
            for check in self._board.checks(target)
            for seen in check.vantages
        )

    def day(self, target: str) -> Mapping[str, tuple[Verdict | None, ...]]:
        """The worst verdict of each check in each of the last 24 hours, newest last; None where nobody looked."""
        return self._board.recent_by_check(target, timedelta(hours=1), 24)

    def week(self, target: str) -> Mapping[str, tuple[Verdict | None, ...]]:
        """The worst verdict of each check in each of the last 28 stretches of six hours, as far as it is kept."""
        step, steps, now = timedelta(hours=6), 28, self._clock.now()
        found = {check: list(marks) for check, marks in self._board.recent_by_check(target, step, steps).items()}
        for each in self.hours(target, now - step * steps):
            marks = found.setdefault(each.check, [None] * steps)
            index = int((each.hour - (now - step * steps)) / step)
            known = marks[index] if 0 <= index < steps else None
            if 0 <= index < steps and (known is None or each.verdict.rank < known.rank):
                marks[index] = each.verdict
        return {check: tuple(marks) for check, marks in found.items()}

    def hours(self, target: str, moment: datetime | None = None) -> list[Hour]:
        """The hours since `moment` (a week ago if left out) whose single looks have been forgotten."""
        start = moment or self._clock.now() - 7 * DAY
        return [
            Hour(each.check, each.hour, Verdict(each.verdict), each.headline, each.looks)
            for each in self._hourly.of(target, start, DECISION)
        ]
