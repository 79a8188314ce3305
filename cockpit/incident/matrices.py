"""The recovery decision matrices: which repair may run by itself, and who looks at it when.

Source: Emergency Response Procedures, "Recovery Decision Matrix". What follows from a row is in `authority`.
"""
# ruff: noqa: E501 -- the tables stand as in the document, a row a line

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec


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


def _rows(table: str) -> tuple[MatrixRow, ...]:
    """The rows of one matrix, a line each; the cells are the fields of `MatrixRow` from `id` to `after_minutes`.

    What runs by itself says how; `tries` and `after_minutes` are 1 and 0 where their cells are empty.
    """
    return tuple(_row(*(cell.strip() for cell in line.split("|"))) for line in table.strip().splitlines())


def _row(
    id_: str,
    scenario: str,
    condition: str,
    how: str,
    tries: str,
    after_minutes: str,
    review: str,
    roles: str,
    why: str,
    severity: str,
) -> MatrixRow:
    return MatrixRow(
        id_,
        scenario,
        condition,
        bool(how),
        how,
        Review(review),
        tuple(roles.split()),
        why,
        severity,
        int(tries or 1),
        int(after_minutes or 0),
    )


DNS = _rows("""
dns-record             | Single record failure   | Impact < 10% users   | 5 min             |   | 5  | no review   |       |                 | P2
dns-propagation        | Zone propagation delay  | Delay > 1 hour       | force refresh     |   | 60 | if it fails | TL    | if fails        | P1
dns-zone-deleted       | Complete zone deletion  | All DNS fails        |                   |   |    | before      | IC    | IC approval     | P0
dnssec                 | DNSSEC failure          | Validation fails     |                   |   |    | before      | SL    | Security review | P1
""")
CERTIFICATE = _rows("""
certificate-expiring   | Certificate near expiry | < 7 days             | auto-renew        |   |    | no review   |       |                 | P3
certificate-expired    | Certificate expired     | Expired < 24h        | emergency renewal |   |    | after       | TL    | post-recovery   | P1
certificate-revoked    | Certificate revoked     | Active revocation    |                   |   |    | before      | SL IC | Security + IC   | P0
certificate-validation | Validation failure      | ACME fails           | 3 retries         | 3 |    | if it fails | TL    | if all fail     | P1
""")
SERVICE = _rows("""
service-down           | Single service down     | 1 service affected   | restart           |   |    | no review   |       |                 | P2
load-balancer          | Load balancer failure   | All traffic affected |                   |   |    | before      | IC    | IC approval     | P0
database               | Database connectivity   | DB connection fail   | failover          |   |    | after       | DBA   | data integrity  | P1
region                 | Regional outage         | Provider region down | traffic redirect  |   |    | after       | TL    | capacity check  | P0
""")
MATRICES: Mapping[str, tuple[MatrixRow, ...]] = MappingProxyType(
    {"DNS": DNS, "SSL certificate": CERTIFICATE, "Service": SERVICE}
)
"""The three matrices of the document, four rows each."""
