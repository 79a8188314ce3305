"""The responder says good, revoked or unknown of the drill's certificates, signs it, and fails as responders do."""

import base64
from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from cockpit.clock import SystemClock
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.trust.ocsp import OcspFaultKind, OcspResponder
from cockpit.drill.web.hosts import HostNetwork
from cockpit.errors import BadInput
from tests.drill.programs import program, run

HOST = "www.shop.example"
OCSP_HOST, ADDRESS = "ocsp.drill-ca.example", "192.0.2.90"
NONCE = b"sixteen octets.."


@pytest.fixture(scope="module")
def authority() -> DrillAuthority:
    return DrillAuthority(SystemClock())


@pytest.fixture
def responder(authority: DrillAuthority) -> OcspResponder:
    return OcspResponder(authority, SystemClock())


@pytest.fixture
async def place(authority: DrillAuthority, responder: OcspResponder) -> AsyncIterator[str]:
    web = HostNetwork(authority, SystemClock())
    web.add_host(OCSP_HOST, ADDRESS, handler=responder.handle, plain=True)
    await web.start()
    yield web.dial[f"{ADDRESS}:80"]
    await web.close()


def request_for(leaf: x509.Certificate, issuer: x509.Certificate, nonce: bytes | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA256())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def verify(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> None:
    """The signature is that of the issuer, or of a responder that the issuer vouches for."""
    signer = response.certificates[0] if response.certificates else issuer
    if signer is not issuer:
        signer.verify_directly_issued_by(issuer)
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert ExtendedKeyUsageOID.OCSP_SIGNING in usage
    key = signer.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))


def test_a_good_certificate_is_good_for_some_days(authority: DrillAuthority, responder: OcspResponder) -> None:
    leaf = authority.issue(HOST).leaf
    response = ocsp.load_der_ocsp_response(responder.respond(request_for(leaf, authority.issuer, NONCE)))
    verify(response, authority.issuer)
    assert (response.certificate_status, response.serial_number) == (OCSPCertStatus.GOOD, leaf.serial_number)
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == NONCE
    now = SystemClock().now()
    assert response.next_update_utc is not None
    assert response.this_update_utc < now < response.next_update_utc


def test_a_revoked_certificate_says_when_and_why(authority: DrillAuthority, responder: OcspResponder) -> None:
    leaf = authority.issue(HOST).leaf
    authority.revoke(leaf)
    response = ocsp.load_der_ocsp_response(responder.respond(request_for(leaf, authority.issuer)))
    verify(response, authority.issuer)
    assert response.certificate_status is OCSPCertStatus.REVOKED
    assert response.revocation_reason is x509.ReasonFlags.key_compromise
    assert response.revocation_time_utc is not None


def test_what_was_never_issued_is_unknown(authority: DrillAuthority, responder: OcspResponder) -> None:
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        *_hashes_of(authority, responder), 12345, hashes.SHA256()
    )
    response = ocsp.load_der_ocsp_response(responder.respond(builder.build().public_bytes(Encoding.DER)))
    assert response.certificate_status is OCSPCertStatus.UNKNOWN


def _hashes_of(authority: DrillAuthority, responder: OcspResponder) -> tuple[bytes, bytes]:
    asked = ocsp.load_der_ocsp_request(request_for(authority.issue(HOST).leaf, authority.issuer))
    return asked.issuer_name_hash, asked.issuer_key_hash


def test_the_other_issuer_answers_for_itself(authority: DrillAuthority, responder: OcspResponder) -> None:
    leaf = authority.issue(HOST, "other-issuer").leaf
    other = authority.other_issuer.certificate
    response = ocsp.load_der_ocsp_response(responder.respond(request_for(leaf, other)))
    verify(response, other)
    assert response.certificate_status is OCSPCertStatus.GOOD


def test_a_stranger_is_not_answered_for(authority: DrillAuthority, responder: OcspResponder) -> None:
    stranger = DrillAuthority(SystemClock())
    response = ocsp.load_der_ocsp_response(
        responder.respond(request_for(stranger.issue(HOST).leaf, stranger.issuer))
    )
    assert response.response_status is OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("try-later", OCSPResponseStatus.TRY_LATER),
        ("internal-error", OCSPResponseStatus.INTERNAL_ERROR),
        ("unauthorized", OCSPResponseStatus.UNAUTHORIZED),
    ],
)
def test_a_responder_that_is_down_says_so_without_a_signature(
    authority: DrillAuthority, responder: OcspResponder, kind: str, status: OCSPResponseStatus
) -> None:
    asked = request_for(authority.issue(HOST).leaf, authority.issuer)
    responder.inject(kind)
    assert ocsp.load_der_ocsp_response(responder.respond(asked)).response_status is status
    responder.heal()
    assert ocsp.load_der_ocsp_response(responder.respond(asked)).certificate_status is OCSPCertStatus.GOOD


def test_an_answer_can_be_stale_unknown_forged_or_signed_by_the_issuer(
    authority: DrillAuthority, responder: OcspResponder
) -> None:
    asked = request_for(authority.issue(HOST).leaf, authority.issuer)

    def answered(kind: OcspFaultKind) -> ocsp.OCSPResponse:
        responder.inject(kind)
        return ocsp.load_der_ocsp_response(responder.respond(asked))

    stale = answered(OcspFaultKind.STALE)
    assert stale.next_update_utc is not None
    assert stale.next_update_utc < SystemClock().now()
    assert answered(OcspFaultKind.UNKNOWN).certificate_status is OCSPCertStatus.UNKNOWN
    direct = answered(OcspFaultKind.ISSUER_SIGNED)
    assert direct.certificates == []
    verify(direct, authority.issuer)
    with pytest.raises(InvalidSignature):
        verify(answered(OcspFaultKind.FORGED), authority.issuer)


@given(octets=st.binary(max_size=200))
def test_no_octets_make_the_responder_raise(octets: bytes) -> None:
    responder = OcspResponder(SHARED, SystemClock())
    assert (
        ocsp.load_der_ocsp_response(responder.respond(octets)).response_status
        is OCSPResponseStatus.MALFORMED_REQUEST
    )


SHARED = DrillAuthority(SystemClock())


async def test_get_and_post_are_answered_over_plain_http(authority: DrillAuthority, place: str) -> None:
    asked = request_for(authority.issue(HOST).leaf, authority.issuer)
    headers = {"Host": OCSP_HOST, "Content-Type": "application/ocsp-request"}
    async with httpx.AsyncClient(trust_env=False) as client:
        posted = await client.post(f"http://{place}/", content=asked, headers=headers)
        path = base64.b64encode(asked).decode().replace("/", "%2F").replace("+", "%2B")
        got = await client.get(f"http://{place}/{path}", headers={"Host": OCSP_HOST})
        wrong = await client.post(f"http://{place}/", content=asked, headers={"Host": OCSP_HOST})
    for response in (posted, got):
        assert response.headers["content-type"] == "application/ocsp-response"
        assert ocsp.load_der_ocsp_response(response.content).certificate_status is OCSPCertStatus.GOOD
    assert wrong.status_code == 415


def test_words_outside_the_vocabulary_are_refused(authority: DrillAuthority, responder: OcspResponder) -> None:
    with pytest.raises(BadInput, match="no OCSP fault"):
        responder.inject("explode")
    with pytest.raises(BadInput, match="no kind of staple"):
        responder.staple(authority.issue(HOST).leaf, "tin")


@pytest.mark.peer
@pytest.mark.parametrize("kind", ["good", "revoked"])
async def test_openssl_ocsp_agrees(
    authority: DrillAuthority, place: str, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("ocsp")
    for name, certificate in (
        ("root", authority.root),
        ("issuer", authority.issuer),
        ("leaf", authority.issue(HOST, kind).leaf),
    ):
        (folder / name).write_bytes(certificate.public_bytes(Encoding.PEM))
    files = ("-CAfile", str(folder / "root"), "-issuer", str(folder / "issuer"), "-cert", str(folder / "leaf"))
    openssl = program("openssl")
    said = await run(openssl, "ocsp", *files, "-url", f"http://{place}/", "-header", f"Host={OCSP_HOST}", "-nonce")
    assert "Response verify OK" in said
    assert f"leaf: {kind}" in said
    assert "WARNING" not in said
