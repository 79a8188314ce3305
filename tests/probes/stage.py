"""A small internet on loopback in this process, and the looks that the watch would take at it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import dns.message
import msgspec

from cockpit.clock import SystemClock
from cockpit.config import DomainConfig, HostConfig
from cockpit.config.settings import RecordPin
from cockpit.drill.dns import DnsNetwork, add_public_suffixes
from cockpit.drill.dns.zones import Zone
from cockpit.health.model import DECISION, Observation
from cockpit.probes.engine import Engine
from cockpit.profile import Profile
from cockpit.watch.doubt import Doubt
from cockpit.watch.names import NameLooks
from tests.probes.nameserver import Handler, name_server

NS1, NS2 = ("ns1.hosting.example", "203.0.113.1"), ("ns2.hosting.example", "203.0.113.2")
DOMAIN, WWW = "shop.example", "www.shop.example"
KEY = "s1._domainkey.shop.example"
PATIENCE_S = 1.0
"""Seconds that a question may take on loopback."""

DEEP = ((KEY, "TXT"),)

Twist = Callable[[dns.message.Message, dns.message.Message], None]
"""Changes an answer; the first argument is the question."""


class Stage:
    """A tree with one domain at two name servers, three resolvers, and looks at it through the real probes."""

    def __init__(self) -> None:
        self.network = DnsNetwork(SystemClock())
        add_public_suffixes(self.network)
        self.network.add_zone("hosting.example", [NS1, NS2])
        self.shop = self.add_zone(DOMAIN)
        self.shop.publish(WWW, "A", "203.0.113.10")
        self.shop.publish(KEY, "TXT", "v=DKIM1; p=AA")
        self.shop.publish("_dmarc.shop.example", "TXT", "v=DMARC1; p=none")
        for number, name in enumerate(("google", "cloudflare", "opendns"), 1):
            self.network.add_resolver(name, f"198.51.100.{number}")
        self.domain = DomainConfig(name=DOMAIN, hosts=(HostConfig(name=WWW),))
        self._engine = Engine()
        self._stack = AsyncExitStack()
        self._dial: dict[str, str] = {}
        self.looks: NameLooks

    def add_zone(self, origin: str, *, signed: bool = True) -> Zone:
        """One more zone at the two name servers."""
        return self.network.add_zone(origin, [NS1, NS2], ttl_s=60, negative_ttl_s=30, signed=signed)

    async def start(self) -> None:
        """Listen, and get ready to look."""
        await self.network.start()
        self.looks = NameLooks(self.profile, SystemClock(), self._engine, Doubt(), deadline_s=PATIENCE_S)

    async def close(self) -> None:
        """Stop listening."""
        self._engine.close()
        await self._stack.aclose()
        await self.network.close()

    @property
    def profile(self) -> Profile:
        """How this internet is reached."""
        return Profile(
            kind="drill",
            resolvers=self.network.resolver_addresses,
            dial={**self.network.dial, **self._dial},
            roots=self.network.roots,
            anchors=self.network.anchors,
            loopback_only=True,
        )

    async def twist(self, server: tuple[str, str], change: Twist, *, tcp: bool = True) -> None:
        """Put somebody before a name server who changes its answers; looks begin anew."""
        authority = self.network.authority(server[0])

        def handle(query: dns.message.Message, over_tcp: bool) -> bytes:
            # Read anew, so that a change never reaches the zone itself.
            answer = dns.message.from_wire(authority.answer(query, tcp=True).to_wire(max_size=65535))
            change(query, answer)
            return answer.to_wire(max_size=65535)

        await self.replace(server[1], handle, tcp=tcp)

    async def replace(self, address: str, handler: Handler, *, tcp: bool = True) -> None:
        """Have somebody else answer at an address; looks begin anew."""
        there = await self._stack.enter_async_context(name_server(handler, tcp=tcp))
        self._dial[f"{address}:53"] = next(iter(there.dial.values()))
        self.look_anew()

    def look_anew(self, patience_s: float = PATIENCE_S) -> None:
        """Forget what earlier looks had taught; `patience_s` is for those who will wait in vain."""
        self.looks = NameLooks(self.profile, SystemClock(), self._engine, Doubt(), deadline_s=patience_s)

    def pin(self, name: str, rtype: str, *values: str) -> None:
        """Expect a record to have these values."""
        records = (*self.domain.records, RecordPin(name=name, type=rtype, values=values))
        self.domain = msgspec.structs.replace(self.domain, records=records)

    async def look(self) -> dict[str, Observation]:
        """One look at the domain's resolution: observations by vantage, the decision under the empty name."""
        seen = await self.looks.resolution(self.domain, DEEP, SystemClock().now())
        return {each.vantage: each for each in seen}

    async def decide(self) -> Observation:
        """One look, and what it amounts to."""
        return (await self.look())[DECISION]

    async def look_at_chain(self) -> dict[str, Observation]:
        """One look at the domain's DNSSEC: observations by vantage, the decision under the empty name."""
        seen = await self.looks.dnssec(self.domain, SystemClock().now())
        return {each.vantage: each for each in seen}

    async def decide_chain(self) -> Observation:
        """One look at DNSSEC, and what it amounts to."""
        return (await self.look_at_chain())[DECISION]


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """A stage that is ready."""
    made = Stage()
    await made.start()
    try:
        yield made
    finally:
        await made.close()
