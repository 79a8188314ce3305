"""Facts of a certificate, and whether a presented chain leads to a trusted root, with the reason if it does not."""

import hashlib
import ssl
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from cockpit.profile import Profile
from cockpit.text import visible

MAX_NAMES = 100
MIN_RSA_BITS = 2048
MIN_EC_BITS = 256

_WEAK_HASHES = ("SHA-1", "MD5")


class Trust:
    """The roots that a profile trusts, read once: its own CA, or the system's."""

    def __init__(self, profile: Profile) -> None:
        self._ca_pem = profile.ca_pem

    @cached_property
    def roots(self) -> tuple[x509.Certificate, ...]:
        """Every trusted root certificate that can be read."""
        if self._ca_pem is not None:
            return tuple(x509.load_pem_x509_certificates(self._ca_pem.encode()))
        loaded = []
        with warnings.catch_warnings():
            # Old roots break rules that were made after them; that is no news to the operator.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            for der in ssl.create_default_context().get_ca_certs(binary_form=True):
                try:
                    loaded.append(x509.load_der_x509_certificate(der))
                except ValueError:
                    continue
        return tuple(loaded)

    @cached_property
    def by_subject(self) -> Mapping[x509.Name, tuple[x509.Certificate, ...]]:
        """The roots by their names; several may bear one."""
        found: dict[x509.Name, tuple[x509.Certificate, ...]] = {}
        for root in self.roots:
            found[root.subject] = (*found.get(root.subject, ()), root)
        return found

    @cached_property
    def store(self) -> Store:
        """The roots in the form that the verifier takes."""
        return Store(list(self.roots))

    @cached_property
    def context(self) -> ssl.SSLContext:
        """One context for every connection that must verify; building one costs more than a handshake."""
        return ssl.create_default_context(cadata=self._ca_pem)


@dataclass(frozen=True, slots=True)
class Verification:
    """`reason` is empty when the chain is trusted for the name at the time.

    Otherwise it is `expired`, `not-yet-valid`, `name-mismatch`, `self-signed`, `missing-intermediate`,
    `untrusted-root`, `weak` or `invalid`; `detail` is the sentence. `path` names the subjects of the trusted path.
    """

    reason: str = ""
    detail: str = ""
    path: tuple[str, ...] = ()


def verify(chain: Sequence[x509.Certificate], host: str, trust: Trust, now: datetime) -> Verification:
    """Judge what a server presented, leaf first, as a client for `host` would at `now` (RFC 5280, RFC 9525)."""
    leaf, others = chain[0], list(chain[1:])
    try:
        if not trust.roots:
            return Verification("untrusted-root", "no trusted root certificate could be read on this machine")
        verifier = PolicyBuilder().store(trust.store).time(now).build_server_verifier(x509.DNSName(host))
        path = verifier.verify(leaf, others)
    except (VerificationError, ValueError) as error:
        return _diagnose(chain, host, trust, now, visible(error, limit=300))
    return Verification(path=tuple(name_of(certificate.subject) for certificate in path))


class Verifier:
    """Judges chains, and knows a good one again: nothing but time can turn one bad for the same name and roots.

    One chain is remembered per host and address.
    """

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._good: dict[tuple[str, str], tuple[bytes, datetime, datetime, Verification]] = {}

    def verify(self, chain: Sequence[x509.Certificate], host: str, address: str, now: datetime) -> Verification:
        """What `verify()` says of what `address` presented for `host`."""
        digest = hashlib.sha256()
        for certificate in chain:
            digest.update(certificate.public_bytes(Encoding.DER))
        presented = digest.digest()
        known = self._good.get((host, address))
        if known is not None and known[0] == presented and known[1] <= now <= known[2]:
            return known[3]
        found = verify(chain, host, self._trust, now)
        if not found.reason:
            self._good[host, address] = presented, now, _good_until(chain, self._trust), found
        return found


def _good_until(chain: Sequence[x509.Certificate], trust: Trust) -> datetime:
    """The first end of anything that a path may have led through: presented certificates and the roots above."""
    above = [root for certificate in chain for root in trust.by_subject.get(certificate.issuer, ())]
    return min(certificate.not_valid_after_utc for certificate in (*chain, *above))


def _diagnose(chain: Sequence[x509.Certificate], host: str, trust: Trust, now: datetime, said: str) -> Verification:
    """The verifier says only that no path was found; find what a person would have to change."""
    leaf = chain[0]
    if now > leaf.not_valid_after_utc:
        return Verification("expired", f"expired on {leaf.not_valid_after_utc:%Y-%m-%d %H:%MZ}")
    if now < leaf.not_valid_before_utc:
        return Verification("not-yet-valid", f"not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%MZ}")
    names = alternative_names(leaf)
    if not any(name_matches(pattern, host) for pattern in names):
        shown = ", ".join(names[:5]) or "no name that counts: the common name alone is not one (RFC 9525)"
        return Verification("name-mismatch", f"it is for {shown}, not for {host}")
    for certificate in chain[1:]:
        if now > certificate.not_valid_after_utc and certificate.issuer != certificate.subject:
            return Verification("expired", f"the intermediate {name_of(certificate.subject)} has expired")
    if leaf.issuer == leaf.subject:
        return Verification("self-signed", "it is signed by itself, by no certificate authority")
    top = _top(chain)
    known = {root.subject for root in trust.roots}
    if top.issuer == top.subject:
        return Verification("untrusted-root", f"its root {name_of(top.subject)} is not trusted here")
    if top.issuer not in known:
        return Verification(
            "missing-intermediate",
            f"the server sends {len(chain)} certificate{'s' * (len(chain) > 1)} and none of them is "
            f"{name_of(top.issuer)}, which issued {name_of(top.subject)}",
        )
    for certificate in chain[:-1] if top is chain[-1] and len(chain) > 1 else chain[:1]:
        if flaw := weakness(certificate):
            return Verification("weak", f"{name_of(certificate.subject)} {flaw}")
    return Verification("invalid", said)


def _top(chain: Sequence[x509.Certificate]) -> x509.Certificate:
    """The last certificate on the way up from the leaf, by issuer and subject, within what was presented."""
    current, left = chain[0], list(chain[1:])
    while current.issuer != current.subject:
        parent = next((each for each in left if each.subject == current.issuer), None)
        if parent is None:
            break
        left.remove(parent)
        current = parent
    return current


def name_matches(pattern: str, host: str) -> bool:
    """Whether a certificate's DNS name covers a host: a wildcard stands for the whole first label (RFC 9525)."""
    pattern, host = pattern.lower().rstrip("."), host.lower().rstrip(".")
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:] and "." in pattern[2:]
    return pattern == host


def alternative_names(certificate: x509.Certificate) -> list[str]:
    """The DNS names and addresses that a certificate is for, as visible text."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    names = [visible(name, limit=300) for name in extension.value.get_values_for_type(x509.DNSName)]
    return names + [str(address) for address in extension.value.get_values_for_type(x509.IPAddress)]


def name_of(name: x509.Name) -> str:
    """The common name, else the organisation, else the whole name, as visible text."""
    for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        values = name.get_attributes_for_oid(oid)
        if values:
            return visible(values[0].value, limit=200)
    return visible(name.rfc4514_string(), limit=200)


def facts(certificate: x509.Certificate) -> dict[str, Any]:
    """Plain facts of one certificate; times are RFC 3339 text, `serial` and `sha256` hexadecimal."""
    names = alternative_names(certificate)
    return {
        "subject": name_of(certificate.subject),
        "issuer": name_of(certificate.issuer),
        "serial": f"{certificate.serial_number:x}",
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "names": names[:MAX_NAMES],
        "more_names": max(0, len(names) - MAX_NAMES),
        "key": _key(certificate),
        "signature": signature_of(certificate),
    }


def signature_of(certificate: x509.Certificate) -> str:
    """The hash that its issuer signed: `SHA-256`, or `EdDSA` where that is part of the signature."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return "EdDSA" if algorithm is None else algorithm.name.upper().replace("SHA", "SHA-", 1)


def weakness(certificate: x509.Certificate) -> str:
    """What is too weak about it (CA/Browser Forum Baseline Requirements 6.1.5 and 7.1.3), in words."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "has a key that cannot be read"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        return f"has an RSA key of {key.key_size} bits; {MIN_RSA_BITS} are the least"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < MIN_EC_BITS:
        return f"has a key on {key.curve.name}; 256 bits are the least"
    if signature_of(certificate) in _WEAK_HASHES:
        return f"is signed with {signature_of(certificate)}, which can be forged"
    return ""


def issuer_url(certificate: x509.Certificate) -> str:
    """Where its issuer's certificate can be had (caIssuers, RFC 5280 section 4.2.2.1); empty if nowhere."""
    return _access(certificate, AuthorityInformationAccessOID.CA_ISSUERS)


def responder_url(certificate: x509.Certificate) -> str:
    """Where its revocation is answered (OCSP, RFC 5280 section 4.2.2.1); empty if nowhere."""
    return _access(certificate, AuthorityInformationAccessOID.OCSP)


def _access(certificate: x509.Certificate, method: x509.ObjectIdentifier) -> str:
    try:
        places = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for place in places:
        location = place.access_location
        if place.access_method == method and isinstance(location, x509.UniformResourceIdentifier):
            return visible(location.value, limit=500)
    return ""


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except ValueError:
        return "unreadable"
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey():
            return f"EC {key.curve.name}"
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return "EdDSA"
        case _:
            return "other"
