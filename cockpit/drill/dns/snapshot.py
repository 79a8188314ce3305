"""One version of a zone, never changed once made: what a name server holds until it loads the next one.

Record sets are signed when somebody first asks for them, and NSEC records are made from their neighbours in
canonical order, so that loading a zone of any size costs no cryptography.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dns.rdataclass
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.SOA import SOA

from cockpit.drill.dns.keys import SigningPolicy, ZoneKey, signatures
from cockpit.drill.dns.records import record_set

Nodes = Mapping[Name, Mapping[RdataType, Rdataset]]
"""The records of a zone by owner name and type."""


@dataclass(frozen=True, slots=True)
class SignedSet:
    """A record set, its owner, and the RRSIG set over it where there is one."""

    name: Name
    rdataset: Rdataset
    rrsigs: Rdataset | None = None


class Snapshot:
    """An immutable version of a zone; signs lazily with the keys and the policy it was made with."""

    def __init__(self, origin: Name, nodes: Nodes, keys: Sequence[ZoneKey], policy: SigningPolicy) -> None:
        """Keep `nodes` as they are: whoever changes the zone later puts new mappings in the place of these."""
        self.origin = origin
        self.signed = bool(keys)
        self._keys = tuple(keys)
        self._policy = policy
        self._rrsigs: dict[tuple[Name, RdataType], Rdataset | None] = {}
        self._nsec: dict[Name, Rdataset] = {}
        self.nodes: dict[Name, Mapping[RdataType, Rdataset]] = dict(nodes)
        if self.signed:
            self.nodes[origin] = {**nodes[origin], RdataType.DNSKEY: self._dnskeys()}
        self.cuts = {name for name, node in self.nodes.items() if name != origin and RdataType.NS in node}
        self.owners = sorted(name for name in self.nodes if not self._below_cut(name))
        self.existing = self._with_empty_non_terminals()

    @property
    def soa(self) -> SOA:
        """The start of authority; its serial numbers this version, its minimum is the negative TTL."""
        soa = self.nodes[self.origin][RdataType.SOA][0]
        assert isinstance(soa, SOA)
        return soa

    def cut_for(self, name: Name) -> Name | None:
        """The topmost delegation at or above `name`, if this zone hands that part of the tree on."""
        for depth in range(len(self.origin) + 1, len(name) + 1):
            ancestor = name.split(depth)[1]
            if ancestor in self.cuts:
                return ancestor
        return None

    def get(self, name: Name, rdtype: RdataType, owner: Name | None = None) -> SignedSet | None:
        """The record set at `name`, shown as `owner`'s (RFC 4592) when a wildcard answers for it."""
        rdataset = self.nodes.get(name, {}).get(rdtype)
        if rdataset is None:
            return None
        return SignedSet(owner or name, rdataset, self._signatures(name, rdataset))

    def nsec(self, name: Name) -> SignedSet | None:
        """The NSEC record that matches `name` or covers it; None in an unsigned zone."""
        if not self.signed:
            return None
        at = bisect_left(self.owners, name)
        if at == len(self.owners) or self.owners[at] != name:
            at -= 1
        owner = self.owners[at]
        if owner not in self._nsec:
            following = self.owners[(at + 1) % len(self.owners)]
            self._nsec[owner] = self._make_nsec(owner, following)
        return SignedSet(owner, self._nsec[owner], self._signatures(owner, self._nsec[owner]))

    def closest_encloser(self, name: Name) -> Name:
        """The longest existing ancestor of a name that does not exist (RFC 4592 section 3.3.1)."""
        while name not in self.existing:
            name = name.parent()
        return name

    def glue(self, targets: Sequence[Name]) -> Iterator[SignedSet]:
        """Addresses that this zone knows for name servers, authoritative or not, unsigned."""
        for target in targets:
            for rdtype in (RdataType.A, RdataType.AAAA):
                rdataset = self.nodes.get(target, {}).get(rdtype)
                if rdataset is not None:
                    yield SignedSet(target, rdataset)

    def everything(self) -> Iterator[SignedSet]:
        """Each record set with its signatures, NSEC included, in canonical order, as a transfer carries them."""
        for name in sorted(self.nodes):
            for rdtype in self.nodes[name]:
                found = self.get(name, rdtype)
                assert found is not None
                yield found
            if self.signed and not self._below_cut(name):
                nsec = self.nsec(name)
                assert nsec is not None
                yield nsec

    def _dnskeys(self) -> Rdataset:
        ttl_s = self.nodes[self.origin][RdataType.SOA].ttl
        dnskeys = Rdataset(dns.rdataclass.IN, RdataType.DNSKEY, ttl=ttl_s)
        for key in self._keys:
            dnskeys.add(key.dnskey, ttl_s)
        return dnskeys

    def _below_cut(self, name: Name) -> bool:
        cut = self.cut_for(name)
        return cut is not None and cut != name

    def _with_empty_non_terminals(self) -> set[Name]:
        existing: set[Name] = set()
        for owner in self.owners:
            name = owner
            while name not in existing:
                existing.add(name)
                if name == self.origin:
                    break
                name = name.parent()
        return existing

    def _signatures(self, name: Name, rdataset: Rdataset) -> Rdataset | None:
        """Sign on first use; delegations and glue are the child's to sign (RFC 4035 section 2.2)."""
        rdtype = rdataset.rdtype
        if not self.signed or self._unsigned_by_design(name, rdtype):
            return None
        key = (name, rdtype)
        if key not in self._rrsigs:
            self._rrsigs[key] = signatures(name, rdataset, self.origin, self._keys, self._policy)
        return self._rrsigs[key]

    def _unsigned_by_design(self, name: Name, rdtype: RdataType) -> bool:
        if name in self.cuts:
            return rdtype not in (RdataType.DS, RdataType.NSEC)
        return self._below_cut(name)

    def _make_nsec(self, owner: Name, following: Name) -> Rdataset:
        kept = (RdataType.NS, RdataType.DS) if owner in self.cuts else None
        types = [rdtype for rdtype in self.nodes[owner] if kept is None or rdtype in kept]
        shown = " ".join(rdtype.name for rdtype in [*types, RdataType.RRSIG, RdataType.NSEC])
        ttl_s = min(self.soa.minimum, self.nodes[self.origin][RdataType.SOA].ttl)
        return record_set(RdataType.NSEC, ttl_s, [f"{following} {shown}"])
