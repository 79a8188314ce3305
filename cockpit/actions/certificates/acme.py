"""A client of RFC 8555, as much as a renewal needs: account, order, dns-01, finalize, certificate.

Requests are signed with a P-256 key that is kept in a file of mode 0600 beside the operators' keys. Names go
through the pinned resolvers, nothing from the environment is used, and every request has a short time-out.
"""

import asyncio
import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cockpit.actions.contract import EffectRefused, EffectUnknown
from cockpit.actions.fence import Fence, at_first_byte, unfenced
from cockpit.errors import ConfigError, WorldError
from cockpit.paths import private_directory
from cockpit.probes.names.resolve import connectable, resolve
from cockpit.probes.trust.certificates import Trust
from cockpit.profile import Profile
from cockpit.text import visible

TIMEOUT_S = 5.0
PROOF = "dns-01"
"""The one kind of proof: a record (RFC 8555 section 8.4), for a page would have to be put onto hosts of others."""

_JOSE = "application/jose+json"


class Acme:
    """One account at the profile's authority; `folder` is where its key lies. Raises ConfigError without one.

    `fence` is asked when the connection stands, right before a request that changes something leaves.
    """

    def __init__(self, profile: Profile, folder: Path, *, fence: Fence = unfenced) -> None:
        if not profile.acme:
            raise ConfigError("No certificate authority is configured (acme: the URL of its directory).")
        self._profile = profile
        self._fence = fence
        self._directory_url = profile.acme
        self._key = account_key(folder)
        self._trust = Trust(profile)
        self._directory: Mapping[str, Any] = {}
        self._account = ""
        self._nonce = ""

    # Reading

    def order(self, url: str) -> Mapping[str, Any]:
        """An order as it stands; raises WorldError."""
        return self._look(url)

    def challenges(self, order: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """The dns-01 challenge of each name; raises WorldError."""
        found = {}
        for url in order["authorizations"]:
            told = self._look(url)
            name = visible(told["identifier"]["value"])
            offered = [each for each in told["challenges"] if each["type"] == PROOF]
            if not offered:
                kinds = ", ".join(sorted(visible(each["type"], limit=40) for each in told["challenges"]))
                raise WorldError(f"The authority does not take {PROOF} for {name}, only {kinds or 'nothing'}.")
            found[name] = offered[0]
        return found

    def certificate(self, order: Mapping[str, Any]) -> bytes:
        """The chain of an order that is valid, in PEM form; raises WorldError."""
        return self._post(str(order["certificate"]), None).content

    def proof(self, token: str) -> str:
        """What the TXT record of dns-01 has to hold (RFC 8555 section 8.4)."""
        jwk = json.dumps(self._jwk(), sort_keys=True, separators=(",", ":"))
        thumbprint = _encoded(hashlib.sha256(jwk.encode()).digest())
        return _encoded(hashlib.sha256(f"{token}.{thumbprint}".encode()).digest())

    # Changing

    def new_order(self, names: list[str]) -> str:
        """Order a certificate; the URL of the order. Raises EffectRefused or EffectUnknown."""
        identifiers = [{"type": "dns", "value": name} for name in names]
        answer = self._send(str(self._known()["newOrder"]), {"identifiers": identifiers})
        return str(answer.headers["location"])

    def begin(self, challenge: Mapping[str, Any]) -> None:
        """Say that the record is published; raises EffectRefused or EffectUnknown."""
        self._send(str(challenge["url"]), {})

    def finalize(self, order: Mapping[str, Any], request: bytes) -> None:
        """Hand in the certificate request, in DER form; raises EffectRefused or EffectUnknown."""
        self._send(str(order["finalize"]), {"csr": _encoded(request)})

    # Inside

    def _send(self, url: str, payload: Any) -> httpx.Response:
        try:
            return self._post(url, payload)
        except _Unanswered as error:
            raise EffectUnknown(str(error)) from None
        except WorldError as error:
            raise EffectRefused("ACME_REFUSED", str(error)) from None

    def _look(self, url: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._post(url, None).json()
        return found

    def _post(self, url: str, payload: Any) -> httpx.Response:
        """A signed request; without a payload, only to look (POST-as-GET). A bad nonce is answered once more."""
        if not self._account:
            self._register()
        answer = self._signed(url, payload, {"kid": self._account})
        if answer.status_code == 400 and "badNonce" in answer.text[:2000]:
            answer = self._signed(url, payload, {"kid": self._account})
        return _good(answer)

    def _register(self) -> None:
        url = str(self._known()["newAccount"])
        answer = _good(self._signed(url, {"termsOfServiceAgreed": True}, {"jwk": self._jwk()}))
        self._account = str(answer.headers["location"])

    def _signed(self, url: str, payload: Any, who: Mapping[str, Any]) -> httpx.Response:
        nonce = self._nonce or self._request("HEAD", str(self._known()["newNonce"])).headers["replay-nonce"]
        self._nonce = ""
        head = _encoded(json.dumps({"alg": "ES256", "nonce": nonce, "url": url, **who}).encode())
        body = "" if payload is None else _encoded(json.dumps(payload).encode())
        r, s = decode_dss_signature(self._key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
        signature = _encoded(r.to_bytes(32) + s.to_bytes(32))
        content = json.dumps({"protected": head, "payload": body, "signature": signature})
        # Without a payload it only looks (POST-as-GET).
        answer = self._request("POST", url, content, self._fence if payload is not None else unfenced)
        self._nonce = answer.headers.get("replay-nonce", "")
        return answer

    def _known(self) -> Mapping[str, Any]:
        if not self._directory:
            self._directory = _good(self._request("GET", self._directory_url)).json()
        return self._directory

    def _request(
        self, method: str, url: str, content: str | None = None, fence: Fence = unfenced
    ) -> httpx.Response:
        """One request to a URL of the authority's; raises WorldError."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        addresses = asyncio.run(resolve(self._profile, host))
        if parts.scheme != "https" or not addresses.found:
            raise WorldError(f"The authority cannot be reached at {visible(url, limit=100)}: {addresses.reason}.")
        address, port = connectable(self._profile, addresses.found[0], parts.port or 443)
        shown = f"[{address}]" if ":" in address else address
        headers = {"Host": parts.netloc, "User-Agent": "incident-cockpit"}
        if content is not None:
            headers["Content-Type"] = _JOSE
        place = f"https://{shown}:{port}{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        try:
            with httpx.Client(verify=self._trust.context, trust_env=False, timeout=TIMEOUT_S) as client:
                extensions = {"sni_hostname": host, **at_first_byte(fence)}
                return client.request(method, place, content=content, headers=headers, extensions=extensions)
        except httpx.ConnectError as error:
            raise WorldError(f"{host} cannot be connected to: {visible(error, limit=200)}.") from None
        except httpx.HTTPError as error:
            raise _Unanswered(f"{host} gave no answer: {type(error).__name__}.") from None

    def _jwk(self) -> dict[str, str]:
        point = self._key.public_key().public_numbers()
        coordinates = {"x": _encoded(point.x.to_bytes(32)), "y": _encoded(point.y.to_bytes(32))}
        return {"kty": "EC", "crv": "P-256", **coordinates}


class _Unanswered(WorldError):
    """The request may have arrived."""


def account_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """Read the account's key, or make it; raises ConfigError for one that others can read or that is damaged."""
    path = private_directory(folder) / "acme-account.p256"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"The key {path} can be read by others: chmod 600 it.") from None
        try:
            found = load_pem_private_key(path.read_bytes(), password=None)
        except ValueError:
            found = None
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise ConfigError(f"The key {path} is damaged: move it away, and a new one is made.") from None
        return found
    except OSError as error:
        raise ConfigError(f"The key {path} cannot be made: {error.strerror}.") from None
    private = ec.generate_private_key(ec.SECP256R1())
    with os.fdopen(handle, "wb") as file:
        file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return private


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _good(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is one of success; raises WorldError with what the problem document says (RFC 7807)."""
    if answer.is_success:
        return answer
    if answer.status_code >= 500:
        # Also with a problem document: a server that stumbled may have done it.
        raise _Unanswered(f"The authority answers {answer.status_code}.")
    try:
        told = answer.json()
        kind = str(told.get("type", "")).rpartition(":")[2]
        raise WorldError(
            f"The authority says {visible(kind, limit=60)}: {visible(told.get('detail', ''), limit=300)}"
        )
    except ValueError:
        raise WorldError(f"The authority answers {answer.status_code}.") from None
