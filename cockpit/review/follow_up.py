"""What is to be done once an incident is over, and by when. Pure.

Source: Incident Response Procedures, "Post-Incident Activities" (four things within 24 hours, the review within a
week) and Emergency Response Procedures, "Process Improvement" (the checklist of four groups, the session within a
week).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from cockpit.incident.model import Incident
from cockpit.review.gaps import sections

DAY, WEEK = timedelta(hours=24), timedelta(days=7)

WITHIN_A_DAY: Mapping[str, str] = MappingProxyType(
    {
        "Service Monitoring": "enhanced monitoring for 24-48 hours",
        "Incident Timeline": "document the detailed timeline of events",
        "Impact Assessment": "quantify customer and business impact",
        "Initial Lessons": "capture immediate lessons learned",
    }
)

IMPROVEMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Documentation": (
            "update runbooks: based on the procedures that were really used",
            "create new procedures: for gaps found during the incident",
            "update escalation contacts: if contacts were incorrect",
        ),
        "Automation": (
            "enhance detection: improve automated detection for this kind of issue",
            "automate recovery: where manual steps can be automated safely",
            "improve rollback: enhance rollback procedures",
        ),
        "Training": (
            "conduct lessons learned: a team session within 1 week",
            "update training materials: include new procedures",
            "schedule drills: practise new procedures",
        ),
        "Monitoring": (
            "add missing alerts: for what was not detected early",
            "tune alert thresholds: fewer false positives and negatives",
            "enhance dashboards: improve visibility",
        ),
    }
)

CLOSER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dns": ("every check 30 s instead of 60 s", "an alert after 1 failure", "propagation at 15 resolvers"),
        "certificate": ("transparency logs every 300 s", "the chain checked strictly", "OCSP staples checked"),
    }
)
"""What the monitoring-enhancement script of the procedures sets for a while, by kind of incident."""

CLOSER_FOR = timedelta(hours=48)
"""How long enhanced monitoring lasts."""


class FollowUp(msgspec.Struct, frozen=True):
    """One thing to be done after an incident; `done` says where that is seen."""

    title: str
    says: str
    due: datetime
    done: bool


class CloserProfile(msgspec.Struct, frozen=True):
    """Enhanced monitoring after an incident: what is tighter, for which domains, and until when."""

    kind: str
    settings: tuple[str, ...]
    targets: tuple[str, ...]
    until: datetime


def follow_ups(incident: Incident, text: str = "") -> tuple[FollowUp, ...]:
    """What is due after the resolution; nothing while it is open. `text` is its post-mortem as last saved."""
    over = incident.resolved_at
    if over is None:
        return ()
    filled = {section.title for section in sections(text) if not section.gaps}
    written = bool(text)
    done = {
        "Service Monitoring": "Resolution" in filled,
        "Incident Timeline": written,
        "Impact Assessment": "Incident summary" in filled,
        "Initial Lessons": "What we learned" in filled,
    }
    day = [FollowUp(title, says, over + DAY, done[title]) for title, says in WITHIN_A_DAY.items()]
    review = FollowUp("Post-incident review", "timeline, response, root cause, factors, actions", over + WEEK,
                      incident.closed_at is not None)  # fmt: skip
    return (*day, review)


def closer_profile(incident: Incident) -> CloserProfile | None:
    """The enhanced monitoring that fits the incident; None while it is open, or for a kind that has none."""
    if incident.resolved_at is None:
        return None
    certificate = any(word in incident.type for word in ("certificate", "tls", "ssl"))
    kind = "certificate" if certificate else "dns"
    return CloserProfile(kind, CLOSER[kind], incident.targets, incident.resolved_at + CLOSER_FOR)
