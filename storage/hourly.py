"""Old observations, hour by hour: the worst of each hour stays when the single looks go."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from storage.database import Database, Row
from storage.times import moment, stamp

_AT_ONCE = 10_000


class Hour(msgspec.Struct, frozen=True):
    """The worst of one hour of one series: what was seen, when first, out of how many kept `looks`."""

    check: str
    vantage: str
    hour: datetime
    verdict: str
    headline: str
    at: datetime
    looks: int


_KEEP = """
    INSERT INTO observation_hour (series, hour, verdict, rank, headline, at, looks) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (series, hour) DO UPDATE SET
        looks = looks + excluded.looks,
        verdict = CASE WHEN excluded.rank < rank THEN excluded.verdict ELSE verdict END,
        headline = CASE WHEN excluded.rank < rank THEN excluded.headline ELSE headline END,
        at = CASE WHEN excluded.rank < rank THEN excluded.at ELSE at END,
        rank = min(rank, excluded.rank)"""


class Hourly:
    """The hours of one database. `rank` says how bad a verdict is, 0 for the worst."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def condense(self, before: datetime, rank: Callable[[str], int]) -> int:
        """Turn single looks older than `before` into hours; return how many went.

        Works in short transactions, oldest looks first, so that no writer waits long. A look is counted in the
        same transaction that removes it, so none counts twice whatever happens in between.
        """
        limit, removed = stamp(before), 0
        while True:
            with self._database.write() as own:
                gone = own.execute(
                    """DELETE FROM observation_history WHERE at < ? AND id IN
                        (SELECT id FROM observation_history ORDER BY id LIMIT ?)
                    RETURNING series, verdict, headline, at""",
                    (limit, _AT_ONCE),
                )
                own.executemany(_KEEP, _worst(gone, rank))
            removed += len(gone)
            if len(gone) < _AT_ONCE:
                return removed

    def of(self, target: str, since: datetime, vantage: str | None = None) -> list[Hour]:
        """The hours of a target that end after `since`, oldest first; of one vantage or of all."""
        rows = self._database.rows(
            """SELECT l.check_name, l.vantage, h.hour, h.verdict, h.headline, h.at, h.looks
            FROM observation_hour h JOIN observation_latest l ON l.series = h.series
            WHERE l.target = ?1 AND h.hour >= ?2 AND (?3 IS NULL OR l.vantage = ?3)
            ORDER BY h.hour, l.check_name, l.vantage""",
            (target, stamp(since.replace(minute=0, second=0, microsecond=0)), vantage),
        )
        return [_hour(row) for row in rows]

    def prune(self, before: datetime) -> int:
        """Delete hours older than `before`; return how many went."""
        with self._database.write() as own:
            gone = own.execute("DELETE FROM observation_hour WHERE hour < ? RETURNING 1", (stamp(before),))
        return len(gone)


def _worst(gone: list[Row], rank: Callable[[str], int]) -> list[Row]:
    """One row per series and hour, with the first of the worst looks."""
    found: dict[tuple[int, str], Row] = {}
    for series, verdict, headline, at in gone:
        key = series, stamp(moment(at).replace(minute=0, second=0, microsecond=0))
        bad = rank(verdict)
        known = found.get(key)
        if known is None or (bad, at) < (known[3], known[5]):
            found[key] = (*key, verdict, bad, headline, at, 1 if known is None else known[6] + 1)
        else:
            found[key] = (*known[:6], known[6] + 1)
    return list(found.values())


def _hour(row: Row) -> Hour:
    check, vantage, hour, verdict, headline, at, looks = row
    return Hour(check, vantage, moment(hour), verdict, headline, moment(at), looks)
