"""Checking signatures and keys, with the reason when they do not hold (RFC 4035 section 5, RFC 8914)."""

from collections.abc import Sequence

import dns.dnssec
import dns.exception
import dns.rcode
from dns.edns import EDECode
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.RRSIG import RRSIG

from cockpit.drill.dns.cache import Entry, Explanation, Held
from cockpit.drill.dns.denial import Span, allows_wildcard, denies_name, denies_type
from cockpit.profile import Anchor


def signature_problem(held: Held, zone: Name, keys: Rdataset, now: float) -> Explanation | None:
    """Why no signature of the zone over this record set holds at `now` (Unix time); None if one does."""
    label = f"{held.name} {held.rdataset.rdtype.name}"
    problem: Explanation = (EDECode.RRSIGS_MISSING, f"{label} is not signed by {zone}")
    for rrsig in held.rrsigs or ():
        if not isinstance(rrsig, RRSIG) or rrsig.signer != zone:
            continue
        if rrsig.expiration < now:
            problem = (EDECode.SIGNATURE_EXPIRED, f"the signature over {label} has expired")
        elif rrsig.inception > now:
            problem = (EDECode.SIGNATURE_NOT_YET_VALID, f"the signature over {label} is not yet valid")
        elif not any(dns.dnssec.key_id(key) == rrsig.key_tag for key in keys if isinstance(key, DNSKEY)):
            problem = (EDECode.DNSKEY_MISSING, f"{zone} has no key {rrsig.key_tag}, which signed {label}")
        else:
            try:
                dns.dnssec.validate_rrsig((held.name, held.rdataset), rrsig, {zone: keys}, now=now)
            except dns.exception.DNSException:
                problem = (EDECode.DNSSEC_BOGUS, f"the signature over {label} does not match")
            else:
                return None
    return problem


def key_problem(dnskeys: Held, trusted: Sequence[DS], now: float) -> Explanation | None:
    """Why a zone's key set is not the one that the parent's DS records (or a trust anchor) vouch for."""
    matching = Rdataset(dnskeys.rdataset.rdclass, RdataType.DNSKEY, ttl=dnskeys.rdataset.ttl)
    for key in dnskeys.rdataset:
        if isinstance(key, DNSKEY) and any(_vouches(ds, dnskeys.name, key) for ds in trusted):
            matching.add(key, dnskeys.rdataset.ttl)
    if not matching:
        return (EDECode.DNSKEY_MISSING, f"no key of {dnskeys.name} matches the DS in its parent")
    return signature_problem(dnskeys, dnskeys.name, matching, now)


def _vouches(ds: DS, zone: Name, key: DNSKEY) -> bool:
    if ds.key_tag != dns.dnssec.key_id(key) or ds.algorithm != key.algorithm:
        return False
    try:
        return bool(dns.dnssec.make_ds(zone, key, ds.digest_type, validating=True) == ds)
    except dns.exception.DNSException:
        return False


def anchor_ds(anchors: Sequence[Anchor]) -> tuple[DS, ...]:
    """Trust anchors as DS values."""
    return tuple(
        DS(1, RdataType.DS, a.key_tag, a.algorithm, a.digest_type, bytes.fromhex(a.digest))  # type: ignore[no-untyped-call]
        for a in anchors
    )


def answer_problem(entry: Entry, zone: Name, keys: Rdataset, now: float) -> Explanation | None:
    """Why an answer from a signed zone must not be believed; None when it is secure."""
    for proof in entry.proofs:
        problem = signature_problem(proof, zone, keys, now)
        if problem is not None:
            return problem
    if entry.held is not None:
        problem = signature_problem(entry.held, zone, keys, now)
        if problem is None and _expanded(entry.held) and not allows_wildcard(_spans(entry), entry.name):
            return (EDECode.NSEC_MISSING, f"nothing proves that a wildcard may answer for {entry.name}")
        return problem
    if entry.rcode == dns.rcode.NXDOMAIN:
        proven = denies_name(_spans(entry), entry.name)
    else:
        proven = denies_type(_spans(entry), entry.name, entry.rdtype)
    if proven:
        return None
    return (EDECode.NSEC_MISSING, f"nothing proves that {entry.name} {entry.rdtype.name} does not exist")


def _expanded(held: Held) -> bool:
    rrsig = held.rrsigs[0] if held.rrsigs else None
    counted = len(held.name) - (2 if held.name.is_wild() else 1)
    return isinstance(rrsig, RRSIG) and rrsig.labels < counted


def _spans(entry: Entry) -> list[Span]:
    return [
        Span(proof.name, proof.rdataset[0])
        for proof in entry.proofs
        if proof.rdataset and isinstance(proof.rdataset[0], NSEC)
    ]


def signature_lifetime_s(entry: Entry, now: float) -> float:
    """Seconds until the first signature in an answer expires (RFC 4035 section 5.3.3)."""
    held = [*entry.proofs, *([entry.held] if entry.held is not None else [])]
    ends = [rrsig.expiration for one in held for rrsig in one.rrsigs or () if isinstance(rrsig, RRSIG)]
    return max(0.0, min(ends, default=now + 86400.0) - now)
