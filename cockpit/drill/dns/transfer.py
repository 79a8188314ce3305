"""Zone transfer out (AXFR, RFC 5936), each message signed with the asker's TSIG key."""

from collections.abc import Iterator, Sequence

import dns.flags
from dns.message import Message
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.SOA import SOA
from dns.rrset import RRset

from cockpit.drill.dns.records import SignedSet, as_rrset
from cockpit.drill.dns.snapshot import Snapshot
from cockpit.drill.dns.wire import start_response

RRSETS_PER_MESSAGE = 100
"""Keeps each message far below the 65,535 octets of DNS over TCP."""


def transfer(request: Message, zone: Snapshot) -> Sequence[bytes]:
    """The whole zone as signed messages: SOA first, SOA last, TTLs as in the zone (never divided)."""
    rrsets = list(_in_order(zone))
    messages: list[bytes] = []
    context = None
    for at in range(0, len(rrsets), RRSETS_PER_MESSAGE):
        response = start_response(request)
        response.answer.extend(rrsets[at : at + RRSETS_PER_MESSAGE])
        response.flags |= dns.flags.AA
        messages.append(response.to_wire(max_size=65535, multi=True, tsig_ctx=context))
        context = response.tsig_ctx
    return messages


def is_current(request: Message, zone: Snapshot) -> bool:
    """Whether the asker of an IXFR has this version already (RFC 1995 section 2)."""
    known = [rdata.serial for rrset in request.authority for rdata in rrset if isinstance(rdata, SOA)]
    return request.question[0].rdtype == RdataType.IXFR and known == [zone.soa.serial]


def soa_alone(request: Message, zone: Snapshot) -> bytes:
    """The SOA, which says "you have it already", or "come again over TCP"."""
    soa = zone.get(zone.origin, RdataType.SOA)
    assert soa is not None
    response = start_response(request)
    response.flags |= dns.flags.AA
    response.answer.append(as_rrset(soa.name, soa.rdataset, soa.rdataset.ttl))
    return response.to_wire()


def _in_order(zone: Snapshot) -> Iterator[RRset]:
    soa = zone.get(zone.origin, RdataType.SOA)
    assert soa is not None
    yield from _with_signatures(soa)
    for entry in zone.everything():
        if (entry.name, entry.rdataset.rdtype) != (zone.origin, RdataType.SOA):
            yield from _with_signatures(entry)
    yield as_rrset(soa.name, soa.rdataset, soa.rdataset.ttl)


def _with_signatures(entry: SignedSet) -> Iterator[RRset]:
    yield as_rrset(entry.name, entry.rdataset, entry.rdataset.ttl)
    if entry.rrsigs is not None:
        yield as_rrset(entry.name, entry.rrsigs, entry.rrsigs.ttl)
