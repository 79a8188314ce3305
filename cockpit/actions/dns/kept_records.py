"""What is known of a zone's past: copies that were kept as backups, and the record history."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from cockpit.actions.contract import PlanRefused
from cockpit.actions.dns.record_state import Key, record_set
from cockpit.actions.journal import ActionState, fold
from cockpit.errors import BadInput
from cockpit.health.zone_copy import ROUTE53, TRANSFER, RecordSet, records_from
from storage.database import Database
from storage.ledger import Ledger
from storage.record_history import RecordHistory
from storage.snapshots import Snapshot, Snapshots

WHOLE = (TRANSFER, ROUTE53)
"""Sources whose copies hold all of a zone."""


class Kept(msgspec.Struct, frozen=True):
    """One copy with its records; `source` says how it was made."""

    id: int
    source: str
    confirmed_at: datetime
    records: tuple[RecordSet, ...]

    @property
    def whole(self) -> bool:
        """Whether it holds every record of the zone."""
        return self.source in WHOLE

    def find(self, key: Key) -> RecordSet | None:
        """The record set of that key, or None."""
        return next((each for each in self.records if (each.name, each.type) == key), None)


class KeptRecords:
    """Reads the cockpit's own database; opened for each question, for a runner asks once."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @contextmanager
    def _open(self) -> Iterator[Database]:
        if self._path is None:
            raise PlanRefused("NO_BACKUP", "There is no database with backups here.")
        database = Database.open(self._path)
        try:
            yield database
        finally:
            database.close()

    def copies(self, zone: str) -> Sequence[Snapshot]:
        """The copies of a zone without their text, the last confirmed first."""
        with self._open() as database:
            return Snapshots(database).list(zone)

    def copy(self, number: int) -> Kept:
        """One copy; raises PlanRefused when there is none of that number."""
        with self._open() as database:
            found = Snapshots(database).get(number)
        if found is None:
            raise PlanRefused(
                "NO_BACKUP", f"There is no snapshot {number}; cockpit snapshot DOMAIN --list shows them."
            )
        return Kept(found.id, found.source, found.confirmed_at, records_from(found.text))

    def holding(self, domain: str, key: Key) -> tuple[Kept, RecordSet] | None:
        """The newest copy, of this domain or a zone above it, that has this record set."""
        labels = domain.split(".")
        for start in range(len(labels) - 1):
            for each in self.copies(".".join(labels[start:])):
                kept = self.copy(each.id)
                found = kept.find(key)
                if found is not None:
                    return kept, found
        return None

    def last_good(self, domain: str, key: Key, ttl_s: int) -> tuple[datetime, RecordSet] | None:
        """The last good value in the record history, where it is one value that can be told for certain."""
        with self._open() as database:
            states = RecordHistory(database).of(domain)
        for state in reversed(states):
            if (state.record, state.type) == key and state.good and _single(state.value, key[1]):
                try:
                    return state.at, record_set(*key, ttl_s, [state.value])
                except BadInput:
                    continue
        return None

    def removed(self, key: Key) -> tuple[datetime, int] | None:
        """When one of our own runs last took this record set away, and the TTL that it had; None if none did."""
        return self._of_runs(key)[0]

    def published(self, key: Key) -> tuple[datetime, tuple[str, ...]] | None:
        """When one of our own runs last published this record set, and its values; None if none did since."""
        return self._of_runs(key)[1]

    def first_told(self, zone: str, code: str, facts: Mapping[str, Any]) -> datetime | None:
        """When a plan for this zone was first refused with `code` and these facts; None if never."""
        with self._open() as database:
            for event in Ledger(database, datetime.now).since(0, stream="action/"):
                told = event.body.get("facts") or {} if event.kind == "action.refused" else {}
                if event.body.get("code") == code and {**told, **facts, "zone": zone} == told:
                    return event.occurred_at
        return None

    def first_absent(self, zone: str, code: str) -> datetime | None:
        """When a plan for this zone was first refused with `code` since we last put a DS there; None if never."""
        there = self.published((zone, "DS"))
        since = there[0] if there is not None else None
        with self._open() as database:
            for event in Ledger(database, datetime.now).since(0, stream="action/"):
                facts = event.body.get("facts") or {} if event.kind == "action.refused" else {}
                seen = facts.get("zone") == zone and event.body.get("code") == code and facts.get("absent")
                if seen and (since is None or event.occurred_at > since):
                    return event.occurred_at
        return None

    def _of_runs(self, key: Key) -> tuple[tuple[datetime, int] | None, tuple[datetime, tuple[str, ...]] | None]:
        """Of the runs that ended well: the last removal of the set with its TTL, and the last publication."""
        name = f"{key[0]} {key[1]}"
        gone: tuple[datetime, int] | None = None
        there: tuple[datetime, tuple[str, ...]] | None = None
        with self._open() as database:
            ledger = Ledger(database, datetime.now)
            uids = {each.stream for each in ledger.since(0, stream="action/") if each.kind == "action.succeeded"}
            runs = [fold(uid.removeprefix("action/"), ledger.stream(uid)) for uid in uids]
        for run in sorted((each for each in runs if each is not None), key=lambda each: each.changed_at):
            if run.state is not ActionState.SUCCEEDED or run.plan is None or name not in run.plan.desired:
                continue
            if run.plan.desired[name]:
                there, gone = (run.changed_at, tuple(run.plan.desired[name]["values"])), None
            else:
                gone = run.changed_at, int(run.plan.before[name]["ttl_s"])
        return gone, there


def older_than(copies: Sequence[Snapshot], now: datetime, age: timedelta) -> list[Snapshot]:
    """The copies that were first had so long ago."""
    return [each for each in copies if now - each.at >= age]


def _single(value: str, rtype: str) -> bool:
    """Whether the history's one line holds one value for certain; several are joined with commas there."""
    if rtype == "TXT" and value.startswith("v="):
        return ", v=" not in value
    return bool(value) and ", " not in value and "; " not in value
