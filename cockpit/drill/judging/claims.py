"""What the people in a drill say they did, as data from the ledger. The referee uses it only for what the world
cannot see: when somebody noticed, answered, took a role, and called it resolved.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from cockpit.incident.model import Incident


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Moments on the wall clock, aware; None is "not claimed". `roles` maps a role code to when it was filled."""

    incident: str = ""
    severity: str = ""
    severity_at: datetime | None = None
    """When the severity that counts was chosen."""
    detected_at: datetime | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    roles: dict[str, datetime] = {}
    participants: tuple[str, ...] = ()


def claims_of(incidents: Iterable[Incident], first_alert_at: datetime | None = None) -> Claims:
    """The claims of a drill's incidents, merged: the earliest moment of each kind, the last resolution.

    `first_alert_at` is when the first alert was raised; without one, the earliest detection counts.
    """
    known = list(incidents)
    roles: dict[str, datetime] = {}
    for incident in known:
        for assignment in incident.roles:
            roles[assignment.role] = min(assignment.since, roles.get(assignment.role, assignment.since))
    resolved = [incident.resolved_at for incident in known]
    worst = min(known, key=lambda incident: (incident.severity, incident.number), default=None)
    detected = [incident.detected_at for incident in known]
    people = {assignment.person for incident in known for assignment in incident.roles}
    return Claims(
        incident=", ".join(f"INC-{incident.number}" for incident in known),
        severity=worst.severity if worst is not None else "",
        severity_at=_severity_at(worst) if worst is not None else None,
        detected_at=first_alert_at or min(detected, default=None),
        acknowledged_at=min((i.acknowledged_at for i in known if i.acknowledged_at is not None), default=None),
        resolved_at=max((at for at in resolved if at is not None), default=None) if all(resolved) else None,
        roles=roles,
        participants=tuple(sorted(people | {incident.opened_by for incident in known})),
    )


def _severity_at(incident: Incident) -> datetime:
    """When the severity that an incident bears was given to it."""
    return incident.severities[-1].at if incident.severities else incident.detected_at
