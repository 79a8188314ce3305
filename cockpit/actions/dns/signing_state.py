"""How a zone is signed and what the world above says of it, asked afresh: keys, DS at its source and in caches."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from cockpit.actions.contract import PlanRefused
from cockpit.errors import WorldError
from cockpit.probes.names.answer import RESOLVER, Answer, Server
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.dns import NoAnswerError, ask, fetch
from cockpit.profile import Profile

SEP = 0x0001
"""The secure entry point flag (RFC 4034 section 2.1.1): the key that a DS names."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a zone in presentation form, and whether it signs the set of keys validly at every server."""

    tag: int
    text: str
    entry_point: bool
    signs: bool

    def ds(self, domain: str) -> str:
        """The DS record that names it, with SHA-256 (RFC 4509)."""
        key = dns.rdata.from_text("IN", "DNSKEY", self.text)
        return str(dns.dnssec.make_ds(dns.name.from_text(f"{domain}."), key, "SHA256").to_text())


@dataclass(frozen=True, slots=True)
class DsSeen:
    """The DS of a domain: at the servers of the zone above, and in the caches of resolvers."""

    parent: tuple[Answer, ...]
    caches: tuple[Answer, ...]
    trouble: str = ""

    @property
    def published(self) -> tuple[str, ...]:
        """The values at the servers above, all of them together."""
        return tuple(sorted({value for answer in self.parent for value in answer.values}))

    @property
    def longest_s(self) -> int:
        """The longest TTL that anybody shows with a DS, in seconds."""
        shown = [answer.ttl_s or 0 for answer in (*self.parent, *self.caches) if answer.status == "answer"]
        return max(shown, default=0)

    @property
    def cached_s(self) -> int:
        """How long a cache that was asked keeps the DS yet, in seconds; 0 when none has it."""
        return max((answer.ttl_s or 0 for answer in self.caches if answer.status == "answer"), default=0)

    @property
    def silent(self) -> tuple[str, ...]:
        """Names of the servers and resolvers that did not say anything usable."""
        return tuple(answer.server.name for answer in (*self.parent, *self.caches) if not answer.heard)


def ds_seen(profile: Profile, domain: str) -> DsSeen:
    """Ask every server of the zone above, and every resolver; never raises for what the world does."""
    return asyncio.run(_ds_seen(profile, domain))


async def _ds_seen(profile: Profile, domain: str) -> DsSeen:
    above = domain.partition(".")[2] or "."
    delegation = await Delegations(profile).of(above)
    resolvers = [Server(each.name, each.address, each.port, RESOLVER) for each in profile.resolvers]
    parent = await asyncio.gather(*(ask(profile, server, domain, "DS") for server in delegation.servers))
    caches = await asyncio.gather(*(ask(profile, server, domain, "DS") for server in resolvers))
    return DsSeen(tuple(parent), tuple(caches), delegation.failure or "")


def keys_of(profile: Profile, domain: str, now: datetime) -> tuple[Key, ...]:
    """The keys of a zone, the same at every server of it; empty when it is not signed.

    Raises WorldError when a server is silent, PlanRefused when the servers differ.
    """
    sets = asyncio.run(_key_sets(profile, domain))
    shown = {frozenset(rdata.to_text() for rdata in keys) for keys, _ in sets}
    if len(shown) > 1:
        raise PlanRefused(
            "KEYS_DIFFER", f"The name servers of {domain} show different keys: wait until they agree."
        )
    if not sets[0][0]:
        return ()
    found = []
    for rdata in sets[0][0]:
        tag = dns.dnssec.key_id(rdata)
        signs = all(_signs(rdata, tag, keys, list(sigs), now) for keys, sigs in sets)
        found.append(Key(tag, rdata.to_text(), bool(rdata.flags & SEP), signs))
    return tuple(sorted(found, key=lambda key: key.tag))


def dnskeys_seen(profile: Profile, domain: str, tag: int) -> tuple[int, int]:
    """The TTL of the keys at their source, and how long a resolver keeps keys without that one yet, in seconds."""
    return asyncio.run(_dnskeys_seen(profile, domain, tag))


async def _dnskeys_seen(profile: Profile, domain: str, tag: int) -> tuple[int, int]:
    delegation = await Delegations(profile).of(domain)
    resolvers = [Server(each.name, each.address, each.port, RESOLVER) for each in profile.resolvers]
    source = await asyncio.gather(*(ask(profile, server, domain, "DNSKEY") for server in delegation.servers))
    caches = await asyncio.gather(*(ask(profile, server, domain, "DNSKEY") for server in resolvers))
    without = [
        each.ttl_s or 0
        for each in caches
        if each.values
        and tag not in {dns.dnssec.key_id(dns.rdata.from_text("IN", "DNSKEY", text)) for text in each.values}  # type: ignore[arg-type]
    ]
    return max((each.ttl_s or 0 for each in source), default=0), max(without, default=0)


async def _key_sets(profile: Profile, domain: str) -> list[tuple[dns.rrset.RRset, dns.rrset.RRset]]:
    delegation = await Delegations(profile).of(domain)
    if not delegation.servers:
        raise WorldError(f"The name servers of {domain} are not known: {delegation.failure or 'none found'}.")
    found = []
    for server in delegation.servers:
        try:
            message = await fetch(profile, server, domain, "DNSKEY")
        except NoAnswerError as error:
            raise WorldError(f"{server.name} does not say which keys {domain} has ({error.status}).") from None
        found.append((_in(message, domain, "DNSKEY"), _in(message, domain, "RRSIG")))
    return found


def _in(message: dns.message.Message, domain: str, rtype: str) -> dns.rrset.RRset:
    name = dns.name.from_text(f"{domain}.")
    kind, covers = dns.rdatatype.from_text(rtype), dns.rdatatype.NONE
    if rtype == "RRSIG":
        covers = dns.rdatatype.DNSKEY
    found = message.get_rrset(message.answer, name, dns.rdataclass.IN, kind, covers)
    return found if found is not None else dns.rrset.RRset(name, dns.rdataclass.IN, kind, covers)


def _signs(
    key: DNSKEY, tag: int, keys: dns.rrset.RRset, signatures: Sequence[dns.rdata.Rdata], now: datetime
) -> bool:
    for signature in signatures:
        if getattr(signature, "key_tag", None) != tag:
            continue
        alone = dns.rrset.from_rdata(keys.name, keys.ttl, key)
        try:
            dns.dnssec.validate_rrsig(keys, signature, {keys.name: alone}, now=now.timestamp())  # type: ignore[arg-type]
        except dns.exception.DNSException:
            continue
        return True
    return False
