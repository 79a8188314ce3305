"""A caching, validating resolver as a client meets it: flags, TTLs that count down, Extended DNS Errors, faults."""

import asyncio
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import dns.flags
import dns.rdataclass
from dns.edns import EDECode
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rrset import RRset
from dns.update import UpdateMessage

from cockpit.clock import Clock
from cockpit.drill.dns.authority import Authority
from cockpit.drill.dns.cache import Entry, Held, Security
from cockpit.drill.dns.faults import Fault, FaultKind, Faults
from cockpit.drill.dns.querylog import QueryLog
from cockpit.drill.dns.records import absolute, as_rrset, record_set, record_type
from cockpit.drill.dns.recursion import STALE_TTL_S, Recursion, Resolution
from cockpit.drill.dns.upstream import Upstream
from cockpit.drill.dns.wire import (
    Malformed,
    Unanswerable,
    edns_refusal,
    explain,
    question,
    read_request,
    render,
    start_response,
    truncated,
    wants_dnssec,
)
from cockpit.profile import Anchor

LIE_TTL_S = 60
WIRE_CACHE_LIMIT = 500
UNSUPPORTED = (RdataType.ANY, RdataType.RRSIG, RdataType.AXFR, RdataType.IXFR)


class Resolver:
    """One recursive resolver with a cache of its own; `inject` and `heal` its faults, read its `log`."""

    def __init__(
        self,
        name: str,
        address: str,
        clock: Clock,
        *,
        roots: Sequence[str],
        servers: Mapping[str, Authority],
        anchors: Sequence[Anchor],
        speed: float = 1.0,
        serve_stale: bool = False,
        address6: str | None = None,
    ) -> None:
        """Validate from `anchors`; none at all makes a resolver that does not validate.

        With `serve_stale`, what was known is answered for a while when nobody can be asked (RFC 8767).
        """
        self.name = name
        self.address = address
        self.address6 = address6
        self.faults = Faults()
        self.log = QueryLog(clock)
        self._clock = clock
        # Resolvers do not all begin at the same name server; a name's checksum spreads them alike in each run.
        upstream = Upstream(roots, servers, clock, first_turn=zlib.crc32(name.encode()))
        self._recursion = Recursion(upstream, clock, anchors, speed=speed, serve_stale=serve_stale)
        self._flights: dict[tuple[Name, RdataType], asyncio.Task[Resolution]] = {}
        self._wires: dict[tuple[bytes, bool], tuple[bytes, float, str, str, str]] = {}

    @property
    def speed(self) -> float:
        """Scenario seconds per second, for the few durations that are the resolver's own."""
        return self._recursion.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._recursion.speed = speed

    @property
    def serve_stale(self) -> bool:
        """Whether answers past their time are given when no name server can be asked (RFC 8767)."""
        return self._recursion.serve_stale

    @serve_stale.setter
    def serve_stale(self, serve_stale: bool) -> None:
        self._recursion.serve_stale = serve_stale

    def inject(self, fault: Fault) -> None:
        """Begin a fault."""
        self.faults.add(fault)
        self._wires.clear()

    def heal(self, kind: FaultKind | str | None = None) -> None:
        """End the faults of one kind, or all of them."""
        self.faults.heal(kind)
        self._wires.clear()

    def flush(self, under: str | None = None) -> int:
        """Forget what is cached, all or at and below a name; returns how many answers that were."""
        self._wires.clear()
        return self._recursion.forget(None if under is None else absolute(under))

    @property
    def cached_answers(self) -> int:
        """How many answers the cache holds, live or not."""
        return len(self._recursion.cache)

    def cached(self, name: str, rdtype: str) -> Entry | None:
        """The live cache entry for a question, asking nobody."""
        return self._recursion.cached(absolute(name), record_type(rdtype))

    async def resolve(self, name: str | Name, rdtype: str | RdataType) -> Resolution:
        """Answer one question in process, whatever faults this resolver shows to its clients."""
        return await self._resolve(absolute(name), record_type(rdtype), stale=False)

    def at_once(self, octets: bytes, tcp: bool) -> bytes | None:
        """An answer rendered within this second to the very same question."""
        if self.faults:
            return None
        cached = self._wires.get((octets[2:], tcp))
        if cached is None:
            return None
        wire, until, name, rdtype, rcode = cached
        if self._clock.monotonic() >= until:
            del self._wires[(octets[2:], tcp)]
            return None
        self.log.note(name, rdtype, rcode, tcp=tcp)
        return octets[:2] + wire

    async def respond(self, octets: bytes, tcp: bool) -> Sequence[bytes]:
        """The message to send back, or none to keep silent."""
        try:
            request = read_request(octets)
        except Unanswerable:
            return ()
        except Malformed as malformed:
            return (malformed.reply,)
        name, rdtype = question(request)
        silence = (FaultKind.TIMEOUT, FaultKind.NO_TCP) if tcp else (FaultKind.TIMEOUT,)
        if self.faults.find(name, rdtype, *silence):
            self.log.note(name.to_text(), rdtype.name, "TIMEOUT", tcp=tcp)
            return ()
        if (late_s := self.faults.latency_s(name, rdtype)) > 0:
            await asyncio.sleep(late_s)
        if refusal := edns_refusal(self.faults, request):
            return (refusal.to_wire(),)
        response = start_response(request, recursion=True)
        response.flags |= request.flags & dns.flags.CD
        resolution = await self._fill(request, response)
        if not tcp and self.faults.find(name, rdtype, FaultKind.TRUNCATE):
            truncated(response)
        self.log.note(name.to_text(), rdtype.name, response.rcode().name, tcp=tcp)
        wire = render(request, response, tcp=tcp)
        if resolution is not None:
            self._remember(octets, tcp, wire, request, response, resolution)
        return (wire,)

    async def close(self) -> None:
        """Give up the questions that are under way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _fill(self, request: Message, response: Message) -> Resolution | None:
        """Put the answer into `response`; the resolution that it came from, if any did."""
        name, rdtype = question(request)
        refusal = self.faults.find(name, rdtype, FaultKind.SERVFAIL, FaultKind.REFUSED, FaultKind.NXDOMAIN)
        lie = self.faults.find(name, rdtype, FaultKind.LIE)
        if isinstance(request, UpdateMessage) or rdtype in UNSUPPORTED:
            response.set_rcode(Rcode.NOTIMP)
        elif request.question[0].rdclass != dns.rdataclass.IN:
            response.set_rcode(Rcode.REFUSED)
        elif refusal is not None:
            response.set_rcode(Rcode.from_text(refusal.kind.upper()))
        elif lie is not None:
            response.answer.append(as_rrset(name, record_set(rdtype, 0, lie.values), self._scaled(LIE_TTL_S)))
        elif not request.flags & dns.flags.RD:
            known = self._recursion.cached(name, rdtype)
            if known is not None:
                self._compose(request, response, Resolution((known,)), stale=False)
        else:
            stale = self.faults.find(name, rdtype, FaultKind.STALE) is not None
            resolution = await self._resolve(name, rdtype, stale=stale)
            self._compose(request, response, resolution, stale=stale)
            return resolution
        return None

    async def _resolve(self, name: Name, rdtype: RdataType, *, stale: bool) -> Resolution:
        """Resolve once for all clients that ask the same at the same time."""
        if stale:
            return await self._recursion.resolve(name, rdtype, stale=True)
        key = (name, rdtype)
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._recursion.resolve(name, rdtype))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        return await asyncio.shield(flight)

    def _compose(self, request: Message, response: Message, resolution: Resolution, *, stale: bool) -> None:
        checking_disabled = bool(request.flags & dns.flags.CD)
        bogus = any(entry.security is Security.BOGUS for entry in resolution.entries)
        explain(response, resolution.explanations)
        if bogus and not checking_disabled:
            response.set_rcode(Rcode.SERVFAIL)
            return
        response.set_rcode(resolution.entries[-1].rcode)
        dnssec = wants_dnssec(request)
        now = self._clock.monotonic()
        for entry in resolution.entries:
            late = entry.expires_at <= now
            if late and stale:
                explain(response, [(EDECode.STALE_ANSWER, "")])
            ttl_s = self._scaled(STALE_TTL_S) if late and stale else entry.remaining_s(now)
            for proof in entry.proofs:
                if proof.rdataset.rdtype == RdataType.DNAME:
                    response.answer.extend(_rrsets(proof, ttl_s, dnssec=dnssec))
            if entry.held is not None:
                response.answer.extend(_rrsets(replace_name(entry.held, entry.name), ttl_s, dnssec=dnssec))
            for proof in entry.proofs:
                if proof.rdataset.rdtype == RdataType.DNAME:
                    continue
                if dnssec or proof.rdataset.rdtype == RdataType.SOA:
                    response.authority.extend(_rrsets(proof, ttl_s, dnssec=dnssec))
        asked_for_ad = dnssec or request.flags & dns.flags.AD
        if resolution.secure and asked_for_ad and not checking_disabled:
            response.flags |= dns.flags.AD

    def _scaled(self, ttl_s: int) -> int:
        return max(1, round(ttl_s / self.speed))

    def _remember(
        self,
        octets: bytes,
        tcp: bool,
        wire: bytes,
        request: Message,
        response: Message,
        resolution: Resolution,
    ) -> None:
        """Keep the rendered answer until the first TTL in it is due to count down."""
        if self.faults:
            return
        now = self._clock.monotonic()
        left = [entry.expires_at - now for entry in resolution.entries]
        if min(left) <= 0:
            return
        if len(self._wires) >= WIRE_CACHE_LIMIT:
            self._wires.clear()
        until = now + min(seconds % 1.0 or 1.0 for seconds in left)
        name, rdtype = question(request)
        self._wires[(octets[2:], tcp)] = (wire[2:], until, name.to_text(), rdtype.name, response.rcode().name)


def replace_name(held: Held, name: Name) -> Held:
    """The same set under the owner name that was asked for."""
    return held if held.name == name else replace(held, name=name)


def _rrsets(held: Held, ttl_s: int, *, dnssec: bool) -> Iterable[RRset]:
    yield as_rrset(held.name, held.rdataset, ttl_s)
    if dnssec and held.rrsigs is not None:
        yield as_rrset(held.name, held.rrsigs, ttl_s)
