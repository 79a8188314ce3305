"""What the probes saw: the latest per (target, check, vantage), the history behind it, and requests to probe now.

Every put of the latest state takes numbers from one change sequence, so a screen with 10,000 domains reads only
what changed since its cursor. Verdicts are opaque text here; a change of verdict that matters is an event, appended
in the same transaction by whoever decides that it does.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.database import Database, Row, Transaction
from storage.times import moment, stamp

_PRUNE_ROWS = 10_000


class Sample(msgspec.Struct, frozen=True):
    """One observation. `vantage` is who looked (a resolver, an authoritative server, "ses"), `detail` JSON text."""

    target: str
    check: str
    vantage: str
    verdict: str
    headline: str
    detail: str
    at: datetime
    took_ms: int


class Renewal(msgspec.Struct, frozen=True, gc=False):
    """The newest sample of a series stands at a later time as well, but for some values in its detail.

    `values` are numbers by their JSON path. With `keep` the history gets a row of it too.
    """

    target: str
    check: str
    vantage: str
    at: datetime
    took_ms: int
    keep: bool = False
    values: tuple[tuple[str, int | None], ...] = ()


class Latest(Sample, frozen=True):
    """The newest sample of its series; `since` is when its verdict began, `change` the number of this state."""

    since: datetime
    change: int


class Request(msgspec.Struct, frozen=True):
    """Somebody wants `target` probed now; an empty `check` means all of its checks."""

    id: int
    target: str
    check: str
    by: str
    at: datetime


_LATEST = """
    SELECT target, check_name, vantage, verdict, headline, detail, at, took_ms, since, change
    FROM observation_latest"""

# A sample older than the one that stands is history only: two probes may finish out of order.
_PUT_LATEST = """
    INSERT INTO observation_latest
        (target, check_name, vantage, verdict, headline, detail, at, took_ms, since, change)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, ?9)
    ON CONFLICT (target, check_name, vantage) DO UPDATE SET
        since = CASE WHEN verdict = excluded.verdict THEN since ELSE excluded.at END,
        verdict = excluded.verdict, headline = excluded.headline, detail = excluded.detail,
        at = excluded.at, took_ms = excluded.took_ms, change = excluded.change
    WHERE excluded.at >= at"""

_PUT_HISTORY = """
    INSERT INTO observation_history (series, verdict, headline, detail, at, took_ms)
    SELECT series, ?4, ?5, ?6, ?7, ?8 FROM observation_latest
    WHERE target = ?1 AND check_name = ?2 AND vantage = ?3"""


_RENEW = """
    UPDATE observation_latest SET
        at = ?4, took_ms = ?5, change = ?6,
        detail = {detail}
    WHERE target = ?1 AND check_name = ?2 AND vantage = ?3 AND at <= ?4"""

_KEEP_RENEWED = """
    INSERT INTO observation_history (series, verdict, headline, detail, at, took_ms)
    SELECT series, verdict, headline, detail, at, took_ms FROM observation_latest
    WHERE target = ?1 AND check_name = ?2 AND vantage = ?3 AND at = ?4"""


class Observations:
    """The observations of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, samples: Sequence[Sample], transaction: Transaction | None = None) -> int:
        """Store a batch; return the newest change number."""
        with self._database.within(transaction) as own:
            change = _newest_change(own)
            rows = [
                (s.target, s.check, s.vantage, s.verdict, s.headline, s.detail, stamp(s.at), s.took_ms, number)
                for number, s in enumerate(samples, change + 1)
            ]
            own.executemany(_PUT_LATEST, rows)
            own.executemany(_PUT_HISTORY, [row[:8] for row in rows])
            return _newest_change(own)

    def renew(self, renewals: Sequence[Renewal], transaction: Transaction | None = None) -> None:
        """Let what stands be true at a later time; a series that has gone, or is newer, is left as it is."""
        with self._database.within(transaction) as own:
            change = _newest_change(own)
            by_size: dict[int, list[tuple[str | int | None, ...]]] = {}
            for number, each in enumerate(renewals, change + 1):
                key = each.target, each.check, each.vantage, stamp(each.at)
                flat = [part for pair in each.values for part in pair]
                by_size.setdefault(len(each.values), []).append((*key, each.took_ms, number, *flat))
            for size, rows in by_size.items():
                own.executemany(_renewing(size), rows)
            kept = [(each.target, each.check, each.vantage, stamp(each.at)) for each in renewals if each.keep]
            own.executemany(_KEEP_RENEWED, kept)

    def changed_since(self, change: int, limit: int = 50_000) -> tuple[list[Latest], int]:
        """Series that changed after number `change`, oldest change first, and the cursor for the next call."""
        rows = self._database.rows(f"{_LATEST} WHERE change > ? ORDER BY change LIMIT ?", (change, limit))
        found = [_latest(row) for row in rows]
        return found, found[-1].change if found else change

    def latest(self, target: str | None = None, check: str | None = None) -> list[Latest]:
        """The newest sample of every series, or of those of one target or one check, ordered by name."""
        wanted = {"target": target, "check_name": check}
        names = [name for name, value in wanted.items() if value is not None]
        where = f" WHERE {' AND '.join(f'{name} = ?' for name in names)}" if names else ""
        rows = self._database.rows(
            f"{_LATEST}{where} ORDER BY target, check_name, vantage", [wanted[name] for name in names]
        )
        return [_latest(row) for row in rows]

    def history(
        self, target: str, check: str, vantage: str, *, since: datetime | None = None, limit: int = 500
    ) -> list[Sample]:
        """The newest `limit` samples of one series, not older than `since`; oldest first."""
        rows = self._database.rows(
            """SELECT l.target, l.check_name, l.vantage, h.verdict, h.headline, h.detail, h.at, h.took_ms
            FROM observation_latest l JOIN observation_history h ON h.series = l.series
            WHERE l.target = ? AND l.check_name = ? AND l.vantage = ? AND h.at >= ?
            ORDER BY h.at DESC, h.id DESC LIMIT ?""",
            (target, check, vantage, "" if since is None else stamp(since), limit),
        )
        return [_sample(row) for row in reversed(rows)]

    def prune(self, before: datetime) -> int:
        """Delete history older than `before`, oldest rows first; return how many went. The latest always stays.

        Works in short transactions, so that no writer waits long, and stops at the first stretch with nothing old
        in it: rows lie in the order in which they came.
        """
        limit, removed = stamp(before), 0
        while True:
            with self._database.write() as own:
                gone = own.execute(
                    """DELETE FROM observation_history WHERE at < ? AND id IN
                        (SELECT id FROM observation_history ORDER BY id LIMIT ?) RETURNING id""",
                    (limit, _PRUNE_ROWS),
                )
            removed += len(gone)
            if len(gone) < _PRUNE_ROWS:
                return removed

    def request(self, target: str, check: str, by: str, at: datetime) -> int:
        """Ask whoever watches to probe `target` now (`check` "" for all of its checks); return the request's id."""
        with self._database.write() as own:
            rows = own.execute(
                "INSERT INTO probe_request (target, check_name, requested_by, at) VALUES (?, ?, ?, ?) RETURNING id",
                (target, check, by, stamp(at)),
            )
        return int(rows[0][0])

    def request_all(self, targets: Sequence[str], by: str, at: datetime) -> None:
        """Ask for all checks of many targets in one commit."""
        with self._database.write() as own:
            own.executemany(
                "INSERT INTO probe_request (target, check_name, requested_by, at) VALUES (?, '', ?, ?)",
                [(target, by, stamp(at)) for target in targets],
            )

    def take_requests(self) -> list[Request]:
        """Remove all waiting requests and return them, oldest first; takes no lock when there are none."""
        if not self._database.rows("SELECT 1 FROM probe_request LIMIT 1"):
            return []
        with self._database.write() as own:
            rows = own.execute("DELETE FROM probe_request RETURNING id, target, check_name, requested_by, at")
        return sorted((_request(row) for row in rows), key=lambda request: request.id)


def _renewing(values: int) -> str:
    """The statement that puts so many values into the detail."""
    if not values:
        return _RENEW.format(detail="detail")
    places = ", ".join(f"?{number}" for number in range(7, 7 + 2 * values))
    return _RENEW.format(detail=f"CASE WHEN json_valid(detail) THEN json_set(detail, {places}) ELSE detail END")


def _newest_change(own: Transaction) -> int:
    return int(own.execute("SELECT coalesce(max(change), 0) FROM observation_latest")[0][0])


def _sample(row: Row) -> Sample:
    target, check, vantage, verdict, headline, detail, at, took_ms = row
    return Sample(target, check, vantage, verdict, headline, detail, moment(at), took_ms)


def _latest(row: Row) -> Latest:
    target, check, vantage, verdict, headline, detail, at, took_ms, since, change = row
    return Latest(
        target, check, vantage, verdict, headline, detail, moment(at), took_ms, since=moment(since), change=change
    )


def _request(row: Row) -> Request:
    id_, target, check, by, at = row
    return Request(id_, target, check, by, moment(at))
