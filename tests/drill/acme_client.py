"""A client of RFC 8555, as short as one can be, that signs with a P-256 key of its own."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from cockpit.drill.trust.jws import Jwk, encoded, thumbprint


def jwk_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Jwk:
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        n = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)
        return {"kty": "RSA", "e": encoded(numbers.e.to_bytes(3)), "n": encoded(n)}
    point = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": encoded(point.x.to_bytes(32)), "y": encoded(point.y.to_bytes(32))}


def signature(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, octets: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


@dataclass(slots=True)
class AcmeClient:
    """Posts signed requests to the authority at `base`, which `http` knows the way to."""

    http: httpx.AsyncClient
    base: str
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    account: str | None = None

    async def nonce(self) -> str:
        response = await self.http.head("/new-nonce")
        return str(response.headers["replay-nonce"])

    async def post(self, url: str, payload: Any = None, /, **changed: Any) -> httpx.Response:
        """POST to a full URL; without a payload, only to look (POST-as-GET)."""
        who = {"kid": self.account} if self.account else {"jwk": jwk_of(self.key)}
        alg = "RS256" if isinstance(self.key, rsa.RSAPrivateKey) else "ES256"
        protected = {"alg": alg, "nonce": await self.nonce(), "url": url, **who, **changed}
        head = encoded(json.dumps(protected).encode())
        body = "" if payload is None else encoded(json.dumps(payload).encode())
        signed = encoded(signature(self.key, f"{head}.{body}".encode()))
        content = json.dumps({"protected": head, "payload": body, "signature": signed})
        headers = {"Content-Type": "application/jose+json"}
        return await self.http.post(url.removeprefix(self.base), content=content, headers=headers)

    async def register(self) -> httpx.Response:
        self.account = None
        response = await self.post(f"{self.base}/new-account", {"termsOfServiceAgreed": True})
        self.account = response.headers.get("location")
        return response

    async def order(self, *names: str) -> httpx.Response:
        identifiers = [{"type": "dns", "value": name} for name in names]
        return await self.post(f"{self.base}/new-order", {"identifiers": identifiers})

    async def challenge(self, order: Any, kind: str = "dns-01", at: int = 0) -> Any:
        authorization = (await self.post(order["authorizations"][at])).json()
        return next(one for one in authorization["challenges"] if one["type"] == kind)

    def answer(self, challenge: Any) -> str:
        return f"{challenge['token']}.{thumbprint(jwk_of(self.key))}"


def request_for(*names: str) -> tuple[ec.EllipticCurvePrivateKey, str]:
    """A key, and a certificate request for these names as ACME carries it."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.add_extension(alternatives, critical=False).sign(key, hashes.SHA256())
    return key, encoded(request.public_bytes(Encoding.DER))
