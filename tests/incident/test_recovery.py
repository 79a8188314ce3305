"""Whose approval a remedy needs: the rows of the matrices, the incident's roles, and who usually has them."""

import pytest

from cockpit.config.settings import Person
from cockpit.incident.authority import MATRICES
from cockpit.incident.model import Incident
from cockpit.incident.recovery import ROWS, Recovery, row_of, ruling
from tests.incident.history import History

MONA, JULES, KIM = (
    Person("mona", roles=("IC", "L2")),
    Person("jules", roles=("TL", "L1")),
    Person("kim", roles=("SL",)),
)
PEOPLE = (MONA, JULES, KIM)


def led_by(person: str, *, kind: str = "", severity: str = "P2") -> Incident:
    history = History().opened(type=kind, severity=severity)
    return history.tell("role", {"role": "IC", "person": person, "kind": "assigned"}, 1).incident


def asked(remedy: str, operator: str, incident: Incident | None = None, tries: int = 0) -> Recovery:
    found = ruling(remedy, operator, PEOPLE, incident, failed_tries=tries)
    assert found is not None
    return found


def test_every_row_that_is_named_exists() -> None:
    known = {row.id for rows in MATRICES.values() for row in rows}
    assert set(ROWS.values()) <= known
    assert ruling("ses.byodkim", "mona", PEOPLE) is None


def test_dnssec_is_for_the_security_lead() -> None:
    assert asked("dns.ds", "mona").approvals == (("kim",),)
    assert "needs the approval of SL (Security review)" in asked("dns.ds", "mona").says
    held = led_by("mona")
    assert asked("dns.ds", "mona", held).approvals == (("kim",),)


def test_who_has_the_role_in_the_incident_comes_before_who_usually_has_it() -> None:
    history = History().opened().tell("role", {"role": "SL", "person": "jules", "kind": "assigned"}, 1)
    assert asked("dns.ds", "mona", history.incident).approvals == (("jules",),)
    assert asked("dns.ds", "jules", history.incident).approvals == ()


def test_a_zone_is_restored_by_the_commander_or_with_their_approval() -> None:
    assert asked("dns.restore-zone", "mona", led_by("mona")).approvals == ()
    assert asked("dns.restore-zone", "jules", led_by("mona")).approvals == (("mona",),)


def test_a_record_is_within_the_authority_of_the_chain() -> None:
    assert asked("dns.publish", "jules", led_by("kim")).approvals == ()
    assert asked("dns.publish", "jules", led_by("kim", severity="P1")).approvals == (("mona",),)
    assert asked("dns.publish", "jules", led_by("jules", severity="P1")).approvals == ()


def test_stale_challenges_may_be_cleared_three_times() -> None:
    assert asked("dns.clear-challenges", "jules", tries=2).approvals == ()
    assert asked("dns.clear-challenges", "mona", tries=3).approvals == (("jules",),)


@pytest.mark.parametrize(
    ("kind", "row", "approvals"),
    [
        ("certificate-revoked", "certificate-revoked", (("kim",), ("mona",))),
        ("certificate-expired", "certificate-expired", ()),
        ("", "certificate-expiring", ()),
    ],
)
def test_a_certificate_is_switched_by_the_row_of_the_trouble(
    kind: str, row: str, approvals: tuple[tuple[str, ...], ...]
) -> None:
    incident = History().opened(type=kind).incident
    found = row_of("lb.switch-certificate", incident)
    assert found is not None
    assert found.id == row
    assert asked("lb.switch-certificate", "jules", incident).approvals == approvals


def test_who_usually_has_the_role_decides_where_nobody_else_was_given_it() -> None:
    assert asked("dns.ds", "kim").approvals == ()
    assert asked("lb.move-targets", "jules").approvals == (("mona",),)


def test_who_is_alone_approves_nothing_and_it_is_said() -> None:
    found = ruling("dns.ds", "mona", (MONA,))
    assert found is not None
    assert found.approvals == ()
    assert "nobody else" in found.says
