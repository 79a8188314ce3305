"""How an authoritative server answers from one zone: RFC 1034 section 4.3.2 with RFC 4035 section 3.1 proofs."""

from dataclasses import dataclass, field

from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.NS import NS

from cockpit.drill.dns.records import with_ttl
from cockpit.drill.dns.snapshot import SignedSet, Snapshot

CNAME_HOPS = 8
"""Aliases followed inside one zone before the server stops and leaves the rest to the client."""


@dataclass(slots=True)
class Found:
    """What goes into the three sections; RRSIG sets ride on their record sets until the client's DO is known."""

    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = True
    answer: list[SignedSet] = field(default_factory=list)
    authority: list[SignedSet] = field(default_factory=list)
    additional: list[SignedSet] = field(default_factory=list)

    def prove(self, *proofs: SignedSet | None) -> None:
        """Add denial records to the authority section, each once; an unsigned zone has none."""
        for proof in proofs:
            if proof is not None and all(
                proof.name != known.name or proof.rdataset.rdtype != known.rdataset.rdtype
                for known in self.authority
            ):
                self.authority.append(proof)


def look_up(zone: Snapshot, name: Name, rdtype: RdataType) -> Found:
    """Answer one question from one zone, following aliases as long as they stay inside it."""
    found = Found()
    for _ in range(CNAME_HOPS):
        cut = zone.cut_for(name)
        if cut is not None and not (cut == name and rdtype == RdataType.DS):
            return _refer(zone, cut, found)
        if name in zone.existing:
            owner = name
        else:
            owner = Name((b"*", *zone.closest_encloser(name).labels))
            if owner not in zone.nodes:
                return _deny_name(zone, name, owner, found)
            found.prove(zone.nsec(name))
        alias = _answer(zone, owner, name, rdtype, found)
        if alias is None:
            return found
        if not alias.is_subdomain(zone.origin):
            return found
        name = alias
    return found


def _answer(zone: Snapshot, owner: Name, name: Name, rdtype: RdataType, found: Found) -> Name | None:
    """Put what `owner` has to say about `rdtype` into `found`; return the alias to go on with, if any."""
    sets = _matching(zone, owner, name, rdtype)
    if not sets:
        _deny_type(zone, owner, found)
        return None
    found.answer.extend(sets)
    for entry in sets:
        if entry.rdataset.rdtype == RdataType.NS:
            found.additional.extend(zone.glue([ns.target for ns in entry.rdataset if isinstance(ns, NS)]))
    alias = sets[0].rdataset[0]
    if isinstance(alias, CNAME) and rdtype not in (RdataType.CNAME, RdataType.ANY):
        return alias.target
    return None


def _matching(zone: Snapshot, owner: Name, name: Name, rdtype: RdataType) -> list[SignedSet]:
    node = zone.nodes.get(owner, {})
    if rdtype == RdataType.NSEC:
        nsec = zone.nsec(owner) if node else None
        return [] if nsec is None else [SignedSet(name, nsec.rdataset, nsec.rrsigs)]
    kinds = list(node) if rdtype in (RdataType.ANY, RdataType.RRSIG) else [rdtype, RdataType.CNAME]
    sets = [entry for kind in kinds if (entry := zone.get(owner, kind, name)) is not None]
    if rdtype == RdataType.RRSIG:
        return [SignedSet(name, entry.rrsigs) for entry in sets if entry.rrsigs is not None]
    return sets if rdtype == RdataType.ANY else sets[:1]


def _refer(zone: Snapshot, cut: Name, found: Found) -> Found:
    """Hand the client on to the servers of a delegated zone, with glue, and with DS or the proof of none."""
    found.authoritative = bool(found.answer)
    delegation = zone.get(cut, RdataType.NS)
    assert delegation is not None
    found.authority.append(delegation)
    ds = zone.get(cut, RdataType.DS)
    found.prove(ds if ds is not None else zone.nsec(cut))
    targets = [ns.target for ns in delegation.rdataset if isinstance(ns, NS)]
    found.additional.extend(zone.glue(targets))
    return found


def _deny_type(zone: Snapshot, owner: Name, found: Found) -> None:
    found.authority.insert(0, negative_soa(zone))
    found.prove(zone.nsec(owner))


def _deny_name(zone: Snapshot, name: Name, wildcard: Name, found: Found) -> Found:
    found.rcode = Rcode.NXDOMAIN
    found.authority.insert(0, negative_soa(zone))
    found.prove(zone.nsec(name), zone.nsec(wildcard))
    return found


def negative_soa(zone: Snapshot) -> SignedSet:
    """The SOA as a negative answer carries it: its TTL is capped by its minimum (RFC 2308 section 3)."""
    soa = zone.get(zone.origin, RdataType.SOA)
    assert soa is not None
    return SignedSet(soa.name, with_ttl(soa.rdataset, min(soa.rdataset.ttl, zone.soa.minimum)), soa.rrsigs)
