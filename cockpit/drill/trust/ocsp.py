"""The drill authority's OCSP responder (RFC 6960): good, revoked, unknown, or not in a state to say.

Answers are signed by a delegated responder, or by the issuer itself. Over HTTP a request comes as POST, or as GET
with the request in the path (appendix A). The same answers serve as staples.
"""

import base64
import binascii
from datetime import timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from cockpit.clock import Clock
from cockpit.drill.pki import DrillAuthority, Issuer
from cockpit.drill.web.http import Request, Response
from cockpit.errors import BadInput

FRESH = timedelta(days=4)
"""For how long an answer may be used (thisUpdate to nextUpdate)."""

AGE = timedelta(hours=1)
CONTENT_TYPE = "application/ocsp-response"
REQUEST_LIMIT = 10_000


class OcspFaultKind(StrEnum):
    """The vocabulary.

    `try-later`, `internal-error` and `unauthorized` answer just that, unsigned; `unknown` knows no certificate;
    `stale` answers past their nextUpdate; `forged` answers with a signature that does not fit; `issuer-signed`
    is no fault of its own: the issuer signs in place of the delegated responder.
    """

    TRY_LATER = "try-later"
    INTERNAL_ERROR = "internal-error"
    UNAUTHORIZED = "unauthorized"
    UNKNOWN = "unknown"
    STALE = "stale"
    FORGED = "forged"
    ISSUER_SIGNED = "issuer-signed"


class StapleKind(StrEnum):
    """What a host staples to its handshake; the names are the scenario vocabulary.

    `good` is what the responder says now, `stale` the same past its nextUpdate, `revoked` and `unknown` say so
    whatever the responder says.
    """

    GOOD = "good"
    STALE = "stale"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


_UNSIGNED = {
    OcspFaultKind.TRY_LATER: ocsp.OCSPResponseStatus.TRY_LATER,
    OcspFaultKind.INTERNAL_ERROR: ocsp.OCSPResponseStatus.INTERNAL_ERROR,
    OcspFaultKind.UNAUTHORIZED: ocsp.OCSPResponseStatus.UNAUTHORIZED,
}


class OcspResponder:
    """Answers for every leaf of one authority; `fault` is what is wrong with it, if anything."""

    def __init__(self, authority: DrillAuthority, clock: Clock) -> None:
        self.fault: OcspFaultKind | None = None
        self.asked = 0
        self._authority = authority
        self._clock = clock

    def inject(self, kind: OcspFaultKind | str) -> None:
        """Begin a fault in place of any other; raises BadInput for a word outside the vocabulary."""
        try:
            self.fault = OcspFaultKind(kind)
        except ValueError:
            raise BadInput(f"{kind!r} is no OCSP fault: {', '.join(OcspFaultKind)}.") from None

    def heal(self) -> None:
        """Answer well again."""
        self.fault = None

    async def handle(self, request: Request) -> Response:
        """Answer over HTTP."""
        if request.method == "POST":
            if request.headers.get("content-type") != "application/ocsp-request":
                return Response(415, body=b"application/ocsp-request is what is answered here\n")
            wanted = request.body
        elif request.method in ("GET", "HEAD"):
            try:
                wanted = base64.b64decode(request.path.removeprefix("/"), validate=True)
            except (binascii.Error, ValueError):
                wanted = b""
        else:
            return Response(405, (("Allow", "GET, POST"),))
        return Response(200, (("Content-Type", CONTENT_TYPE),), self.respond(wanted))

    def respond(self, der: bytes) -> bytes:
        """Answer one request in DER form; whatever is sent, there is an answer."""
        self.asked += 1
        if self.fault in _UNSIGNED:
            return _unsigned(_UNSIGNED[self.fault])
        try:
            if len(der) > REQUEST_LIMIT:
                raise ValueError
            request = ocsp.load_der_ocsp_request(der)
            issuer = self._issuer_of(request)
        except (ValueError, RuntimeError):
            return _unsigned(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        if issuer is None:
            return _unsigned(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        nonce = next((one.value for one in request.extensions if isinstance(one.value, x509.OCSPNonce)), None)
        unknown = self.fault is OcspFaultKind.UNKNOWN or self._authority.issued.get(request.serial_number) != issuer
        status = self._status(request.serial_number, unknown=unknown)
        stale = self.fault is OcspFaultKind.STALE
        return self._answer(request, issuer, status, stale=stale, nonce=nonce)

    def staple(self, leaf: x509.Certificate, kind: StapleKind | str) -> bytes:
        """An answer about `leaf` to staple to a handshake; raises BadInput for a word outside the vocabulary."""
        known = staple_kind(kind)
        issuer = self._authority.issued.get(leaf.serial_number, self._authority.main_issuer)
        asked = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer.certificate, hashes.SHA1()).build()  # noqa: S303
        status = self._status(leaf.serial_number, unknown=known is StapleKind.UNKNOWN)
        if known is StapleKind.REVOKED:
            status = ocsp.OCSPCertStatus.REVOKED
        return self._answer(asked, issuer, status, stale=known is StapleKind.STALE)

    def _status(self, serial: int, *, unknown: bool) -> ocsp.OCSPCertStatus:
        if unknown:
            return ocsp.OCSPCertStatus.UNKNOWN
        revoked = serial in self._authority.revoked
        return ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD

    def _issuer_of(self, request: ocsp.OCSPRequest) -> Issuer | None:
        """Which of our issuers is asked about, by the hash of its key."""
        for issuer in self._authority.issuers:
            key = issuer.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            digest = hashes.Hash(request.hash_algorithm)
            digest.update(key)
            if digest.finalize() == request.issuer_key_hash:
                return issuer
        return None

    def _answer(
        self,
        request: ocsp.OCSPRequest,
        issuer: Issuer,
        status: ocsp.OCSPCertStatus,
        *,
        stale: bool,
        nonce: x509.OCSPNonce | None = None,
    ) -> bytes:
        begins = self._clock.now() - AGE - (2 * FRESH if stale else timedelta())
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        revoked_at = self._authority.revoked.get(request.serial_number, begins) if revoked else None
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            request.issuer_name_hash,
            request.issuer_key_hash,
            request.serial_number,
            request.hash_algorithm,
            status,
            begins,
            begins + FRESH,
            revoked_at,
            x509.ReasonFlags.key_compromise if revoked else None,
        )
        if nonce is not None:
            builder = builder.add_extension(nonce, critical=False)
        delegated = issuer is self._authority.main_issuer and self.fault is not OcspFaultKind.ISSUER_SIGNED
        signer = self._authority.responder if delegated else issuer
        if delegated:
            builder = builder.certificates([signer.certificate])
        named = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        response = named.sign(signer.key, hashes.SHA256())
        return _forged(response) if self.fault is OcspFaultKind.FORGED else response.public_bytes(Encoding.DER)


def staple_kind(kind: StapleKind | str) -> StapleKind:
    """A kind of staple by its word; raises BadInput for a word outside the vocabulary."""
    try:
        return StapleKind(kind)
    except ValueError:
        raise BadInput(f"{kind!r} is no kind of staple: {', '.join(StapleKind)}.") from None


def _forged(response: ocsp.OCSPResponse) -> bytes:
    """The response with its signature's last octet changed."""
    signature = response.signature
    changed = signature[:-1] + bytes([signature[-1] ^ 0xFF])
    return response.public_bytes(Encoding.DER).replace(signature, changed)


def _unsigned(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
