"""An authoritative name server: it answers for the zones it holds and says so when it holds none."""

import asyncio
from collections.abc import Iterable, Sequence

import dns.flags
import dns.message
import dns.name
import dns.opcode
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rrset import RRset
from dns.update import UpdateMessage

from cockpit.clock import Clock
from cockpit.drill.dns.faults import Fault, FaultKind, Faults
from cockpit.drill.dns.lookup import Found, look_up
from cockpit.drill.dns.querylog import QueryLog
from cockpit.drill.dns.records import SignedSet, absolute, as_rrset, record_set
from cockpit.drill.dns.snapshot import Snapshot
from cockpit.drill.dns.transfer import is_current, soa_alone, transfer
from cockpit.drill.dns.tsig import Keyring
from cockpit.drill.dns.update import apply_update
from cockpit.drill.dns.wire import (
    Malformed,
    Unanswerable,
    edns_refusal,
    question,
    read_request,
    render,
    start_response,
    truncated,
    wants_dnssec,
)
from cockpit.drill.dns.zones import Zone

WIRE_CACHE_LIMIT = 500
"""Rendered answers that one server keeps before it starts over."""

TRANSFERS = (RdataType.AXFR, RdataType.IXFR)
UPWARDS = record_set("NS", 518_400, ["a.root-servers.example.", "b.root-servers.example."])
"""What a lame server knows: that there is a root."""


class Authority:
    """One name server with an address, or two; `faults` says what is wrong with it, `log` what it was asked.

    TTLs go out divided by `speed`, and are never zero unless the zone says so.
    """

    def __init__(
        self,
        name: str,
        address: str,
        clock: Clock,
        keyring: Keyring,
        *,
        speed: float = 1.0,
        address6: str | None = None,
    ) -> None:
        self.name = absolute(name)
        self.address = address
        self.address6 = address6
        self.faults = Faults()
        self.log = QueryLog(clock)
        self._keyring = keyring
        self._speed = speed
        self._zones: dict[Name, Zone] = {}
        self._stale: dict[Name, Snapshot] = {}
        self._wires: dict[tuple[bytes, bool], tuple[bytes, str, str, str]] = {}
        self._wires_of: tuple[int, ...] = ()

    def serve(self, zone: Zone) -> None:
        """Hold a copy of this zone."""
        self._zones[zone.origin] = zone

    @property
    def zones(self) -> Sequence[Zone]:
        """The zones that this server holds."""
        return tuple(self._zones.values())

    def is_primary_for(self, zone: Zone) -> bool:
        """Whether updates of `zone` go to this server (RFC 2136 section 4.3)."""
        return bool(zone.servers[0].name == self.name)

    @property
    def speed(self) -> float:
        """Scenario seconds per second."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._speed = speed
        self._wires.clear()

    def inject(self, fault: Fault) -> None:
        """Begin a fault; a stale server keeps the versions that it has at this moment."""
        if fault.kind is FaultKind.STALE:
            for zone in self._zones.values():
                if zone.origin.is_subdomain(fault.under):
                    self._stale.setdefault(zone.origin, zone.snapshot)
        self.faults.add(fault)

    def heal(self, kind: FaultKind | str | None = None) -> None:
        """End the faults of one kind, or all of them."""
        self.faults.heal(kind)
        if not any(fault.kind is FaultKind.STALE for fault in self.faults):
            self._stale.clear()

    # Over a socket

    def at_once(self, octets: bytes, tcp: bool) -> bytes | None:
        """An answer rendered before to the very same question, while nothing has changed since."""
        if self.faults or self._state() != self._wires_of:
            return None
        cached = self._wires.get((octets[2:], tcp))
        if cached is None:
            return None
        wire, name, rdtype, rcode = cached
        self.log.note(name, rdtype, rcode, tcp=tcp)
        return octets[:2] + wire

    async def respond(self, octets: bytes, tcp: bool) -> Sequence[bytes]:
        """The messages to send back: none to keep silent, several for a zone transfer."""
        try:
            request = read_request(octets, self._keyring)
        except Unanswerable:
            return ()
        except Malformed as malformed:
            return (malformed.reply,)
        name, rdtype = question(request)
        if isinstance(request, UpdateMessage):
            return (render(request, self._update(request), tcp=tcp),)
        if self._silent(name, rdtype, tcp=tcp):
            return ()
        if (late_s := self.faults.latency_s(name, rdtype)) > 0:
            await asyncio.sleep(late_s)
        if refusal := edns_refusal(self.faults, request):
            self.log.note(name.to_text(), rdtype.name, "EDNS", tcp=tcp)
            return (refusal.to_wire(),)
        if rdtype in TRANSFERS:
            return self._transfer(request, tcp=tcp)
        response = self.answer(request, tcp=tcp)
        wire = render(request, response, tcp=tcp)
        self._remember(octets, tcp, wire, request, response)
        return (wire,)

    # In process

    async def exchange(self, request: Message) -> Message:
        """Answer a question as a resolver gets it, over UDP and, where that does not hold it, over TCP.

        The faults act; this never returns while the server is silent.
        """
        name, rdtype = question(request)
        if self._silent(name, rdtype, tcp=False):
            await asyncio.Event().wait()
        if (late_s := self.faults.latency_s(name, rdtype)) > 0:
            await asyncio.sleep(late_s)
        if refusal := edns_refusal(self.faults, request):
            return refusal
        if self.faults.find(name, rdtype, FaultKind.NO_TCP):
            short = self.answer(request, tcp=False)
            wire = render(request, short, tcp=False)
            if dns.message.from_wire(wire).flags & dns.flags.TC:
                await asyncio.Event().wait()
            return short
        return self.answer(request, tcp=True)

    def answer(self, request: Message, *, tcp: bool) -> Message:
        """Answer one plain query at once, whatever faults of silence or delay there are."""
        name, rdtype = question(request)
        response = start_response(request)
        refusal = self.faults.find(name, rdtype, FaultKind.SERVFAIL, FaultKind.REFUSED, FaultKind.NXDOMAIN)
        lie = self.faults.find(name, rdtype, FaultKind.LIE)
        if refusal is not None:
            response.set_rcode(Rcode.from_text(refusal.kind.upper()))
        elif self.faults.find(name, rdtype, FaultKind.LAME):
            response.authority.append(as_rrset(dns.name.root, UPWARDS, UPWARDS.ttl))
        elif lie is not None:
            response.flags |= dns.flags.AA
            response.answer.append(as_rrset(name, record_set(rdtype, 60, lie.values), self.ttl_s(60)))
        else:
            self._answer_from_zone(name, rdtype, request, response)
        if not tcp and self.faults.find(name, rdtype, FaultKind.TRUNCATE):
            truncated(response)
        self.log.note(name.to_text(), rdtype.name, response.rcode().name, tcp=tcp)
        return response

    def _silent(self, name: Name, rdtype: RdataType, *, tcp: bool) -> bool:
        silence = (FaultKind.TIMEOUT, FaultKind.NO_TCP) if tcp else (FaultKind.TIMEOUT,)
        if self.faults.find(name, rdtype, *silence) is None:
            return False
        self.log.note(name.to_text(), rdtype.name, "TIMEOUT", tcp=tcp)
        return True

    def ttl_s(self, ttl_s: int) -> int:
        """A TTL as served at this world's speed."""
        return max(1, round(ttl_s / self._speed)) if ttl_s else 0

    def _answer_from_zone(self, name: Name, rdtype: RdataType, request: Message, response: Message) -> None:
        zone = self._zone_for(name, rdtype)
        if zone is None:
            response.set_rcode(Rcode.REFUSED)
            return
        found = look_up(self._copy_of(zone), name, rdtype)
        self._fill(response, found, dnssec=wants_dnssec(request))

    def _zone_for(self, name: Name, rdtype: RdataType) -> Zone | None:
        """The hosted zone closest to `name`; for DS the parent's, if it is here (RFC 4035 section 3.1.4.1)."""
        held = [zone for zone in self._zones.values() if zone.hosted and name.is_subdomain(zone.origin)]
        held.sort(key=lambda zone: len(zone.origin), reverse=True)
        if rdtype == RdataType.DS and len(held) > 1 and held[0].origin == name:
            return held[1]
        return held[0] if held else None

    def _copy_of(self, zone: Zone) -> Snapshot:
        """The version that this server has: the newest, or the one from when it stopped refreshing."""
        return self._stale.get(zone.origin) or zone.snapshot

    def _fill(self, response: Message, found: Found, *, dnssec: bool) -> None:
        response.set_rcode(found.rcode)
        if found.authoritative:
            response.flags |= dns.flags.AA
        proofs = (RdataType.NSEC, RdataType.NSEC3, RdataType.DS)
        authority = [entry for entry in found.authority if dnssec or entry.rdataset.rdtype not in proofs]
        response.answer.extend(self._rrsets(found.answer, dnssec=dnssec))
        response.authority.extend(self._rrsets(authority, dnssec=dnssec))
        response.additional.extend(self._rrsets(found.additional, dnssec=dnssec))

    def _rrsets(self, entries: Iterable[SignedSet], *, dnssec: bool) -> Iterable[RRset]:
        for entry in entries:
            ttl_s = self.ttl_s(entry.rdataset.ttl)
            yield as_rrset(entry.name, entry.rdataset, ttl_s)
            if dnssec and entry.rrsigs is not None:
                yield as_rrset(entry.name, entry.rrsigs, ttl_s)

    def _update(self, request: UpdateMessage) -> Message:
        origin = request.zone[0].name
        zone = self._zones.get(origin)
        response = start_response(request)
        response.set_rcode(apply_update(request, zone, self._keyring, primary=self.is_primary_for))
        self.log.note(origin.to_text(), "UPDATE", response.rcode().name, tcp=False)
        return response

    def _transfer(self, request: Message, *, tcp: bool) -> Sequence[bytes]:
        """The zone for AXFR, and for IXFR too (RFC 1995 section 4); over UDP an IXFR gets the SOA alone."""
        name, rdtype = question(request)
        zone = self._zones.get(name)
        allowed = (
            (tcp or rdtype == RdataType.IXFR) and zone is not None and zone.hosted
            and request.keyname is not None and self._keyring.may_touch(request.keyname, name)
        )  # fmt: skip
        self.log.note(name.to_text(), rdtype.name, "NOERROR" if allowed else "REFUSED", tcp=tcp)
        if not allowed or zone is None:
            response = start_response(request)
            response.set_rcode(Rcode.REFUSED)
            return (render(request, response, tcp=tcp),)
        copy = self._copy_of(zone)
        return transfer(request, copy) if tcp and not is_current(request, copy) else (soa_alone(request, copy),)

    def _state(self) -> tuple[int, ...]:
        return (self.faults.version, *(zone.version for zone in self._zones.values()))

    def _remember(self, octets: bytes, tcp: bool, wire: bytes, request: Message, response: Message) -> None:
        if request.had_tsig or self.faults:
            return
        state = self._state()
        if state != self._wires_of or len(self._wires) >= WIRE_CACHE_LIMIT:
            self._wires.clear()
            self._wires_of = state
        name, rdtype = question(request)
        self._wires[(octets[2:], tcp)] = (wire[2:], name.to_text(), rdtype.name, response.rcode().name)
