"""Writes the history of a synthetic incident, event by event, for tests."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.clock import format_time
from cockpit.incident.fold import fold
from cockpit.incident.model import Incident

T0 = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
"""A Friday afternoon, when the incidents of these tests are detected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event as a fold sees it."""

    seq: int
    id: str
    stream: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    body: Mapping[str, Any]


@dataclass
class History:
    """Events of the stream `incident/u1`; `at` is minutes after T0."""

    profile: str = "emergency"
    severity: str = "P1"
    events: list[Told] = field(default_factory=list)

    def opened(self, **changes: Any) -> "History":
        body = {
            "number": 42,
            "title": "DKIM record missing: shop.example",
            "type": "dkim-missing",
            "severity": self.severity,
            "severity_reason": "2 services, production",
            "profile": self.profile,
            "targets": ["shop.example"],
            "services": ["checkout", "newsletter"],
            "dedup_key": "shop.example|dkim-missing",
            "alert": "a1",
            "detected_at": format_time(T0),
        }
        return self.tell("opened", {**body, **changes})

    def tell(
        self,
        kind: str,
        body: Mapping[str, Any] | None = None,
        at: float = 0,
        *,
        stream: str = "incident/u1",
        actor: str = "mhassan",
        recorded: float | None = None,
    ) -> "History":
        seq = len(self.events) + 1
        self.events.append(
            Told(
                seq=seq,
                id=f"e{seq}",
                stream=stream,
                kind=kind if "." in kind else f"incident.{kind}",
                occurred_at=minute(at),
                recorded_at=minute(at if recorded is None else recorded),
                actor=actor,
                body=body or {},
            )
        )
        return self

    def moved(self, old: str, new: str, at: float, reason: str = "", **more: Any) -> "History":
        return self.tell("moved", {"old": old, "new": new, "reason": reason, **more}, at)

    @property
    def incident(self) -> Incident:
        incident = fold(self.events)
        assert incident is not None
        return incident


def minute(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


def stamp(count: float) -> str:
    return format_time(minute(count))


def is_clean(text: str) -> bool:
    """Whether nothing in `text` steers a terminal or hides from the eye."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in text)
