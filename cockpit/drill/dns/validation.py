"""Checking signatures and keys, with the reason when they do not hold (RFC 4035 section 5, RFC 8914)."""

from collections.abc import Sequence

import dns.dnssec
import dns.exception
import dns.rcode
from dns.edns import EDECode
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3
from dns.rdtypes.ANY.RRSIG import RRSIG

from cockpit.drill.dns import denial, hashed_denial
from cockpit.drill.dns.cache import Entry, Explanation, Held
from cockpit.drill.dns.lookup import redirected
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
        if follows_from_dname(entry):
            return None
        problem = signature_problem(entry.held, zone, keys, now)
        if problem is None and not _may_be_expanded(entry, entry.held):
            return (EDECode.NSEC_MISSING, f"nothing proves that a wildcard may answer for {entry.name}")
        return problem
    if _denied(entry):
        return None
    return (EDECode.NSEC_MISSING, f"nothing proves that {entry.name} {entry.rdtype.name} does not exist")


def follows_from_dname(entry: Entry) -> bool:
    """Whether an alias is the one that a DNAME among the proofs makes of its owner (RFC 6672 section 5.3.1)."""
    if entry.held is None or not isinstance(entry.held.rdataset[0], CNAME):
        return False
    target = entry.held.rdataset[0].target
    return any(
        proof.rdataset.rdtype == RdataType.DNAME
        and entry.name != proof.name
        and entry.name.is_subdomain(proof.name)
        and redirected(entry.name, proof.name, proof.rdataset) == target
        for proof in entry.proofs
    )


def counted_as_unsigned(entry: Entry) -> Explanation | None:
    """Why a signed answer is taken for an unsigned one: its names are hashed too often (RFC 9276)."""
    rounds = max((span.nsec3.iterations for span in _hashed_spans(entry)), default=0)
    if rounds <= hashed_denial.ITERATION_LIMIT:
        return None
    return (EDECode.UNSUPPORTED_NSEC3_ITERATIONS_VALUE, f"{rounds} NSEC3 iterations")


def _denied(entry: Entry) -> bool:
    """Whether the proofs deny the name or, where the answer claims only that, the type."""
    hashed, spans = _hashed_spans(entry), _spans(entry)
    if entry.rcode == dns.rcode.NXDOMAIN:
        return hashed_denial.denies_name(hashed, entry.name) if hashed else denial.denies_name(spans, entry.name)
    if hashed:
        return hashed_denial.denies_type(hashed, entry.name, entry.rdtype)
    return denial.denies_type(spans, entry.name, entry.rdtype)


def _may_be_expanded(entry: Entry, held: Held) -> bool:
    """Whether the name itself owns the record set, or a wildcard does and the proofs let it answer."""
    rrsig = held.rrsigs[0] if held.rrsigs else None
    counted = len(held.name) - (2 if held.name.is_wild() else 1)
    if not isinstance(rrsig, RRSIG) or rrsig.labels >= counted:
        return True
    if hashed := _hashed_spans(entry):
        return hashed_denial.allows_wildcard(hashed, entry.name, rrsig.labels)
    return denial.allows_wildcard(_spans(entry), entry.name)


def _spans(entry: Entry) -> list[denial.Span]:
    return [
        denial.Span(proof.name, proof.rdataset[0])
        for proof in entry.proofs
        if proof.rdataset and isinstance(proof.rdataset[0], NSEC)
    ]


def _hashed_spans(entry: Entry) -> list[hashed_denial.HashedSpan]:
    return [
        hashed_denial.HashedSpan(
            proof.name.parent(), proof.name.labels[0].decode("ascii", "replace").lower(), nsec3
        )
        for proof in entry.proofs
        if proof.rdataset and isinstance(nsec3 := proof.rdataset[0], NSEC3)
    ]


def signature_lifetime_s(entry: Entry, now: float) -> float:
    """Seconds until the first signature in an answer expires (RFC 4035 section 5.3.3)."""
    held = [*entry.proofs, *([entry.held] if entry.held is not None else [])]
    ends = [rrsig.expiration for one in held for rrsig in one.rrsigs or () if isinstance(rrsig, RRSIG)]
    return max(0.0, min(ends, default=now + 86400.0) - now)
