"""Who is needed: the roles of an incident, who fills them usually, and the set that each severity requires.

Source: Emergency Response Procedures, "Response Team Structure" and its team-assembly script; the core team of
the Incident Response Procedures is the same four, and its extended team adds the last three.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

import msgspec

from cockpit.incident.model import Incident, State

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "IC": "Incident commander",
        "TL": "Technical lead",
        "CL": "Communications lead",
        "SL": "Security lead",
        "DBA": "Database administrator",
        "CSL": "Customer success lead",
        "NE": "Network engineer",
        "CM": "Certificate manager",
        "VL": "Vendor liaison",
        "L1": "On-call engineer",
        "L2": "Senior engineer or team lead",
        "L3": "Engineering manager",
        "L4": "VP Engineering or CTO",
    }
)
"""Role codes with their titles; L1 to L4 are the levels of the escalation chain."""

CHECKIN_EVERY = timedelta(minutes=15)
"""How often each role says that it is there."""

NAG_EVERY = timedelta(minutes=2)
"""How often a missing commander is asked for."""


class RoleCard(msgspec.Struct, frozen=True):
    """What a role is for and who holds it usually; `asked_for` says when somebody of the extended team is."""

    code: str
    primary: str
    backup: str
    duties: tuple[str, ...]
    asked_for: str = ""


CARDS: Mapping[str, RoleCard] = MappingProxyType(
    {
        card.code: card
        for card in (
            RoleCard(
                "IC",
                "DevOps Team Lead",
                "Senior DevOps Engineer",
                (
                    "Coordinate response activities",
                    "Make critical decisions",
                    "Communicate with stakeholders",
                    "Declare incident resolved",
                ),
            ),
            RoleCard(
                "TL",
                "Senior Platform Engineer",
                "DevOps Engineer",
                (
                    "Diagnose technical issues",
                    "Implement recovery procedures",
                    "Coordinate with cloud providers",
                    "Execute rollback procedures",
                ),
            ),
            RoleCard(
                "CL",
                "Engineering Manager",
                "Product Manager",
                (
                    "Update status page",
                    "Notify customers",
                    "Coordinate with support team",
                    "Document incident timeline",
                ),
            ),
            RoleCard(
                "SL",
                "",
                "",
                (
                    "Assess security impact",
                    "Coordinate security response",
                    "Preserve forensic evidence",
                    "Update security policies",
                ),
                "P0/P1 incidents with security implications",
            ),
            RoleCard(
                "DBA",
                "",
                "",
                (
                    "Database recovery procedures",
                    "Data integrity validation",
                    "Performance optimization",
                    "Backup/restore operations",
                ),
                "data-related incidents",
            ),
            RoleCard(
                "CSL",
                "",
                "",
                (
                    "Customer notifications",
                    "Support ticket triage",
                    "Customer impact assessment",
                    "Post-incident customer communication",
                ),
                "P0/P1 incidents",
            ),
            RoleCard("NE", "", "", ("Connectivity and firewall issues",), "network incidents"),
            RoleCard("CM", "", "", ("PKI and certificate issues",), "certificate incidents"),
            RoleCard("VL", "", "", ("Vendor support coordination",), "incidents at a vendor"),
        )
    }
)
"""The documents' descriptions of the roles."""

_REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"P0": ("IC", "TL", "CL", "SL"), "P1": ("IC", "TL", "CL"), "P2": ("TL", "CL")}
)


class RosterEntry(Protocol):
    """Somebody of the roster, as configured."""

    @property
    def id(self) -> str:
        """The name that is assigned."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that this person can take; who is named first in the roster is the primary."""


class Place(msgspec.Struct, frozen=True):
    """One line of the roster for an incident: who holds the role, who would, and who after that."""

    role: str
    title: str
    required: bool
    holder: str | None
    primary: str
    backup: str
    asked_for: str = ""


def required_roles(severity: str) -> tuple[str, ...]:
    """Roles that an incident of this severity must have filled; anything below P2 needs a technical lead only."""
    return _REQUIRED.get(severity, ("TL",))


def titles(incident: Incident) -> Mapping[str, str]:
    """Every role that can be given in an incident, by its code: ours, and those of the organisation's own."""
    own = {code: title or ROLES.get(code, code) for code, title, _ in incident.own_roles}
    return {**ROLES, **own}


def title_of(incident: Incident, role: str) -> str:
    """What a role is called in an incident; its code where nobody knows it."""
    return titles(incident).get(role, role)


def needed_roles(incident: Incident) -> tuple[str, ...]:
    """The roles that an incident has to have filled: by its severity, and by the organisation's own say."""
    said = {code: severities for code, _, severities in incident.own_roles if severities is not None}
    usual = [role for role in required_roles(incident.severity) if role not in said]
    own = [role for role, severities in said.items() if incident.severity in severities]
    order = {role: place for place, role in enumerate(ROLES)}
    return tuple(sorted((*usual, *own), key=lambda role: order.get(role, len(order))))


def open_roles(incident: Incident) -> tuple[str, ...]:
    """Required roles that nobody holds yet."""
    return tuple(role for role in needed_roles(incident) if incident.holder(role) is None)


def asked_for(incident: Incident) -> tuple[str, ...]:
    """Roles of the extended team that should be asked, beside the required ones."""
    asked = []
    if incident.severity in ("P0", "P1"):
        asked.append("CSL")
    if incident.type.startswith("certificate"):
        asked.append("CM")
    if incident.type in ("dns-failure", "propagation", "service-down"):
        asked.append("NE")
    if incident.type.startswith("ses-"):
        asked.append("VL")
    return tuple(asked)


def places(incident: Incident, roster: Iterable[RosterEntry]) -> tuple[Place, ...]:
    """The roster of an incident: required roles first, then those asked for, then whatever else is held."""
    people = list(roster)
    required = needed_roles(incident)
    held = [assignment.role for assignment in incident.roles]
    wanted = dict.fromkeys((*required, *asked_for(incident), *held))
    return tuple(_place(incident, role, role in required, people) for role in wanted)


def _place(incident: Incident, role: str, required: bool, people: list[RosterEntry]) -> Place:
    able = [person.id for person in people if role in person.roles]
    card = CARDS.get(role, RoleCard(role, "", "", ()))
    return Place(
        role,
        title_of(incident, role),
        required,
        incident.holder(role),
        able[0] if able else card.primary,
        able[1] if len(able) > 1 else card.backup,
        card.asked_for,
    )


def nag(incident: Incident, now: datetime) -> str:
    """The sentence that asks for a commander while there is none; empty when there is one or it is over.

    The number of the reminder is in it, so that a screen sees when the next one is due.
    """
    if not incident.is_open or "IC" not in needed_roles(incident) or incident.lead is not None:
        return ""
    passed = max(now - incident.opened_at, timedelta())
    if passed < NAG_EVERY and incident.state is State.DETECTED:
        return ""
    minutes = int(passed // timedelta(minutes=1))
    return f"{incident.ref} has had no commander for {minutes} minutes (reminder {passed // NAG_EVERY})."
