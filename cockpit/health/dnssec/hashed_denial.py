"""Proofs of absence by NSEC3 records (RFC 5155 section 8), on plain values.

Records whose opt-out flag is set leave unsigned delegations out; what they deny may be there, without protection.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from cockpit.health.dnssec.denial import DS, NS, SOA, WILDCARD, NameKey, Proof, lacks

MOST_ITERATIONS = 50
"""Extra rounds of hashing above which an answer counts as unsigned (RFC 9276 section 3.2 leaves the number open;
BIND, Knot and PowerDNS stop here)."""


class HashedSpan(msgspec.Struct, frozen=True):
    """One verified NSEC3 record of `zone`: nothing hashes to between `owner` and `following`, which are hashes."""

    zone: NameKey
    owner: bytes
    following: bytes
    types: frozenset[int]
    salt: bytes = b""
    iterations: int = 0
    opt_out: bool = False

    def matches(self, name: NameKey) -> bool:
        """Whether this is the record of `name`."""
        return self.hash(name) == self.owner

    def covers(self, name: NameKey) -> bool:
        """Whether the hash of `name` falls into the gap."""
        hashed = self.hash(name)
        if self.owner < self.following:
            return self.owner < hashed < self.following
        return hashed > self.owner or hashed < self.following

    def hash(self, name: NameKey) -> bytes:
        """The hash of a name (RFC 5155 section 5); SHA-1 is the only algorithm there is."""
        wire = b"".join(bytes((len(label),)) + label for label in reversed(name)) + b"\0"
        digest = hashlib.sha1(wire + self.salt, usedforsecurity=False).digest()
        for _ in range(self.iterations):
            digest = hashlib.sha1(digest + self.salt, usedforsecurity=False).digest()
        return digest


def denies_name(spans: Sequence[HashedSpan], name: NameKey) -> Proof:
    """That neither `name` nor a wildcard that would answer for it exists (section 8.4)."""
    if too_many_rounds(spans):
        return Proof.UNPROTECTED
    found = _closest_encloser(spans, name)
    if found is None:
        return Proof.MISSING
    encloser, covering = found
    if _covering(spans, (*encloser, WILDCARD)) is None:
        return Proof.MISSING
    return Proof.UNPROTECTED if covering.opt_out else Proof.PROVEN


def denies_type(spans: Sequence[HashedSpan], name: NameKey, rtype: int) -> Proof:
    """That `name` exists, or is answered by a wildcard, and has no records of the type (sections 8.5 to 8.7)."""
    if too_many_rounds(spans):
        return Proof.UNPROTECTED
    for span in spans:
        if span.matches(name):
            return Proof.PROVEN if lacks(span.types, rtype) else Proof.MISSING
    found = _closest_encloser(spans, name)
    if found is None:
        return Proof.MISSING
    encloser, covering = found
    if rtype == DS and covering.opt_out:
        return Proof.UNPROTECTED
    wildcard = (*encloser, WILDCARD)
    if any(span.matches(wildcard) and lacks(span.types, rtype) for span in spans):
        return Proof.PROVEN
    return Proof.MISSING


def allows_wildcard(spans: Sequence[HashedSpan], name: NameKey, encloser: NameKey) -> Proof:
    """That the name one label below `encloser` towards `name` does not exist (section 8.8)."""
    if too_many_rounds(spans):
        return Proof.UNPROTECTED
    covered = _covering(spans, name[: len(encloser) + 1]) is not None
    return Proof.PROVEN if covered else Proof.MISSING


def types_at(spans: Sequence[HashedSpan], name: NameKey) -> frozenset[int] | None:
    """The types that exist at `name`, where a record says so."""
    if too_many_rounds(spans):
        return None
    return next((span.types for span in spans if span.matches(name)), None)


def too_many_rounds(spans: Sequence[HashedSpan]) -> bool:
    """Whether the hashing is so costly that validators treat the zone as unsigned."""
    return any(span.iterations > MOST_ITERATIONS for span in spans)


def _closest_encloser(spans: Sequence[HashedSpan], name: NameKey) -> tuple[NameKey, HashedSpan] | None:
    """The longest existing ancestor, and the record that covers the name below it (section 8.3)."""
    for depth in range(len(name) - 1, -1, -1):
        ancestor = name[:depth]
        matching = next((span for span in spans if span.matches(ancestor)), None)
        if matching is None:
            continue
        # A delegation's record, or a DNAME's, is no witness for what lies below it.
        if NS in matching.types and SOA not in matching.types:
            return None
        covering = _covering(spans, name[: depth + 1])
        return (ancestor, covering) if covering is not None else None
    return None


def _covering(spans: Sequence[HashedSpan], name: NameKey) -> HashedSpan | None:
    return next((span for span in spans if span.covers(name)), None)
