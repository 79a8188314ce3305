"""Zone keys and the ways in which a zone's signatures can be right or wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

import dns.dnssec
import dns.rdataset
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import DSDigest
from dns.name import Name
from dns.rdata import Rdata
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rdtypes.dnskeybase import Flag

from cockpit.profile import Anchor


class Flaw(StrEnum):
    """What is wrong with a zone's signatures; the names are the scenario vocabulary."""

    NONE = "none"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    FORGED = "forged"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ZoneKey:
    """One P-256 key that signs a whole zone (a combined signing key, RFC 6781 section 3.1)."""

    private: ec.EllipticCurvePrivateKey
    dnskey: DNSKEY

    @classmethod
    def generate(cls) -> Self:
        """A fresh key with the ZONE and SEP flags, algorithm 13."""
        private = ec.generate_private_key(ec.SECP256R1())
        dnskey = dns.dnssec.make_dnskey(
            private.public_key(), dns.dnssec.ECDSAP256SHA256, flags=int(Flag.ZONE | Flag.SEP)
        )
        return cls(private, dnskey)

    @property
    def tag(self) -> int:
        """The key tag that DS and RRSIG records name (RFC 4034 appendix B)."""
        return dns.dnssec.key_id(self.dnskey)

    def ds(self, origin: Name) -> DS:
        """The SHA-256 delegation signer record for this key at `origin`."""
        return dns.dnssec.make_ds(origin, self.dnskey, DSDigest.SHA256)

    def anchor(self, origin: Name) -> Anchor:
        """The same as a trust anchor of a profile."""
        ds = self.ds(origin)
        return Anchor(ds.key_tag, int(ds.algorithm), int(ds.digest_type), ds.digest.hex().upper())


@dataclass(frozen=True, slots=True)
class SigningPolicy:
    """Between which wall-clock times a zone's signatures hold, and what is wrong with them."""

    inception: datetime
    expiration: datetime
    flaw: Flaw = Flaw.NONE

    @classmethod
    def around(cls, now: datetime, flaw: Flaw = Flaw.NONE) -> Self:
        """Signatures made an hour ago for a fortnight, or such as `flaw` wants them."""
        if flaw is Flaw.EXPIRED:
            return cls(now - timedelta(days=15), now - timedelta(hours=1), flaw)
        if flaw is Flaw.NOT_YET_VALID:
            return cls(now + timedelta(days=1), now + timedelta(days=15), flaw)
        return cls(now - timedelta(hours=1), now + timedelta(days=14), flaw)


def signatures(
    name: Name, rdataset: Rdataset, origin: Name, keys: Sequence[ZoneKey], policy: SigningPolicy
) -> Rdataset | None:
    """Sign one record set with each key; None when the policy leaves signatures out."""
    if policy.flaw is Flaw.ABSENT or not keys:
        return None
    signed = Rdataset(rdataset.rdclass, RdataType.RRSIG, rdataset.rdtype, rdataset.ttl)
    for key in keys:
        rrsig = dns.dnssec.sign(
            (name, rdataset),
            key.private,
            origin,
            key.dnskey,
            inception=policy.inception,
            expiration=policy.expiration,
        )
        signed.add(_forged(rrsig) if policy.flaw is Flaw.FORGED else rrsig, rdataset.ttl)
    return signed


def _forged(rrsig: RRSIG) -> Rdata:
    return rrsig.replace(signature=bytes([rrsig.signature[0] ^ 0xFF]) + rrsig.signature[1:])
