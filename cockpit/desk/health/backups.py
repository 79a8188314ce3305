"""Copies of zones as backups: which there are, how old they are, and whether that is within the objective."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cockpit.clock import Clock
from cockpit.config import DomainConfig, Settings
from cockpit.config.watched import watched_names
from cockpit.desk.health.board import Board
from cockpit.errors import NotFound, Refused
from cockpit.health.backup import RPO as RPO
from cockpit.health.zone_copy import SOURCES, RecordSet, ZoneCopy, records_from
from storage.database import Database
from storage.snapshots import Snapshot, Snapshots


class Backup(msgspec.Struct, frozen=True):
    """The newest copy by one source; `late` when it is older than the objective."""

    source: str
    domain: str
    records: int
    confirmed_at: datetime
    late: bool


class Backups:
    """The copies in the database of the desk."""

    def __init__(self, database: Database, settings: Settings, board: Board, operator: str, clock: Clock) -> None:
        self._snapshots = Snapshots(database)
        self._settings = settings
        self._board = board
        self._operator = operator
        self._clock = clock

    def keep(self, copy: ZoneCopy, at: datetime) -> Snapshot:
        """Keep a copy, or confirm the last one when nothing is different; raises Refused for an empty one."""
        if not copy.records:
            raise Refused(f"The copy of {copy.domain} by {copy.source} is empty, and an empty copy is no backup.")
        return self._snapshots.put(
            copy.domain, copy.source, copy.digest, copy.text, len(copy.records), at, self._operator
        )

    def all(self, domain: str) -> Sequence[Snapshot]:
        """Every copy that holds a domain, the last confirmed first; those of zones above it too."""
        labels = domain.split(".")
        above = [".".join(labels[start:]) for start in range(len(labels) - 1)]
        found = [each for name in above for each in self._snapshots.list(name)]
        return sorted(found, key=lambda each: (each.confirmed_at, each.id), reverse=True)

    def newest(self, domain: str) -> list[Backup]:
        """The newest copy by each source that has one."""
        now = self._clock.now()
        copies = self.all(domain)
        firsts = (next((each for each in copies if each.source == source), None) for source in SOURCES)
        return [
            Backup(each.source, each.domain, each.records, each.confirmed_at, now - each.confirmed_at > RPO)
            for each in firsts
            if each is not None
        ]

    def records(self, snapshot: int) -> tuple[Snapshot, Sequence[RecordSet]]:
        """One copy with its records; raises NotFound."""
        found = self._snapshots.get(snapshot)
        if found is None:
            raise NotFound(
                f"There is no snapshot {snapshot}; cockpit snapshot DOMAIN --list shows those there are."
            )
        return found, records_from(found.text)

    def watched(self, domain: str) -> list[tuple[str, str]]:
        """Name and type of every record that a copy of the watched records has."""
        return watched_names(self._settings.domain(domain) or DomainConfig(domain), self.identity(domain))

    def identity(self, domain: str) -> Mapping[str, Any] | None:
        """What SES was last recorded to say of the domain's identity; None when nothing was."""
        known = self._board.decision(domain, "ses.identity")
        return known.evidence if known is not None and known.evidence.get("origin") else None
