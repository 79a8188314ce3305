"""Who may do what: the escalation chain with its authority, and the recovery decisions as data.

Source: Emergency Response Procedures, "Recovery Decision Matrix" and "Internal Escalation Chain". `decide_recovery`
is what a remedy asks before it offers itself: whether it may go ahead, or whose word it needs first.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from cockpit.errors import NotFound
from cockpit.incident.matrices import MATRICES, MatrixRow, Review
from cockpit.incident.model import Incident

__all__ = [
    "CHAIN",
    "MATRICES",
    "ChainLevel",
    "MatrixRow",
    "Permission",
    "Review",
    "Ruling",
    "decide_recovery",
    "level_for",
    "matrix_row",
]


class ChainLevel(msgspec.Struct, frozen=True):
    """One step of the escalation chain; `severities` are those that it may decide in by itself."""

    level: int
    title: str
    contact: str
    response_minutes: int
    authority: str
    severities: tuple[str, ...]
    non_standard: bool = False
    customer_words: bool = False
    public_words: bool = False

    @property
    def role(self) -> str:
        """The role code of who stands on it."""
        return f"L{self.level}"


CHAIN: tuple[ChainLevel, ...] = (
    ChainLevel(
        1,
        "On-Call Engineer",
        "Primary on-call rotation",
        5,
        "Execute standard procedures, P2/P3 incidents",
        ("P2", "P3"),
    ),
    ChainLevel(
        2,
        "Senior Engineer / Team Lead",
        "Engineering team lead",
        15,
        "P1 incidents, non-standard procedures",
        ("P1", "P2", "P3"),
        non_standard=True,
    ),
    ChainLevel(
        3,
        "Engineering Manager",
        "Engineering management",
        30,
        "P0 incidents, customer communication",
        ("P0", "P1", "P2", "P3"),
        non_standard=True,
        customer_words=True,
    ),
    ChainLevel(
        4,
        "VP Engineering / CTO",
        "Executive leadership",
        60,
        "Major outages, external communication",
        ("P0", "P1", "P2", "P3"),
        non_standard=True,
        customer_words=True,
        public_words=True,
    ),
)
"""The chain, lowest level first."""


_ROWS: Mapping[str, MatrixRow] = MappingProxyType({row.id: row for rows in MATRICES.values() for row in rows})


class Ruling(StrEnum):
    """What a recovery may do. AUTO: at once, by whoever sits there. LEVEL: the chain's level must be engaged.

    ROLES: everybody named in `Permission.roles` has to approve.
    """

    AUTO = "auto"
    LEVEL = "level"
    ROLES = "roles"


class Permission(msgspec.Struct, frozen=True):
    """The ruling on one recovery in one situation, with the sentence for the operator.

    `level` is the lowest level of the chain with the authority, `missing` the roles that nobody holds yet, and
    `review_after` the roles that look at it when it is done.
    """

    ruling: Ruling
    sentence: str
    row: MatrixRow
    level: int
    roles: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    review_after: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()


def matrix_row(id_: str) -> MatrixRow:
    """The row of that id; raises NotFound."""
    try:
        return _ROWS[id_]
    except KeyError:
        raise NotFound(f"There is no recovery decision {id_!r}; known are {', '.join(_ROWS)}.") from None


def level_for(severity: str, *, standard: bool = True) -> ChainLevel:
    """The lowest level of the chain with authority over a severity, and over what is no standard procedure."""
    return next(
        level
        for level in CHAIN
        if (severity in level.severities or severity not in CHAIN[-1].severities)
        and (standard or level.non_standard)
    )


def decide_recovery(
    row: MatrixRow | str,
    incident: Incident | None = None,
    *,
    failed_tries: int = 0,
    within_condition: bool = True,
    operator: str = "",
) -> Permission:
    """What a recovery may do now. Pure.

    `failed_tries` is how often it was tried already, `within_condition` whether the row's condition is known to
    hold: where it is not, nothing runs by itself. An operator who holds a needed role approves by going ahead; the
    others that are needed stay in `roles`.
    """
    row = matrix_row(row) if isinstance(row, str) else row
    severity = incident.severity if incident is not None else row.severity
    level = level_for(min(severity, row.severity), standard=row.auto)
    holds = {assignment.role: assignment.person for assignment in incident.roles} if incident is not None else {}
    if row.auto and within_condition and failed_tries < row.tries:
        after = row.roles if row.review is Review.AFTER else ()
        words = f"{row.scenario}: may run by itself ({row.how})."
        if after:
            words += f" {_named(after)} looks at it afterwards ({row.why})."
        return Permission(Ruling.AUTO, words, row, level.level, review_after=after)
    if row.review in (Review.BEFORE, Review.IF_FAILS) or (row.roles and failed_tries >= row.tries):
        needed = tuple(role for role in row.roles if not operator or holds.get(role) != operator)
        if not needed:
            sentence = f"{row.scenario}: yours to decide ({row.why})."
            return Permission(Ruling.AUTO, sentence, row, level.level)
        missing = tuple(role for role in needed if role not in holds)
        words = f"{row.scenario}: needs the approval of {_named(needed)} ({row.why})."
        if missing:
            words += f" Nobody is {_named(missing)} yet."
        approvers = tuple(holds[role] for role in needed if role in holds)
        return Permission(Ruling.ROLES, words, row, level.level, needed, missing, approvers=approvers)
    words = f"{row.scenario}: needs level {level.level} of the chain, {level.title} ({level.authority})."
    engaged = [role for role in holds if role in {f"L{each}" for each in range(level.level, 5)}]
    approvers = tuple(holds[role] for role in engaged)
    if operator and operator in approvers:
        return Permission(Ruling.AUTO, f"{row.scenario}: within your authority.", row, level.level)
    return Permission(Ruling.LEVEL, words, row, level.level, approvers=approvers)


def _named(roles: Iterable[str]) -> str:
    return " and ".join(roles)
