"""What is known about an incident, as the words that templates ask for. Pure; unknown things are simply absent."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from cockpit.incident.deadlines import TERMS, Deadline, deadlines
from cockpit.incident.model import Incident, State

REVIEW_WITHIN = timedelta(days=7)
"""Both documents want the review within a week of the resolution."""

_STATUS: Mapping[State, str] = {
    State.DETECTED: "Detected",
    State.ACKNOWLEDGED: "Investigating",
    State.INVESTIGATING: "Investigating",
    State.IDENTIFIED: "Identified",
    State.MITIGATING: "Identified, mitigation under way",
    State.MONITORING: "Monitoring",
    State.RESOLVED: "Resolved",
    State.REVIEW: "Resolved, under review",
    State.CLOSED: "Closed",
}
_PAGES: Mapping[State, str] = {
    State.IDENTIFIED: "status_identified",
    State.MITIGATING: "status_identified",
    State.MONITORING: "status_monitoring",
    State.RESOLVED: "status_resolved",
    State.REVIEW: "status_resolved",
    State.CLOSED: "status_resolved",
}


def facts(incident: Incident, now: datetime) -> dict[str, str]:
    """Values for the placeholders that an incident can answer; the others are for the person who writes."""
    started = incident.onset.at if incident.onset is not None and incident.onset.confirmed else incident.detected_at
    clocks = {clock.name: clock for clock in deadlines(incident, now)}
    values = {
        "incident": incident.ref,
        "title": incident.title,
        "severity": incident.severity,
        "severity_reason": incident.severity_reason,
        "profile": incident.profile,
        "status": _STATUS[incident.state],
        "service": ", ".join(incident.services or incident.targets),
        "services": ", ".join(incident.services),
        "targets": ", ".join(incident.targets),
        "affected": ", ".join(incident.targets or incident.services),
        "lead": incident.lead or "",
        "opened": moment(incident.opened_at),
        "opened_by": incident.opened_by,
        "started": moment(started),
        "time": f"[{now:%H:%M}Z]",
        "duration": span(incident.elapsed(now)),
        "cadence": _cadence(incident),
        "next_update": _next_update(clocks["update"]),
        "resolved": moment(incident.resolved_at) if incident.resolved_at is not None else "",
    }
    if incident.resolved_at is not None:
        values["review_date"] = f"{incident.resolved_at + REVIEW_WITHIN:%Y-%m-%d}"
    return {name: value for name, value in values.items() if value}


def status_page(state: State) -> str:
    """Name of the status-page template that fits the state."""
    return _PAGES.get(state, "status_investigating")


def moment(at: datetime) -> str:
    """A time with its date and zone, as it stands in messages and documents."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def span(length: timedelta) -> str:
    """A duration in words as short as they may be: `41s`, `7m 41s`, `2h 05m`, `3d 4h`."""
    seconds = int(length.total_seconds())
    if seconds < 0:
        return f"-{span(-length)}"
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m {seconds % 60:02}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h {seconds % 3600 // 60:02}m"
    return f"{seconds // 86_400}d {seconds % 86_400 // 3600}h"


def _cadence(incident: Incident) -> str:
    term = TERMS.get(incident.profile, {}).get(incident.severity, {}).get("update")
    return f"{term.after // timedelta(minutes=1)} minutes" if term is not None else ""


def _next_update(update: Deadline) -> str:
    return f"{update.due:%H:%M}Z" if update.due is not None and update.is_running else ""
