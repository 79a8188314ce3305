"""The order of a status page: investigating, identified, monitoring, resolved. Pure.

Source: Emergency Response Procedures, "Status Page Communication". Customers who read that all is resolved without
ever having read that it was known ask what else they were not told, so a step that is skipped or taken back has a
reason, which stands on the timeline.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cockpit.incident.model import Incident, State

STATES = ("investigating", "identified", "monitoring", "resolved")
"""The four states of a page's incident, in the only order in which they follow each other."""

_FROM_STATE: Mapping[str, str] = MappingProxyType(
    {
        State.IDENTIFIED: "identified",
        State.MITIGATING: "identified",
        State.MONITORING: "monitoring",
        State.RESOLVED: "resolved",
        State.REVIEW: "resolved",
        State.CLOSED: "resolved",
    }
)


def page_state(state: str) -> str:
    """What the page calls a state of ours."""
    return _FROM_STATE.get(state, "investigating")


def out_of_order(before: str | None, incident: Incident) -> str:
    """Why the page's next state asks for a reason; empty where it follows in order.

    `before` is the incident's state when customers were told last, None when they never were.
    Where the incident itself went back, its own reason is on record already, and none is asked for again.
    """
    here, now = -1 if before is None else STATES.index(page_state(before)), page_state(incident.state)
    there = STATES.index(now)
    if there in (here, here + 1):
        return ""
    if there > here:
        skipped = ", ".join(STATES[here + 1 : there])
        return f"Customers would read {now} without having read {skipped}: say why."
    back = incident.steps[-1] if incident.steps else None
    if back is not None and back.reason and STATES.index(page_state(back.old)) > there:
        return ""
    return f"Customers have read {STATES[here]} already and would read {now}: say why."
