"""The drill authority's ACME interface (RFC 8555): accounts, orders, dns-01 and http-01, certificates, revocation.

Left out: key change, external account binding, pre-authorization and lists of orders. A challenge is looked at
once, soon after the client says that it is ready.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from cockpit.clock import Clock
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.trust import jws
from cockpit.drill.trust.acme_documents import Documents, account_document
from cockpit.drill.trust.acme_revocation import Revocation, certificate_of, is_key_of, may_revoke
from cockpit.drill.trust.acme_state import Account, Authorization, Books, Challenge, Order, Status
from cockpit.drill.trust.acme_validation import Refused, Validator
from cockpit.drill.trust.ct_search import names_in
from cockpit.drill.web.http import Request, Response
from cockpit.errors import BadInput

RETRY_AFTER_S = 60
REVOCATIONS_KEPT = 500
NAMES_LIMIT = 100
PATHS = {
    "newNonce": "/new-nonce",
    "newAccount": "/new-account",
    "newOrder": "/new-order",
    "revokeCert": "/revoke-cert",
}
STATUS_OF = {"rateLimited": 429, "serverInternal": 500, "unauthorized": 403, "accountDoesNotExist": 400}
"""HTTP status of a refusal; 400 for the others."""


class AcmeFaultKind(StrEnum):
    """The vocabulary: `rate-limit` refuses new orders, `server-error` everything that is signed, `bad-nonce` one
    request in two; `stuck` never finishes a validation."""

    RATE_LIMIT = "rate-limit"
    SERVER_ERROR = "server-error"
    BAD_NONCE = "bad-nonce"
    STUCK = "stuck"


Action = Callable[[Account, str, Any], Awaitable[Response]]


class AcmeServer:
    """Answers over HTTP at `base_url`, which is what clients sign; `fault` is what is wrong with it, if any."""

    def __init__(self, authority: DrillAuthority, clock: Clock, base_url: str, validator: Validator) -> None:
        self.fault: AcmeFaultKind | None = None
        self.issued = 0
        self.revocations: deque[Revocation] = deque(maxlen=REVOCATIONS_KEPT)
        self._authority = authority
        self._clock = clock
        self._base = base_url
        self._documents = Documents(base_url)
        self._validator = validator
        self._books = Books()
        self._signed = 0
        self._looking: set[asyncio.Task[None]] = set()
        self._actions: Mapping[str, Action] = {
            "new-order": self._new_order,
            "account": self._account,
            "order": self._order,
            "finalize": self._finalize,
            "authz": self._authz,
            "challenge": self._challenge,
            "certificate": self._certificate,
            "revoke-cert": self._revoke,
        }

    def inject(self, kind: AcmeFaultKind | str) -> None:
        """Begin a fault in place of any other; raises BadInput for a word outside the vocabulary."""
        try:
            self.fault = AcmeFaultKind(kind)
        except ValueError:
            raise BadInput(f"{kind!r} is no ACME fault: {', '.join(AcmeFaultKind)}.") from None

    def heal(self) -> None:
        """Answer well again; validations that were stuck stay so."""
        self.fault = None

    async def close(self) -> None:
        """Give up the validations that are under way."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    async def handle(self, request: Request) -> Response:
        """Answer one request; a refusal is a problem document."""
        if request.path == "/directory" and request.method in ("GET", "HEAD"):
            return self._json(200, {name: self._base + path for name, path in PATHS.items()} | {"meta": {}})
        if request.path == PATHS["newNonce"] and request.method in ("GET", "HEAD"):
            return self._plain(200 if request.method == "HEAD" else 204)
        try:
            return await self._signed_request(request)
        except Refused as refused:
            status = STATUS_OF.get(refused.kind, 400)
            wait = (("Retry-After", str(RETRY_AFTER_S)),) if status == 429 else ()
            return self._json(status, {**refused.problem, "status": status}, *wait, kind="application/problem+json")

    # Who asks

    async def _signed_request(self, request: Request) -> Response:
        if request.method != "POST":
            return self._plain(405, ("Allow", "POST"))
        if request.headers.get("content-type") != "application/jose+json":
            return self._plain(415)
        try:
            asked = jws.read_signed(request.body)
            self._admit(request, asked)
            if request.path == PATHS["newAccount"]:
                return self._new_account(asked)
            if request.path == PATHS["revokeCert"] and asked.jwk is not None:
                return self._revoke_by_key(asked, asked.jwk)
            account = self._asker(asked)
            jws.verify(asked, account.jwk)
        except jws.BadSignature as bad:
            raise Refused("badSignatureAlgorithm" if bad.algorithm else "malformed", str(bad)) from None
        word, _, number = request.path.lstrip("/").partition("/")
        if number.endswith("/finalize"):
            word, number = "finalize", number.removesuffix("/finalize")
        action = self._actions.get(word)
        if action is None:
            return self._plain(404)
        return await action(account, number, _payload(asked))

    def _admit(self, request: Request, asked: jws.SignedRequest) -> None:
        self._signed += 1
        if self.fault is AcmeFaultKind.SERVER_ERROR:
            raise Refused("serverInternal", "The authority is not well.")
        spoilt = self.fault is AcmeFaultKind.BAD_NONCE and self._signed % 2 == 1
        if not self._books.use_nonce(asked.nonce) or spoilt:
            raise Refused("badNonce", "The nonce is unknown or used up.")
        if asked.url != self._base + request.path:
            raise Refused("unauthorized", f"The request was signed for {asked.url}.")

    def _asker(self, asked: jws.SignedRequest) -> Account:
        number = (asked.kid or "").removeprefix(f"{self._base}/account/")
        account = self._books.accounts.get(number)
        if account is None:
            raise Refused("accountDoesNotExist", "There is no such account.")
        if account.status is not Status.VALID:
            raise Refused("unauthorized", "The account is deactivated.")
        return account

    def _new_account(self, asked: jws.SignedRequest) -> Response:
        if asked.jwk is None:
            raise Refused("malformed", "A new account brings its key along.")
        jws.verify(asked, asked.jwk)
        thumbprint = jws.thumbprint(asked.jwk)
        given = _payload(asked)
        known = self._books.account_with(thumbprint)
        if known is not None:
            return self._json(200, account_document(known), self._location("account", known.id))
        if given.get("onlyReturnExisting"):
            raise Refused("accountDoesNotExist", "There is no account for this key.")
        contact = tuple(str(one) for one in given.get("contact", ()))
        if any(not one.startswith("mailto:") for one in contact):
            raise Refused("unsupportedContact", "Contacts are mailto: addresses.")
        account = Account(secrets.token_urlsafe(9), asked.jwk, thumbprint, contact)
        self._books.accounts.put(account)
        return self._json(201, account_document(account), self._location("account", account.id))

    # What is asked

    async def _account(self, account: Account, number: str, given: Any) -> Response:
        if number != account.id:
            raise Refused("unauthorized", "This is somebody else's account.")
        if given.get("status") == Status.DEACTIVATED:
            account.status = Status.DEACTIVATED
        return self._json(200, account_document(account))

    async def _new_order(self, account: Account, number: str, given: Any) -> Response:
        if self.fault is AcmeFaultKind.RATE_LIMIT:
            raise Refused("rateLimited", "Too many new orders recently.")
        identifiers = given.get("identifiers")
        if not isinstance(identifiers, list) or not 0 < len(identifiers) <= NAMES_LIMIT:
            raise Refused("malformed", f"An order names one to {NAMES_LIMIT} identifiers.")
        names = [self._orderable(one) for one in identifiers]
        order = self._books.open_order(account, list(dict.fromkeys(names)), self._clock.now())
        return self._json(201, self._documents.order(order), self._location("order", order.id))

    def _orderable(self, identifier: Any) -> str:
        if not isinstance(identifier, dict) or identifier.get("type") != "dns":
            raise Refused("unsupportedIdentifier", "Identifiers are of type dns.")
        name = str(identifier.get("value", "")).lower()
        if not self._authority.may_vouch_for(name.removeprefix("*.")):
            raise Refused("rejectedIdentifier", f"This authority does not vouch for {name}.")
        return name

    async def _order(self, account: Account, number: str, given: Any) -> Response:
        return self._json(200, self._documents.order(self._own_order(account, number)))

    async def _finalize(self, account: Account, number: str, given: Any) -> Response:
        order = self._own_order(account, number)
        if order.status is not Status.READY:
            raise Refused("orderNotReady", f"The order is {order.status}.")
        request = _certificate_request(given)
        if {name.lower() for name in _requested_names(request)} != set(order.names):
            raise Refused("badCSR", "The certificate request does not name what was ordered.")
        order.certificate = self._authority.certify(order.names, request.public_key())
        self.issued += 1
        return self._json(200, self._documents.order(order), self._location("order", order.id))

    async def _authz(self, account: Account, number: str, given: Any) -> Response:
        authorization = self._books.authorization(number)
        if authorization is None or authorization.account is not account:
            raise Refused("malformed", "There is no such authorization.")
        return self._json(200, self._documents.authorization(authorization))

    async def _challenge(self, account: Account, number: str, given: Any) -> Response:
        found = self._books.challenge(number)
        if found is None or found[0].account is not account:
            raise Refused("malformed", "There is no such challenge.")
        authorization, challenge = found
        if given is not AS_GET and authorization.status is Status.PENDING and challenge.status is Status.PENDING:
            challenge.status = Status.PROCESSING
            task = asyncio.create_task(self._look(authorization, challenge))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
        up = ("Link", f'<{self._base}/authz/{authorization.id}>;rel="up"')
        return self._json(200, self._documents.challenge(challenge), up)

    async def _look(self, authorization: Authorization, challenge: Challenge) -> None:
        if self.fault is AcmeFaultKind.STUCK:
            return
        thumbprint = authorization.account.thumbprint
        try:
            await self._validator.look(challenge.kind, authorization.name, challenge.token, thumbprint)
        except Refused as refused:
            challenge.error = refused.problem
            challenge.status = authorization.status = Status.INVALID
        else:
            challenge.validated = self._clock.now()
            challenge.status = authorization.status = Status.VALID

    async def _certificate(self, account: Account, number: str, given: Any) -> Response:
        chain = self._own_order(account, number).certificate
        if not chain:
            return self._plain(404)
        pem = b"".join(one.public_bytes(Encoding.PEM) for one in chain)
        return Response(200, (*self._headers("application/pem-certificate-chain"),), pem)

    async def _revoke(self, account: Account, number: str, given: Any) -> Response:
        leaf = certificate_of(given)
        if not may_revoke(account, leaf, self._books.orders.values(), self._clock):
            raise Refused("unauthorized", "The certificate is somebody else's.")
        return self._revoked(leaf, f"account {account.id}")

    def _revoke_by_key(self, asked: jws.SignedRequest, jwk: jws.Jwk) -> Response:
        leaf = certificate_of(_payload(asked))
        if not is_key_of(jwk, leaf):
            raise Refused("unauthorized", "The request is not signed by the certificate's key.")
        jws.verify(asked, jwk)
        return self._revoked(leaf, "the certificate's key")

    def _revoked(self, leaf: x509.Certificate, by: str) -> Response:
        if leaf.serial_number not in self._authority.issued:
            raise Refused("malformed", "This authority has not issued the certificate.")
        if leaf.serial_number in self._authority.revoked:
            raise Refused("alreadyRevoked", "The certificate is revoked already.")
        self._authority.revoke(leaf)
        own = leaf.issuer == self._authority.issuer.subject
        self.revocations.append(Revocation(self._clock.now(), names_in(leaf), by, own))
        return self._plain(200)

    def _own_order(self, account: Account, number: str) -> Order:
        order = self._books.orders.get(number)
        if order is None or order.account is not account:
            raise Refused("malformed", "There is no such order.")
        return order

    # How it is answered

    def _location(self, word: str, number: str) -> tuple[str, str]:
        return "Location", f"{self._base}/{word}/{number}"

    def _headers(self, kind: str) -> tuple[tuple[str, str], ...]:
        return (
            ("Content-Type", kind),
            ("Replay-Nonce", self._books.new_nonce()),
            ("Cache-Control", "no-store"),
            ("Link", f'<{self._base}/directory>;rel="index"'),
        )

    def _json(self, status: int, value: Any, *headers: tuple[str, str], kind: str = "application/json") -> Response:
        return Response(status, (*self._headers(kind), *headers), json.dumps(value).encode())

    def _plain(self, status: int, *headers: tuple[str, str]) -> Response:
        return Response(status, (*self._headers("text/plain"), *headers))


AS_GET: Mapping[str, Any] = {}
"""Payload of a request that only asks (POST-as-GET, RFC 8555 section 6.3)."""


def _payload(asked: jws.SignedRequest) -> Any:
    if not asked.payload:
        return AS_GET
    try:
        payload = json.loads(asked.payload)
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        raise Refused("malformed", "The payload is no JSON object.")
    return payload


def _certificate_request(given: Any) -> x509.CertificateSigningRequest:
    try:
        request = x509.load_der_x509_csr(jws.decoded(given["csr"]))
        sound = request.is_signature_valid
    except (ValueError, KeyError, TypeError, UnsupportedAlgorithm):
        raise Refused("badCSR", "The certificate request cannot be read.") from None
    if not sound:
        raise Refused("badCSR", "The certificate request is not signed by its own key.")
    return request


def _requested_names(request: x509.CertificateSigningRequest) -> list[str]:
    try:
        found = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise Refused("badCSR", "The certificate request has no alternative names.") from None
    return found.get_values_for_type(x509.DNSName)
