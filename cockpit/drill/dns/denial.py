"""Reading NSEC records: does this set of them prove what the server claims? (RFC 4035 section 5.4, RFC 6840)"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NSEC import NSEC

from cockpit.drill.dns.chains import wildcard_at


class Bitmap(Protocol):
    """A verified record of a denial chain, as far as its types go."""

    def has(self, rdtype: RdataType) -> bool:
        """Whether the type is in the bitmap."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """One verified NSEC record: `owner` exists with `nsec`'s types, and nothing does until its next name."""

    owner: Name
    nsec: NSEC

    def has(self, rdtype: RdataType) -> bool:
        """Whether the type is in the bitmap."""
        return in_bitmap(self.nsec.windows, rdtype)

    def covers(self, name: Name) -> bool:
        """Whether `name` falls into the gap; a record of a delegation says nothing about what is below it."""
        if name.is_subdomain(self.owner) and self.has(RdataType.NS) and not self.has(RdataType.SOA):
            return False
        last = self.nsec.next <= self.owner
        return bool(self.owner < name and (last or name < self.nsec.next))

    def encloser(self, name: Name) -> Name:
        """The longest ancestor of a covered name that this record shows to exist."""
        depth = max(_shared_labels(name, self.owner), _shared_labels(name, self.nsec.next))
        return name.split(depth)[1]


def in_bitmap(windows: Sequence[tuple[int, bytes]], rdtype: RdataType) -> bool:
    """Whether a type is in a bitmap of types (RFC 4034 section 4.1.2)."""
    window, low = divmod(int(rdtype), 256)
    octet, bit = divmod(low, 8)
    return any(
        number == window and octet < len(bitmap) and bool(bitmap[octet] & 0x80 >> bit) for number, bitmap in windows
    )


def denies_name(spans: Sequence[Span], name: Name) -> bool:
    """Proof that neither `name` nor a wildcard that would answer for it exists."""
    gap = _covering(spans, name)
    if gap is None or gap.nsec.next.is_subdomain(name):
        return False
    return _covering(spans, wildcard_at(gap.encloser(name))) is not None


def denies_type(spans: Sequence[Span], name: Name, rdtype: RdataType) -> bool:
    """Proof that `name` exists, or is answered by a wildcard, without a record set of this type."""
    if any(span.owner == name and lacks(span, rdtype) for span in spans):
        return True
    gap = _covering(spans, name)
    if gap is None:
        return False
    if gap.nsec.next.is_subdomain(name):
        return True
    wildcard = wildcard_at(gap.encloser(name))
    if any(span.owner == wildcard and lacks(span, rdtype) for span in spans):
        return True
    beyond = _covering(spans, wildcard)
    return beyond is not None and bool(beyond.nsec.next.is_subdomain(wildcard))


def allows_wildcard(spans: Sequence[Span], name: Name) -> bool:
    """Proof that `name` itself does not exist, so that a wildcard may answer for it."""
    return _covering(spans, name) is not None


def _covering(spans: Sequence[Span], name: Name) -> Span | None:
    return next((span for span in spans if span.covers(name)), None)


def lacks(span: Bitmap, rdtype: RdataType) -> bool:
    """Absence of a type, told by the right side of a zone cut: DS by the parent, the rest by the child."""
    if span.has(rdtype) or span.has(RdataType.CNAME):
        return False
    if rdtype == RdataType.DS:
        return not span.has(RdataType.SOA)
    return not span.has(RdataType.NS) or span.has(RdataType.SOA)


def _shared_labels(one: Name, other: Name) -> int:
    _, _, shared = one.fullcompare(other)
    return shared
