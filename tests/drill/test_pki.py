"""The drill's certificates are good or wrong in exactly the way they claim."""

import base64
import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509.certificate_transparency import SignedCertificateTimestamp
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from cockpit.clock import SystemClock
from cockpit.drill.pki import DRILL_SUBJECT, Certificate, CertificateKind, CtLog, DrillAuthority
from cockpit.errors import BadInput
from tests.drill.programs import program, run

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


# Transparency


@pytest.fixture(scope="module")
def logged() -> DrillAuthority:
    clock = SystemClock()
    return DrillAuthority(clock, logs=[CtLog("first", clock), CtLog("second", clock)])


def timestamps_in(certificate: Certificate) -> list[SignedCertificateTimestamp]:
    try:
        found = certificate.leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps)
    except x509.ExtensionNotFound:
        return []
    return list(found.value)


def signed_entry(certificate: Certificate, issuer: x509.Certificate, sct: SignedCertificateTimestamp) -> bytes:
    """What a log signs for a precertificate (RFC 6962 section 3.2), put together from the finished certificate."""
    tbs = certificate.leaf.tbs_precertificate_bytes
    key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    milliseconds = round(sct.timestamp.replace(tzinfo=UTC).timestamp() * 1000)
    head = b"\x00\x00" + milliseconds.to_bytes(8) + b"\x00\x01" + hashlib.sha256(key).digest()
    return head + len(tbs).to_bytes(3) + tbs + b"\x00\x00"


@pytest.mark.parametrize("kind", ["good", "must-staple", "other-issuer", "no-san"])
def test_a_certificate_carries_a_timestamp_of_each_log_that_can_be_verified(
    logged: DrillAuthority, kind: str
) -> None:
    certificate = logged.issue(HOST, kind)
    timestamps = timestamps_in(certificate)
    assert [sct.log_id for sct in timestamps] == [log.log_id for log in logged.logs]
    for sct, log in zip(timestamps, logged.logs, strict=True):
        key = load_der_public_key(base64.b64decode(log.key_base64))
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(sct.signature, signed_entry(certificate, certificate.chain[1], sct), ec.ECDSA(hashes.SHA256()))
        assert log.entries[-1].certificate == certificate.leaf
    assert abs(timestamps[0].timestamp.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=1)


def test_timestamps_can_be_too_few_missing_or_of_a_log_that_nobody_knows(logged: DrillAuthority) -> None:
    known = {log.log_id for log in logged.logs}
    assert len(timestamps_in(logged.issue(HOST, "few-scts"))) == 1
    assert timestamps_in(logged.issue(HOST, "no-scts")) == []
    unknown = timestamps_in(logged.issue(HOST, "unknown-log"))
    assert len(unknown) == 2
    assert not known & {sct.log_id for sct in unknown}


# Weakness and other blemishes


def test_a_weak_certificate_is_weak_in_just_that(logged: DrillAuthority) -> None:
    weak_key = logged.issue(HOST, "weak-key").leaf
    key = weak_key.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 1024
    assert isinstance(weak_key.signature_hash_algorithm, hashes.SHA256)
    weak_signature = logged.issue(HOST, "weak-signature").leaf
    assert isinstance(weak_signature.signature_hash_algorithm, hashes.SHA1)
    issuer_key = logged.issuer.public_key()
    assert isinstance(issuer_key, ec.EllipticCurvePublicKey)
    issuer_key.verify(weak_signature.signature, weak_signature.tbs_certificate_bytes, ec.ECDSA(hashes.SHA1()))


def test_a_certificate_can_name_its_host_in_the_common_name_only(authority: DrillAuthority) -> None:
    leaf = authority.issue(HOST, "no-san").leaf
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == HOST
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_a_certificate_can_ask_for_a_staple(authority: DrillAuthority) -> None:
    feature = authority.issue(HOST, "must-staple").leaf.extensions.get_extension_for_class(x509.TLSFeature).value
    assert list(feature) == [x509.TLSFeatureType.status_request]


def test_another_issuer_under_the_same_root_verifies_and_is_another(authority: DrillAuthority) -> None:
    certificate = authority.issue(HOST, "other-issuer")
    verify(authority, certificate)
    assert certificate.leaf.issuer != authority.issuer.subject


def test_a_key_of_somebody_else_is_certified(authority: DrillAuthority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf, issuer = authority.certify([HOST, "shop.example"], key.public_key())
    assert leaf.public_key() == key.public_key()
    verifier = PolicyBuilder().store(Store([authority.root])).build_server_verifier(x509.DNSName("shop.example"))
    verifier.verify(leaf, [issuer])


@pytest.mark.peer
async def test_openssl_reads_the_timestamps_and_finds_what_is_weak(logged: DrillAuthority) -> None:
    openssl = program("openssl")

    async def shown(kind: str) -> str:
        return await run(openssl, "x509", "-text", "-noout", given=logged.issue(HOST, kind).chain_pem.decode())

    good = await shown("good")
    assert good.count("Signed Certificate Timestamp:") == 2
    assert "Signature Algorithm: ecdsa-with-SHA256" in good
    assert "ecdsa-with-SHA1" in await shown("weak-signature")
    assert "1024 bit" in await shown("weak-key")
    assert "status_request" in await shown("must-staple")
