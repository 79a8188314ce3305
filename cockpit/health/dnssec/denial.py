"""Proofs of absence by NSEC records (RFC 4035 section 5.4, RFC 6840 section 4), on plain values.

A name is a tuple of its labels in lower case with the root's side first, so that the order of tuples is the
canonical order of names (RFC 4034 section 6.1).
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

NameKey = tuple[bytes, ...]
"""Labels in lower case, the top-level one first; the root is the empty tuple."""

NS, CNAME, SOA, DNAME, DS = 2, 5, 6, 39, 43

WILDCARD = b"*"


class Proof(StrEnum):
    """What the records of a denial show."""

    PROVEN = "proven"
    MISSING = "missing"
    UNPROTECTED = "unprotected"


class Span(msgspec.Struct, frozen=True):
    """One verified NSEC record: `owner` exists with these types, and nothing does until `following`."""

    owner: NameKey
    following: NameKey
    types: frozenset[int]

    def covers(self, name: NameKey) -> bool:
        """Whether `name` falls into the gap; a delegation's record says nothing of what is below it."""
        below = name[: len(self.owner)] == self.owner
        if below and (DNAME in self.types or (NS in self.types and SOA not in self.types)):
            return False
        is_last = self.following <= self.owner
        return self.owner < name and (is_last or name < self.following)

    def encloser(self, name: NameKey) -> NameKey:
        """The longest ancestor of a covered name that this record shows to exist."""
        return name[: max(shared(name, self.owner), shared(name, self.following))]


def denies_name(spans: Sequence[Span], name: NameKey) -> Proof:
    """That neither `name` nor a wildcard that would answer for it exists."""
    gap = _absent(spans, name)
    return _proof(gap is not None and _absent(spans, (*gap.encloser(name), WILDCARD)) is not None)


def denies_type(spans: Sequence[Span], name: NameKey, rtype: int) -> Proof:
    """That `name` exists, or is answered by a wildcard, and has no records of the type."""
    if any(span.owner == name and lacks(span.types, rtype) for span in spans):
        return Proof.PROVEN
    gap = _covering(spans, name)
    if gap is None:
        return Proof.MISSING
    if gap.following[: len(name)] == name:
        return Proof.PROVEN
    wildcard = (*gap.encloser(name), WILDCARD)
    if any(span.owner == wildcard and lacks(span.types, rtype) for span in spans):
        return Proof.PROVEN
    below = _covering(spans, wildcard)
    return _proof(below is not None and below.following[: len(wildcard)] == wildcard)


def allows_wildcard(spans: Sequence[Span], name: NameKey, encloser: NameKey) -> Proof:
    """That no closer match than the wildcard below `encloser` exists, so that it may answer for `name`."""
    gap = _absent(spans, name)
    return _proof(gap is not None and len(gap.encloser(name)) <= len(encloser))


def types_at(spans: Sequence[Span], name: NameKey) -> frozenset[int] | None:
    """The types that exist at `name`, where a record says so."""
    return next((span.types for span in spans if span.owner == name), None)


def lacks(types: frozenset[int], rtype: int) -> bool:
    """Absence of a type, told by the right side of a zone cut: DS by the parent, the rest by the child."""
    if rtype in types or CNAME in types:
        return False
    if rtype == DS:
        return SOA not in types
    return NS not in types or SOA in types


def shared(one: NameKey, other: NameKey) -> int:
    """How many labels two names have in common, from the root down."""
    count = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _covering(spans: Sequence[Span], name: NameKey) -> Span | None:
    return next((span for span in spans if span.covers(name)), None)


def _absent(spans: Sequence[Span], name: NameKey) -> Span | None:
    """The record that shows that a name does not exist, not even above other names."""
    gap = _covering(spans, name)
    return gap if gap is not None and gap.following[: len(name)] != name else None


def _proof(holds: bool) -> Proof:
    return Proof.PROVEN if holds else Proof.MISSING
