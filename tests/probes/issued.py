"""Chains of certificates that are right and wrong in known ways, issued for the tests of this folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

START = datetime(2026, 11, 1, tzinfo=UTC)
HOST = "www.shop.example"


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def issue(
    name: str,
    issuer: Made | None,
    days: tuple[int, int],
    *,
    names: Sequence[str] = (),
    own: ec.EllipticCurvePrivateKey | None = None,
) -> Made:
    """A certificate valid on days from START; an authority unless it has `names`."""
    private = own or key()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else private
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START + timedelta(days=days[0]))
        .not_valid_after(START + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(authority=not names), critical=True)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(alternatives, critical=False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(usage, critical=False)
    return Made(builder.sign(signer, hashes.SHA256()), private)


def _usage(*, authority: bool) -> x509.KeyUsage:
    flags = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=True, key_cert_sign=authority, crl_sign=authority, **flags)


ROOT = issue("root", None, (-1000, 4000))
MIDDLE = issue("middle", ROOT, (-100, 60))
LATE = issue("middle", ROOT, (40, 1000), own=MIDDLE.key)
GONE = issue("middle", ROOT, (-900, -100), own=MIDDLE.key)
LEAF = issue("www", MIDDLE, (0, 90), names=[HOST])
OTHER_NAME = issue("mail", MIDDLE, (0, 90), names=["mail.shop.example"])
WILD = issue("wild", MIDDLE, (0, 90), names=["*.shop.example"])
STRANGER = issue("stranger", issue("other root", None, (-10, 400)), (0, 90), names=[HOST])
ALONE = issue("alone", None, (0, 90), names=[HOST])

CHAINS: dict[str, tuple[Made, ...]] = {
    "good": (LEAF, MIDDLE),
    "missing intermediate": (LEAF,),
    "another name": (OTHER_NAME, MIDDLE),
    "wildcard": (WILD, MIDDLE),
    "another root": (STRANGER,),
    "by itself": (ALONE,),
    "expired cross-sign beside a good one": (LEAF, GONE, MIDDLE),
    "only the expired intermediate": (LEAF, GONE),
    "an intermediate that begins later": (LEAF, LATE),
    "both intermediates": (LEAF, MIDDLE, LATE),
    "in the wrong order": (LEAF, ROOT, MIDDLE),
}


def pem(made: Sequence[Made]) -> bytes:
    return b"".join(each.certificate.public_bytes(Encoding.PEM) for each in made)
