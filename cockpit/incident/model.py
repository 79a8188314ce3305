"""The incident as a value: what the fold of its events amounts to at one moment.

All times are aware UTC datetimes. Nothing here changes anything; see `fold` for how it comes about and
`lifecycle` for which changes are allowed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import msgspec


class Recorded(Protocol):
    """One event of the ledger, as far as incidents need to know it."""

    @property
    def seq(self) -> int:
        """Position in the ledger; the order of folding."""

    @property
    def id(self) -> str:
        """Identity given by the writer."""

    @property
    def stream(self) -> str:
        """`incident/<uid>`, `ops`, `run/<uid>`, `action/<uid>` or `drill/<uid>`."""

    @property
    def kind(self) -> str:
        """Dotted token, e.g. `incident.note`."""

    @property
    def occurred_at(self) -> datetime:
        """When it happened."""

    @property
    def recorded_at(self) -> datetime:
        """When it was written down."""

    @property
    def actor(self) -> str:
        """Who wrote it."""

    @property
    def body(self) -> Mapping[str, Any]:
        """Plain JSON."""


class State(StrEnum):
    """Where an incident stands; `lifecycle.MOVES` says how it gets from one to the next."""

    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MITIGATING = "mitigating"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    REVIEW = "review"
    CLOSED = "closed"


WORKING = (State.ACKNOWLEDGED, State.INVESTIGATING, State.IDENTIFIED, State.MITIGATING, State.MONITORING)
"""States in which somebody works on it, in the order of progress."""

DONE = (State.RESOLVED, State.REVIEW, State.CLOSED)
"""States in which the service is back; leaving them for a working state is a reopening."""

SEVERITIES = ("P0", "P1", "P2", "P3")
"""Worst first."""


class Onset(msgspec.Struct, frozen=True):
    """When the trouble really began: proposed from a source, or confirmed by a person."""

    at: datetime
    source: str
    confirmed: bool


class Assignment(msgspec.Struct, frozen=True):
    """One person in one role since a moment."""

    role: str
    person: str
    since: datetime


class Step(msgspec.Struct, frozen=True):
    """One move through the lifecycle; `event` is the id under which it can be amended."""

    event: str
    old: State
    new: State
    at: datetime
    reason: str
    by: str
    code: str = ""

    @property
    def reopens(self) -> bool:
        """Whether this move takes a finished incident back to work."""
        return self.old in DONE and self.new in WORKING


class SeverityChange(msgspec.Struct, frozen=True):
    """One change of severity."""

    at: datetime
    old: str
    new: str
    reason: str
    by: str

    @property
    def raised(self) -> bool:
        """Whether it became worse (P1 to P0)."""
        return self.new in SEVERITIES and self.old in SEVERITIES and self.new < self.old


class Update(msgspec.Struct, frozen=True):
    """One message to an audience; a draft has not been sent and counts for no deadline."""

    event: str
    at: datetime
    audience: str
    channel: str
    text: str
    draft: bool
    by: str


class Snooze(msgspec.Struct, frozen=True):
    """One deadline put off until a moment, and why."""

    deadline: str
    until: datetime
    reason: str
    at: datetime
    by: str


class Checks(msgspec.Struct, frozen=True):
    """What the checks of an incident said at one moment. Green only when nothing fails and nothing is unknown.

    `seen` is how many checks were looked at: with none there is no evidence, and no evidence is not green.
    """

    at: datetime
    seen: int
    failing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def green(self) -> bool:
        """Whether at least one check was seen and all were good."""
        return self.seen > 0 and not self.failing and not self.unknown

    @property
    def sentence(self) -> str:
        """The same for the operator, without a full stop."""
        if self.green:
            return f"all checks are green ({self.seen} seen)"
        parts = []
        if self.failing:
            parts.append(f"still failing: {', '.join(self.failing)}")
        if self.unknown:
            parts.append(f"not known: {', '.join(self.unknown)}")
        return "; ".join(parts) or "no check has been seen for this incident"


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One incident now. Milestones are those of the last round: a reopening takes back the later ones.

    `own_terms` are the organisation's own clocks as they were when it was opened: severity, deadline, seconds.
    `own_roles` are its roles likewise: code, title (empty for ours), the severities that need it (None as ours).
    `source` says what it was opened from. A `restricted` one is shown to `readers`, and to who has a role in it.
    """

    uid: str
    number: int
    title: str
    type: str
    severity: str
    severity_reason: str
    profile: str
    state: State
    opened_at: datetime
    opened_by: str
    opened_event: str
    detected_at: datetime
    dedup_key: str = ""
    onset: Onset | None = None
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    close_code: str = ""
    roles: tuple[Assignment, ...] = ()
    targets: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    notes: int = 0
    steps: tuple[Step, ...] = ()
    severities: tuple[SeverityChange, ...] = ()
    updates: tuple[Update, ...] = ()
    last_update_at: datetime | None = None
    snoozes: tuple[Snooze, ...] = ()
    checks: Checks | None = None
    reopened: int = 0
    duplicate_of: str | None = None
    merged: tuple[str, ...] = ()
    restricted: bool = False
    readers: tuple[str, ...] = ()
    source: str = ""
    own_terms: tuple[tuple[str, str, float], ...] = ()
    own_roles: tuple[tuple[str, str, tuple[str, ...] | None], ...] = ()
    anomalies: int = 0

    @property
    def ref(self) -> str:
        """The name people say: `INC-42`."""
        return f"INC-{self.number}"

    @property
    def lead(self) -> str | None:
        """Who commands it, or None."""
        return self.holder("IC")

    @property
    def is_open(self) -> bool:
        """Whether the service is not back yet."""
        return self.state not in DONE

    @property
    def closed_early(self) -> bool:
        """Whether it was closed with a reason code, without having been resolved."""
        return self.state is State.CLOSED and self.close_code != ""

    def holder(self, role: str) -> str | None:
        """The person in `role`, or None."""
        return next((assignment.person for assignment in self.roles if assignment.role == role), None)

    def may_read(self, person: str) -> bool:
        """Whether it is shown to a person; what is not restricted is shown to everybody."""
        return (
            not self.restricted
            or person == self.opened_by
            or person in self.readers
            or any(assignment.person == person for assignment in self.roles)
        )

    def elapsed(self, now: datetime) -> timedelta:
        """Time since detection; it stands still once the incident is resolved or closed, and is never negative."""
        end = self.resolved_at or self.closed_at or now
        return max(end - self.detected_at, timedelta())
