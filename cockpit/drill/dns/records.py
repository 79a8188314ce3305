"""Names and record sets: from an operator's text to values, and from values to what goes into a message."""

from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rrset import RRset

from cockpit.errors import BadInput

STRING_OCTETS = 255
"""Longest character-string inside a TXT record (RFC 1035 section 3.3.14)."""

MADE_BY_SIGNER = (
    RdataType.DNSKEY,
    RdataType.NSEC,
    RdataType.NSEC3,
    RdataType.NSEC3PARAM,
    RdataType.RRSIG,
)
"""Types that a zone makes itself, as servers with inline signing do; nobody publishes them."""


@dataclass(frozen=True, slots=True)
class SignedSet:
    """A record set, its owner, and the RRSIG set over it where there is one."""

    name: Name
    rdataset: Rdataset
    rrsigs: Rdataset | None = None


def absolute(text: str | Name) -> Name:
    """A fully qualified name; the trailing dot is optional and nothing is ever appended.

    Raises BadInput for text that is no domain name.
    """
    if isinstance(text, Name):
        return text
    try:
        return dns.name.from_text(text, origin=dns.name.root)
    except dns.exception.DNSException as error:
        raise BadInput(f"{text!r} is not a domain name: {error}.") from None


def record_type(text: str | RdataType) -> RdataType:
    """A record type by its mnemonic; raises BadInput for an unknown one."""
    if isinstance(text, RdataType):
        return text
    try:
        return dns.rdatatype.from_text(text)
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        raise BadInput(f"{text!r} is not a DNS record type.") from None


def record_set(rdtype: str | RdataType, ttl_s: int, values: Sequence[str]) -> Rdataset:
    """Build a record set from presentation text; names inside the values are fully qualified.

    A TXT value may be given bare: it is quoted, and cut into strings of 255 octets. Raises BadInput.
    """
    kind = record_type(rdtype)
    if not values:
        raise BadInput(f"A {kind.name} record set needs at least one value.")
    rdataset = Rdataset(dns.rdataclass.IN, kind, ttl=ttl_s)
    for value in values:
        text = quoted(value) if kind == RdataType.TXT and not value.startswith('"') else value
        try:
            rdata = dns.rdata.from_text(dns.rdataclass.IN, kind, text, origin=dns.name.root, relativize=False)
            rdataset.add(rdata, ttl_s)
        except (dns.exception.DNSException, ValueError) as error:
            raise BadInput(f"{value!r} is not a {kind.name} value: {error}.") from None
    return rdataset


def quoted(text: str) -> str:
    """Presentation form of a TXT value, as strings of at most 255 octets each."""
    octets = text.encode()
    chunks = [octets[at : at + STRING_OCTETS] for at in range(0, len(octets), STRING_OCTETS)] or [b""]
    return " ".join(f'"{_escaped(chunk)}"' for chunk in chunks)


def _escaped(octets: bytes) -> str:
    return "".join(
        f"\\{chr(octet)}" if octet in b'"\\' else chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"
        for octet in octets
    )


def as_rrset(name: Name, rdataset: Rdataset, ttl_s: int) -> RRset:
    """A message's copy of a record set, so that a changed TTL never reaches the zone or the cache."""
    rrset = RRset(name, rdataset.rdclass, rdataset.rdtype, rdataset.covers)
    rrset.items = rdataset.items
    rrset.ttl = ttl_s
    return rrset


def as_rdataset(rrset: RRset, ttl_s: int | None = None) -> Rdataset:
    """The values of a message's RRset without its owner name."""
    rdataset = Rdataset(rrset.rdclass, rrset.rdtype, rrset.covers, rrset.ttl if ttl_s is None else ttl_s)
    rdataset.items = rrset.items
    return rdataset


def with_ttl(rdataset: Rdataset, ttl_s: int) -> Rdataset:
    """The same values under another TTL."""
    changed = Rdataset(rdataset.rdclass, rdataset.rdtype, rdataset.covers, ttl_s)
    changed.items = rdataset.items
    return changed


def merged(present: Rdataset, added: Rdataset, ttl_s: int) -> Rdataset:
    """The values of both."""
    both = with_ttl(present, ttl_s)
    both.items = present.items | added.items
    return both


def without(present: Rdataset, removed: Rdataset) -> Rdataset | None:
    """The values that remain; None when none do."""
    left = with_ttl(present, present.ttl)
    left.items = {rdata: None for rdata in present.items if rdata not in removed.items}
    return left if left.items else None
