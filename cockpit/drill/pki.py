"""The drill's certificates: an authority that nobody trusts, and leaves that are good or wrong in known ways.

Keys are P-256 and live in memory. The authority may only vouch for the drill's own domains (RFC 5280 name
constraints), so that even a trust store that took it in by mistake could not be used against anybody.
"""

import os
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from cockpit.clock import Clock
from cockpit.errors import BadInput

DRILL_SUBJECT = "DRILL - NOT TRUSTED"
LEAF_LIFETIME = timedelta(days=90)
AUTHORITY_LIFETIME = timedelta(days=365)
NEAR_EXPIRY = timedelta(days=3)
WRONG_HOST = "another-host.example"


class CertificateKind(StrEnum):
    """What is right or wrong with a leaf and what it is presented with; the names are the scenario vocabulary."""

    GOOD = "good"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRING = "expiring"
    WRONG_HOST = "wrong-host"
    SELF_SIGNED = "self-signed"
    MISSING_CHAIN = "missing-chain"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A leaf, its private key, and the chain as the server presents it, leaf first."""

    kind: CertificateKind
    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: ec.EllipticCurvePrivateKey

    @property
    def chain_pem(self) -> bytes:
        """What the server presents, in PEM form."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain)

    @property
    def expires_at(self) -> datetime:
        """The end of the leaf's validity."""
        return self.leaf.not_valid_after_utc

    def server_context(self) -> ssl.SSLContext:
        """A TLS server context that presents this certificate.

        OpenSSL reads keys from files only, so the key is on disk for that moment, in a 0700 directory.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        key_pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with tempfile.TemporaryDirectory(prefix="drill-pki-") as folder:
            bundle = Path(folder, "bundle.pem")
            with os.fdopen(os.open(bundle, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(key_pem + self.chain_pem)
            context.load_cert_chain(bundle)
        return context


class DrillAuthority:
    """A root and an intermediate, named so that nobody takes them for real; issues leaves of any kind.

    `ocsp_url` and `issuer_url`, where given, go into each leaf as authority information access. Serial numbers
    of revoked leaves are kept in `revoked` for whoever answers OCSP.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        domains: Iterable[str] = ("example", "localhost"),
        ocsp_url: str | None = None,
        issuer_url: str | None = None,
    ) -> None:
        self._clock = clock
        self._ocsp_url = ocsp_url
        self._issuer_url = issuer_url
        self.revoked: dict[int, datetime] = {}
        permitted = [x509.DNSName(domain) for domain in domains]
        constraints = x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.issuer_key = ec.generate_private_key(ec.SECP256R1())
        root_name = _subject(f"{DRILL_SUBJECT} root")
        self.root = self._authority(root_name, self.root_key, root_name, self.root_key, 1, constraints)
        issuer_name = _subject(f"{DRILL_SUBJECT} issuer")
        self.issuer = self._authority(issuer_name, self.issuer_key, root_name, self.root_key, 0, constraints)

    @property
    def ca_pem(self) -> str:
        """The root in PEM form, as the profile carries it."""
        return self.root.public_bytes(Encoding.PEM).decode()

    def issue(
        self,
        host: str,
        kind: CertificateKind | str = CertificateKind.GOOD,
        *,
        aliases: Iterable[str] = (),
        expires_in: timedelta | None = None,
    ) -> Certificate:
        """A new leaf for `host` and `aliases`; `expires_in` overrides the end of its validity, from now.

        Raises BadInput for a kind outside the vocabulary.
        """
        try:
            known = CertificateKind(kind)
        except ValueError:
            raise BadInput(f"{kind!r} is no kind of certificate: {', '.join(CertificateKind)}.") from None
        names = [WRONG_HOST] if known is CertificateKind.WRONG_HOST else [host, *aliases]
        begins, ends = self._validity(known, expires_in)
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._leaf(names, key, begins, ends, self_signed=known is CertificateKind.SELF_SIGNED)
        alone = known in (CertificateKind.SELF_SIGNED, CertificateKind.MISSING_CHAIN)
        if known is CertificateKind.REVOKED:
            self.revoke(leaf)
        return Certificate(known, leaf, (leaf,) if alone else (leaf, self.issuer), key)

    def revoke(self, leaf: x509.Certificate) -> None:
        """Count a leaf as revoked from now on."""
        self.revoked.setdefault(leaf.serial_number, self._clock.now())

    def _validity(self, kind: CertificateKind, expires_in: timedelta | None) -> tuple[datetime, datetime]:
        now = self._clock.now()
        if kind is CertificateKind.EXPIRED:
            left = -timedelta(hours=1) if expires_in is None else expires_in
        elif kind is CertificateKind.EXPIRING:
            left = NEAR_EXPIRY if expires_in is None else expires_in
        else:
            left = LEAF_LIFETIME - timedelta(days=10) if expires_in is None else expires_in
        if kind is CertificateKind.NOT_YET_VALID:
            return now + timedelta(days=1), now + LEAF_LIFETIME
        return min(now + left - LEAF_LIFETIME, now - timedelta(days=1)), now + left

    def _leaf(
        self,
        names: list[str],
        key: ec.EllipticCurvePrivateKey,
        begins: datetime,
        ends: datetime,
        *,
        self_signed: bool,
    ) -> x509.Certificate:
        subject = _subject(names[0])
        issuer_name, issuer_key = (subject, key) if self_signed else (self.issuer.subject, self.issuer_key)
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = (
            _builder(subject, key, issuer_name, issuer_key, begins, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(alternatives, critical=False)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(usage, critical=False)
        )
        if access := self._access():
            builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    def _access(self) -> list[x509.AccessDescription]:
        places = (
            (AuthorityInformationAccessOID.OCSP, self._ocsp_url),
            (AuthorityInformationAccessOID.CA_ISSUERS, self._issuer_url),
        )
        return [
            x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in places if url
        ]

    def _authority(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        issuer: x509.Name,
        issuer_key: ec.EllipticCurvePrivateKey,
        path_length: int,
        constraints: x509.NameConstraints,
    ) -> x509.Certificate:
        now = self._clock.now()
        return (
            _builder(subject, key, issuer, issuer_key, now - timedelta(days=30), now + AUTHORITY_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .add_extension(constraints, critical=True)
            .sign(issuer_key, hashes.SHA256())
        )


def _subject(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, DRILL_SUBJECT),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
        ]
    )


def _builder(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
