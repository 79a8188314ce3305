"""Find the authoritative servers of a zone, from the DNS root or with the help of the resolvers."""

import asyncio
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER, Answer, Server
from cockpit.probes.names.dns import ask
from cockpit.probes.names.transport import Transport
from cockpit.profile import Profile

ROOT_SERVERS = (
    ("a.root-servers.net", "198.41.0.4"),
    ("b.root-servers.net", "170.247.170.2"),
    ("c.root-servers.net", "192.33.4.12"),
    ("d.root-servers.net", "199.7.91.13"),
    ("e.root-servers.net", "192.203.230.10"),
    ("f.root-servers.net", "192.5.5.241"),
    ("g.root-servers.net", "192.112.36.4"),
    ("h.root-servers.net", "198.97.190.53"),
    ("i.root-servers.net", "192.36.148.17"),
    ("j.root-servers.net", "192.58.128.30"),
    ("k.root-servers.net", "193.0.14.129"),
    ("l.root-servers.net", "199.7.83.42"),
    ("m.root-servers.net", "202.12.27.33"),
)

KEEP_S = 60.0
"""Seconds for which a delegation is taken as known."""

KEEP_PARENT_S = 600.0
"""Seconds for which the word of the zone above is kept where it had to be asked for."""

_STEP_DEADLINE_S = 1.5
_MAX_STEPS = 12
_MAX_DEPTH = 3
_MAX_TRIES = 4
_MAX_SERVERS = 13


@dataclass(frozen=True, slots=True)
class Delegation:
    """The servers meant to know a zone. `failure` says why none was found; `stale`, that this is from earlier.

    `parent` are the name servers as the zone above delegates to them, with its `glue` as (name, address); empty
    where nobody referred us, as when one server holds both zones.
    """

    zone: str
    servers: tuple[Server, ...] = ()
    failure: str | None = None
    stale: bool = False
    parent: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()


class Delegations:
    """Looks delegations up, remembers each for a while, and keeps the last good one when looking fails."""

    def __init__(
        self,
        profile: Profile,
        *,
        transport: Transport | None = None,
        keep_s: float = KEEP_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile = profile
        self._transport = transport
        self._keep_s = keep_s
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Delegation]] = {}
        self._looking: dict[str, asyncio.Task[Delegation]] = {}
        self._addresses: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._referrals: dict[str, tuple[float, Answer | None]] = {}

    async def of(self, domain: str) -> Delegation:
        """The delegation of the deepest zone that holds `domain`; never raises for what the world does."""
        known = self._known.get(domain)
        if known is not None and self._monotonic() - known[0] < self._keep_s:
            return known[1]
        task = self._looking.get(domain)
        if task is None:
            task = asyncio.create_task(self._look(domain))
            self._looking[domain] = task
            task.add_done_callback(lambda _: self._looking.pop(domain, None))
        return await asyncio.shield(task)

    async def _look(self, domain: str) -> Delegation:
        found = await self._find(domain)
        known = self._known.get(domain)
        if not found.servers and known is not None:
            return replace(known[1], stale=True)
        if found.servers:
            self._known[domain] = (self._monotonic(), found)
        return found

    async def _find(self, domain: str) -> Delegation:
        if self._profile.roots:
            return await self._from_root(domain, self._profile.roots, depth=0)
        found = await self._from_resolvers(domain)
        if found.servers:
            return found
        walked = await self._from_root(domain, ROOT_SERVERS, depth=0)
        return walked if walked.servers else found

    async def _from_resolvers(self, domain: str) -> Delegation:
        """Ask the resolvers for the zone's apex, its NS records and their addresses."""
        start = await self._first_heard(domain, "SOA")
        if start is None:
            return Delegation("", failure="no resolver answers")
        apex = domain if start.values else start.zone
        if not apex or apex == ".":
            return Delegation("", failure=f"no zone holds {domain}")
        names = await self._first_heard(apex, "NS")
        if names is None or not names.values:
            return Delegation(apex, failure=f"no resolver knows the name servers of {apex}")
        found = await self._named(apex, [value.rstrip(".") for value in names.values], {}, depth=0)
        above = await self._referral(apex) if found.servers else None
        return found if above is None else replace(found, parent=above.referral, glue=above.glue)

    async def _referral(self, zone: str) -> Answer | None:
        """What the zone above says of this one, asked seldom: those servers are shared with the whole world."""
        known = self._referrals.get(zone)
        if known is not None and self._monotonic() - known[0] < KEEP_PARENT_S:
            return known[1]
        _, _, above = zone.partition(".")
        # Kept before anybody is asked, so that others do not ask as well; no answer is kept like an answer.
        self._referrals[zone] = self._monotonic(), known[1] if known is not None else None
        answer = await self._first_of((await self.of(above)).servers, zone, "NS") if above else None
        if answer is not None and answer.status == "referral" and answer.zone.lower() == zone.lower():
            self._referrals[zone] = self._monotonic(), answer
        return self._referrals[zone][1]

    async def _ask(self, server: Server, name: str, rtype: str) -> Answer:
        return await ask(self._profile, server, name, rtype, deadline_s=_STEP_DEADLINE_S, transport=self._transport)

    async def _first_heard(self, name: str, rtype: str) -> Answer | None:
        # Another one goes first for each name, so that none bears the questions of all domains.
        resolvers = self._profile.resolvers
        turn = zlib.crc32(name.encode()) % max(len(resolvers), 1)
        for resolver in (*resolvers[turn:], *resolvers[:turn]):
            server = Server(resolver.name, resolver.address, resolver.port, RESOLVER)
            answer = await self._ask(server, name, rtype)
            if answer.status in ("answer", "nodata", "nxdomain"):
                return answer
        return None

    async def _from_root(self, domain: str, roots: Sequence[tuple[str, str]], depth: int) -> Delegation:
        """Walk down from the root, one referral at a time."""
        servers = tuple(Server(name, address, 53, AUTHORITATIVE) for name, address in roots)
        zone, told = ".", Delegation(".")
        for _ in range(_MAX_STEPS):
            answer = await self._first_of(servers, domain, "NS")
            if answer is None:
                return _silent(zone, domain, servers)
            if answer.status == "referral":
                if answer.zone == zone:
                    return Delegation(zone, servers)
                below = await self._named(answer.zone, answer.referral, _addresses(answer), depth)
                below = replace(below, parent=answer.referral, glue=answer.glue)
                if not below.servers:
                    return below
                zone, servers, told = below.zone, below.servers, below
                continue
            found = await self._arrived(domain, zone, servers, answer, depth)
            return replace(found, parent=told.parent, glue=told.glue) if found.zone == told.zone else found
        return Delegation(zone, failure=f"the delegations towards {domain} do not end")

    async def _arrived(
        self, domain: str, zone: str, servers: tuple[Server, ...], answer: Answer, depth: int
    ) -> Delegation:
        """An authoritative answer: the zone is the one it names, which may be deeper than the last referral."""
        apex = domain if answer.status == "answer" and not answer.chain else answer.zone or zone
        if apex == zone:
            return Delegation(zone, servers)
        listing = answer if answer.values else await self._ask(answer.server, apex, "NS")
        names = [value.rstrip(".") for value in listing.values]
        known = {**_addresses(answer), **_addresses(listing)}
        for name in names:
            if name not in known:
                direct = await self._ask(answer.server, name, "A")
                known[name] = direct.values
        found = await self._named(apex, names, known, depth)
        return found if found.servers else Delegation(apex, servers)

    async def _first_of(self, servers: Sequence[Server], name: str, rtype: str) -> Answer | None:
        for server in servers[:_MAX_TRIES]:
            answer = await self._ask(server, name, rtype)
            if answer.status in ("answer", "nodata", "nxdomain", "referral"):
                return answer
        return None

    async def _named(
        self, zone: str, names: Sequence[str], known: dict[str, tuple[str, ...]], depth: int
    ) -> Delegation:
        """Servers by name; addresses from what came along, else looked up."""
        servers: list[Server] = []
        for name in sorted(names)[:_MAX_SERVERS]:
            addresses = known.get(name) or await self._address_of(name, depth)
            for number, address in enumerate(addresses):
                label = name if number == 0 else f"{name} {address}"
                servers.append(Server(label, address, 53, AUTHORITATIVE))
        if not servers:
            return Delegation(zone, failure=f"none of the name servers of {zone} has an address")
        return Delegation(zone, tuple(servers[:_MAX_SERVERS]))

    async def _address_of(self, name: str, depth: int) -> tuple[str, ...]:
        known = self._addresses.get(name)
        if known is not None and self._monotonic() - known[0] < self._keep_s:
            return known[1]
        if depth >= _MAX_DEPTH:
            return ()
        if self._profile.roots:
            home = await self._from_root(name, self._profile.roots, depth + 1)
            answer = await self._first_of(home.servers, name, "A")
        else:
            answer = await self._first_heard(name, "A")
        if answer is None or answer.status != "answer":
            return ()
        self._addresses[name] = self._monotonic(), answer.values
        return answer.values


def _silent(zone: str, domain: str, servers: tuple[Server, ...]) -> Delegation:
    """Nobody answered usefully: these are the zone's own servers only if the last cut was not a shared one."""
    if zone == domain or zone.count(".") >= 1 and zone != ".":
        return Delegation(zone, servers)
    where = "the DNS root" if zone == "." else zone
    return Delegation(zone, failure=f"no name server of {where} answers")


def _addresses(answer: Answer) -> dict[str, tuple[str, ...]]:
    """IPv4 glue by name; IPv6 only where there is no IPv4, since many machines have no way to it."""
    found: dict[str, list[str]] = {}
    for name, address in answer.glue:
        found.setdefault(name, []).append(address)
    return {
        name: tuple([one for one in addresses if ":" not in one] or addresses) for name, addresses in found.items()
    }
