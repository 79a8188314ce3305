"""One web host of the drill: its pages, the certificates it presents, and what goes wrong with it."""

import json
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from cockpit.drill.trust.certificates import Certificate
from cockpit.drill.web.http import Handler
from cockpit.drill.web.stapling import stapling_context
from cockpit.errors import BadInput

if TYPE_CHECKING:
    from OpenSSL import SSL

WRONG_BODY = "<html><title>Welcome</title>Your new site is ready.</html>\n"
"""What a host answers that has lost its application."""

CHALLENGES = "/.well-known/acme-challenge/"
"""Pages that are served over plain HTTP, as an authority looks for them (RFC 8555 section 8.3)."""


class HostFaultKind(StrEnum):
    """The vocabulary.

    `unavailable` answers 503 or another code; `slow` answers late; `drip` sends the body one octet a second;
    `wrong-body` answers 200 with something else; `hang` completes the handshake and never answers; `reset` cuts
    the connection instead of answering; `abort` cuts it as soon as the handshake is done. Before a handshake,
    `plain-http` answers HTTP on the TLS port, `handshake-hang` is silent and `handshake-reset` cuts.
    """

    UNAVAILABLE = "unavailable"
    SLOW = "slow"
    DRIP = "drip"
    WRONG_BODY = "wrong-body"
    HANG = "hang"
    RESET = "reset"
    ABORT = "abort"
    PLAIN_HTTP = "plain-http"
    HANDSHAKE_HANG = "handshake-hang"
    HANDSHAKE_RESET = "handshake-reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFault:
    """One fault of one host; on one of its addresses only, where `address` is given.

    `every` says which connections meet it: 1 is each, 3 is every third.
    """

    kind: HostFaultKind
    status: int = 503
    latency_s: float = 0.0
    body: str = WRONG_BODY
    address: str | None = None
    every: int = 1


@dataclass(frozen=True, slots=True)
class Page:
    """What a path answers when nothing is wrong."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as the world saw it."""

    at: datetime
    host: str
    address: str
    method: str
    path: str
    status: int


@dataclass(slots=True)
class Presented:
    """A certificate with the TLS contexts that present it, each made when a client first needs it."""

    certificate: Certificate
    plain: ssl.SSLContext | None = None
    stapled: "SSL.Context | None" = None


class WebHost:
    """One name: its pages, the certificate it presents, and its faults. Change it at any time.

    `handler`, where given, answers instead of the pages; with `plain`, over HTTP as well as HTTPS.
    """

    def __init__(
        self, name: str, certificate: Certificate, *, handler: Handler | None = None, plain: bool = False
    ) -> None:
        self.name = name
        self.handler = handler
        self.plain = plain
        self.pages: dict[str, Page] = {"/health": health_page(), "/": Page(200, b"ok\n", "text/plain")}
        self._faults: list[HostFault] = []
        self.unserved: frozenset[str] = frozenset()
        """Addresses of load balancers that have nothing well behind them."""
        self._connections = 0
        self._staple: Callable[[Certificate], bytes] | None = None
        self._presented: dict[str | None, Presented] = {}
        self.present(certificate)

    @property
    def certificate(self) -> Certificate:
        """What is presented at every address that has nothing of its own."""
        return self._presented[None].certificate

    def present(self, certificate: Certificate, *, address: str | None = None) -> None:
        """Present this certificate from the next connection on: at one address, or everywhere."""
        if address is None:
            self._presented.clear()
        self._presented[address] = Presented(certificate)

    def certificate_at(self, address: str) -> Certificate:
        """What is presented at an address."""
        return self._at(address).certificate

    def context_at(self, address: str) -> ssl.SSLContext:
        """The TLS context for a connection to an address."""
        presented = self._at(address)
        if presented.plain is None:
            presented.plain = presented.certificate.server_context()
        return presented.plain

    def stapling_at(self, address: str) -> "SSL.Context | None":
        """The TLS context for a connection to an address, while this host staples."""
        staple, presented = self._staple, self._at(address)
        if staple is None:
            return None
        if presented.stapled is None:
            certificate = presented.certificate
            presented.stapled = stapling_context(certificate, lambda: staple(certificate))
        return presented.stapled

    def staple(self, staple: Callable[[Certificate], bytes] | None) -> None:
        """Staple to each handshake what this makes of the certificate; None ends it."""
        self._staple = staple
        for presented in self._presented.values():
            presented.stapled = None

    @property
    def stapled(self) -> bool:
        """Whether an OCSP response goes along with each handshake."""
        return self._staple is not None

    def inject(self, fault: HostFault) -> None:
        """Begin a fault."""
        self._faults.append(fault)

    def heal(self, kind: HostFaultKind | str | None = None) -> None:
        """End the faults of one kind, or all of them."""
        self._faults = [fault for fault in self._faults if kind is not None and fault.kind != kind]

    def route(self, addresses: Iterable[str], well: bool) -> None:
        """Say whether there is anything behind the load balancer at these addresses."""
        self.unserved = self.unserved - set(addresses) if well else self.unserved | set(addresses)

    @property
    def faulty(self) -> bool:
        """Whether anything is wrong with the web service; the certificate is looked at apart."""
        return bool(self._faults or self.unserved)

    def connected(self) -> int:
        """Count one more connection; returns its number, by which faults choose their connections."""
        self._connections += 1
        return self._connections

    def fault(self, kind: HostFaultKind, address: str, number: int = 0) -> HostFault | None:
        """The first fault of a kind that shows on this address, to the connection of this number."""
        return next(
            (
                fault
                for fault in self._faults
                if fault.kind is kind and fault.address in (None, address) and number % fault.every == 0
            ),
            None,
        )

    def page(self, path: str, address: str, number: int = 0) -> Page | None:
        """What a path answers on this address, faults included; None where the handler is to answer."""
        if address in self.unserved:
            return Page(503, b"<html><h1>503 Service Temporarily Unavailable</h1></html>\n", "text/html")
        if refused := self.fault(HostFaultKind.UNAVAILABLE, address, number):
            return Page(refused.status, b'{"status":"unavailable"}\n', headers=(("Retry-After", "30"),))
        if wrong := self.fault(HostFaultKind.WRONG_BODY, address, number):
            return Page(200, wrong.body.encode(), "text/html")
        if self.handler is not None:
            return None
        return self.pages.get(path, Page(404, b"not found\n", "text/plain"))

    def _at(self, address: str) -> Presented:
        return self._presented.get(address) or self._presented[None]


def health_page(details: Mapping[str, str] | None = None) -> Page:
    """A health endpoint that is well."""
    return Page(200, json.dumps({"status": "ok", **(details or {})}).encode() + b"\n")


def host_fault(
    kind: HostFaultKind | str,
    *,
    status: int = 503,
    latency_s: float = 0.0,
    body: str = WRONG_BODY,
    address: str | None = None,
    every: int = 1,
) -> HostFault:
    """Make a fault from a scenario's words; raises BadInput for a word outside the vocabulary."""
    try:
        known = HostFaultKind(kind)
    except ValueError:
        raise BadInput(f"{kind!r} is no host fault: {', '.join(HostFaultKind)}.") from None
    if known is HostFaultKind.SLOW and latency_s <= 0:
        raise BadInput("A slow host needs latency_s above zero.")
    if not 200 <= status <= 599:
        raise BadInput(f"{status} is no HTTP status that a host can answer.")
    if every < 1:
        raise BadInput(f"A fault shows on every connection or on every n-th, not on every {every}.")
    return HostFault(kind=known, status=status, latency_s=latency_s, body=body, address=address, every=every)
