"""What SES reported about mail: each bounce and complaint once, counts of the rest, who is suppressed by it.

Queues deliver more than once and out of order, so everything here may be put again, in any order, and comes to the
same: a report is known by its id and recipient, and a suppression that somebody took back stays taken back for
reports from before that.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from storage.database import Database, Row, Transaction
from storage.times import moment, stamp

_MOST_BODY = 20_000


class Report(msgspec.Struct, frozen=True):
    """One report about one recipient; `suppress` is the reason it suppresses under, empty for none."""

    id: str
    recipient: str
    kind: str
    subtype: str
    detail: str
    reason: str
    source: str
    configuration_set: str
    at: datetime
    suppress: str = ""


class Suppressed(msgspec.Struct, frozen=True):
    """An address that reports suppress; `removed_at` is when somebody took that back."""

    address: str
    reason: str
    at: datetime
    report: str
    removed_at: datetime | None = None


class SetAside(msgspec.Struct, frozen=True):
    """A message that could not be understood, kept as it came."""

    message_id: str
    body: str
    why: str
    at: datetime


_REPORTED = "id, recipient, kind, subtype, detail, reason, source, configuration_set, at, suppress"


class FeedbackStore:
    """The reports of one database, by account target."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        target: str,
        reports: Sequence[Report],
        counts: Mapping[tuple[str, str, datetime], int],
        aside: Sequence[SetAside] = (),
        transaction: Transaction | None = None,
    ) -> None:
        """Keep all of this or nothing; `counts` are by kind, configuration set and beginning of the slot."""
        with self._database.within(transaction) as own:
            own.executemany(
                f"INSERT INTO feedback (target, {_REPORTED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
                " ON CONFLICT (target, id, recipient) DO NOTHING",
                [
                    (target, *(stamp(value) if isinstance(value, datetime) else value for value in _fields(each)))
                    for each in reports
                ],
            )
            own.executemany(
                """INSERT INTO feedback_suppressed (target, address, reason, at, report) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (target, address, reason) DO UPDATE SET
                    report = CASE WHEN excluded.at > at THEN excluded.report ELSE report END,
                    removed_at = CASE WHEN excluded.at > removed_at THEN NULL ELSE removed_at END,
                    at = max(at, excluded.at)""",
                [
                    (target, each.recipient, each.suppress, stamp(each.at), each.id)
                    for each in reports
                    if each.suppress
                ],
            )
            own.executemany(
                """INSERT INTO feedback_count (target, kind, configuration_set, slot, number) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (target, kind, configuration_set, slot) DO UPDATE SET
                    number = number + excluded.number""",
                [(target, kind, used, stamp(slot), number) for (kind, used, slot), number in counts.items()],
            )
            own.executemany(
                """INSERT INTO feedback_aside (target, message_id, body, why, at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (target, message_id) DO NOTHING""",
                [(target, each.message_id, each.body[:_MOST_BODY], each.why, stamp(each.at)) for each in aside],
            )

    def since(self, target: str, since: datetime) -> list[Report]:
        """Reports about things that happened after `since`, oldest first."""
        rows = self._database.rows(
            f"SELECT {_REPORTED} FROM feedback WHERE target = ? AND at > ? ORDER BY at",  # noqa: S608
            (target, stamp(since)),
        )
        return [_report(row) for row in rows]

    def counted(self, target: str, since: datetime) -> dict[str, int]:
        """How many sends, deliveries and so on were reported in slots that began after `since`, by kind."""
        rows = self._database.rows(
            "SELECT kind, sum(number) FROM feedback_count WHERE target = ? AND slot > ? GROUP BY kind",
            (target, stamp(since)),
        )
        return {str(kind): int(number) for kind, number in rows}

    def suppressed(self, target: str) -> list[Suppressed]:
        """Every address that reports suppress and nobody took back, by address."""
        rows = self._database.rows(
            "SELECT address, reason, at, report, removed_at FROM feedback_suppressed"
            " WHERE target = ? AND removed_at IS NULL ORDER BY address, reason",
            (target,),
        )
        return [_suppressed(row) for row in rows]

    def suppressed_number(self, target: str) -> int:
        """How many addresses these are."""
        return int(
            self._database.rows(
                "SELECT count(DISTINCT address) FROM feedback_suppressed WHERE target = ? AND removed_at IS NULL",
                (target,),
            )[0][0]
        )

    def take_back(self, target: str, address: str, at: datetime, transaction: Transaction | None = None) -> None:
        """Let reports from before `at` suppress this address no longer."""
        with self._database.within(transaction) as own:
            own.execute(
                "UPDATE feedback_suppressed SET removed_at = ? WHERE target = ? AND address = ?",
                (stamp(at), target, address),
            )

    def aside(self, target: str, limit: int = 100) -> list[SetAside]:
        """Messages that were set aside, newest first."""
        rows = self._database.rows(
            "SELECT message_id, body, why, at FROM feedback_aside WHERE target = ? ORDER BY at DESC LIMIT ?",
            (target, limit),
        )
        return [SetAside(str(row[0]), str(row[1]), str(row[2]), moment(str(row[3]))) for row in rows]

    def aside_number(self, target: str, since: datetime) -> int:
        """How many messages were set aside after `since`."""
        rows = self._database.rows(
            "SELECT count(*) FROM feedback_aside WHERE target = ? AND at > ?", (target, stamp(since))
        )
        return int(rows[0][0])

    def prune(self, before: datetime) -> None:
        """Forget reports and counts of what happened before; suppression and what was set aside stay."""
        with self._database.write() as own:
            own.execute("DELETE FROM feedback WHERE at < ?", (stamp(before),))
            own.execute("DELETE FROM feedback_count WHERE slot < ?", (stamp(before),))


def _fields(each: Report) -> tuple[object, ...]:
    return msgspec.structs.astuple(each)


def _report(row: Row) -> Report:
    id_, recipient, kind, subtype, detail, reason, source, used, at, suppress = map(str, row)
    return Report(id_, recipient, kind, subtype, detail, reason, source, used, moment(at), suppress)


def _suppressed(row: Row) -> Suppressed:
    address, reason, at, report, removed_at = row
    return Suppressed(
        str(address), str(reason), moment(str(at)), str(report), moment(str(removed_at)) if removed_at else None
    )
