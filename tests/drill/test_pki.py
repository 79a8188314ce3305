"""The drill's certificates are good or wrong in exactly the way they claim."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from cockpit.clock import SystemClock
from cockpit.drill.pki import DRILL_SUBJECT, Certificate, CertificateKind, DrillAuthority
from cockpit.errors import BadInput

HOST = "www.shop.example"


@pytest.fixture(scope="module")
def authority() -> DrillAuthority:
    return DrillAuthority(SystemClock(), ocsp_url="http://127.0.0.1:1/ocsp", issuer_url="http://127.0.0.1:1/ca")


def verify(authority: DrillAuthority, certificate: Certificate, host: str = HOST) -> None:
    verifier = PolicyBuilder().store(Store([authority.root])).build_server_verifier(x509.DNSName(host))
    verifier.verify(certificate.leaf, list(certificate.chain[1:]))


def test_a_good_certificate_verifies_from_the_drill_root(authority: DrillAuthority) -> None:
    certificate = authority.issue(HOST, aliases=["shop.example"])
    verify(authority, certificate)
    verify(authority, certificate, "shop.example")
    assert certificate.chain_pem.count(b"BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize(
    "kind",
    [
        CertificateKind.EXPIRED,
        CertificateKind.NOT_YET_VALID,
        CertificateKind.WRONG_HOST,
        CertificateKind.SELF_SIGNED,
        CertificateKind.MISSING_CHAIN,
    ],
)
def test_a_bad_certificate_does_not_verify(authority: DrillAuthority, kind: CertificateKind) -> None:
    with pytest.raises(VerificationError):
        verify(authority, authority.issue(HOST, kind))


@pytest.mark.parametrize("kind", ["expiring", "revoked"])
def test_what_only_a_closer_look_finds_verifies(authority: DrillAuthority, kind: str) -> None:
    verify(authority, authority.issue(HOST, kind))


def test_the_missing_intermediate_is_all_that_is_wrong_with_a_missing_chain(authority: DrillAuthority) -> None:
    certificate = authority.issue(HOST, "missing-chain")
    verifier = PolicyBuilder().store(Store([authority.root])).build_server_verifier(x509.DNSName(HOST))
    verifier.verify(certificate.leaf, [authority.issuer])


def test_validity_is_what_the_kind_says_and_can_be_set(authority: DrillAuthority) -> None:
    now = datetime.now(UTC)
    assert authority.issue(HOST, "expired").expires_at < now
    assert authority.issue(HOST, "not-yet-valid").leaf.not_valid_before_utc > now
    assert now < authority.issue(HOST, "expiring").expires_at < now + timedelta(days=7)
    exact = authority.issue(HOST, "expiring", expires_in=timedelta(days=10)).expires_at
    assert abs(exact - now - timedelta(days=10)) < timedelta(minutes=1)


def test_a_long_lived_certificate_is_valid_already(authority: DrillAuthority) -> None:
    verify(authority, authority.issue(HOST, expires_in=timedelta(days=300)))


def test_a_revoked_leaf_is_on_record_for_ocsp(authority: DrillAuthority) -> None:
    revoked = authority.issue(HOST, "revoked")
    assert revoked.leaf.serial_number in authority.revoked
    assert authority.issue(HOST).leaf.serial_number not in authority.revoked
    access = revoked.leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [place.access_location.value for place in access] == ["http://127.0.0.1:1/ocsp", "http://127.0.0.1:1/ca"]


def test_the_authority_says_what_it_is_and_can_vouch_for_drill_names_only(authority: DrillAuthority) -> None:
    assert DRILL_SUBJECT in authority.root.subject.rfc4514_string()
    with pytest.raises(VerificationError):
        verify(authority, authority.issue("www.bank.test"), "www.bank.test")


def test_a_server_context_leaves_no_key_behind(
    authority: DrillAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    context = authority.issue(HOST).server_context()
    assert isinstance(context, ssl.SSLContext)
    assert list(tmp_path.iterdir()) == []


def test_a_word_outside_the_vocabulary_is_refused(authority: DrillAuthority) -> None:
    with pytest.raises(BadInput, match="no kind of certificate"):
        authority.issue(HOST, "weird")
