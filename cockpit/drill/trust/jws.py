"""Signed requests of the ACME protocol: flattened JSON Web Signatures (RFC 7515) with ES256 or RS256."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

ALGORITHMS = ("ES256", "RS256")
MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
"""The members of a key that its thumbprint is made of, in order (RFC 7638 section 3.2)."""

COORDINATE_OCTETS = 32
Jwk = dict[str, str]


class BadSignature(Exception):  # noqa: N818 - turned into a problem document at the edge
    """The request is not signed as it should be; says how, and whether the algorithm is the trouble."""

    def __init__(self, detail: str, *, algorithm: bool = False) -> None:
        super().__init__(detail)
        self.algorithm = algorithm


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came, not yet verified: who claims to have signed it is in `jwk` or in `kid`."""

    protected: dict[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes

    @property
    def nonce(self) -> str:
        """The nonce that it uses up."""
        return str(self.protected.get("nonce", ""))

    @property
    def url(self) -> str:
        """What it was signed for."""
        return str(self.protected.get("url", ""))

    @property
    def kid(self) -> str | None:
        """The account that it claims to be from."""
        kid = self.protected.get("kid")
        return kid if isinstance(kid, str) else None

    @property
    def jwk(self) -> Jwk | None:
        """The key that it brings along."""
        jwk = self.protected.get("jwk")
        return jwk if isinstance(jwk, dict) else None


def read_signed(body: bytes) -> SignedRequest:
    """Take a request apart; raises BadSignature for what is no flattened JWS."""
    try:
        parts = json.loads(body)
        protected = json.loads(decoded(parts["protected"]))
        signed = f"{parts['protected']}.{parts['payload']}".encode("ascii")
        request = SignedRequest(protected, decoded(parts["payload"]), signed, decoded(parts["signature"]))
    except (ValueError, TypeError, KeyError):
        raise BadSignature("The request is no flattened JSON Web Signature.") from None
    if not isinstance(protected, dict) or (request.kid is None) == (request.jwk is None):
        raise BadSignature("The protected header needs either jwk or kid.")
    if protected.get("alg") not in ALGORITHMS:
        raise BadSignature(f"alg is none of {', '.join(ALGORITHMS)}.", algorithm=True)
    return request


def verify(request: SignedRequest, jwk: Jwk) -> None:
    """Check that the holder of `jwk` signed the request; raises BadSignature."""
    try:
        key = public_key(jwk)
        if isinstance(key, ec.EllipticCurvePublicKey) and request.protected["alg"] == "ES256":
            middle = COORDINATE_OCTETS
            if len(request.signature) != 2 * middle:
                raise BadSignature("An ES256 signature has 64 octets.")
            r, s = (int.from_bytes(half) for half in (request.signature[:middle], request.signature[middle:]))
            key.verify(encode_dss_signature(r, s), request.signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey) and request.protected["alg"] == "RS256":
            key.verify(request.signature, request.signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            raise BadSignature("The key does not fit alg.", algorithm=True)
    except InvalidSignature:
        raise BadSignature("The signature does not verify.") from None


def thumbprint(jwk: Jwk) -> str:
    """The key's thumbprint (RFC 7638); raises BadSignature for what is no key."""
    public_key(jwk)
    canonical = {name: jwk[name] for name in MEMBERS[jwk["kty"]]}
    return encoded(hashlib.sha256(json.dumps(canonical, separators=(",", ":")).encode()).digest())


def encoded(octets: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Octets from base64url without padding; raises ValueError."""
    try:
        return base64.b64decode(text.translate(_FROM_URL) + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, AttributeError):
        raise ValueError("This is no base64url.") from None


_FROM_URL = str.maketrans("-_", "+/")


def public_key(jwk: Jwk) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    """The key itself; raises BadSignature for what is no key, or of another kind."""
    try:
        if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
            x, y = (int.from_bytes(decoded(jwk[name])) for name in ("x", "y"))
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        if jwk.get("kty") == "RSA":
            e, n = (int.from_bytes(decoded(jwk[name])) for name in ("e", "n"))
            return rsa.RSAPublicNumbers(e, n).public_key()
    except (KeyError, ValueError, TypeError):
        raise BadSignature("The key is damaged.") from None
    raise BadSignature("The key is neither P-256 nor RSA.", algorithm=True)
