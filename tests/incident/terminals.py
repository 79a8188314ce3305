"""Several terminals on one file, for tests of what a desk decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cockpit.clock import format_time
from cockpit.config.command import OfficeHoursConfig, OwnLevel, OwnRole
from cockpit.desk.feed import Feed
from cockpit.desk.incident.incidents import Incidents
from storage.database import Database
from storage.ledger import Draft, Ledger
from tests.desk.conftest import ManualClock


@dataclass(frozen=True)
class Configured:
    severity_profile: str = "emergency"
    own_severity: Mapping[str, OwnLevel] = field(default_factory=dict)
    roles: Mapping[str, OwnRole] = field(default_factory=dict)
    office_hours: OfficeHoursConfig = OfficeHoursConfig()


@dataclass
class Terminal:
    """One person's desk, as far as incidents go."""

    database: Database
    clock: ManualClock
    feed: Feed
    incidents: Incidents

    def forward(self, minutes: float) -> None:
        self.clock.advance(minutes * 60)

    def tell(self, event: str, body: Mapping[str, Any]) -> None:
        draft = Draft(stream="ops", kind=event, body=body, occurred_at=self.clock.now(), actor="watch")
        self.feed.ledger.append([draft])
        self.feed.catch_up()

    def alert(self, id_: str = "a1", **changes: object) -> str:
        body: dict[str, object] = {
            "alert": id_,
            "target": "shop.example",
            "check": "dkim",
            "verdict": "FAIL",
            "headline": "1 of 3 CNAMEs gone",
            "finding": None,
            "severity": "P1",
            "severity_reason": "2 services, production",
            "kind": "dkim-missing",
            "runbook": "dkim",
            "services": ["checkout", "newsletter"],
            "owners": ["ops@shop.example"],
            "first_bad_at": format_time(self.clock.now() - timedelta(minutes=4)),
        }
        self.tell("alert.raised", {**body, **changes})
        return id_

    def cleared(self, id_: str = "a1", headline: str = "3 of 3 CNAMEs present") -> None:
        self.tell("alert.cleared", {"alert": id_, "headline": headline})

    def health(self, old: str, new: str, headline: str = "") -> None:
        body = {"target": "shop.example", "check": "dkim", "old": old, "new": new, "headline": headline}
        self.tell("health.changed", body)


@dataclass
class Hall:
    """A room with one file and as many terminals as wanted; sharing one clock."""

    path: Path
    clock: ManualClock = field(default_factory=ManualClock)
    databases: list[Database] = field(default_factory=list)

    def sit(self, operator: str) -> Terminal:
        database = Database.open(self.path)
        self.databases.append(database)
        feed = Feed(database, Ledger(database, self.clock.now, "bastion"), self.clock, operator)
        incidents = Incidents(feed, Configured(), operator)
        feed.add(incidents)
        feed.catch_up()
        return Terminal(database, self.clock, feed, incidents)

    def leave(self) -> None:
        for database in self.databases:
            database.close()
