"""The walk from the root to a domain: DS and DNSKEY at each cut, then what each name server of the zone answers."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from cockpit.health.dnssec.denial import DS as DS_TYPE
from cockpit.health.dnssec.denial import NS as NS_TYPE
from cockpit.health.dnssec.denial import SOA as SOA_TYPE
from cockpit.health.dnssec.denial import Proof
from cockpit.health.dnssec.hashed_denial import MOST_ITERATIONS
from cockpit.health.dnssec.judge import CHAIN, CHECK
from cockpit.health.dnssec.reasons import (
    BOGUS,
    MANY_ROUNDS,
    MISSING_DENIAL,
    NO_DNSKEY,
    NO_DS,
    OPTED_OUT,
    SECURE,
    SILENT,
    UNKNOWN,
    UNSUPPORTED,
    WRONG_DS,
)
from cockpit.health.model import Reading
from cockpit.health.servers import trouble
from cockpit.probes.dnssec.answers import Judged, SignedZone, all_checked, unsigned, usable_answer
from cockpit.probes.dnssec.links import Link, bogus, first_end, insecure, secure, shown, unknown
from cockpit.probes.dnssec.proofs import found_in, name_key, read_denial, signatures_of
from cockpit.probes.dnssec.signatures import check, supported, usable, vouched
from cockpit.probes.names.answer import AUTHORITATIVE, Server
from cockpit.probes.names.delegation import ROOT_SERVERS, Delegations
from cockpit.probes.names.dns import DEADLINE_S, NoAnswerError, fetch
from cockpit.probes.names.transport import Transport
from cockpit.profile import Anchor, Profile

KEEP_S = 60.0
"""Seconds for which a zone above is taken as known; the domain's own zone is asked each time."""

_MOST_TRIES = 3
_MOST_SERVERS = 8

Question = tuple[str, str]


class ChainProbe:
    """Walks chains, and remembers the zones above that held, which many domains share."""

    def __init__(
        self,
        profile: Profile,
        delegations: Delegations,
        *,
        deadline_s: float = DEADLINE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile = profile
        self._delegations = delegations
        self._deadline_s = deadline_s
        self._monotonic = monotonic
        self._held: dict[dns.name.Name, tuple[float, Link]] = {}

    async def look(
        self, target: str, questions: Sequence[Question], at: datetime, transport: Transport | None = None
    ) -> list[Reading]:
        """A reading with the chain, and one for each name server of the zone; never raises for what the world does.

        `questions` are names and types in the domain that every server is asked, absent ones included.
        """
        started = self._monotonic()
        walk = _Walk(self, at, transport)
        name = dns.name.from_text(target, idna_codec=dns.name.IDNA_2008_Practical)
        links = await walk.descend(name)
        servers: list[Reading] = []
        if links[-1].status == SECURE:
            asked = [(target, "SOA"), *questions]
            servers = await asyncio.gather(
                *(walk.server(target, links[-1], server, asked) for server in links[-1].servers[:_MOST_SERVERS])
            )
        leads = {str(name): str(where) for reading in servers for name, where in reading.seen["leads"]}
        aliases = [await walk.alias(name, where) for name, where in leads.items()]
        took = timedelta(seconds=self._monotonic() - started)
        seen = {"links": [link.plain() for link in links], "aliases": aliases}
        return [Reading(target, CHECK, CHAIN, at, took, seen), *servers]

    def held(self, zone: dns.name.Name) -> Link | None:
        """A zone that held a moment ago."""
        known = self._held.get(zone)
        return known[1] if known is not None and self._monotonic() - known[0] < KEEP_S else None

    def keep(self, link: Link) -> Link:
        """Remember a zone that held."""
        if link.status == SECURE:
            self._held[link.zone] = self._monotonic(), link
        return link

    async def ask(
        self, server: Server, name: dns.name.Name, rtype: str, transport: Transport | None
    ) -> dns.message.Message:
        """One question with DNSSEC records; raises NoAnswerError."""
        return await fetch(
            self._profile, server, name.to_text(), rtype, deadline_s=self._deadline_s, transport=transport
        )

    async def servers_of(self, zone: dns.name.Name) -> tuple[Server, ...]:
        """The name servers of a zone."""
        if zone == dns.name.root:
            roots = self._profile.roots or ROOT_SERVERS
            return tuple(Server(name, address, 53, AUTHORITATIVE) for name, address in roots)
        return (await self._delegations.of(shown(zone))).servers

    async def is_zone(self, name: dns.name.Name) -> bool:
        """Whether a name is delegated, as far as anybody says."""
        return (await self._delegations.of(shown(name))).zone.lower() == shown(name).lower()

    @property
    def anchors(self) -> tuple[DS, ...]:
        """The trust anchors of the root zone."""
        return tuple(_anchor(each) for each in self._profile.anchors)


class _Walk:
    """One walk at one moment."""

    def __init__(self, probe: ChainProbe, at: datetime, transport: Transport | None) -> None:
        self._probe = probe
        self._at = at
        self._transport = transport

    async def descend(self, name: dns.name.Name) -> list[Link]:
        """The links from the root to the zone that holds `name`, or to the first that does not hold."""
        root = dns.name.root
        links = [self._probe.held(root) or self._probe.keep(await self._keys(root, self._probe.anchors))]
        for depth in range(2, len(name) + 1):
            if links[-1].status != SECURE:
                break
            below = name.split(depth)[1]
            known = self._probe.held(below) if below != name else None
            link = known or await self._cut(links[-1], below)
            if link is not None:
                links.append(self._probe.keep(link))
        return links

    async def _cut(self, above: Link, name: dns.name.Name) -> Link | None:
        """The link to `name` if it is a zone of its own, by the DS that the zone above has or denies."""
        failed: Link | None = None
        for server in above.servers[:_MOST_TRIES]:
            try:
                message = await self._probe.ask(server, name, "DS", self._transport)
            except NoAnswerError:
                continue
            if not usable_answer(message):
                continue
            link = await self._by_ds(above, name, message)
            if link is None or link.status != BOGUS:
                return link
            failed = failed or link
        return failed or unknown(above.zone, SILENT)

    async def _by_ds(self, above: Link, name: dns.name.Name, message: dns.message.Message) -> Link | None:
        found = found_in(message.answer, name, dns.rdatatype.DS)
        if found is not None:
            checked = check(found, signatures_of(message.answer, found), above.zone, above.keys, self._at)
            if checked.reason:
                return bogus(above.zone, checked.reason, checked.what, checked.detail)
            return await self._keys(name, [ds for ds in found if isinstance(ds, DS)])
        if found_in(message.answer, name, dns.rdatatype.CNAME) is not None:
            return None
        return await self._without_ds(above, name, message)

    async def _without_ds(self, above: Link, name: dns.name.Name, message: dns.message.Message) -> Link | None:
        """No DS: proven to be an unsigned delegation, or no zone at all; or not proven."""
        denial = read_denial(message, above.zone, above.keys, self._at)
        key = name_key(name)
        if denial.iterations > MOST_ITERATIONS:
            return insecure(above.zone, MANY_ROUNDS, str(denial.iterations))
        types = denial.types_at(key)
        absent = message.rcode() == dns.rcode.NXDOMAIN
        proof = denial.denies_name(key) if absent else denial.denies_type(key, DS_TYPE)
        if proof is Proof.MISSING:
            if denial.broken is not None:
                return bogus(above.zone, denial.broken.reason, denial.broken.what, denial.broken.detail)
            return bogus(above.zone, MISSING_DENIAL, f"{shown(name)} DS")
        if types is not None and NS_TYPE in types and SOA_TYPE not in types:
            return insecure(name, NO_DS, keys=await self._published(name))
        if proof is Proof.UNPROTECTED and await self._probe.is_zone(name):
            return insecure(name, OPTED_OUT, keys=await self._published(name))
        return None

    async def _keys(self, zone: dns.name.Name, trusted: Sequence[DS]) -> Link:
        """The zone's keys, held against the DS records above."""
        known = supported(trusted)
        if not known:
            used = ", ".join(
                sorted({f"algorithm {int(ds.algorithm)} digest {int(ds.digest_type)}" for ds in trusted})
            )
            return insecure(zone, UNSUPPORTED, used, trusted=trusted)
        servers, failed = await self._probe.servers_of(zone), list[Link]()
        for server in servers[:_MOST_TRIES]:
            try:
                message = await self._probe.ask(server, zone, "DNSKEY", self._transport)
            except NoAnswerError:
                continue
            if not usable_answer(message):
                continue
            link = self._by_keys(zone, known, servers, message)
            if link.status == SECURE:
                return link
            failed.append(link)
        return failed[0] if failed else unknown(zone, SILENT)

    def _by_keys(
        self,
        zone: dns.name.Name,
        trusted: Sequence[DS],
        servers: Sequence[Server],
        message: dns.message.Message,
    ) -> Link:
        found = found_in(message.answer, zone, dns.rdatatype.DNSKEY)
        if found is None:
            return bogus(zone, NO_DNSKEY, trusted=trusted)
        keys = [key for key in found if isinstance(key, DNSKEY) and usable(key)]
        entry = vouched(zone, keys, trusted)
        if not entry:
            wanted = ", ".join(str(ds.key_tag) for ds in trusted)
            return bogus(zone, WRONG_DS, detail=f"DS for key {wanted}", keys=keys, trusted=trusted)
        signed = check(found, signatures_of(message.answer, found), zone, entry, self._at)
        if signed.reason:
            return bogus(zone, signed.reason, signed.what, signed.detail, (), trusted)
        return secure(zone, keys, trusted, servers, signed)

    async def _published(self, zone: dns.name.Name) -> list[DNSKEY]:
        """The keys that a zone publishes though nobody vouches for them."""
        for server in (await self._probe.servers_of(zone))[:_MOST_TRIES]:
            try:
                message = await self._probe.ask(server, zone, "DNSKEY", self._transport)
            except NoAnswerError:
                continue
            found = found_in(message.answer, zone, dns.rdatatype.DNSKEY)
            return [key for key in found or () if isinstance(key, DNSKEY)]
        return []

    async def server(self, target: str, link: Link, server: Server, questions: Sequence[Question]) -> Reading:
        """What one name server of the zone answers, each answer verified with the zone's keys."""
        started = time.monotonic()
        zone = SignedZone(link.zone, link.keys, self._at)
        asked = [(shown(link.zone), "DNSKEY"), *questions]
        outcomes = await asyncio.gather(*(self._one(zone, server, name, rtype) for name, rtype in asked))
        judged = [each for each in outcomes if isinstance(each, Judged)]
        silent = next((each for each in outcomes if isinstance(each, str)), "")
        broken = next((each.broken for each in judged if each.broken is not None), None)
        status = BOGUS if broken is not None else SECURE if judged else UNKNOWN
        seen: dict[str, Any] = {
            "role": AUTHORITATIVE,
            "address": f"{server.address}:{server.port}",
            "zone": shown(link.zone),
            "status": status,
            "reason": broken.reason if broken is not None else "",
            "what": broken.what if broken is not None else "",
            "detail": broken.detail if broken is not None else "",
            "trouble": trouble(silent) if silent else "",
            "iterations": max((each.iterations for each in judged), default=0),
            "leads": [list(each.alias) for each in judged if each.alias is not None],
            **first_end(all_checked(judged)),
        }
        took = timedelta(seconds=time.monotonic() - started)
        return Reading(target, CHECK, server.name, self._at, took, seen, silent if not judged else None)

    async def _one(self, zone: SignedZone, server: Server, name: str, rtype: str) -> Judged | str:
        """One answer, or the status of why there is none."""
        asked = dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical)
        kind = dns.rdatatype.from_text(rtype)
        try:
            message = await self._probe.ask(server, asked, rtype, self._transport)
        except NoAnswerError as error:
            return error.status
        if not usable_answer(message):
            return dns.rcode.to_text(message.rcode()).lower() if message.rcode() else "lame"
        if kind == dns.rdatatype.DNSKEY and found_in(message.answer, asked, kind) is None:
            return Judged(broken=unsigned(f"{name} DNSKEY"))
        return zone.judge(message, asked, kind)

    async def alias(self, name: str, target: str) -> dict[str, Any]:
        """Where an alias leads: the state of the chain there, as far as the zone's keys."""
        links = await self.descend(dns.name.from_text(target))
        return {**links[-1].plain(), "name": name, "target": target}


def _anchor(anchor: Anchor) -> DS:
    return DS(  # type: ignore[no-untyped-call]
        dns.rdataclass.IN,
        dns.rdatatype.DS,
        anchor.key_tag,
        anchor.algorithm,
        anchor.digest_type,
        bytes.fromhex(anchor.digest),
    )
