"""One web host of the drill: its pages, the certificate it presents, and what goes wrong with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cockpit.drill.pki import Certificate
from cockpit.errors import BadInput

WRONG_BODY = "<html><title>Welcome</title>Your new site is ready.</html>\n"
"""What a host answers that has lost its application."""


class HostFaultKind(StrEnum):
    """The vocabulary.

    `unavailable` answers 503 or another code; `slow` answers late; `drip` sends the body one octet a second;
    `wrong-body` answers 200 with something else; `hang` completes the handshake and never answers; `reset` cuts
    the connection instead of answering.
    """

    UNAVAILABLE = "unavailable"
    SLOW = "slow"
    DRIP = "drip"
    WRONG_BODY = "wrong-body"
    HANG = "hang"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFault:
    """One fault of one host; on one of its addresses only, where `address` is given."""

    kind: HostFaultKind
    status: int = 503
    latency_s: float = 0.0
    body: str = WRONG_BODY
    address: str | None = None


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


class WebHost:
    """One name: its pages, the certificate it presents, and its faults. Change it at any time."""

    def __init__(self, name: str, certificate: Certificate) -> None:
        self.name = name
        self.pages: dict[str, Page] = {"/health": health_page(), "/": Page(200, b"ok\n", "text/plain")}
        self._faults: list[HostFault] = []
        self.present(certificate)

    def present(self, certificate: Certificate) -> None:
        """Present this certificate from the next connection on."""
        self.certificate = certificate
        self.context = certificate.server_context()

    def inject(self, fault: HostFault) -> None:
        """Begin a fault."""
        self._faults.append(fault)

    def heal(self, kind: HostFaultKind | str | None = None) -> None:
        """End the faults of one kind, or all of them."""
        self._faults = [fault for fault in self._faults if kind is not None and fault.kind != kind]

    @property
    def faulty(self) -> bool:
        """Whether anything is wrong with the web service; the certificate is looked at apart."""
        return bool(self._faults)

    def fault(self, kind: HostFaultKind, address: str) -> HostFault | None:
        """The first fault of a kind that shows on this address."""
        return next((f for f in self._faults if f.kind is kind and f.address in (None, address)), None)

    def page(self, path: str, address: str) -> Page:
        """What a path answers on this address, faults included."""
        page = self.pages.get(path, Page(404, b"not found\n", "text/plain"))
        if wrong := self.fault(HostFaultKind.WRONG_BODY, address):
            page = Page(200, wrong.body.encode(), "text/html")
        if refused := self.fault(HostFaultKind.UNAVAILABLE, address):
            page = Page(refused.status, b'{"status":"unavailable"}\n', headers=(("Retry-After", "30"),))
        return page


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
    return HostFault(kind=known, status=status, latency_s=latency_s, body=body, address=address)
