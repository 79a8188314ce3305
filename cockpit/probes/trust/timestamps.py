"""The signed certificate timestamps of a certificate: whose they are, and whether they are good (RFC 6962 3.2).

They come inside the certificate, or in a stapled OCSP response (section 3.3). A server may also add them to the
handshake by an extension of TLS, which pyOpenSSL does not hand out: those cannot be seen here.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509 import ocsp
from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

from cockpit.profile import CtLog, Profile
from cockpit.text import visible

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CERTIFICATE, _PRECERTIFICATE = 0, 1
"""What a log signed (LogEntryType): the certificate as it stands, or what it was before timestamps were put in."""

EMBEDDED, STAPLED = "certificate", "staple"

LogKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Logs:
    """The logs whose timestamps count, by their id."""

    def __init__(self, profile: Profile) -> None:
        self._listed = profile.ct_logs

    @cached_property
    def by_id(self) -> Mapping[bytes, tuple[str, LogKey]]:
        """Name and key of each log whose key can be read."""
        return {digest: (log.name, key) for log in self._listed for digest, key in _key(log)}


def _key(log: CtLog) -> list[tuple[bytes, LogKey]]:
    try:
        der = base64.b64decode(log.key, validate=True)
        key = load_der_public_key(der)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return []
    return [(hashlib.sha256(der).digest(), key)] if isinstance(key, LogKey) else []


def timestamps(
    leaf: x509.Certificate, issuer: x509.Certificate | None, logs: Logs, at: datetime, staple: bytes = b""
) -> list[dict[str, Any]]:
    """Each timestamp as plain JSON: `log` (name or id), `at`, `state`, and `source`, `certificate` or `staple`.

    `state` is `good`; `unknown-log` for a log that is not listed; `bad-signature`; `future`; `not-verified` when no
    log is listed at all or the issuer is not known.
    """
    found = [(each, EMBEDDED) for each in _embedded(leaf)] + [(each, STAPLED) for each in _stapled(staple)]
    return [_read(each, source, leaf, issuer, logs, at) for each, source in found]


def _embedded(leaf: x509.Certificate) -> Iterable[SignedCertificateTimestamp]:
    try:
        return leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    except (x509.ExtensionNotFound, ValueError):
        return ()


def _stapled(staple: bytes) -> Iterable[SignedCertificateTimestamp]:
    """What a stapled response carries; each is signed over the certificate, so who sends it does not matter."""
    if not staple:
        return ()
    try:
        response = ocsp.load_der_ocsp_response(staple)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return ()
        return response.single_extensions.get_extension_for_class(x509.SignedCertificateTimestamps).value
    except (x509.ExtensionNotFound, ValueError, TypeError, UnsupportedAlgorithm):
        return ()


def _read(
    one: SignedCertificateTimestamp,
    source: str,
    leaf: x509.Certificate,
    issuer: x509.Certificate | None,
    logs: Logs,
    at: datetime,
) -> dict[str, Any]:
    made = one.timestamp.replace(tzinfo=UTC)
    known = logs.by_id.get(one.log_id)
    name = visible(known[0], limit=100) if known else one.log_id.hex()[:16]
    if not logs.by_id or (issuer is None and source == EMBEDDED):
        state = "not-verified"
    elif known is None:
        state = "unknown-log"
    elif made > at + timedelta(minutes=5):
        state = "future"
    else:
        state = "good" if _signed(one, leaf, issuer if source == EMBEDDED else None, known[1]) else "bad-signature"
    return {"log": name, "id": one.log_id.hex(), "at": made.isoformat(), "state": state, "source": source}


def _signed(
    one: SignedCertificateTimestamp, leaf: x509.Certificate, issuer: x509.Certificate | None, key: LogKey
) -> bool:
    """Whether the log signed it; with `issuer` over what the certificate was before timestamps were put in."""
    try:
        milliseconds = (one.timestamp.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
        extensions = one.extension_bytes
        kind = _CERTIFICATE if issuer is None else _PRECERTIFICATE
        signed = struct.pack("!BBQH", 0, 0, milliseconds, kind) + _entry(leaf, issuer)
        signed += len(extensions).to_bytes(2) + extensions
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(one.signature, signed, ec.ECDSA(hashes.SHA256()))
        else:
            key.verify(one.signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _entry(leaf: x509.Certificate, issuer: x509.Certificate | None) -> bytes:
    if issuer is None:
        whole = leaf.public_bytes(Encoding.DER)
        return len(whole).to_bytes(3) + whole
    spki = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    tbs = leaf.tbs_precertificate_bytes
    return hashlib.sha256(spki).digest() + len(tbs).to_bytes(3) + tbs


def must_staple(leaf: x509.Certificate) -> bool:
    """Whether the certificate asks that every handshake staples an OCSP response (RFC 7633)."""
    try:
        features = leaf.extensions.get_extension_for_class(x509.TLSFeature).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return x509.TLSFeatureType.status_request in features
