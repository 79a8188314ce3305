"""Who is needed: the roles of an incident and the set that each severity requires.

Source: Emergency Response Procedures, "Response Team Structure" and its team-assembly script; the core team of
the Incident Response Procedures is the same four.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cockpit.incident.model import Incident

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "IC": "Incident commander",
        "TL": "Technical lead",
        "CL": "Communications lead",
        "SL": "Security lead",
        "DBA": "Database administrator",
        "CSL": "Customer success lead",
        "L1": "On-call engineer",
        "L2": "Senior engineer or team lead",
        "L3": "Engineering manager",
        "L4": "VP Engineering or CTO",
    }
)
"""Role codes with their titles; L1 to L4 are the levels of the escalation chain."""

_REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"P0": ("IC", "TL", "CL", "SL"), "P1": ("IC", "TL", "CL"), "P2": ("TL", "CL")}
)


def required_roles(severity: str) -> tuple[str, ...]:
    """Roles that an incident of this severity must have filled; anything below P2 needs a technical lead only."""
    return _REQUIRED.get(severity, ("TL",))


def open_roles(incident: Incident) -> tuple[str, ...]:
    """Required roles that nobody holds yet."""
    return tuple(role for role in required_roles(incident.severity) if incident.holder(role) is None)
