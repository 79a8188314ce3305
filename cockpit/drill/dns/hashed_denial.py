"""Reading NSEC3 records: does this set of them prove what the server claims? (RFC 5155 section 8)"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import dns.dnssec
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NSEC3 import NSEC3

from cockpit.drill.dns.chains import wildcard_at
from cockpit.drill.dns.denial import in_bitmap, lacks

ITERATION_LIMIT = 150
"""Extra hash rounds above which an answer counts as unsigned (RFC 9276 section 3.2), as named 9.18 has it."""


@dataclass(frozen=True, slots=True)
class HashedSpan:
    """One verified NSEC3 record of `zone`: nothing hashes to between its own hash and the next one."""

    zone: Name
    owner: str
    nsec3: NSEC3

    def has(self, rdtype: RdataType) -> bool:
        """Whether the type is in the bitmap."""
        return in_bitmap(self.nsec3.windows, rdtype)

    def matches(self, name: Name) -> bool:
        """Whether this is the record of `name`."""
        return self._hash(name) == self.owner

    def covers(self, name: Name) -> bool:
        """Whether the hash of `name` falls into the gap, so that `name` does not exist."""
        following = base64.b32hexencode(self.nsec3.next).decode().lower()
        hashed = self._hash(name)
        if self.owner < following:
            return bool(self.owner < hashed < following)
        return bool(hashed != self.owner and (hashed > self.owner or hashed < following))

    def _hash(self, name: Name) -> str:
        return dns.dnssec.nsec3_hash(name, self.nsec3.salt, self.nsec3.iterations, "SHA1").lower()


def denies_name(spans: Sequence[HashedSpan], name: Name) -> bool:
    """Proof that neither `name` nor a wildcard that would answer for it exists (section 8.4)."""
    encloser = _closest_encloser(spans, name)
    return encloser is not None and any(span.covers(wildcard_at(encloser)) for span in spans)


def denies_type(spans: Sequence[HashedSpan], name: Name, rdtype: RdataType) -> bool:
    """Proof that `name` exists, or is answered by a wildcard, without this type (sections 8.5 to 8.7)."""
    for span in spans:
        if span.matches(name):
            return lacks(span, rdtype)
    encloser = _closest_encloser(spans, name)
    if encloser is None:
        return False
    wildcard = wildcard_at(encloser)
    return any(span.matches(wildcard) and lacks(span, rdtype) for span in spans)


def allows_wildcard(spans: Sequence[HashedSpan], name: Name, labels: int) -> bool:
    """Proof that no name closer than the wildcard exists; `labels` is what the RRSIG counts (section 8.8)."""
    next_closer = name.split(labels + 2)[1]
    return any(span.covers(next_closer) for span in spans)


def _closest_encloser(spans: Sequence[HashedSpan], name: Name) -> Name | None:
    """The ancestor that is proven to exist while the next name towards `name` is proven not to (section 8.3)."""
    next_closer = name
    while spans and next_closer.is_subdomain(spans[0].zone) and next_closer != spans[0].zone:
        candidate = next_closer.parent()
        match = next((span for span in spans if span.matches(candidate)), None)
        if match is not None:
            handed_on = match.has(RdataType.DNAME) or (match.has(RdataType.NS) and not match.has(RdataType.SOA))
            covered = any(span.covers(next_closer) for span in spans)
            return candidate if covered and not handed_on else None
        next_closer = candidate
    return None
