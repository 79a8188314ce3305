"""Check one record set against its signatures, and say which of the many ways it fails (RFC 4035 section 5.3)."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dns.dnssec
import dns.exception
import dns.name
import dns.rdataset
import dns.rdatatype
import dns.rrset
import msgspec
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.RRSIG import RRSIG

from cockpit.health.dnssec.reasons import (
    BAD_SIGNATURE,
    EXPIRED,
    MISSING_RRSIG,
    NO_KEY,
    NOT_YET_VALID,
    UNSUPPORTED,
    time_span,
)

ALGORITHMS = frozenset({5, 7, 8, 10, 13, 14, 15, 16})
"""Signature algorithms that are checked here; a zone with none but others counts as unsigned."""

DIGESTS = frozenset({1, 2, 4})

_ZONE_KEY, _REVOKED, _PROTOCOL = 0x0100, 0x0080, 3

_WORST_LAST = (MISSING_RRSIG, UNSUPPORTED, NO_KEY, BAD_SIGNATURE, NOT_YET_VALID, EXPIRED)
"""Of several signatures that fail, the one that came closest is told."""


class Checked(msgspec.Struct, frozen=True):
    """Whether a set is signed well: `reason` is empty then, and the times are those of the signature that held.

    `labels` is how many labels the signed owner had; fewer than the set's owner has tells a wildcard.
    """

    what: str
    reason: str = ""
    detail: str = ""
    inception: datetime | None = None
    expires_at: datetime | None = None
    labels: int = 0


def check(
    rrset: dns.rrset.RRset,
    rrsigs: dns.rrset.RRset | None,
    zone: dns.name.Name,
    keys: Sequence[DNSKEY],
    now: datetime,
) -> Checked:
    """Hold a set against its signatures by `zone`, whose trusted keys are `keys`."""
    what = f"{rrset.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(rrset.rdtype)}"
    tried = [_try(what, rrset, rrsig, zone, keys, now) for rrsig in rrsigs or () if isinstance(rrsig, RRSIG)]
    good = [each for each in tried if not each.reason]
    if good:
        return max(good, key=lambda each: each.expires_at or now)
    return max(tried, key=lambda each: _WORST_LAST.index(each.reason), default=Checked(what, MISSING_RRSIG))


def _try(
    what: str,
    rrset: dns.rrset.RRset,
    rrsig: RRSIG,
    zone: dns.name.Name,
    keys: Sequence[DNSKEY],
    now: datetime,
) -> Checked:
    begins, ends = _moment(rrsig.inception), _moment(rrsig.expiration)
    if rrsig.signer != zone or rrsig.labels > _labels(rrset.name):
        return Checked(what, MISSING_RRSIG)
    if rrsig.algorithm not in ALGORITHMS:
        return Checked(what, UNSUPPORTED, str(int(rrsig.algorithm)))
    fitting = dns.rdataset.Rdataset(rrset.rdclass, dns.rdatatype.DNSKEY)
    for key in keys:
        if dns.dnssec.key_id(key) == rrsig.key_tag and key.algorithm == rrsig.algorithm and usable(key):
            fitting.add(key, 0)
    if ends < now:
        return Checked(what, EXPIRED, time_span((now - ends).total_seconds()), begins, ends)
    if begins > now:
        return Checked(what, NOT_YET_VALID, time_span((begins - now).total_seconds()), begins, ends)
    if not fitting:
        return Checked(what, NO_KEY, str(rrsig.key_tag))
    try:
        dns.dnssec.validate_rrsig(
            rrset, rrsig, {zone: fitting}, now=now.timestamp(), policy=dns.dnssec.allow_all_policy
        )
    except dns.exception.UnsupportedAlgorithm:
        return Checked(what, UNSUPPORTED, str(int(rrsig.algorithm)))
    except (dns.exception.DNSException, ValueError):
        return Checked(what, BAD_SIGNATURE)
    return Checked(what, "", "", begins, ends, rrsig.labels)


def usable(key: DNSKEY) -> bool:
    """Whether a key may sign records of its zone (RFC 4034 section 2.1), and is not revoked (RFC 5011)."""
    return bool(key.flags & _ZONE_KEY) and not key.flags & _REVOKED and key.protocol == _PROTOCOL


def vouched(zone: dns.name.Name, keys: Sequence[DNSKEY], trusted: Sequence[DS]) -> list[DNSKEY]:
    """The keys that one of the DS records names."""
    return [key for key in keys if usable(key) and any(_names(ds, zone, key) for ds in trusted)]


def supported(trusted: Sequence[DS]) -> list[DS]:
    """The DS records that can be checked here (RFC 4035 section 5.2)."""
    return [ds for ds in trusted if ds.algorithm in ALGORITHMS and ds.digest_type in DIGESTS]


def _names(ds: DS, zone: dns.name.Name, key: DNSKEY) -> bool:
    if ds.key_tag != dns.dnssec.key_id(key) or ds.algorithm != key.algorithm:
        return False
    try:
        made = dns.dnssec.make_ds(zone, key, ds.digest_type, policy=dns.dnssec.allow_all_policy, validating=True)
    except (dns.exception.DNSException, ValueError):
        return False
    return bool(made.digest == ds.digest)


def _labels(name: dns.name.Name) -> int:
    """Labels as an RRSIG counts them: neither the root's nor a leading asterisk (RFC 4034 section 3.1.3)."""
    return len(name) - 1 - (1 if name.is_wild() else 0)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
