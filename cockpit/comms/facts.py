"""What is known about an incident, as the words that templates ask for. Pure; unknown things are simply absent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cockpit.incident.deadlines import Deadline, deadlines, terms_of
from cockpit.incident.model import Incident, State
from cockpit.incident.roles import needed_roles

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


_ACTIVITY: Mapping[State, str] = {
    State.MONITORING: "MONITORING",
    State.RESOLVED: "RESOLVED",
    State.REVIEW: "RESOLVED",
    State.CLOSED: "RESOLVED",
}
USUAL_PROPAGATION = ("24-48 hours", "de 24 à 48 heures")
"""What is said of propagation where no TTL is known, in English and French."""


class Company(Protocol):
    """What messages say of the organisation."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def status_page(self) -> str:
        """Where customers read."""

    @property
    def support_team(self) -> str:
        """Who signs letters to customers."""

    @property
    def registrar_account(self) -> str:
        """What the registrar knows it by."""


def company_facts(company: Company) -> dict[str, str]:
    """Values that are the same in every incident."""
    values = {
        "organisation": company.name,
        "status_page": company.status_page,
        "support_team": company.support_team or (f"{company.name} Support Team" if company.name else ""),
        "account": company.registrar_account,
    }
    return {name: value for name, value in values.items() if value}


def record_facts(domain: str, records: Sequence[str], ttl_s: int | None = None) -> dict[str, str]:
    """Values for the letter to an owner: exactly the records that are missing or wrong, and how long caches keep.

    `ttl_s` is the longest time for which a resolver may still give the old answer.
    """
    wait, wait_fr = USUAL_PROPAGATION
    if ttl_s is not None:
        number, unit, unit_fr = _rounded_up(ttl_s)
        many = "s" if number > 1 else ""
        wait, wait_fr = f"up to {number} {unit}{many}", f"jusqu'à {number} {unit_fr}{many}"
    values = {"domain": domain, "records": "\n".join(records), "propagation": wait, "propagation_fr": wait_fr}
    return {name: value for name, value in values.items() if value}


def _rounded_up(seconds: int) -> tuple[int, str, str]:
    """A wait as people say it, never shorter than it is: minutes up to two hours, then hours, then days."""
    if seconds <= 7200:
        return max(1, -(-seconds // 60)), "minute", "minute"
    if seconds <= 172_800:
        return -(-seconds // 3600), "hour", "heure"
    return -(-seconds // 86_400), "day", "jour"


def facts(incident: Incident, now: datetime) -> dict[str, str]:
    """Values for the placeholders that an incident can answer; the others are for the person who writes."""
    started = incident.onset.at if incident.onset is not None and incident.onset.confirmed else incident.detected_at
    clocks = {clock.name: clock for clock in deadlines(incident, now)}
    values = {
        "incident": incident.ref,
        "stamp": stamp_id(incident),
        "title": incident.title,
        "activity": _ACTIVITY.get(incident.state, "ACTIVE"),
        "state": incident.state.value,
        "state_since": moment(incident.steps[-1].at if incident.steps else incident.opened_at),
        "acknowledged_by": next((step.by for step in incident.steps), ""),
        "required_roles": " ".join(needed_roles(incident)),
        "domain": incident.targets[0] if len(incident.targets) == 1 else "",
        "domains": ", ".join(incident.targets),
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


def stamp_id(incident: Incident) -> str:
    """The id of the procedures, YYYYMMDDHHMMSS of the moment at which the incident was opened, in UTC."""
    return f"{incident.opened_at:%Y%m%d%H%M%S}"


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
    term = terms_of(incident).get("update")
    return f"{term.after // timedelta(minutes=1)} minutes" if term is not None else ""


def _next_update(update: Deadline) -> str:
    return f"{update.due:%H:%M}Z" if update.due is not None and update.is_running else ""
