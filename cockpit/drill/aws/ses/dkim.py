"""DKIM keys as SES handles them: what it accepts as a private key, and whether a published key matches.

SES takes base64 of an RSA key in DER. PKCS#1 works. PKCS#8, and base64 of a whole PEM file, are accepted by the
API and then never verify (awsdocs/amazon-ses-developer-guide issue 71), which is modelled here on purpose.
"""

import base64
import binascii
import random
from dataclasses import dataclass

from cockpit.drill.aws.names.lookup import Answer, Found
from cockpit.drill.aws.protocol.errors import AwsError

_SEQUENCE, _INTEGER = 0x30, 0x02


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A private key that SES was given: only its public half, SPKI in base64; empty when it can never verify."""

    public: str


def accept_private_key(text: str) -> HeldKey:
    """Take `DomainSigningPrivateKey` as SES does; raises AwsError (BadRequestException) for what it refuses."""
    try:
        der = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _bad("The DKIM private key is not valid base64.") from None
    if der.startswith(b"-----BEGIN"):
        return HeldKey("")
    version_then = _after_version(der)
    if version_then == _SEQUENCE:
        return HeldKey("")
    if version_then != _INTEGER:
        raise _bad("The DKIM private key is not an RSA private key.")
    return HeldKey(_public_half(der))


def _public_half(der: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(der, password=None)
    except ValueError:
        raise _bad("The DKIM private key is not an RSA private key.") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size not in (1024, 2048):
        raise _bad("The DKIM private key must be RSA with 1024 or 2048 bits.")
    return spki(key.public_key())


def spki(key: object) -> str:
    """A public key as the `p=` of a DKIM record: SubjectPublicKeyInfo in base64 (RFC 6376 section 3.6.1)."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    assert isinstance(key, RSAPublicKey)
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def provider_public_key(chance: random.Random, bits: int = 2048) -> str:
    """A public key for Easy DKIM, whose private half nobody in the drill ever needs: a modulus by lot."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    modulus = chance.getrandbits(bits) | (1 << (bits - 1)) | 1
    return spki(RSAPublicNumbers(65537, modulus).public_key())


def published_keys(answer: Answer) -> tuple[str, ...]:
    """The `p=` values of a selector's TXT records; empty ones (revoked) are left out."""
    keys = []
    for value in answer.values if answer.found is Found.ANSWER else ():
        tags = dict(_tag(part) for part in value.split(";") if "=" in part)
        if tags.get("v", "DKIM1") == "DKIM1" and tags.get("p"):
            keys.append("".join(tags["p"].split()))
    return tuple(keys)


def _tag(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip()


def _after_version(der: bytes) -> int:
    """The tag that follows the version of a key in DER: INTEGER in PKCS#1, SEQUENCE in PKCS#8; -1 for neither."""
    if len(der) < 8 or der[0] != _SEQUENCE:
        return -1
    header = 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)
    if der[header : header + 3] != b"\x02\x01\x00" or len(der) <= header + 3:
        return -1
    return der[header + 3]


def _bad(message: str) -> AwsError:
    return AwsError("BadRequestException", message, 400)
