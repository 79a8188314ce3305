"""Dynamic update of a zone (RFC 2136): prerequisites first, then all changes, or none at all."""

from collections.abc import Callable, Iterable

import dns.rdataclass
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rrset import RRset
from dns.update import UpdateMessage

from cockpit.drill.dns.records import MADE_BY_SIGNER, as_rdataset, merged, without
from cockpit.drill.dns.tsig import Keyring
from cockpit.drill.dns.zones import Zone
from cockpit.errors import BadInput

KEPT_BY_ZONE = (*MADE_BY_SIGNER, RdataType.SOA)
"""Types that a client cannot set here."""


def apply_update(
    request: UpdateMessage, zone: Zone | None, keyring: Keyring, *, primary: Callable[[Zone], bool]
) -> Rcode:
    """Check and apply one update; the result is the answer's code.

    Unsigned, or sent to a secondary: REFUSED. Not our zone, or not this key's: NOTAUTH.
    """
    if zone is None or not zone.hosted:
        return Rcode.NOTAUTH
    key = request.keyname
    if key is None:
        return Rcode.REFUSED
    if not keyring.may_touch(key, zone.origin):
        return Rcode.NOTAUTH
    if not primary(zone):
        return Rcode.REFUSED
    unmet = _check_prerequisites(request.prerequisite, zone)
    if unmet is not None:
        return unmet
    return _apply(request.update, zone, by=f"tsig:{key.to_text()}")


def _check_prerequisites(prerequisites: Iterable[RRset], zone: Zone) -> Rcode | None:
    """The first prerequisite that does not hold (RFC 2136 section 3.2)."""
    exact: dict[tuple[Name, RdataType], set[str]] = {}
    for rrset in prerequisites:
        if not rrset.name.is_subdomain(zone.origin):
            return Rcode.NOTZONE
        types = zone.types_at(rrset.name)
        if rrset.deleting == dns.rdataclass.ANY:
            if not types if rrset.rdtype == RdataType.ANY else rrset.rdtype not in types:
                return Rcode.NXDOMAIN if rrset.rdtype == RdataType.ANY else Rcode.NXRRSET
        elif rrset.deleting == dns.rdataclass.NONE:
            if types if rrset.rdtype == RdataType.ANY else rrset.rdtype in types:
                return Rcode.YXDOMAIN if rrset.rdtype == RdataType.ANY else Rcode.YXRRSET
        else:
            wanted = exact.setdefault((rrset.name, rrset.rdtype), set())
            wanted.update(rdata.to_text() for rdata in rrset)
    for (name, rdtype), values in exact.items():
        if set(zone.values(name, rdtype)) != values:
            return Rcode.NXRRSET
    return None


def _apply(changes: Iterable[RRset], zone: Zone, *, by: str) -> Rcode:
    """Work out the record sets as they would be after all changes, then store them (RFC 2136 section 3.4.2)."""
    planned: dict[tuple[Name, RdataType], Rdataset | None] = {}
    for change in changes:
        if not change.name.is_subdomain(zone.origin):
            return Rcode.NOTZONE
        if change.rdtype in KEPT_BY_ZONE:
            return Rcode.REFUSED
        for rdtype in _types_touched(change, zone):
            key = (change.name, rdtype)
            present = planned[key] if key in planned else zone.rdataset(*key)
            planned[key] = _changed(present, change)
    try:
        zone.apply(planned, by=by)
    except BadInput:
        return Rcode.REFUSED
    return Rcode.NOERROR


def _types_touched(change: RRset, zone: Zone) -> Iterable[RdataType]:
    if change.rdtype != RdataType.ANY:
        return (change.rdtype,)
    kept = (RdataType.SOA, RdataType.NS) if change.name == zone.origin else ()
    return sorted(zone.types_at(change.name) - set(kept))


def _changed(present: Rdataset | None, change: RRset) -> Rdataset | None:
    if change.deleting == dns.rdataclass.ANY:
        return None
    given = as_rdataset(change)
    if change.deleting == dns.rdataclass.NONE:
        return None if present is None else without(present, given)
    if present is None or change.rdtype == RdataType.CNAME:
        return given
    return merged(present, given, given.ttl)
