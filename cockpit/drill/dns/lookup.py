"""How an authoritative server answers from one zone: RFC 1034 section 4.3.2 with RFC 4035 section 3.1 proofs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dns.name import Name, NameTooLong
from dns.rcode import Rcode
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.DNAME import DNAME
from dns.rdtypes.ANY.NS import NS

from cockpit.drill.dns.chains import wildcard_at
from cockpit.drill.dns.records import SignedSet, record_set, with_ttl
from cockpit.drill.dns.snapshot import Snapshot

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

    def prove(self, proofs: Iterable[SignedSet]) -> None:
        """Add denial records to the authority section, each once."""
        for proof in proofs:
            if all(
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
        above = zone.aliased_tree(name)
        alias = _answer(zone, name, rdtype, found) if above is None else _redirect(zone, above, name, found)
        if alias is None or not alias.is_subdomain(zone.origin):
            return found
        name = alias
    return found


def _answer(zone: Snapshot, name: Name, rdtype: RdataType, found: Found) -> Name | None:
    """Put what the zone has to say about a question into `found`; return the alias to go on with, if any."""
    owner = name if name in zone.existing else wildcard_at(zone.closest_encloser(name))
    if owner not in zone.existing:
        _deny_name(zone, name, found)
        return None
    sets = _matching(zone, owner, name, rdtype)
    if not sets:
        _deny_type(zone, owner, name, found)
        return None
    if owner != name and zone.denial is not None:
        found.prove(zone.denial.expansion(name))
    found.answer.extend(sets)
    for entry in sets:
        if entry.rdataset.rdtype == RdataType.NS:
            found.additional.extend(zone.glue([ns.target for ns in entry.rdataset if isinstance(ns, NS)]))
    alias = sets[0].rdataset[0]
    if isinstance(alias, CNAME) and rdtype not in (RdataType.CNAME, RdataType.ANY):
        return alias.target
    return None


def _redirect(zone: Snapshot, above: Name, name: Name, found: Found) -> Name | None:
    """Answer with the DNAME above `name` and the alias that follows from it (RFC 6672 section 3.2)."""
    dname = zone.get(above, RdataType.DNAME)
    assert dname is not None
    found.answer.append(dname)
    target = redirected(name, above, dname.rdataset)
    if target is None:
        found.rcode = Rcode.YXDOMAIN
        return None
    found.answer.append(SignedSet(name, record_set(RdataType.CNAME, dname.rdataset.ttl, [target.to_text()])))
    return target


def redirected(name: Name, above: Name, dname: Rdataset) -> Name | None:
    """Where a DNAME at `above` sends `name`; None when that would be too long for a name."""
    target = dname[0]
    assert isinstance(target, DNAME)
    try:
        return name.relativize(above).concatenate(target.target)
    except NameTooLong:
        return None


def _matching(zone: Snapshot, owner: Name, name: Name, rdtype: RdataType) -> list[SignedSet]:
    if rdtype == RdataType.NSEC:
        return [] if zone.denial is None else list(zone.denial.at(owner))
    node = zone.nodes.get(owner, {})
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
    if ds is not None:
        found.prove([ds])
    elif zone.denial is not None:
        found.prove(zone.denial.no_data(cut))
    targets = [ns.target for ns in delegation.rdataset if isinstance(ns, NS)]
    found.additional.extend(zone.glue(targets))
    return found


def _deny_type(zone: Snapshot, owner: Name, name: Name, found: Found) -> None:
    found.authority.insert(0, negative_soa(zone))
    if zone.denial is not None:
        proof = zone.denial.no_data(owner) if owner == name else zone.denial.no_wildcard_data(name, owner)
        found.prove(proof)


def _deny_name(zone: Snapshot, name: Name, found: Found) -> None:
    found.rcode = Rcode.NXDOMAIN
    found.authority.insert(0, negative_soa(zone))
    if zone.denial is not None:
        found.prove(zone.denial.no_name(name))


def negative_soa(zone: Snapshot) -> SignedSet:
    """The SOA as a negative answer carries it: its TTL is capped by its minimum (RFC 2308 section 3)."""
    soa = zone.get(zone.origin, RdataType.SOA)
    assert soa is not None
    return SignedSet(soa.name, with_ttl(soa.rdataset, min(soa.rdataset.ttl, zone.soa.minimum)), soa.rrsigs)
