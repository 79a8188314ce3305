"""What a careful client thinks of a certificate is read off the certificate, not off what it was made to be."""

from datetime import timedelta

import pytest

from cockpit.clock import SystemClock
from cockpit.drill.pki import Certificate, CertificateKind, CtLog, DrillAuthority
from cockpit.drill.trust.caa import allowed_issuers
from cockpit.drill.trust.judgement import kind_of, trouble_with

HOST = "www.shop.example"
CLOCK = SystemClock()
GOOD_ENOUGH = {CertificateKind.GOOD, CertificateKind.EXPIRING, CertificateKind.OTHER_ISSUER}
"""Kinds that clients accept."""


@pytest.fixture(scope="module")
def authority() -> DrillAuthority:
    return DrillAuthority(CLOCK, logs=[CtLog("first", CLOCK), CtLog("second", CLOCK)])


@pytest.mark.parametrize("kind", CertificateKind)
def test_each_kind_is_accepted_or_refused_for_what_it_is(authority: DrillAuthority, kind: CertificateKind) -> None:
    made = authority.issue(HOST, kind)
    told = trouble_with(made, HOST, authority, CLOCK.now())
    assert bool(told) is (kind not in GOOD_ENOUGH), told


def test_the_name_the_date_and_the_list_of_the_revoked_count_at_the_moment_of_asking(
    authority: DrillAuthority,
) -> None:
    made, now = authority.issue(HOST), CLOCK.now()
    assert trouble_with(made, HOST, authority, now) == ""
    assert "not for api.shop.example" in trouble_with(made, "api.shop.example", authority, now)
    assert "expired" in trouble_with(made, HOST, authority, now + timedelta(days=200))
    assert "not valid yet" in trouble_with(made, HOST, authority, now - timedelta(days=200))
    authority.revoke(made.leaf)
    assert "revoked" in trouble_with(made, HOST, authority, now)


def test_a_wildcard_stands_for_one_label(authority: DrillAuthority) -> None:
    made, now = authority.issue("*.shop.example"), CLOCK.now()
    assert trouble_with(made, HOST, authority, now) == ""
    assert trouble_with(made, "a.b.shop.example", authority, now)
    assert trouble_with(made, "shop.example", authority, now)


def test_a_chain_of_another_root_does_not_reach_ours(authority: DrillAuthority) -> None:
    foreign = DrillAuthority(CLOCK).issue(HOST)
    assert "root" in trouble_with(foreign, HOST, authority, CLOCK.now())


def test_must_staple_is_well_once_it_is_stapled(authority: DrillAuthority) -> None:
    made = authority.issue(HOST, CertificateKind.MUST_STAPLE)
    assert "stapled" in trouble_with(made, HOST, authority, CLOCK.now())
    assert trouble_with(made, HOST, authority, CLOCK.now(), stapled=True) == ""


@pytest.mark.parametrize(
    "kind",
    [
        CertificateKind.GOOD,
        CertificateKind.EXPIRED,
        CertificateKind.NOT_YET_VALID,
        CertificateKind.SELF_SIGNED,
        CertificateKind.MISSING_CHAIN,
        CertificateKind.REVOKED,
        CertificateKind.WEAK_KEY,
        CertificateKind.NO_SAN,
    ],
)
def test_an_imported_certificate_is_called_what_it_is(authority: DrillAuthority, kind: CertificateKind) -> None:
    made = authority.issue(HOST, kind)
    read = Certificate(CertificateKind.GOOD, made.leaf, made.chain, made.key)
    assert kind_of(read, authority, CLOCK.now()) is kind


@pytest.mark.parametrize(
    ("records", "allowed"),
    [
        ({}, None),
        ({"shop.example": ['0 issue "drill-ca.example"']}, {"drill-ca.example"}),
        ({"example": ['0 issue "other.example"']}, {"other.example"}),
        ({"www.shop.example": ['0 issue ";"'], "shop.example": ['0 issue "drill-ca.example"']}, set()),
        ({"shop.example": ['0 issue "a.example; account=1"', '0 issue "b.example"']}, {"a.example", "b.example"}),
        ({"shop.example": ['0 iodef "mailto:x@shop.example"']}, None),
    ],
)
def test_the_closest_caa_records_say_who_may_issue(records: dict[str, list[str]], allowed: set[str] | None) -> None:
    found = allowed_issuers(lambda name, kind: records.get(name, ()), HOST)
    assert found == (None if allowed is None else frozenset(allowed))
