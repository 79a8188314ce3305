"""Who may do what: the escalation chain with its authority, and the recovery decisions as data.

Source: Emergency Response Procedures, "Recovery Decision Matrix" and "Internal Escalation Chain". `decide_recovery`
is what a remedy asks before it offers itself: whether it may go ahead, or whose word it needs first.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from cockpit.errors import NotFound
from cockpit.incident.model import Incident


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


class Review(StrEnum):
    """When a person looks at it."""

    NEVER = "no review"
    BEFORE = "before"
    IF_FAILS = "if it fails"
    AFTER = "after"


class MatrixRow(msgspec.Struct, frozen=True):
    """One recovery decision: whether it may run by itself, and who looks at it when.

    `roles` are those whose approval is asked for, all of them. `tries` is how often it may be tried by itself,
    `after_minutes` when the first time. `severity` is the level that it escalates to.
    """

    id: str
    scenario: str
    condition: str
    auto: bool
    how: str
    review: Review
    roles: tuple[str, ...]
    why: str
    severity: str
    tries: int = 1
    after_minutes: int = 0


def _row(id_: str, scenario: str, condition: str, severity: str, **more: object) -> MatrixRow:
    plain = {"auto": False, "how": "", "review": Review.NEVER, "roles": (), "why": "", **more}
    return msgspec.convert(
        {"id": id_, "scenario": scenario, "condition": condition, "severity": severity, **plain}, MatrixRow
    )


DNS = (
    _row(
        "dns-record",
        "Single record failure",
        "Impact < 10% users",
        "P2",
        auto=True,
        how="5 min",
        after_minutes=5,
    ),
    _row(
        "dns-propagation",
        "Zone propagation delay",
        "Delay > 1 hour",
        "P1",
        auto=True,
        how="force refresh",
        review=Review.IF_FAILS,
        roles=("TL",),
        why="if fails",
        after_minutes=60,
    ),
    _row(
        "dns-zone-deleted",
        "Complete zone deletion",
        "All DNS fails",
        "P0",
        review=Review.BEFORE,
        roles=("IC",),
        why="IC approval",
    ),
    _row(
        "dnssec",
        "DNSSEC failure",
        "Validation fails",
        "P1",
        review=Review.BEFORE,
        roles=("SL",),
        why="Security review",
    ),
)
CERTIFICATE = (
    _row("certificate-expiring", "Certificate near expiry", "< 7 days", "P3", auto=True, how="auto-renew"),
    _row(
        "certificate-expired",
        "Certificate expired",
        "Expired < 24h",
        "P1",
        auto=True,
        how="emergency renewal",
        review=Review.AFTER,
        roles=("TL",),
        why="post-recovery",
    ),
    _row(
        "certificate-revoked",
        "Certificate revoked",
        "Active revocation",
        "P0",
        review=Review.BEFORE,
        roles=("SL", "IC"),
        why="Security + IC",
    ),
    _row(
        "certificate-validation",
        "Validation failure",
        "ACME fails",
        "P1",
        auto=True,
        how="3 retries",
        tries=3,
        review=Review.IF_FAILS,
        roles=("TL",),
        why="if all fail",
    ),
)
SERVICE = (
    _row("service-down", "Single service down", "1 service affected", "P2", auto=True, how="restart"),
    _row(
        "load-balancer",
        "Load balancer failure",
        "All traffic affected",
        "P0",
        review=Review.BEFORE,
        roles=("IC",),
        why="IC approval",
    ),
    _row(
        "database",
        "Database connectivity",
        "DB connection fail",
        "P1",
        auto=True,
        how="failover",
        review=Review.AFTER,
        roles=("DBA",),
        why="data integrity",
    ),
    _row(
        "region",
        "Regional outage",
        "Provider region down",
        "P0",
        auto=True,
        how="traffic redirect",
        review=Review.AFTER,
        roles=("TL",),
        why="capacity check",
    ),
)
MATRICES: Mapping[str, tuple[MatrixRow, ...]] = MappingProxyType(
    {"DNS": DNS, "SSL certificate": CERTIFICATE, "Service": SERVICE}
)
"""The three matrices of the document, four rows each."""

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
