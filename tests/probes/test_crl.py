"""Lists of revoked certificates: only the issuer's own, signed and of today, says that nothing is wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from cockpit.clock import SystemClock
from cockpit.drill.pki import DrillAuthority
from cockpit.probes.trust.crl import list_url, read_list

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> DrillAuthority:
    return DrillAuthority(SystemClock())


def made(
    authority: DrillAuthority, *serials: int, ends: timedelta = timedelta(days=1), forged: bool = False
) -> bytes:
    issuer = authority.main_issuer
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.name)
        .last_update(NOW - timedelta(days=2))
        .next_update(NOW + ends)
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - timedelta(hours=3))
        builder = builder.add_revoked_certificate(entry.build())
    key = authority.other_issuer.key if forged else issuer.key
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_who_is_on_the_list_is_revoked_with_the_time_and_who_is_not_is_good(authority: DrillAuthority) -> None:
    one, two = (authority.issue("www.shop.example").leaf for _ in range(2))
    der = made(authority, one.serial_number)
    found = read_list(der, one, authority.issuer, NOW)
    assert found["status"] == "revoked"
    assert datetime.fromisoformat(found["revoked_at"]) == (NOW - timedelta(hours=3)).replace(microsecond=0)
    assert read_list(der, two, authority.issuer, NOW)["status"] == "good"


def test_a_list_of_yesterday_tells_who_is_on_it_and_nothing_of_others(authority: DrillAuthority) -> None:
    one, two = (authority.issue("www.shop.example").leaf for _ in range(2))
    der = made(authority, one.serial_number, ends=-timedelta(minutes=1))
    assert read_list(der, one, authority.issuer, NOW)["status"] == "revoked"
    assert read_list(der, two, authority.issuer, NOW)["status"] == "stale"


def test_a_list_that_its_issuer_did_not_sign_says_nothing(authority: DrillAuthority) -> None:
    leaf = authority.issue("www.shop.example").leaf
    assert read_list(made(authority, forged=True), leaf, authority.issuer, NOW)["status"] == "bad-signature"
    other = authority.other_issuer.certificate
    assert read_list(made(authority), leaf, other, NOW)["status"] == "untrusted"
    assert read_list(b"<html>", leaf, authority.issuer, NOW)["status"] == "malformed"


def test_a_certificate_that_names_no_list_has_none(authority: DrillAuthority) -> None:
    assert list_url(authority.issue("www.shop.example").leaf) == ""
