"""Is what one name server answers from a signed zone what the zone's keys have signed."""

from collections.abc import Sequence
from datetime import datetime

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import msgspec
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.RRSIG import RRSIG

from cockpit.health.dnssec.denial import Proof
from cockpit.health.dnssec.reasons import MISSING_DENIAL, MISSING_RRSIG
from cockpit.probes.dnssec.links import shown
from cockpit.probes.dnssec.proofs import Denial, found_in, name_key, read_denial, signatures_of
from cockpit.probes.dnssec.signatures import Checked, check

_MOST_ALIASES = 8


class Judged(msgspec.Struct, frozen=True):
    """One answer: the sets that hold, the first that does not, and the alias that leads out of the zone."""

    checked: tuple[Checked, ...] = ()
    broken: Checked | None = None
    alias: tuple[str, str] | None = None
    iterations: int = 0


class SignedZone(msgspec.Struct, frozen=True):
    """A zone with the keys that are trusted to sign it, at a moment."""

    name: dns.name.Name
    keys: tuple[DNSKEY, ...]
    now: datetime

    def judge(self, message: dns.message.Message, asked: dns.name.Name, rtype: dns.rdatatype.RdataType) -> Judged:
        """Verify every set of the answer that is this zone's, and the proof of what is said not to be there."""
        denial = read_denial(message, self.name, self.keys, self.now)
        good: list[Checked] = []
        for rrset in message.answer:
            if rrset.rdtype == dns.rdatatype.RRSIG or not self._owns(message, rrset):
                continue
            found = self._set(message, rrset, denial)
            if found.reason:
                return Judged(broken=found)
            good.append(found)
        final = self._end_of_aliases(message, asked, rtype)
        if not final.is_subdomain(self.name):
            return Judged(tuple(good), alias=(shown(asked), shown(final)), iterations=denial.iterations)
        if found_in(message.answer, final, rtype) is None:
            missing = self._absence(message, final, rtype, denial)
            if missing is not None:
                return Judged(broken=missing)
        return Judged((*good, *denial.checked), iterations=denial.iterations)

    def _owns(self, message: dns.message.Message, rrset: dns.rrset.RRset) -> bool:
        """Whether a set is this zone's to sign: not another zone's, and not a CNAME made from a DNAME."""
        if not rrset.name.is_subdomain(self.name):
            return False
        if rrset.rdtype == dns.rdatatype.CNAME and _from_dname(message, rrset.name):
            return False
        signers = {each.signer for each in signatures_of(message.answer, rrset) or () if isinstance(each, RRSIG)}
        return not signers or self.name in signers or not all(each.is_subdomain(self.name) for each in signers)

    def _set(self, message: dns.message.Message, rrset: dns.rrset.RRset, denial: Denial) -> Checked:
        """One set with its signature; what comes from a wildcard also needs a proof (RFC 4035 section 5.3.4)."""
        found = check(rrset, signatures_of(message.answer, rrset), self.name, self.keys, self.now)
        name = name_key(rrset.name)
        if found.reason or found.labels >= len(name) - (1 if rrset.name.is_wild() else 0):
            return found
        if denial.allows_wildcard(name, name[: found.labels]) is Proof.MISSING:
            return denial.broken or Checked(f"a closer match for {shown(rrset.name)}", MISSING_DENIAL)
        return found

    def _absence(
        self,
        message: dns.message.Message,
        name: dns.name.Name,
        rtype: dns.rdatatype.RdataType,
        denial: Denial,
    ) -> Checked | None:
        key = name_key(name)
        if message.rcode() == dns.rcode.NXDOMAIN:
            proof, what = denial.denies_name(key), shown(name)
        else:
            proof, what = denial.denies_type(key, int(rtype)), f"{shown(name)} {dns.rdatatype.to_text(rtype)}"
        if proof is not Proof.MISSING:
            return None
        if denial.broken is not None:
            return denial.broken
        return Checked(what, MISSING_DENIAL)

    def _end_of_aliases(
        self, message: dns.message.Message, name: dns.name.Name, rtype: dns.rdatatype.RdataType
    ) -> dns.name.Name:
        for _ in range(_MOST_ALIASES):
            alias = found_in(message.answer, name, dns.rdatatype.CNAME)
            if rtype == dns.rdatatype.CNAME or alias is None or not isinstance(alias[0], CNAME):
                break
            name = alias[0].target
        return name


def unsigned(what: str) -> Checked:
    """A set that should be there, signed, and is not there at all."""
    return Checked(what, MISSING_RRSIG)


def _from_dname(message: dns.message.Message, name: dns.name.Name) -> bool:
    """Whether a DNAME in the answer redirects this name (RFC 6672)."""
    return any(
        each.rdtype == dns.rdatatype.DNAME and name.is_subdomain(each.name) and name != each.name
        for each in message.answer
    )


def usable_answer(message: dns.message.Message) -> bool:
    """Whether a name server answered for its zone at all."""
    spoke = message.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    return spoke and bool(message.flags & dns.flags.AA)


def all_checked(judged: Sequence[Judged]) -> list[Checked]:
    """Every set that held, of several answers."""
    return [each for one in judged for each in one.checked]
