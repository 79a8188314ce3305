"""What an ACME authority keeps: accounts, orders, authorizations, challenges, nonces; all bounded (RFC 8555)."""

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from cryptography import x509

from cockpit.drill.trust.jws import Jwk

ACCOUNT_LIMIT = 200
ORDER_LIMIT = 500
NONCE_LIMIT = 1000
PENDING_FOR = timedelta(days=1)


class Status(StrEnum):
    """States of RFC 8555 section 7.1.6."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    VALID = "valid"
    INVALID = "invalid"
    DEACTIVATED = "deactivated"


@dataclass(slots=True)
class Account:
    """Somebody who orders certificates."""

    id: str
    jwk: Jwk
    thumbprint: str
    contact: tuple[str, ...] = ()
    status: Status = Status.VALID


@dataclass(slots=True)
class Challenge:
    """One way to prove control of a name."""

    id: str
    kind: str
    token: str
    status: Status = Status.PENDING
    validated: datetime | None = None
    error: dict[str, Any] | None = None


@dataclass(slots=True)
class Authorization:
    """Whether an account controls a name; `wildcard` when the order was for all names below it."""

    id: str
    account: Account
    name: str
    wildcard: bool
    expires: datetime
    challenges: list[Challenge]
    status: Status = Status.PENDING


@dataclass(slots=True)
class Order:
    """One certificate on its way; `problem` says why it will never be."""

    id: str
    account: Account
    names: tuple[str, ...]
    expires: datetime
    authorizations: list[Authorization]
    certificate: tuple[x509.Certificate, ...] = ()
    problem: dict[str, Any] | None = None

    @property
    def status(self) -> Status:
        """Where the order stands, which follows from its parts."""
        if self.certificate:
            return Status.VALID
        if self.problem is not None or any(one.status is Status.INVALID for one in self.authorizations):
            return Status.INVALID
        ready = all(one.status is Status.VALID for one in self.authorizations)
        return Status.READY if ready else Status.PENDING


class _Named(Protocol):
    id: str


Kept = TypeVar("Kept", bound=_Named)


class Shelf(OrderedDict[str, Kept]):
    """Things by their id, the oldest forgotten first."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def put(self, thing: Kept) -> None:
        """Keep one more."""
        self[thing.id] = thing
        while len(self) > self._limit:
            self.popitem(last=False)


@dataclass(slots=True)
class Books:
    """Everything that one authority keeps."""

    accounts: Shelf[Account] = field(default_factory=lambda: Shelf(ACCOUNT_LIMIT))
    orders: Shelf[Order] = field(default_factory=lambda: Shelf(ORDER_LIMIT))
    nonces: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def new_nonce(self) -> str:
        """A nonce to be used once."""
        nonce = secrets.token_urlsafe(16)
        self.nonces[nonce] = None
        while len(self.nonces) > NONCE_LIMIT:
            self.nonces.popitem(last=False)
        return nonce

    def use_nonce(self, nonce: str) -> bool:
        """Whether a nonce was good; it is not any more."""
        known = nonce in self.nonces
        self.nonces.pop(nonce, None)
        return known

    def account_with(self, thumbprint: str) -> Account | None:
        """The account of a key."""
        return next((one for one in self.accounts.values() if one.thumbprint == thumbprint), None)

    def open_order(self, account: Account, names: Sequence[str], now: datetime) -> Order:
        """A new order with an authorization for each name."""
        expires = now + PENDING_FOR
        order = Order(
            id=secrets.token_urlsafe(9),
            account=account,
            names=tuple(names),
            expires=expires,
            authorizations=[_authorization(account, name, expires) for name in names],
        )
        self.orders.put(order)
        return order

    def authorization(self, number: str) -> Authorization | None:
        """An authorization by its id."""
        found = (one for order in self.orders.values() for one in order.authorizations if one.id == number)
        return next(found, None)

    def challenge(self, number: str) -> tuple[Authorization, Challenge] | None:
        """A challenge by its id, with the authorization that it is for."""
        for order in self.orders.values():
            for authorization in order.authorizations:
                for challenge in authorization.challenges:
                    if challenge.id == number:
                        return authorization, challenge
        return None


def _authorization(account: Account, name: str, expires: datetime) -> Authorization:
    wildcard = name.startswith("*.")
    kinds = ("dns-01",) if wildcard else ("dns-01", "http-01")
    challenges = [Challenge(secrets.token_urlsafe(9), kind, secrets.token_urlsafe(24)) for kind in kinds]
    return Authorization(secrets.token_urlsafe(9), account, name.removeprefix("*."), wildcard, expires, challenges)
