"""From the records of a message to what the proofs of absence are made of; only verified records count."""

import base64
from collections.abc import Sequence
from datetime import datetime

import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import msgspec
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3

from cockpit.health.dnssec import denial, hashed_denial
from cockpit.health.dnssec.denial import NameKey, Proof, Span
from cockpit.health.dnssec.hashed_denial import HashedSpan
from cockpit.probes.dnssec.signatures import Checked, check

_OPT_OUT = 0x01
_SHA1 = 1
_BASE32 = bytes.maketrans(b"abcdefghijklmnopqrstuv", b"ABCDEFGHIJKLMNOPQRSTUV")


class Denial(msgspec.Struct, frozen=True):
    """The verified NSEC or NSEC3 records of a message; `broken` is the first one that does not verify."""

    spans: tuple[Span, ...] = ()
    hashed: tuple[HashedSpan, ...] = ()
    checked: tuple[Checked, ...] = ()
    broken: Checked | None = None

    @property
    def iterations(self) -> int:
        """Extra rounds of hashing, at most."""
        return max((each.iterations for each in self.hashed), default=0)

    def denies_name(self, name: NameKey) -> Proof:
        """That the name does not exist."""
        if self.spans:
            return denial.denies_name(self.spans, name)
        return hashed_denial.denies_name(self.hashed, name) if self.hashed else Proof.MISSING

    def denies_type(self, name: NameKey, rtype: int) -> Proof:
        """That the name has no records of the type."""
        if self.spans:
            return denial.denies_type(self.spans, name, rtype)
        return hashed_denial.denies_type(self.hashed, name, rtype) if self.hashed else Proof.MISSING

    def allows_wildcard(self, name: NameKey, encloser: NameKey) -> Proof:
        """That a wildcard below `encloser` may answer for the name."""
        if self.spans:
            return denial.allows_wildcard(self.spans, name, encloser)
        return hashed_denial.allows_wildcard(self.hashed, name, encloser) if self.hashed else Proof.MISSING

    def types_at(self, name: NameKey) -> frozenset[int] | None:
        """The types at a name, where a record says so."""
        if self.spans:
            return denial.types_at(self.spans, name)
        return hashed_denial.types_at(self.hashed, name) if self.hashed else None


def read_denial(message: dns.message.Message, zone: dns.name.Name, keys: Sequence[DNSKEY], now: datetime) -> Denial:
    """The proofs in the authority section, as far as the zone's keys have signed them."""
    spans, hashed, good, broken = list[Span](), list[HashedSpan](), list[Checked](), None
    for rrset in message.authority:
        if rrset.rdtype not in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3) or not rrset.name.is_subdomain(zone):
            continue
        checked = check(rrset, signatures_of(message.authority, rrset), zone, keys, now)
        if checked.reason:
            broken = broken or checked
            continue
        good.append(checked)
        for rdata in rrset:
            if isinstance(rdata, NSEC):
                spans.append(Span(name_key(rrset.name), name_key(rdata.next), _types(rdata)))
            elif isinstance(rdata, NSEC3) and rdata.algorithm == _SHA1:
                hashed.append(_hashed(rrset.name, rdata, zone))
    return Denial(tuple(spans), tuple(hashed), tuple(good), broken)


def signatures_of(section: Sequence[dns.rrset.RRset], rrset: dns.rrset.RRset) -> dns.rrset.RRset | None:
    """The RRSIG set over a record set of the same section."""
    for each in section:
        if each.rdtype == dns.rdatatype.RRSIG and each.name == rrset.name and each.covers == rrset.rdtype:
            return each
    return None


def found_in(
    section: Sequence[dns.rrset.RRset], name: dns.name.Name, rtype: dns.rdatatype.RdataType
) -> dns.rrset.RRset | None:
    """The record set of a name and type in a section."""
    for each in section:
        if each.name == name and each.rdtype == rtype and each.rdclass == dns.rdataclass.IN:
            return each
    return None


def name_key(name: dns.name.Name) -> NameKey:
    """A name as the proofs take it: lower-case labels, the top-level one first."""
    return tuple(label.lower() for label in reversed(name.labels) if label)


def _hashed(owner: dns.name.Name, rdata: NSEC3, zone: dns.name.Name) -> HashedSpan:
    return HashedSpan(
        name_key(zone),
        base64.b32hexdecode(owner.labels[0].translate(_BASE32)),
        rdata.next,
        _types(rdata),
        rdata.salt,
        rdata.iterations,
        bool(rdata.flags & _OPT_OUT),
    )


def _types(rdata: NSEC | NSEC3) -> frozenset[int]:
    """The types in a bitmap (RFC 4034 section 4.1.2)."""
    return frozenset(
        window * 256 + octet * 8 + bit
        for window, bitmap in rdata.windows
        for octet, bits in enumerate(bitmap)
        for bit in range(8)
        if bits & (0x80 >> bit)
    )
