"""One version of a zone, never changed once made: what a name server holds until it loads the next one.

Record sets are signed when somebody first asks for them, and the records of the denial chain are made when they
first prove something, so that loading a zone of any size costs no cryptography.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property

import dns.rdataclass
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.SOA import SOA

from cockpit.drill.dns.chains import Chain, Nsec3, Nsec3Chain, NsecChain
from cockpit.drill.dns.keys import SigningPolicy, ZoneKey, signatures
from cockpit.drill.dns.records import SignedSet, record_set

Nodes = Mapping[Name, Mapping[RdataType, Rdataset]]
"""The records of a zone by owner name and type."""


class Snapshot:
    """An immutable version of a zone; signs lazily with the keys and the policy it was made with."""

    def __init__(
        self,
        origin: Name,
        nodes: Nodes,
        keys: Sequence[ZoneKey],
        policy: SigningPolicy,
        nsec3: Nsec3 | None = None,
    ) -> None:
        """Keep `nodes` as they are: whoever changes the zone later puts new mappings in the place of these.

        Denials are by name, or by hash where `nsec3` says how to hash.
        """
        self.origin = origin
        self.signed = bool(keys)
        self._keys = tuple(keys)
        self._policy = policy
        self._nsec3 = nsec3
        self._rrsigs: dict[tuple[Name, RdataType], Rdataset | None] = {}
        self.nodes: dict[Name, Mapping[RdataType, Rdataset]] = dict(nodes)
        if self.signed:
            self.nodes[origin] = {**nodes[origin], **self._signers_own()}
        self.cuts = {name for name, node in self.nodes.items() if name != origin and RdataType.NS in node}
        self.aliased_trees = {name for name, node in self.nodes.items() if RdataType.DNAME in node}
        self.owners: Sequence[Name] = sorted(name for name in self.nodes if not self._below_cut(name))
        self.existing: Set[Name] = self._with_empty_non_terminals()

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
        return SignedSet(owner or name, rdataset, self.signatures(name, rdataset))

    @cached_property
    def denial(self) -> Chain | None:
        """The chain that proves what does not exist; None in an unsigned zone."""
        if not self.signed:
            return None
        return NsecChain(self) if self._nsec3 is None else Nsec3Chain(self, self._nsec3)

    def aliased_tree(self, name: Name) -> Name | None:
        """The ancestor whose DNAME redirects everything below it, `name` included, if there is one."""
        if not self.aliased_trees:
            return None
        ancestors = (name.split(depth)[1] for depth in range(len(self.origin), len(name)))
        return next((ancestor for ancestor in ancestors if ancestor in self.aliased_trees), None)

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
        """Each record set with its signatures, in the order of a transfer: the denial chain comes last."""
        for name in sorted(self.nodes):
            for rdtype in self.nodes[name]:
                found = self.get(name, rdtype)
                assert found is not None
                yield found
        yield from self.denial or ()

    @property
    def negative_ttl_s(self) -> int:
        """How long a denial may be kept (RFC 2308 section 5, RFC 9077)."""
        return min(self.soa.minimum, self.nodes[self.origin][RdataType.SOA].ttl)

    def shown_types(self, owner: Name) -> Sequence[RdataType]:
        """The types at a name that this zone speaks for: at a delegation, NS and DS only."""
        kept = (RdataType.NS, RdataType.DS) if owner in self.cuts else None
        return [rdtype for rdtype in self.nodes.get(owner, {}) if kept is None or rdtype in kept]

    def signs_at(self, owner: Name) -> bool:
        """Whether any record set at a name is signed by this zone."""
        return any(not self._unsigned_by_design(owner, rdtype) for rdtype in self.nodes.get(owner, {}))

    def _signers_own(self) -> dict[RdataType, Rdataset]:
        """What the signer adds at the top of the zone."""
        own = {RdataType.DNSKEY: self._dnskeys()}
        if self._nsec3 is not None:
            own[RdataType.NSEC3PARAM] = record_set(RdataType.NSEC3PARAM, 0, [self._nsec3.shown])
        return own

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

    def signatures(self, name: Name, rdataset: Rdataset) -> Rdataset | None:
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
