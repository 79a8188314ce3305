"""The drill's web: HTTPS by SNI with certificates that can be swapped live, and a door to close at each address.

Each documentation address gets a listener of its own on an ephemeral loopback port, so that one address of a
name can fail while another works. Every listener serves every host; a host's certificate and faults are read anew
for each connection.
"""

from collections import deque
from datetime import timedelta

from cockpit.clock import Clock
from cockpit.drill.pki import Certificate, CertificateKind, DrillAuthority
from cockpit.drill.webhost import HostFault, HostFaultKind, Page, Visit, WebHost, health_page, host_fault
from cockpit.drill.weblistener import LOOPBACK, WebListener
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

    def add_host(self, name: str, *addresses: str, kind: CertificateKind | str = CertificateKind.GOOD) -> WebHost:
        """Serve `name` with a fresh certificate at these documentation addresses; call before `start`."""
        if name in self.hosts:
            raise BadInput(f"Host {name} exists already.")
        host = WebHost(name, self._authority.issue(name, kind))
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
        self, name: str, kind: CertificateKind | str = CertificateKind.GOOD, *, expires_in: timedelta | None = None
    ) -> Certificate:
        """Issue a certificate of this kind and present it from the next connection on."""
        certificate = self._authority.issue(name, kind, expires_in=expires_in)
        self.host(name).present(certificate)
        return certificate

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
        """ "address:443" and "address:80" to "127.0.0.1:port" where they really listen."""
        return {
            f"{address}:{port}": f"{LOOPBACK}:{bound}"
            for address, listener in self._listeners.items()
            for port, bound in listener.ports.items()
        }

    def _listener(self, address: str) -> WebListener:
        try:
            return self._listeners[address]
        except KeyError:
            raise NotFound(f"No host answers at {address}.") from None
