"""The scheduled summary of what was too small to be told at once. Pure.

Source: Emergency Response Procedures, "Customer Notification Matrix": P3 is a daily or weekly summary, for
ourselves only.
"""

from collections.abc import Iterable
from datetime import datetime

from cockpit.comms.facts import span
from cockpit.incident.model import Incident

SEVERITY = "P3"


def digest_facts(incidents: Iterable[Incident], since: datetime, until: datetime) -> dict[str, str]:
    """Values for the template: what was open at any time between `since` and `until`, newest first.

    Restricted incidents are left out, for a digest goes to everybody, and those that another one covers.
    """
    meant = [each for each in incidents if each.severity == SEVERITY and not (each.restricted or each.duplicate_of)]
    shown = [each for each in meant if each.opened_at <= until and (each.is_open or _end(each, until) >= since)]
    shown.sort(key=lambda each: -each.number)
    opened = sum(each.opened_at >= since for each in shown)
    resolved = sum(each.resolved_at is not None and each.resolved_at >= since for each in shown)
    return {
        "from": f"{since:%Y-%m-%d %H:%MZ}",
        "until": f"{until:%Y-%m-%d %H:%MZ}",
        "opened_count": str(opened),
        "resolved_count": str(resolved),
        "open_count": str(sum(each.is_open for each in shown)),
        "incidents": "\n".join(_line(each, until) for each in shown) or "None.",
    }


def _end(incident: Incident, until: datetime) -> datetime:
    return incident.resolved_at or (incident.steps[-1].at if incident.steps else until)


def _line(incident: Incident, until: datetime) -> str:
    about = ", ".join(incident.targets or incident.services)
    lasted = f"{incident.state}, {span(incident.elapsed(until))}"
    return f"- {incident.ref} {incident.title}{f' ({about})' if about else ''}: {lasted}"
