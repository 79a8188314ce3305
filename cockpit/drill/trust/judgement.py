"""What a careful client would think of a certificate, whatever it was made to be: names, dates, key, chain.

The measure of recovery: a scenario is not over because somebody installed something, but because it would be
accepted from outside.
"""

import struct
from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from cockpit.drill.pki import Certificate, CertificateKind, DrillAuthority
from cockpit.drill.trust.ct_log import SCT_LIST_OID

LEAST_RSA_BITS = 2048
LEAST_SCTS = 2
"""Timestamps of known logs that browsers ask for."""


def trouble_with(
    certificate: Certificate, host: str, authority: DrillAuthority, now: datetime, *, stapled: bool = False
) -> str:
    """Why a certificate would be refused for a host, in a few words; empty when it would be accepted.

    `stapled` is whether the host sends an OCSP response along.
    """
    if not any(_fits(name, host) for name in _names(certificate.leaf)):
        return f"it is not for {host}"
    return next((why for _, why in _troubles(certificate, authority, now, stapled)), "")


def kind_of(certificate: Certificate, authority: DrillAuthority, now: datetime) -> CertificateKind:
    """What a certificate is, by its own names, in the words of the scenarios."""
    if not _names(certificate.leaf):
        return CertificateKind.NO_SAN
    return next((kind for kind, _ in _troubles(certificate, authority, now, False)), CertificateKind.GOOD)


def _troubles(
    certificate: Certificate, authority: DrillAuthority, now: datetime, stapled: bool
) -> Iterator[tuple[CertificateKind, str]]:
    leaf, key = certificate.leaf, certificate.leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        yield CertificateKind.WEAK_KEY, "its key is too short"
    if isinstance(leaf.signature_hash_algorithm, hashes.SHA1):
        yield CertificateKind.WEAK_SIGNATURE, "it is signed with SHA-1"
    if now >= leaf.not_valid_after_utc:
        yield CertificateKind.EXPIRED, "it has expired"
    if now < leaf.not_valid_before_utc:
        yield CertificateKind.NOT_YET_VALID, "it is not valid yet"
    if leaf.issuer == leaf.subject:
        yield CertificateKind.SELF_SIGNED, "nobody vouches for it"
    elif not _reaches(certificate.chain, authority.root):
        yield CertificateKind.MISSING_CHAIN, "its chain does not reach the root"
    if leaf.serial_number in authority.revoked:
        yield CertificateKind.REVOKED, "it is revoked"
    known = {log.log_id for log in authority.logs}
    if len(known & set(_stamped_by(leaf))) < min(LEAST_SCTS, len(known)):
        yield CertificateKind.FEW_SCTS, "too few known logs have seen it"
    if _must_staple(leaf) and not stapled:
        yield CertificateKind.MUST_STAPLE, "it must be stapled and is not"


def _names(leaf: x509.Certificate) -> Sequence[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return found.get_values_for_type(x509.DNSName)


def _fits(name: str, host: str) -> bool:
    """RFC 6125 section 6.4.3: a wildcard stands for one whole label."""
    name, host = name.lower(), host.lower().removesuffix(".")
    return name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2])


def _reaches(chain: Sequence[x509.Certificate], root: x509.Certificate) -> bool:
    """Whether each of the chain was signed by the next, and the last by the root."""
    for signed, signer in zip(chain, (*chain[1:], root), strict=True):
        if signed == root:
            return True
        try:
            signed.verify_directly_issued_by(signer)
        except (ValueError, TypeError, InvalidSignature):
            return False
    return True


def _stamped_by(leaf: x509.Certificate) -> Iterator[bytes]:
    """The ids of the logs whose timestamps are in a certificate (RFC 6962 section 3.3)."""
    try:
        found = leaf.extensions.get_extension_for_oid(SCT_LIST_OID).value
    except x509.ExtensionNotFound:
        return
    if isinstance(found, x509.PrecertificateSignedCertificateTimestamps):
        yield from (one.log_id for one in found)
        return
    octets = found.public_bytes()
    at = 4 if octets[:1] == b"\x04" else 2
    while at + 2 < len(octets):
        (size,) = struct.unpack_from("!H", octets, at)
        yield octets[at + 3 : at + 35]
        at += 2 + size


def _must_staple(leaf: x509.Certificate) -> bool:
    try:
        found = leaf.extensions.get_extension_for_class(x509.TLSFeature).value
    except x509.ExtensionNotFound:
        return False
    return x509.TLSFeatureType.status_request in found
