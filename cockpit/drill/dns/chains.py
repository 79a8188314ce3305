"""Denial chains: which records prove that a name or a type does not exist, by name (NSEC) or by hash (NSEC3).

NSEC as in RFC 4034 section 4; NSEC3 as in RFC 5155 section 7.1, with opt-out off, so that every name is in the
chain, delegations and empty non-terminals included. Records are made when somebody first needs them.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

import dns.dnssec
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

from cockpit.drill.dns.records import SignedSet, record_set


@dataclass(frozen=True, slots=True)
class Nsec3:
    """How a zone's names are hashed; RFC 9276 wants no salt and no extra iterations."""

    salt: bytes = b""
    iterations: int = 0

    def hash(self, name: Name) -> str:
        """The hash of a name as the first label of its NSEC3 owner, in lower case."""
        return dns.dnssec.nsec3_hash(name, self.salt or None, self.iterations, "SHA1").lower()

    @property
    def shown(self) -> str:
        """The parameters as NSEC3 and NSEC3PARAM records begin: algorithm 1, flags 0."""
        return f"1 0 {self.iterations} {self.salt.hex() or '-'}"


class ZoneVersion(Protocol):
    """What a chain has to know of the zone that it runs through."""

    origin: Name
    owners: Sequence[Name]
    existing: Set[Name]

    @property
    def negative_ttl_s(self) -> int:
        """How long a denial may be kept."""
        ...

    def closest_encloser(self, name: Name) -> Name:
        """The longest existing ancestor of a name that does not exist."""
        ...

    def shown_types(self, owner: Name) -> Sequence[RdataType]:
        """The types at a name that this zone speaks for."""
        ...

    def signs_at(self, owner: Name) -> bool:
        """Whether any record set at a name is signed by this zone."""
        ...

    def signatures(self, name: Name, rdataset: Rdataset) -> Rdataset | None:
        """The RRSIG set over a record set."""
        ...


class Chain(Protocol):
    """The proofs of one version of a zone."""

    def no_data(self, owner: Name) -> list[SignedSet]:
        """That `owner` exists, with which types."""
        ...

    def no_wildcard_data(self, name: Name, wildcard: Name) -> list[SignedSet]:
        """That `name` does not exist, and with which types the wildcard does that answers for it."""
        ...

    def expansion(self, name: Name) -> list[SignedSet]:
        """That `name` does not exist, so that a wildcard may answer for it."""
        ...

    def no_name(self, name: Name) -> list[SignedSet]:
        """That neither `name` nor a wildcard for it exists."""
        ...

    def at(self, owner: Name) -> Sequence[SignedSet]:
        """The record of the chain that an existing name itself owns, if this kind of chain has one there."""
        ...

    def __iter__(self) -> Iterator[SignedSet]:
        """Every record of the chain."""
        ...


class NsecChain:
    """Each name with records points at the next one in canonical order."""

    def __init__(self, zone: ZoneVersion) -> None:
        self._zone = zone
        self._made: dict[Name, Rdataset] = {}

    def no_data(self, owner: Name) -> list[SignedSet]:
        """The record at `owner`, or the one that spans it as an empty non-terminal."""
        return [self._near(owner)]

    def no_wildcard_data(self, name: Name, wildcard: Name) -> list[SignedSet]:
        """The record that spans `name`, and the one at the wildcard."""
        return [self._near(name), self._near(wildcard)]

    def expansion(self, name: Name) -> list[SignedSet]:
        """The record that spans `name`."""
        return [self._near(name)]

    def no_name(self, name: Name) -> list[SignedSet]:
        """The records that span `name` and the wildcard that would answer for it."""
        return [self._near(name), self._near(wildcard_at(self._zone.closest_encloser(name)))]

    def at(self, owner: Name) -> Sequence[SignedSet]:
        """The NSEC record of a name that has records."""
        return [self._near(owner)] if owner in self._zone.owners else []

    def __iter__(self) -> Iterator[SignedSet]:
        return (self._near(owner) for owner in self._zone.owners)

    def _near(self, name: Name) -> SignedSet:
        owners = self._zone.owners
        at = bisect_right(owners, name) - 1
        owner = owners[at]
        if owner not in self._made:
            types = [*self._zone.shown_types(owner), RdataType.RRSIG, RdataType.NSEC]
            shown = " ".join(rdtype.name for rdtype in types)
            following = owners[(at + 1) % len(owners)]
            self._made[owner] = record_set(RdataType.NSEC, self._zone.negative_ttl_s, [f"{following} {shown}"])
        return SignedSet(owner, self._made[owner], self._zone.signatures(owner, self._made[owner]))


class Nsec3Chain:
    """The hash of each existing name points at the next hash."""

    def __init__(self, zone: ZoneVersion, nsec3: Nsec3) -> None:
        self._zone = zone
        self._nsec3 = nsec3
        names = {nsec3.hash(name): name for name in zone.existing}
        self._hashes = sorted(names)
        self._names = names
        self._made: dict[str, Rdataset] = {}

    def no_data(self, owner: Name) -> list[SignedSet]:
        """The record that matches `owner`."""
        return [self._near(owner)]

    def no_wildcard_data(self, name: Name, wildcard: Name) -> list[SignedSet]:
        """The closest encloser proof for `name`, and the record that matches the wildcard."""
        return [*self._encloser_proof(name), self._near(wildcard)]

    def expansion(self, name: Name) -> list[SignedSet]:
        """The record that covers the next closer name; the wildcard's signature names the encloser."""
        return [self._near(self._next_closer(name))]

    def no_name(self, name: Name) -> list[SignedSet]:
        """The closest encloser proof for `name`, and the record that covers the wildcard."""
        wildcard = wildcard_at(self._zone.closest_encloser(name))
        return [*self._encloser_proof(name), self._near(wildcard)]

    def at(self, owner: Name) -> Sequence[SignedSet]:
        """Nothing: the records stand at hashes, which are not names of the zone (RFC 5155 section 7.2.8)."""
        return ()

    def __iter__(self) -> Iterator[SignedSet]:
        return (self._record(at) for at in range(len(self._hashes)))

    def _encloser_proof(self, name: Name) -> list[SignedSet]:
        return [self._near(self._zone.closest_encloser(name)), self._near(self._next_closer(name))]

    def _next_closer(self, name: Name) -> Name:
        return name.split(len(self._zone.closest_encloser(name)) + 1)[1]

    def _near(self, name: Name) -> SignedSet:
        """The record that matches the name, or else the one that covers it."""
        return self._record(bisect_right(self._hashes, self._nsec3.hash(name)) - 1)

    def _record(self, at: int) -> SignedSet:
        hashed = self._hashes[at]
        owner = Name((hashed.encode(), *self._zone.origin.labels))
        if hashed not in self._made:
            name = self._names[hashed]
            types = list(self._zone.shown_types(name))
            if self._zone.signs_at(name):
                types.append(RdataType.RRSIG)
            shown = " ".join(rdtype.name for rdtype in types)
            following = self._hashes[(at + 1) % len(self._hashes)]
            value = f"{self._nsec3.shown} {following} {shown}"
            self._made[hashed] = record_set(RdataType.NSEC3, self._zone.negative_ttl_s, [value])
        return SignedSet(owner, self._made[hashed], self._zone.signatures(owner, self._made[hashed]))


def wildcard_at(encloser: Name) -> Name:
    """The wildcard that answers for names right below `encloser`."""
    return Name((b"*", *encloser.labels))
