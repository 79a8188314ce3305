"""The whole of a world's DNS: tree, name servers and resolvers, each server on a loopback port of its own."""

from collections.abc import Iterable, Sequence

from cockpit.clock import Clock
from cockpit.drill.dns.authority import Authority
from cockpit.drill.dns.chains import Nsec3
from cockpit.drill.dns.records import absolute
from cockpit.drill.dns.resolver import Resolver
from cockpit.drill.dns.server import DnsServer, loopback_for
from cockpit.drill.dns.tree import ZoneTree
from cockpit.drill.dns.tsig import Keyring
from cockpit.drill.dns.zones import NameServerName, Zone
from cockpit.errors import BadInput, NotFound
from cockpit.profile import Anchor
from cockpit.profile import Resolver as ResolverAddress

DNS_PORT = 53
Server = tuple[str, str] | tuple[str, str, str | None]
"""A name server: host name, IPv4 address and, where it has one, IPv6 address."""


class DnsNetwork:
    """Compose with `add_zone` and `add_resolver`, then `start`; `dial`, `roots`, `anchors` and
    `resolver_addresses` go into the profile.

    Name servers appear when a zone names them; one host name keeps its addresses. Whatever the IPv4 address, a
    server listens on 127.0.0.1 at a port of its own, so one loopback address is all that a world needs; whoever
    has an IPv6 address listens on ::1 as well. `speed` divides the TTLs that are served, and nothing else.
    """

    def __init__(self, clock: Clock, *, speed: float = 1.0) -> None:
        self.tree = ZoneTree(clock)
        self.keyring = Keyring()
        self.authorities: dict[str, Authority] = {}
        self.resolvers: dict[str, Resolver] = {}
        self._clock = clock
        self._speed = speed
        self._by_address: dict[str, Authority] = {}
        self._public: list[str] = []
        self._servers: dict[str, DnsServer] = {}

    @property
    def speed(self) -> float:
        """Scenario seconds per second."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._speed = speed
        for authority in self.authorities.values():
            authority.speed = speed
        for resolver in self.resolvers.values():
            resolver.speed = speed

    def add_zone(
        self,
        origin: str,
        servers: Sequence[Server],
        *,
        ttl_s: int = 300,
        negative_ttl_s: int = 60,
        signed: bool = True,
        nsec3: Nsec3 | None = None,
    ) -> Zone:
        """Make a zone, delegate it, and have it served by these servers, the primary first.

        The root (`.`) comes first. `ttl_s` is the default TTL of its records, `negative_ttl_s` the SOA minimum,
        both in scenario seconds. Raises BadInput.
        """
        hosts = [self._authority(*server) for server in servers]
        names = [NameServerName(host.name, host.address, host.address6) for host in hosts]
        zone = self.tree.add_zone(
            origin, names, ttl_s=ttl_s, negative_ttl_s=negative_ttl_s, signed=signed, nsec3=nsec3
        )
        for host in hosts:
            host.serve(zone)
        return zone

    def add_resolver(
        self,
        name: str,
        address: str,
        address6: str | None = None,
        *,
        validating: bool = True,
        public: bool = True,
        serve_stale: bool = False,
    ) -> Resolver:
        """Add a resolver with an empty cache; a public one is listed in the profile. Needs the root zone."""
        if name in self.resolvers or any(one.address == address for one in self.resolvers.values()):
            raise BadInput(f"Resolver {name} at {address} is there already.")
        resolver = Resolver(
            name,
            address,
            self._clock,
            roots=[root for _, root in self.tree.roots],
            servers=self._by_address,
            anchors=self.anchors if validating else (),
            speed=self._speed,
            serve_stale=serve_stale,
            address6=address6,
        )
        self.resolvers[name] = resolver
        if public:
            self._public.append(name)
        return resolver

    def authority(self, name: str) -> Authority:
        """A name server by its host name; raises NotFound."""
        try:
            return self.authorities[absolute(name).to_text()]
        except KeyError:
            raise NotFound(f"There is no name server {name}.") from None

    def resolver(self, name: str) -> Resolver:
        """A resolver by its name; raises NotFound."""
        try:
            return self.resolvers[name]
        except KeyError:
            raise NotFound(f"There is no resolver {name}.") from None

    def authorities_of(self, origin: str) -> tuple[Authority, ...]:
        """The name servers of a zone, the primary first."""
        zone = self.tree.zone(origin)
        return tuple(self.authorities[server.name.to_text()] for server in zone.servers)

    async def start(self) -> None:
        """Bind every name server and resolver that was added so far and is not bound yet."""
        for address, server in self._listeners():
            if address not in self._servers:
                listener = DnsServer(server, loopback_for(address))
                await listener.start()
                self._servers[address] = listener

    async def close(self) -> None:
        """Unbind everything."""
        for listener in self._servers.values():
            await listener.close()
        for resolver in self.resolvers.values():
            await resolver.close()
        self._servers.clear()

    @property
    def dial(self) -> dict[str, str]:
        """ "address:53" as the tree names it, to "127.0.0.1:port" or "::1:port" where it really listens."""
        return {
            f"{address}:{DNS_PORT}": f"{listener.host}:{listener.port}"
            for address, listener in self._servers.items()
        }

    @property
    def roots(self) -> tuple[tuple[str, str], ...]:
        """The root's name servers as (host name, address)."""
        return self.tree.roots

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """Trust anchors of the root zone; a signed root is needed for any."""
        return self.tree.anchors

    @property
    def resolver_addresses(self) -> tuple[ResolverAddress, ...]:
        """The public resolvers as the profile lists them."""
        return tuple(ResolverAddress(name, self.resolvers[name].address, DNS_PORT) for name in self._public)

    def _authority(self, host: str, address: str, address6: str | None = None) -> Authority:
        name = absolute(host).to_text()
        known = self.authorities.get(name)
        if known is None:
            known = Authority(name, address, self._clock, self.keyring, speed=self._speed, address6=address6)
            for taken in (one for one in _addresses(known) if one in self._by_address):
                raise BadInput(f"{taken} belongs to {self._by_address[taken].name} already.")
            self.authorities[name] = known
            self._by_address.update(dict.fromkeys(_addresses(known), known))
        elif known.address != address or address6 not in (None, known.address6):
            raise BadInput(f"Name server {name} has the addresses {', '.join(_addresses(known))} already.")
        return known

    def _listeners(self) -> Iterable[tuple[str, Authority | Resolver]]:
        servers: list[Authority | Resolver] = [*self.authorities.values(), *self.resolvers.values()]
        for server in servers:
            for address in _addresses(server):
                yield address, server


def _addresses(server: Authority | Resolver) -> tuple[str, ...]:
    return (server.address,) if server.address6 is None else (server.address, server.address6)


def add_public_suffixes(network: DnsNetwork) -> None:
    """Lay the upper floors that every scenario stands on: root, `example.`, and `com.`, which denies by hash."""
    network.add_zone(".", [("a.root-servers.example.", "192.0.2.1"), ("b.root-servers.example.", "192.0.2.2")])
    network.add_zone("example.", [("a.nic.example.", "192.0.2.11"), ("b.nic.example.", "192.0.2.12")])
    network.add_zone("com.", [("a.nic.com.", "192.0.2.21"), ("b.nic.com.", "192.0.2.22")], nsec3=Nsec3())
