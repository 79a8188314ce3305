"""From a private DKIM key to the facts of its public half; the key itself goes nowhere.

Read are PEM and DER, PKCS#1, PKCS#8 and bare Ed25519 seeds as RFC 8463 appendix A has them. Errors name what was
expected and never repeat what was given.
"""

import base64
import binascii
import hashlib
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from cockpit.errors import BadInput

MOST_OCTETS = 100_000
_SEED = 32
_EXPECTED = "expected an RSA or Ed25519 private key in PEM or DER form, not encrypted"

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def public_facts(data: bytes) -> dict[str, Any]:
    """Facts of the public half: `kind`, `bits`, `sha256` of its SPKI, `record` to publish, and the `form` as read.

    Raises BadInput for anything that is not such a key.
    """
    key, form = _loaded(data)
    public = key.public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(public, rsa.RSAPublicKey):
        kind, bits, published = "rsa", public.key_size, spki
    else:
        kind, bits, published = "ed25519", 256, public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    record = f"v=DKIM1; k={kind}; p={base64.b64encode(published).decode()}"
    return {"kind": kind, "bits": bits, "sha256": hashlib.sha256(spki).hexdigest(), "record": record, "form": form}


def _loaded(data: bytes) -> tuple[PrivateKey, str]:
    if len(data) > MOST_OCTETS:
        raise BadInput(f"The key file is longer than {MOST_OCTETS} octets; {_EXPECTED}.")
    text = data.strip()
    if b"-----BEGIN" in text:
        if b"ENCRYPTED" in text:
            raise BadInput(f"The key is encrypted; {_EXPECTED}.")
        form = "PKCS#1 PEM" if b"BEGIN RSA PRIVATE KEY" in text else "PKCS#8 PEM"
        return _checked(text, pem=True), form
    if len(text) == _SEED:
        return ed25519.Ed25519PrivateKey.from_private_bytes(text), "Ed25519 seed"
    unpacked = _unpacked(text)
    if unpacked is not None:
        if len(unpacked) == _SEED:
            return ed25519.Ed25519PrivateKey.from_private_bytes(unpacked), "Ed25519 seed in base64"
        return _checked(unpacked, pem=False), "DER in base64"
    return _checked(data, pem=False), "DER"


def _unpacked(text: bytes) -> bytes | None:
    """The octets in base64 of several lines or of one; None when it is something else."""
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _checked(data: bytes, *, pem: bool) -> PrivateKey:
    try:
        key = load_pem_private_key(data, None) if pem else load_der_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadInput(f"The key cannot be read; {_EXPECTED}.") from None
    if not isinstance(key, PrivateKey):
        raise BadInput(f"The key is of another kind; {_EXPECTED}.")
    return key
