"""Finding and judging answers: the cache, the way down the tree, and the chain of trust from the anchor.

DS and DNSKEY sets are cached like everything else and trusted for as long as their TTL, so that a wrong or a
repaired chain shows only when they have run out, as it does in the world.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import dns.name
from dns.edns import EDECode
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset

from cockpit.clock import Clock
from cockpit.drill.dns.cache import Cache, Entry, Explanation, Held, Security
from cockpit.drill.dns.records import as_rdataset
from cockpit.drill.dns.upstream import Effort, Unresolvable, Upstream
from cockpit.drill.dns.validation import (
    anchor_ds,
    answer_problem,
    counted_as_unsigned,
    key_problem,
    signature_lifetime_s,
)
from cockpit.profile import Anchor

ALIAS_LIMIT = 10
FAILURE_TTL_S = 1.0
"""How long a failure is remembered (RFC 9520 asks for at least a second)."""

STALE_TTL_S = 30
"""TTL of an answer that is past its time, and the pause before its servers are tried again (RFC 8767), in
scenario seconds."""

STALE_LIMIT_S = 86_400.0
"""How long after its time an answer may still be given, in scenario seconds."""

BOGUS_TTL_S = 60.0
"""How long an answer that failed validation is kept at most, in scenario seconds."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The whole answer to a client: aliases and the record set or denial they end in, in order."""

    entries: tuple[Entry, ...]

    @property
    def rcode(self) -> Rcode:
        """The code of the last answer; SERVFAIL when any of them is bogus."""
        if any(entry.security is Security.BOGUS for entry in self.entries):
            return Rcode.SERVFAIL
        return self.entries[-1].rcode

    @property
    def secure(self) -> bool:
        """Whether each answer is validated from the anchor."""
        return all(entry.security is Security.SECURE for entry in self.entries)

    @property
    def values(self) -> tuple[str, ...]:
        """The final record set in presentation form; empty for a denial or a failure."""
        last = self.entries[-1]
        if last.held is None or last.alias or self.rcode != Rcode.NOERROR:
            return ()
        return tuple(rdata.to_text() for rdata in last.held.rdataset)

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """Extended DNS Errors of all answers."""
        return tuple(found for entry in self.entries for found in entry.explanations)


class Recursion:
    """One resolver's knowledge and how it gets more; without anchors nothing is validated."""

    def __init__(
        self,
        upstream: Upstream,
        clock: Clock,
        anchors: Sequence[Anchor],
        *,
        speed: float = 1.0,
        serve_stale: bool = False,
    ) -> None:
        self.cache = Cache()
        self.serve_stale = serve_stale
        self.speed = speed
        self._upstream = upstream
        self._clock = clock
        self._anchors = anchor_ds(anchors)

    async def resolve(self, name: Name, rdtype: RdataType, *, stale: bool = False) -> Resolution:
        """Answer one question, from the cache where possible; a failure is an entry with SERVFAIL.

        With `stale`, whatever was ever cached counts as live.
        """
        effort = Effort()
        entries: list[Entry] = []
        for _ in range(ALIAS_LIMIT):
            entry = await self._settled(name, rdtype, effort, stale=stale)
            entries.append(entry)
            target = entry.held.rdataset[0] if entry.held is not None and entry.alias else None
            if not isinstance(target, CNAME):
                return Resolution(tuple(entries))
            name = target.target
        entries.append(self._failure(name, rdtype, (EDECode.OTHER, "the aliases lead in a circle")))
        return Resolution(tuple(entries))

    def cached(self, name: Name, rdtype: RdataType, *, stale: bool = False) -> Entry | None:
        """What is known without asking anybody."""
        return self.cache.get(name, rdtype, self._clock.monotonic(), stale=stale)

    def forget(self, under: Name | None = None) -> int:
        """Drop answers and delegations, all or those at or below a name; returns how many answers."""
        self._upstream.forget(under)
        return self.cache.flush(under)

    async def _settled(self, name: Name, rdtype: RdataType, effort: Effort, *, stale: bool = False) -> Entry:
        """The judged answer to one question, a failure included."""
        try:
            entry = self.cached(name, rdtype, stale=stale) or await self._fetched(name, rdtype, effort)
            return await self._judged(entry, effort)
        except Unresolvable as failed:
            if self.serve_stale and (old := self._kept_alive(name, rdtype, failed.explanation)) is not None:
                return old
            failure = self._failure(name, rdtype, failed.explanation)
            self.cache.put(failure)
            return failure

    def _kept_alive(self, name: Name, rdtype: RdataType, why: Explanation) -> Entry | None:
        """What was known before its servers stopped answering, for a moment more; None when that is too old."""
        known = self.cached(name, rdtype, stale=True)
        if known is None or known.rcode == Rcode.SERVFAIL or known.security is Security.UNCHECKED:
            return None
        now = self._clock.monotonic()
        stale_since = known.expires_at if known.stale_since is None else known.stale_since
        if now - stale_since > STALE_LIMIT_S / self.speed:
            return None
        code = EDECode.STALE_NXDOMAIN_ANSWER if known.rcode == Rcode.NXDOMAIN else EDECode.STALE_ANSWER
        kept = replace(
            known,
            expires_at=now + max(1.0, STALE_TTL_S / self.speed),
            stale_since=stale_since,
            explanations=((code, ""), why),
        )
        self.cache.put(kept)
        return kept

    def _failure(self, name: Name, rdtype: RdataType, explanation: Explanation) -> Entry:
        return Entry(
            name=name,
            rdtype=rdtype,
            zone=dns.name.root,
            expires_at=self._clock.monotonic() + FAILURE_TTL_S,
            rcode=Rcode.SERVFAIL,
            security=Security.INSECURE,
            explanations=(explanation,),
        )

    # Asking

    async def _fetched(self, name: Name, rdtype: RdataType, effort: Effort) -> Entry:
        effort.spend()
        zone, message = await self._upstream.fetch(name, rdtype, effort, self._addresses, self._saw_referral)
        entry = self._understood(zone, name, rdtype, message)
        self.cache.put(entry)
        return entry

    async def _addresses(self, host: Name, effort: Effort) -> Sequence[str]:
        effort.spend()
        entry = await self._settled(host, RdataType.A, effort)
        if entry.held is None or entry.alias:
            return ()
        return [rdata.to_text() for rdata in entry.held.rdataset]

    def _saw_referral(self, parent: Name, child: Name, message: Message) -> None:
        """Keep the DS set that comes along with a referral; a denial of it comes without SOA and is not kept."""
        for held in _held(message.authority):
            if held.rdataset.rdtype == RdataType.DS and held.name == child:
                expires_at = self._clock.monotonic() + held.rdataset.ttl
                self.cache.put(
                    Entry(name=child, rdtype=RdataType.DS, zone=parent, expires_at=expires_at, held=held)
                )

    def _understood(self, zone: Name, name: Name, rdtype: RdataType, message: Message) -> Entry:
        """One entry out of an authoritative message; only what answers this very question is believed."""
        held = next(
            (
                one
                for kind in (rdtype, RdataType.CNAME)
                for one in _held(message.answer)
                if one.name == name and one.rdataset.rdtype == kind
            ),
            None,
        )
        kinds = {RdataType.NSEC, RdataType.NSEC3} | (set() if held else {RdataType.SOA})
        proofs = tuple(one for one in _held(message.authority) if one.rdataset.rdtype in kinds)
        if held is not None and held.rrsigs is None:
            proofs += tuple(one for one in _held(message.answer) if one.rdataset.rdtype == RdataType.DNAME)
        if held is not None:
            ttl_s = held.rdataset.ttl
        else:
            ttl_s = min((one.rdataset.ttl for one in proofs if one.rdataset.rdtype == RdataType.SOA), default=0)
        return Entry(
            name=name,
            rdtype=rdtype,
            zone=zone,
            expires_at=self._clock.monotonic() + ttl_s,
            rcode=Rcode.NOERROR if held is not None else message.rcode(),
            held=held,
            proofs=proofs,
        )

    # Judging

    async def _judged(self, entry: Entry, effort: Effort) -> Entry:
        """The entry with its security; judged once, when first used, and kept so."""
        if entry.security is not Security.UNCHECKED:
            return entry
        effort.spend()
        security, problem = await self._verdict(entry, effort)
        now = self._clock.monotonic()
        expires_at = entry.expires_at
        if security is Security.SECURE:
            expires_at = min(expires_at, now + signature_lifetime_s(entry, self._clock.now().timestamp()))
        elif security is Security.BOGUS:
            expires_at = min(expires_at, now + BOGUS_TTL_S / self.speed)
        judged = replace(
            entry,
            security=security,
            expires_at=expires_at,
            explanations=() if problem is None else (problem,),
        )
        self.cache.put(judged)
        return judged

    async def _verdict(self, entry: Entry, effort: Effort) -> tuple[Security, Explanation | None]:
        if not self._anchors:
            return Security.INSECURE, None
        now = self._clock.now().timestamp()
        zone = _signer(entry)
        if entry.rdtype == RdataType.DNSKEY and entry.name == zone:
            return await self._key_verdict(entry.held, zone, effort)
        trusted = await self._zone_keys(zone, effort)
        if trusted.security is not Security.SECURE or trusted.held is None:
            return trusted.security, next(iter(trusted.explanations), None)
        problem = answer_problem(entry, zone, trusted.held.rdataset, now)
        if problem is not None:
            return Security.BOGUS, problem
        unsigned = counted_as_unsigned(entry)
        return (Security.SECURE, None) if unsigned is None else (Security.INSECURE, unsigned)

    async def _zone_keys(self, zone: Name, effort: Effort) -> Entry:
        """The zone's judged DNSKEY entry; insecure without keys where the parent proves that there is no DS."""
        if zone != dns.name.root:
            ds = await self._settled(zone, RdataType.DS, effort)
            if ds.rcode == Rcode.SERVFAIL:
                raise Unresolvable(ds.explanations[0])
            if ds.security is not Security.SECURE or ds.held is None:
                verdict = ds.security if ds.security is Security.BOGUS else Security.INSECURE
                return replace(ds, security=verdict, held=None)
        keys = await self._settled(zone, RdataType.DNSKEY, effort)
        if keys.rcode == Rcode.SERVFAIL:
            raise Unresolvable(keys.explanations[0])
        return keys

    async def _key_verdict(
        self, keys: Held | None, zone: Name, effort: Effort
    ) -> tuple[Security, Explanation | None]:
        """Judge a DNSKEY set, or its absence, by the anchor or by the DS set above it."""
        vouched: tuple[DS, ...] = self._anchors
        if zone != dns.name.root:
            ds = await self._settled(zone, RdataType.DS, effort)
            if ds.security is not Security.SECURE or ds.held is None:
                verdict = ds.security if ds.security is Security.BOGUS else Security.INSECURE
                return verdict, next(iter(ds.explanations), None)
            vouched = tuple(one for one in ds.held.rdataset if isinstance(one, DS))
        if keys is None:
            return Security.BOGUS, (EDECode.DNSKEY_MISSING, f"{zone} has a DS in its parent and no key")
        problem = key_problem(keys, vouched, self._clock.now().timestamp())
        return (Security.SECURE, None) if problem is None else (Security.BOGUS, problem)


def _signer(entry: Entry) -> Name:
    """The zone whose keys have to vouch for an answer: the one that signed it, if that is on the way to it."""
    sets = [entry.held, *entry.proofs]
    for held in sets:
        for rrsig in (held.rrsigs or ()) if held is not None else ():
            if isinstance(rrsig, RRSIG) and rrsig.signer.is_subdomain(entry.zone):
                return rrsig.signer if entry.name.is_subdomain(rrsig.signer) else entry.zone
    return entry.zone


def _held(section: Sequence[RRset]) -> list[Held]:
    """The record sets of a message section, each with its signatures."""
    rrsigs: dict[tuple[Name, RdataType], Rdataset] = {
        (rrset.name, rrset.covers): as_rdataset(rrset) for rrset in section if rrset.rdtype == RdataType.RRSIG
    }
    return [
        Held(rrset.name, as_rdataset(rrset), rrsigs.get((rrset.name, rrset.rdtype)))
        for rrset in section
        if rrset.rdtype != RdataType.RRSIG
    ]
