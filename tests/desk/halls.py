"""Whole desks on one file, sharing a clock that tests move by hand."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from cockpit.clock import format_time
from cockpit.config import settings_from
from cockpit.desk import Desk
from cockpit.desk.incident.messages import Messages
from cockpit.profile import Aws, Profile
from storage.database import Database
from storage.ledger import Draft
from tests.desk.conftest import ManualClock

DRILL = Profile(
    kind="drill", name="drill", loopback_only=True, aws=Aws(region="ca-central-1", account="123456789012")
)
COMPANY: Mapping[str, Any] = {
    "organisation": {
        "name": "Example Mail",
        "support_team": "Example Mail Support Team",
        "status_page": "https://status.shop.example",
        "registrar": "Example Registrar",
        "registrar_account": "account 4711, PIN by phone",
    },
    "domains": [{"name": "shop.example", "services": ["checkout", "newsletter"], "identity": True}],
    "people": [
        {"id": "mona", "name": "Mona Hassan", "roles": ["IC", "TL"], "contact": "+1 613 555 0142"},
        {"id": "ayumi", "name": "Ayumi Sato", "roles": ["TL", "IC"]},
    ],
    "contacts": [
        {"name": "Primary On-Call", "phone": "+1-555-0123", "level": 1},
        {"name": "Engineering Manager", "phone": "+1-555-0126", "chat": "@eng-manager", "level": 3},
        {"name": "Security Team Lead", "group": "specialist", "phone": "+1-555-0127"},
        {"name": "Registrar emergency", "group": "registrar", "phone": "+1-555-0140"},
        {"name": "CDN support", "group": "vendor", "mail": "support@cdn.example"},
        {"name": "CTO", "group": "executive", "phone": "+1-555-0132", "level": 4},
        {"name": "CEO", "group": "executive", "phone": "+1-555-0133", "severities": ["P0"]},
    ],
}


class Hall:
    """One file, one clock, as many desks as wanted."""

    def __init__(self, path: Path, settings: Mapping[str, Any] = COMPANY) -> None:
        self.path = path
        self.clock = ManualClock()
        self.settings = settings_from(dict(settings), "the test")
        self.desks: list[Desk] = []

    def sit(self, operator: str) -> Desk:
        desk = Desk(self.settings, DRILL, Database.open(self.path), operator, self.clock, False)
        desk.refresh()
        self.desks.append(desk)
        return desk

    def leave(self) -> None:
        for desk in self.desks:
            desk.close()

    def forward(self, minutes: float) -> None:
        self.clock.advance(minutes * 60)

    def alert(self, desk: Desk, id_: str = "a1", **changes: object) -> str:
        """Raise an alert as the watch does."""
        body = {
            "alert": id_,
            "target": "shop.example",
            "check": "mail.dkim",
            "verdict": "FAIL",
            "headline": "1 of 3 CNAMEs gone",
            "severity": "P1",
            "severity_reason": "2 services, production",
            "kind": "dkim-missing",
            "runbook": "dkim",
            "services": ["checkout", "newsletter"],
            "owners": ["ops@shop.example"],
            "first_bad_at": format_time(self.clock.now() - timedelta(minutes=4)),
            **changes,
        }
        self.tell(desk, "alert.raised", body)
        return id_

    def tell(self, desk: Desk, kind: str, body: Mapping[str, Any], stream: str = "ops") -> None:
        draft = Draft(stream=stream, kind=kind, body=body, occurred_at=self.clock.now(), actor="watch")
        desk.feed.ledger.append([draft])
        desk.refresh()


def sending(desk: Desk, send: Any) -> Messages:
    """The desk's messages with another courier."""
    desk.messages._send = send
    return desk.messages
