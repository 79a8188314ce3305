"""The recovery decision matrices, row by row as the document has them, and the rulings that follow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import NotFound
from cockpit.incident.authority import (
    CHAIN,
    MATRICES,
    MatrixRow,
    Review,
    Ruling,
    decide_recovery,
    level_for,
    matrix_row,
)
from cockpit.incident.model import Incident
from tests.incident.history import History

ROWS = [row for rows in MATRICES.values() for row in rows]

DOCUMENT = """
Single record failure | Impact < 10% users | Yes (5 min) | No | P2
Zone propagation delay | Delay > 1 hour | Yes (force refresh) | Yes (if fails) | P1
Complete zone deletion | All DNS fails | No | Yes (IC approval) | P0
DNSSEC failure | Validation fails | No | Yes (Security review) | P1
Certificate near expiry | < 7 days | Yes (auto-renew) | No | P3
Certificate expired | Expired < 24h | Yes (emergency renewal) | Yes (post-recovery) | P1
Certificate revoked | Active revocation | No | Yes (Security + IC) | P0
Validation failure | ACME fails | Yes (3 retries) | Yes (if all fail) | P1
Single service down | 1 service affected | Yes (restart) | No | P2
Load balancer failure | All traffic affected | No | Yes (IC approval) | P0
Database connectivity | DB connection fail | Yes (failover) | Yes (data integrity) | P1
Regional outage | Provider region down | Yes (traffic redirect) | Yes (capacity check) | P0
"""


def with_roles(severity: str = "P1", **roles: str) -> Incident:
    history = History(severity=severity).opened()
    for role, person in roles.items():
        history.tell("role", {"role": role, "person": person, "kind": "assigned"})
    return history.incident


def test_the_rows_are_those_of_the_document() -> None:
    said = [
        " | ".join(
            (
                row.scenario,
                row.condition,
                f"Yes ({row.how})" if row.auto else "No",
                "No" if row.review is Review.NEVER else f"Yes ({row.why})",
                row.severity,
            )
        )
        for row in ROWS
    ]
    assert said == DOCUMENT.strip().splitlines()


def test_the_chain_is_that_of_the_document() -> None:
    assert [(level.response_minutes, level.title) for level in CHAIN] == [
        (5, "On-Call Engineer"),
        (15, "Senior Engineer / Team Lead"),
        (30, "Engineering Manager"),
        (60, "VP Engineering / CTO"),
    ]
    assert [level_for(severity).level for severity in ("P3", "P2", "P1", "P0")] == [1, 1, 2, 3]
    assert level_for("P2", standard=False).level == 2


@pytest.mark.parametrize(
    ("row", "ruling", "roles"),
    [
        ("dns-record", Ruling.AUTO, ()),
        ("dns-zone-deleted", Ruling.ROLES, ("IC",)),
        ("dnssec", Ruling.ROLES, ("SL",)),
        ("certificate-expired", Ruling.AUTO, ()),
        ("certificate-revoked", Ruling.ROLES, ("SL", "IC")),
        ("load-balancer", Ruling.ROLES, ("IC",)),
        ("region", Ruling.AUTO, ()),
    ],
)
def test_a_row_rules(row: str, ruling: Ruling, roles: tuple[str, ...]) -> None:
    permission = decide_recovery(row)
    assert (permission.ruling, permission.roles) == (ruling, roles)
    assert permission.sentence.endswith(".")


def test_retries_run_out_and_then_a_person_is_asked() -> None:
    assert [decide_recovery("certificate-validation", failed_tries=tries).ruling for tries in range(4)] == [
        Ruling.AUTO,
        Ruling.AUTO,
        Ruling.AUTO,
        Ruling.ROLES,
    ]
    assert decide_recovery("dns-record", failed_tries=1).ruling is Ruling.LEVEL


def test_nothing_runs_by_itself_where_the_condition_is_not_known_to_hold() -> None:
    assert decide_recovery("dns-record", within_condition=False).ruling is Ruling.LEVEL
    assert decide_recovery(
        "dns-record", with_roles("P2", L1="mona"), within_condition=False, operator="mona"
    ).ruling is (Ruling.AUTO)


def test_who_holds_the_needed_role_approves_by_going_ahead_and_the_others_are_named() -> None:
    incident = with_roles("P0", IC="mona", SL="ayumi")
    alone = decide_recovery("dns-zone-deleted", incident, operator="mona")
    assert alone.ruling is Ruling.AUTO
    both = decide_recovery("certificate-revoked", incident, operator="mona")
    assert (both.ruling, both.roles, both.approvers) == (Ruling.ROLES, ("SL",), ("ayumi",))
    nobody = decide_recovery("dnssec", with_roles("P1"))
    assert nobody.missing == ("SL",)
    assert "Nobody is SL yet" in nobody.sentence


def test_what_is_done_by_itself_names_who_looks_at_it_afterwards() -> None:
    assert decide_recovery("database").review_after == ("DBA",)


def test_an_unknown_row_is_a_sentence() -> None:
    with pytest.raises(NotFound, match="known are dns-record"):
        matrix_row("nonsense")


@given(st.sampled_from(ROWS), st.sampled_from(["P0", "P1", "P2", "P3"]), st.integers(0, 5), st.booleans())
def test_a_row_that_wants_a_review_before_never_runs_by_itself(
    row: MatrixRow, severity: str, tries: int, known: bool
) -> None:
    permission = decide_recovery(row, with_roles(severity), failed_tries=tries, within_condition=known)
    if row.review is Review.BEFORE or not known:
        assert permission.ruling is not Ruling.AUTO
    assert permission.level >= level_for(severity).level
