"""Is a certificate revoked: what was stapled, and what its responder answers, each judged by RFC 6960 section 3.2.

An answer counts only if it is about this certificate, signed by its issuer or by somebody whom the issuer made a
responder, and of today.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from cockpit.probes.trust.certificates import Trust, responder_url
from cockpit.probes.trust.chain import issued
from cockpit.probes.web.fetch import fetch
from cockpit.profile import Profile

DEADLINE_S = 4.0
MOST_OCTETS = 100_000

STAPLE, RESPONDER = "staple", "responder"

_SKEW = timedelta(minutes=5)
"""By how much the clocks of a responder and of this machine may differ."""

_REFUSALS = {
    ocsp.OCSPResponseStatus.MALFORMED_REQUEST: "malformed-request",
    ocsp.OCSPResponseStatus.INTERNAL_ERROR: "internal-error",
    ocsp.OCSPResponseStatus.TRY_LATER: "try-later",
    ocsp.OCSPResponseStatus.SIG_REQUIRED: "signature-required",
    ocsp.OCSPResponseStatus.UNAUTHORIZED: "unauthorized",
}
_STATUSES = {
    ocsp.OCSPCertStatus.GOOD: "good",
    ocsp.OCSPCertStatus.REVOKED: "revoked",
    ocsp.OCSPCertStatus.UNKNOWN: "unknown",
}


def answer(source: str, status: str, detail: str = "", **more: str | None) -> dict[str, Any]:
    """One answer as plain JSON; see `read_answer` for the words of `status`."""
    blank = dict.fromkeys(("this_update", "next_update", "revoked_at", "reason"))
    return {"source": source, "status": status, "detail": detail, **blank, **more}


def read_answer(
    der: bytes, leaf: x509.Certificate, issuer: x509.Certificate | None, at: datetime, source: str
) -> dict[str, Any]:
    """What an OCSP response in DER form says of `leaf`; never raises.

    `status` is `good`, `revoked` or `unknown`, as the responder says; `stale` past its nextUpdate, `early` before
    its thisUpdate; `bad-signature` or `untrusted` when it was not made by whoever may; `other-certificate`,
    `not-verified` when the issuer is not known; `malformed`; or the responder's refusal, such as `try-later`.
    """
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return answer(source, _REFUSALS.get(response.response_status, "refused"))
        single = _about(response.responses, leaf, issuer)
        if single is None:
            return answer(source, "other-certificate", "it is about another certificate")
        if issuer is None:
            return _told(
                source, "not-verified", "the issuer is not known, so nobody can tell who signed it", single
            )
        flaw = _flaw(response, issuer, at)
        if flaw is not None:
            return _told(source, *flaw, single)
        return _told(source, *_in_time(single, at), single)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        return answer(source, "malformed", f"it cannot be read ({type(error).__name__})")


async def ask_responder(
    profile: Profile, trust: Trust, leaf: x509.Certificate, issuer: x509.Certificate | None, at: datetime
) -> dict[str, Any] | None:
    """What the responder named in `leaf` answers; None when none is named or the issuer is not known."""
    url = responder_url(leaf)
    if not url or issuer is None:
        return None
    # SHA-1 only names the issuer here; it is what every responder understands (RFC 5019 section 2.1.1).
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA1()).build()  # noqa: S303
    fetched = await fetch(
        profile,
        trust,
        url,
        deadline_s=DEADLINE_S,
        limit=MOST_OCTETS,
        body=request.public_bytes(Encoding.DER),
        headers={"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"},
    )
    if fetched.failure is not None:
        return answer(RESPONDER, "unreachable", fetched.reason)
    return read_answer(fetched.body, leaf, issuer, at, RESPONDER)


def _about(
    responses: Iterable[ocsp.OCSPSingleResponse], leaf: x509.Certificate, issuer: x509.Certificate | None
) -> ocsp.OCSPSingleResponse | None:
    """The part of a response that is about this certificate."""
    for single in responses:
        if single.serial_number != leaf.serial_number:
            continue
        if issuer is None or single.issuer_key_hash == _key_hash(issuer, single.hash_algorithm):
            return single
    return None


def _key_hash(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> bytes:
    """The hash of the bits of the public key, as certificate ids have it (RFC 6960 section 4.1.1)."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    if isinstance(algorithm, hashes.SHA1):
        return identifier.digest
    digest = hashes.Hash(algorithm)
    digest.update(_key_bits(certificate))
    return digest.finalize()


def _key_bits(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _flaw(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> tuple[str, str] | None:
    """Why the signature does not count (RFC 6960 section 4.2.2.2); None when it does."""
    signer = _signer(response, issuer)
    if signer is None:
        return "untrusted", "it is signed by somebody who is not a responder of the issuer"
    if signer != issuer and not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        return "untrusted", "the certificate of the responder is not valid now"
    try:
        _verify(signer.public_key(), response)
    except InvalidSignature:
        return "bad-signature", "its signature is not valid"
    return None


def _signer(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> x509.Certificate | None:
    if _named(response, issuer):
        return issuer
    for candidate in response.certificates:
        if _named(response, candidate) and issued(candidate, issuer) and _may_sign(candidate):
            return candidate
    return None


def _named(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    return response.responder_key_hash == hashlib.sha1(_key_bits(certificate), usedforsecurity=False).digest()


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _verify(key: CertificateIssuerPublicKeyTypes | Any, response: ocsp.OCSPResponse) -> None:
    algorithm = response.signature_hash_algorithm
    signature, signed = response.signature, response.tbs_response_bytes
    if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
        key.verify(signature, signed, ec.ECDSA(algorithm))
    elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(signature, signed)
    else:
        raise InvalidSignature


def _in_time(single: ocsp.OCSPSingleResponse, at: datetime) -> tuple[str, str]:
    status = _STATUSES[single.certificate_status]
    ends = single.next_update_utc
    if status == "revoked":
        return status, ""
    if single.this_update_utc > at + _SKEW:
        return "early", f"it counts from {single.this_update_utc:%Y-%m-%d %H:%MZ} on"
    if ends is not None and ends < at:
        return "stale", f"it counted until {ends:%Y-%m-%d %H:%MZ}"
    return status, ""


def _told(source: str, status: str, detail: str, single: ocsp.OCSPSingleResponse) -> dict[str, Any]:
    reason = single.revocation_reason
    return answer(
        source,
        status,
        detail,
        this_update=single.this_update_utc.isoformat(),
        next_update=single.next_update_utc.isoformat() if single.next_update_utc else None,
        revoked_at=single.revocation_time_utc.isoformat() if single.revocation_time_utc else None,
        reason=reason.value if reason is not None else None,
    )
