"""A resolver's way down the tree: from the root's servers, by referrals, to a server that answers.

Authoritative servers are asked in process, not over sockets: their faults (silence, delay, refusal, stale
copies) act in `Authority.exchange` just the same, a world of any size needs no descriptors for it, and an answer
never waits behind the very questions that caused it. Delegations are remembered here for as long as their TTL.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
from dns.edns import EDECode
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NS import NS
from dns.rrset import RRset

from cockpit.clock import Clock
from cockpit.drill.dns.authority import Authority
from cockpit.drill.dns.cache import Explanation

DELEGATION_LIMIT = 1000
EFFORT_LIMIT = 120
"""Steps (questions asked and names looked up) that one client question may cost, against endless delegations."""


class Unresolvable(Exception):
    """No server could be brought to answer; carries the Extended DNS Error that says why."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation[1])
        self.explanation = explanation


@dataclass(slots=True)
class Effort:
    """What one client question has cost so far."""

    steps: int = 0

    def spend(self) -> None:
        """Take one more step; raises Unresolvable when the question is not worth more."""
        self.steps += 1
        if self.steps > EFFORT_LIMIT:
            raise Unresolvable((EDECode.OTHER, "the delegations lead nowhere"))


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who answers for a zone, as far as the parent's referral said."""

    zone: Name
    targets: tuple[Name, ...]
    addresses: tuple[str, ...]
    expires_at: float


AddressLookup = Callable[[Name, Effort], Awaitable[Sequence[str]]]
ReferralSeen = Callable[[Name, Name, Message], None]


class Upstream:
    """Asks authoritative servers on behalf of one resolver."""

    def __init__(
        self,
        roots: Sequence[str],
        servers: Mapping[str, Authority],
        clock: Clock,
        *,
        first_turn: int = 0,
        patience_s: float = 0.4,
    ) -> None:
        """Ask a zone's servers in turn, beginning at `first_turn`; wait `patience_s` (seconds) for each."""
        self.patience_s = patience_s
        self._roots = tuple(roots)
        self._servers = servers
        self._clock = clock
        self._delegations: OrderedDict[Name, Delegation] = OrderedDict()
        self._turn = first_turn

    def forget(self, under: Name | None = None) -> None:
        """Forget delegations, all or those at or below a name."""
        for zone in [zone for zone in self._delegations if under is None or zone.is_subdomain(under)]:
            del self._delegations[zone]

    async def fetch(
        self, name: Name, rdtype: RdataType, effort: Effort, find: AddressLookup, seen: ReferralSeen
    ) -> tuple[Name, Message]:
        """The zone that answers a question, and its answer; raises Unresolvable.

        `find` resolves the address of a name server without glue; `seen(parent, child, message)` is told of
        each referral.
        """
        start = name.parent() if rdtype == RdataType.DS and name != dns.name.root else name
        delegation = self._closest(start)
        while True:
            message = await self._ask(delegation, name, rdtype, effort, find)
            handed_on = _referral(message, delegation.zone, name)
            if handed_on is None:
                return delegation.zone, message
            seen(delegation.zone, handed_on.name, message)
            delegation = self._learn(handed_on, message)

    def _closest(self, name: Name) -> Delegation:
        now = self._clock.monotonic()
        while name != dns.name.root:
            known = self._delegations.get(name)
            if known is not None and known.expires_at > now:
                self._delegations.move_to_end(name)
                return known
            name = name.parent()
        return Delegation(dns.name.root, (), self._roots, now)

    def _learn(self, referral: RRset, message: Message) -> Delegation:
        targets = tuple(ns.target for ns in referral if isinstance(ns, NS))
        addresses = _glue(message, targets, RdataType.A) or _glue(message, targets, RdataType.AAAA)
        expires_at = self._clock.monotonic() + referral.ttl
        delegation = Delegation(referral.name, targets, addresses, expires_at)
        self._delegations[referral.name] = delegation
        while len(self._delegations) > DELEGATION_LIMIT:
            self._delegations.popitem(last=False)
        return delegation

    async def _ask(
        self, delegation: Delegation, name: Name, rdtype: RdataType, effort: Effort, find: AddressLookup
    ) -> Message:
        """Ask the zone's servers in turn until one gives a useful answer."""
        addresses = list(delegation.addresses)
        for target in () if addresses else delegation.targets:
            addresses.extend(await find(target, effort))
        self._turn += 1
        shift = self._turn % len(addresses) if addresses else 0
        query = dns.message.make_query(name, rdtype, want_dnssec=True, flags=0)
        failures: list[str] = []
        plain: Message | None = None
        for address in addresses[shift:] + addresses[:shift]:
            effort.spend()
            message = await self._exchange(address, query)
            if message is None:
                failures.append(f"{address} timed out")
            elif message.rcode() in (Rcode.FORMERR, Rcode.BADVERS):
                # Without EDNS there are no signatures, so such a server comes last (RFC 6891 section 6.2.2).
                failures.append(f"{address} does not understand EDNS")
                plain = plain or await self._exchange(address, dns.message.make_query(name, rdtype, flags=0))
            elif message.rcode() not in (Rcode.NOERROR, Rcode.NXDOMAIN):
                failures.append(f"{address} answered {message.rcode().name}")
            elif not message.flags & dns.flags.AA and _referral(message, delegation.zone, name) is None:
                failures.append(f"{address} is not authoritative for {delegation.zone}")
            else:
                return message
        if plain is not None and plain.rcode() in (Rcode.NOERROR, Rcode.NXDOMAIN):
            return plain
        reason = ", ".join(failures) or "it has no name server with an address"
        raise Unresolvable((EDECode.NO_REACHABLE_AUTHORITY, f"at {delegation.zone}: {reason}"))

    async def _exchange(self, address: str, query: Message) -> Message | None:
        server = self._servers.get(address)
        try:
            async with asyncio.timeout(self.patience_s):
                if server is None:
                    await asyncio.Event().wait()
                    return None
                return await server.exchange(query)
        except TimeoutError:
            return None


def _glue(message: Message, targets: Sequence[Name], rdtype: RdataType) -> tuple[str, ...]:
    return tuple(
        rdata.to_text()
        for rrset in message.additional
        if rrset.rdtype == rdtype and rrset.name in targets
        for rdata in rrset
    )


def _referral(message: Message, zone: Name, name: Name) -> RRset | None:
    """The NS set that hands the question on to a zone further down, if the message is a referral."""
    if message.answer or message.flags & dns.flags.AA:
        return None
    for rrset in message.authority:
        if rrset.rdtype == RdataType.NS and rrset.name != zone and rrset.name.is_subdomain(zone):
            return rrset if name.is_subdomain(rrset.name) else None
    return None
