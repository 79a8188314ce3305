"""Signing a certificate with SHA-1, which no library does any more: the algorithm is exchanged in the DER form."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cockpit.drill.trust import der

ECDSA_WITH_SHA1 = bytes.fromhex("300906072a8648ce3d0401")
"""AlgorithmIdentifier of ecdsa-with-SHA1 (RFC 3279 section 2.2.3)."""


def signed_with_sha1(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The same certificate, signed by `key` with SHA-1 instead of what it is signed with."""
    parts = list(der.elements(der.content(certificate.tbs_certificate_bytes)))
    algorithm_at = 2 if parts[0][0] == der.EXPLICIT_0 else 1
    parts[algorithm_at] = ECDSA_WITH_SHA1
    tbs = der.encoded(der.SEQUENCE, b"".join(parts))
    signature = key.sign(tbs, ec.ECDSA(hashes.SHA1()))  # noqa: S303 - the weakness is the point
    whole = tbs + ECDSA_WITH_SHA1 + der.encoded(der.BIT_STRING, b"\x00" + signature)
    return x509.load_der_x509_certificate(der.encoded(der.SEQUENCE, whole))
