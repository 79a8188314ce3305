"""Which recovery decision a remedy is, and whose approval it therefore needs. Pure.

Source: Emergency Response Procedures, "Recovery Decision Matrix" and "Internal Escalation Chain". A remedy that no
row is about has no ruling here; then its risk decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import msgspec

from cockpit.incident.authority import CHAIN, MatrixRow, Permission, Ruling, decide_recovery, matrix_row
from cockpit.incident.model import Incident

ROWS: Mapping[str, str] = MappingProxyType(
    {
        "dns.publish": "dns-record",
        "dns.restore-record": "dns-record",
        "dns.restore-zone": "dns-zone-deleted",
        "dns.ds": "dnssec",
        "dns.dnssec-off": "dnssec",
        "dns.dnssec-roll": "dnssec",
        "dns.clear-challenges": "certificate-validation",
        "cert.revoke-response": "certificate-revoked",
        "kubectl.rollout-restart": "service-down",
        "mongosh.step-down": "database",
    }
)
"""The row that a remedy of that name is, whatever the incident."""

_CERTIFICATES: Mapping[str, str] = MappingProxyType(
    {
        "certificate-revoked": "certificate-revoked",
        "certificate-misissued": "certificate-revoked",
        "certificate-expired": "certificate-expired",
        "certificate-invalid": "certificate-validation",
    }
)
"""The row of a remedy for certificates by the incident's type; any other type is one that nears its end."""

_UNMEASURED = ("dns-record",)
"""Rows whose condition (the share of users) nobody measures: they never run by themselves."""

_IC_LEVEL = 2
"""The chain's level that commands: the procedures' incident commander is the team lead."""


class Member(Protocol):
    """Somebody of the configuration."""

    @property
    def id(self) -> str:
        """The name that events bear."""

    @property
    def roles(self) -> Sequence[str]:
        """What they usually are."""


class Recovery(msgspec.Struct, frozen=True):
    """The ruling on one remedy: its row, the sentence, and whose approvals are needed.

    `approvals` has a group of persons for each approval; any one of the group gives it, and with an empty group
    anybody else does.
    """

    row: str
    says: str
    approvals: tuple[tuple[str, ...], ...] = ()

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for a request's scope."""
        return {"row": self.row, "says": self.says, "approvals": [list(group) for group in self.approvals]}


def row_of(remedy: str, incident: Incident | None = None) -> MatrixRow | None:
    """The row of the matrices that a remedy is, or None."""
    if remedy in ROWS:
        return matrix_row(ROWS[remedy])
    if remedy.startswith("cert.") or remedy.endswith(".switch-certificate"):
        kind = incident.type if incident is not None else ""
        return matrix_row(_CERTIFICATES.get(kind, "certificate-expiring"))
    return matrix_row("load-balancer") if remedy.startswith("lb.") else None


def ruling(
    remedy: str,
    operator: str,
    people: Iterable[Member],
    incident: Incident | None = None,
    *,
    failed_tries: int = 0,
) -> Recovery | None:
    """Whose approval a remedy needs when `operator` asks for it; None where no row is about it."""
    row = row_of(remedy, incident)
    if row is None:
        return None
    staff = list(people)
    measured = row.id not in _UNMEASURED
    permission = decide_recovery(
        row, incident, failed_tries=failed_tries, within_condition=measured, operator=operator
    )
    if permission.ruling is Ruling.AUTO:
        return Recovery(row.id, permission.sentence)
    if permission.ruling is Ruling.LEVEL:
        if _has_level(operator, permission.level, staff, incident):
            return Recovery(row.id, f"{row.scenario}: within your authority.")
        wanted = [_of_level(permission, staff)]
    else:
        wanted = [_of_role(role, staff, incident) for role in permission.roles]
        wanted = [group for group in wanted if operator not in group]
        if not wanted:
            return Recovery(row.id, f"{row.scenario}: yours to decide ({row.why}).")
    if all(each.id == operator for each in staff):
        return Recovery(row.id, f"{permission.sentence} The configuration names nobody else who could approve.")
    groups = tuple(tuple(name for name in group if name != operator) for group in wanted)
    # Who usually has the role can approve, also where nobody was given it in the incident.
    says = permission.sentence.partition(" Nobody is ")[0] if all(groups) else permission.sentence
    return Recovery(row.id, says, groups)


def _has_level(operator: str, level: int, people: list[Member], incident: Incident | None) -> bool:
    """Whether a person stands on that level or above; the first one is whoever sits at the cockpit."""
    own = 1
    if incident is not None and incident.holder("IC") == operator:
        own = _IC_LEVEL
    for each in people:
        if each.id == operator:
            own = max([own, *(place.level for place in CHAIN if place.role in each.roles)])
    return own >= level


def _of_level(permission: Permission, people: list[Member]) -> tuple[str, ...]:
    if permission.approvers:
        return permission.approvers
    roles = {place.role for place in CHAIN if place.level >= permission.level}
    return tuple(each.id for each in people if roles & set(each.roles))


def _of_role(role: str, people: list[Member], incident: Incident | None) -> tuple[str, ...]:
    """Who has the role in the incident, else who usually has it."""
    holder = incident.holder(role) if incident is not None else None
    return (holder,) if holder is not None else tuple(each.id for each in people if role in each.roles)
