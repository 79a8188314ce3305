"""DKIM private keys: the one form that SES can verify, and the public half that has to be published for it.

SES accepts PKCS#8 and base64 of a whole PEM file without a word and then never verifies them
(awsdocs/amazon-ses-developer-guide issue 71), so every key is parsed and written again as PKCS#1 DER.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from cockpit.health.dkim_record import parse_tags

SIZES = (1024, 2048)
"""RSA key sizes that SES takes; it takes no other kind of key."""


@dataclass(frozen=True, slots=True)
class PublicHalf:
    """What may be shown of a key. `record` is the base64 that stands in `p=`, `sha256` is over the SPKI, in hex."""

    bits: int
    record: str
    sha256: str

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the SHA-256, enough to compare by eye."""
        return self.sha256[:16]


class BadKeyError(Exception):
    """Not a private key that SES can sign with; the text says what is wrong and holds nothing of the key."""


def read_private_key(pem: bytes) -> RSAPrivateKey:
    """Read PEM in PKCS#1 or PKCS#8 form; raises BadKeyError for everything that SES would not verify."""
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise BadKeyError("the key is encrypted with a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadKeyError("the object is not a private key in PEM form") from None
    if not isinstance(key, RSAPrivateKey):
        raise BadKeyError("the key is not an RSA key, and SES takes no other kind")
    if key.key_size not in SIZES:
        raise BadKeyError(f"the key has {key.key_size} bits, and SES takes 1024 or 2048")
    return key


def ses_form(key: RSAPrivateKey) -> str:
    """The key as SESv2 `DomainSigningPrivateKey` wants it: PKCS#1 DER in base64, on one line."""
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return base64.b64encode(der).decode("ascii")


def public_half(key: RSAPrivateKey | RSAPublicKey) -> PublicHalf:
    """The part of a key that has to be published."""
    public = key.public_key() if isinstance(key, RSAPrivateKey) else key
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicHalf(public.key_size, base64.b64encode(spki).decode("ascii"), hashlib.sha256(spki).hexdigest())


def published_key(record: str) -> PublicHalf:
    """The key in a DKIM TXT record (RFC 6376 section 3.6.1); raises BadKeyError with the reason."""
    tags = parse_tags(record)
    if tags is None or "p" not in tags:
        raise BadKeyError("it is not a DKIM key record")
    if tags.get("v", "DKIM1") != "DKIM1" or next(iter(tags)) != "v" and "v" in tags:
        raise BadKeyError("v= is not DKIM1 at the front")
    if tags.get("k", "rsa") != "rsa":
        raise BadKeyError(f"k={tags['k'][:20]} is not a kind that SES signs with")
    if not tags["p"]:
        raise BadKeyError("p= is empty: the key is revoked")
    try:
        key = load_der_public_key(base64.b64decode("".join(tags["p"].split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise BadKeyError("p= does not hold a public key") from None
    if not isinstance(key, RSAPublicKey):
        raise BadKeyError("p= does not hold an RSA key")
    return public_half(key)
