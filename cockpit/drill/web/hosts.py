"""The drill's web: HTTPS by SNI with certificates that can be swapped live, and a door to close at each address.

Each documentation address gets a listener of its own on an ephemeral loopback port, so that one address of a
name can fail while another works. Every listener serves every host; a host's certificate and faults are read anew
for each connection.
"""

from collections import deque
from datetime import timedelta

from cockpit.clock import Clock
from cockpit.drill.pki import Certificate, CertificateKind, DrillAuthority
from cockpit.drill.trust.ocsp import OcspResponder, StapleKind, staple_kind
from cockpit.drill.web.http import Handler
from cockpit.drill.web.webhost import HostFault, HostFaultKind, Page, Visit, WebHost, health_page, host_fault
from cockpit.drill.web.weblistener import WebListener
from cockpit.errors import BadInput, NotFound

__all__ = [
    "HostFault",
    "HostFaultKind",
    "HostNetwork",
    "Page",
    "Visit",
    "WebHost",
    "health_page",
    "host_fault",
]

LOG_LIMIT = 2000
"""Requests that the world remembers."""


class HostNetwork:
    """All web hosts of a world and the addresses they answer at; `dial` goes into the profile."""

    def __init__(self, authority: DrillAuthority, clock: Clock) -> None:
        self.hosts: dict[str, WebHost] = {}
        self.log: deque[Visit] = deque(maxlen=LOG_LIMIT)
        self._authority = authority
        self._clock = clock
        self._listeners: dict[str, WebListener] = {}

    def add_host(
        self,
        name: str,
        *addresses: str,
        kind: CertificateKind | str = CertificateKind.GOOD,
        handler: Handler | None = None,
        plain: bool = False,
    ) -> WebHost:
        """Serve `name` with a fresh certificate at these documentation addresses; call before `start`.

        With a `handler`, that answers instead of pages; with `plain`, over HTTP on port 80 as well.
        """
        if name in self.hosts:
            raise BadInput(f"Host {name} exists already.")
        host = WebHost(name, self._authority.issue(name, kind), handler=handler, plain=plain)
        self.hosts[name] = host
        for address in addresses:
            self._listeners.setdefault(address, WebListener(address, host, self.hosts, self.log, self._clock))
        return host

    def host(self, name: str) -> WebHost:
        """A host by name; raises NotFound."""
        try:
            return self.hosts[name]
        except KeyError:
            raise NotFound(f"There is no host {name}.") from None

    def reissue(
        self,
        name: str,
        kind: CertificateKind | str = CertificateKind.GOOD,
        *,
        expires_in: timedelta | None = None,
        address: str | None = None,
    ) -> Certificate:
        """Issue a certificate and present it from the next connection on, at `address` only if given."""
        host = self.host(name)
        if address is not None:
            self._listener(address)
        certificate = self._authority.issue(name, kind, expires_in=expires_in)
        host.present(certificate, address=address)
        return certificate

    def staple(self, name: str, kind: StapleKind | str | None, responder: OcspResponder) -> None:
        """Have a host staple OCSP responses of this kind; None ends it. Raises BadInput for an unknown word."""
        host = self.host(name)
        if kind is None:
            host.staple(None)
            return
        known = staple_kind(kind)
        host.staple(lambda certificate: responder.staple(certificate.leaf, known))

    async def start(self) -> None:
        """Bind every address, HTTPS and the plain HTTP that redirects to it."""
        for listener in self._listeners.values():
            await listener.open()

    async def close(self) -> None:
        """Unbind everything and cut what is open."""
        for listener in self._listeners.values():
            await listener.close()

    async def refuse(self, address: str) -> None:
        """Close an address: connections are refused from now on, its port stays ours."""
        await self._listener(address).shut()

    async def accept(self, address: str) -> None:
        """Open a closed address again, on the same port."""
        await self._listener(address).open()

    @property
    def dial(self) -> dict[str, str]:
        """ "address:443" and "address:80" to "127.0.0.1:port" or "::1:port" where they really listen."""
        return {
            f"{address}:{port}": f"{listener.loopback}:{bound}"
            for address, listener in self._listeners.items()
            for port, bound in listener.ports.items()
        }

    def _listener(self, address: str) -> WebListener:
        try:
            return self._listeners[address]
        except KeyError:
            raise NotFound(f"No host answers at {address}.") from None
