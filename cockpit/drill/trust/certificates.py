"""What a certificate of the drill is, and how one is put together: RFC 5280 profiles on P-256 keys."""

import os
import ssl
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPublicKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

DRILL_SUBJECT = "DRILL - NOT TRUSTED"
WEAK_CIPHERS = "DEFAULT:@SECLEVEL=0"
"""Lets OpenSSL load a certificate that its usual level refuses."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class CertificateKind(StrEnum):
    """What is right or wrong with a leaf and what it is presented with; the names are the scenario vocabulary.

    `few-scts` has one signed certificate timestamp, `no-scts` none, `unknown-log` two of a log that nobody
    lists. `weak-key` is RSA-1024, `weak-signature` SHA-1. `no-san` names its host in the common name only.
    `must-staple` asks for a stapled OCSP response (RFC 7633). `other-issuer` comes from an authority that the
    company does not use, though the drill's root vouches for it.
    """

    GOOD = "good"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRING = "expiring"
    WRONG_HOST = "wrong-host"
    SELF_SIGNED = "self-signed"
    MISSING_CHAIN = "missing-chain"
    REVOKED = "revoked"
    MUST_STAPLE = "must-staple"
    FEW_SCTS = "few-scts"
    NO_SCTS = "no-scts"
    UNKNOWN_LOG = "unknown-log"
    WEAK_KEY = "weak-key"
    WEAK_SIGNATURE = "weak-signature"
    NO_SAN = "no-san"
    OTHER_ISSUER = "other-issuer"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A leaf, its private key, and the chain as the server presents it, leaf first."""

    kind: CertificateKind
    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: PrivateKey

    @property
    def chain_pem(self) -> bytes:
        """What the server presents, in PEM form."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain)

    @property
    def expires_at(self) -> datetime:
        """The end of the leaf's validity."""
        return self.leaf.not_valid_after_utc

    @property
    def weak(self) -> bool:
        """Whether OpenSSL presents it only when told to be less strict."""
        return self.kind in (CertificateKind.WEAK_KEY, CertificateKind.WEAK_SIGNATURE)

    def server_context(self) -> ssl.SSLContext:
        """A TLS server context that presents this certificate.

        OpenSSL reads keys from files only, so the key is on disk for that moment, in a 0700 directory.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.weak:
            context.set_ciphers(WEAK_CIPHERS)
        key_pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with tempfile.TemporaryDirectory(prefix="drill-pki-") as folder:
            bundle = Path(folder, "bundle.pem")
            with os.fdopen(os.open(bundle, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(key_pem + self.chain_pem)
            context.load_cert_chain(bundle)
        return context


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certificate authority: its certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def name(self) -> x509.Name:
        """Its subject."""
        return self.certificate.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where revocation is answered and where the issuer is found (RFC 5280 section 4.2.2.1)."""

    ocsp_url: str | None = None
    issuer_url: str | None = None

    def extension(self) -> x509.AuthorityInformationAccess | None:
        """The same as an extension; None when there is nothing to say."""
        places = (
            (AuthorityInformationAccessOID.OCSP, self.ocsp_url),
            (AuthorityInformationAccessOID.CA_ISSUERS, self.issuer_url),
        )
        told = [
            x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in places if url
        ]
        return x509.AuthorityInformationAccess(told) if told else None


def leaf_builder(
    names: Sequence[str],
    key: CertificatePublicKeyTypes,
    issuer_name: x509.Name,
    issuer_key: CertificateIssuerPublicKeyTypes,
    begins: datetime,
    ends: datetime,
    *,
    access: Access,
    alternative_names: bool = True,
    must_staple: bool = False,
) -> x509.CertificateBuilder:
    """A TLS server certificate for these names, the first of them being the common name."""
    builder = (
        _builder(subject(names[0]), key, issuer_name, issuer_key, begins, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    if alternative_names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternatives, critical=False)
    if must_staple:
        builder = builder.add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), critical=False)
    if (told := access.extension()) is not None:
        builder = builder.add_extension(told, critical=False)
    return builder


def authority_builder(
    name: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_name: x509.Name,
    issuer_key: ec.EllipticCurvePublicKey,
    begins: datetime,
    ends: datetime,
    *,
    path_length: int,
    permitted: Iterable[str],
) -> x509.CertificateBuilder:
    """A certificate authority that may vouch for names under `permitted` only (RFC 5280 section 4.2.1.10)."""
    subtrees = [x509.DNSName(domain) for domain in permitted]
    constraints = x509.NameConstraints(permitted_subtrees=subtrees, excluded_subtrees=None)
    return (
        _builder(name, key, issuer_name, issuer_key, begins, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(constraints, critical=True)
    )


def responder_builder(
    key: ec.EllipticCurvePublicKey, issuer: Issuer, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    """A certificate that may answer OCSP for its issuer (RFC 6960 section 4.2.2.2)."""
    name = subject(f"{DRILL_SUBJECT} responder")
    return (
        _builder(name, key, issuer.name, issuer.key.public_key(), begins, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
    )


def subject(name: str) -> x509.Name:
    """A subject that nobody takes for real."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, DRILL_SUBJECT),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
        ]
    )


def _builder(
    name: x509.Name,
    key: CertificatePublicKeyTypes,
    issuer: x509.Name,
    issuer_key: CertificateIssuerPublicKeyTypes,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
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
