"""What the referee asks of the world, answered from the parts themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.protocol.calls import CallRecord
from cockpit.drill.aws.ses.mail import Mail
from cockpit.drill.aws.ses.traffic import Quantity
from cockpit.drill.dns import FaultKind, Flaw, Resolver
from cockpit.drill.dns.records import absolute, record_type
from cockpit.drill.injection import dns_server
from cockpit.drill.judging.deeds import RecordChange
from cockpit.drill.judging.tidings import Message
from cockpit.drill.trust.caa import allowed_issuers
from cockpit.drill.trust.judgement import trouble_with
from cockpit.drill.web.hosts import HostFaultKind

if TYPE_CHECKING:
    from cockpit.drill.world import World

_UNLIKE_THE_OTHERS = (FaultKind.STALE, FaultKind.LIE, FaultKind.NXDOMAIN, FaultKind.TIMEOUT)
"""Faults with which a resolver tells something else than what is published, or nothing."""


SIGNED_BY_CALL = ("route53", "DNSKEY")
"""Keys that came or went by a call of their own to Route 53, which is judged as that call."""

ACME, REVOKE = "acme", "revokeCert"
"""How a revocation over ACME is named beside AWS's calls."""


class WorldWitness:
    """Reads one world; changes nothing."""

    def __init__(self, world: "World") -> None:
        self._world = world

    @property
    def began_at(self) -> datetime | None:
        """When the first inject happened; None before."""
        return self._world.began_at

    def holds(self, condition: v.AnyCondition) -> bool:
        """Whether a condition of recovery holds now."""
        world = self._world
        match condition:
            case v.MailSigned(domain=domain):
                return world.oracle(domain).verifiable
            case v.RecordStands(name=name, type=kind, values=wanted):
                values = world.network.tree.values(name, kind)
                same = set(values) == set(wanted) if wanted else bool(values)
                return same and world.network.tree.zone_for(name).hosted
            case v.ZoneWhole(zone=zone):
                return world.zone_whole(zone)
            case v.ChainWhole(zone=zone):
                return self._chain_whole(zone)
            case v.ServiceUp(host=name):
                return self._service_up(name)
            case v.ResolversAgree(name=name, type=kind):
                return all(self._agrees(resolver, name, kind) for resolver in world.network.resolvers.values())
            case v.AccountSends():
                return world.mail.sending and world.mail.enforcement != "SHUTDOWN"
            case v.AwsWell():
                return not world.aws.faults.active()
            case v.CertificateGood(host=name):
                return self._certificate_good(name)
            case v.MisissuedRevoked(domain=domain):
                return world.trust.misissued_revoked(domain)
            case v.CaaLimits(domain=domain, issuer=issuer):
                return allowed_issuers(world.network.tree.values, domain) == frozenset({issuer})
            case v.HostGood(host=name):
                return not world.hosts.host(name).faulty
            case v.RateBelow(quantity=quantity, level=level, pause_counts=pause_counts):
                paused = pause_counts and not world.mail.sending
                return paused or world.traffic.value(Quantity(quantity), world.clock.now()) < level
            case v.ServerWell(server=server):
                return not dns_server(world.network, server).faults

    def calls(self) -> Sequence[CallRecord]:
        """AWS calls that change something, and what the authority was asked to revoke, oldest first."""
        revoked = (
            CallRecord(
                number=number,
                at=one.at,
                service=ACME,
                operation=REVOKE,
                parameters={"names": ", ".join(one.names), "issuer": "the usual one" if one.own else "another"},
                status=200,
                caller=one.by,
            )
            for number, one in enumerate(self._world.trust.acme.revocations, 1)
        )
        return sorted([*self._world.aws.calls.changes(), *revoked], key=lambda call: call.at)

    def record_changes(self) -> Sequence[RecordChange]:
        """DNS changes by dynamic update or through Route 53, oldest first."""
        return [
            RecordChange(
                at=change.at,
                text=f"{_door(change.by)}: {change.name} {change.rdtype} is {_shown(change.values)}",
                name=change.name.lower(),
                type=change.rdtype,
            )
            for zone in self._world.network.tree
            for change in zone.journal
            if change.by != "world" and (change.by, change.rdtype) != SIGNED_BY_CALL
        ]

    def messages(self) -> Sequence[Message]:
        """What arrived at the sinks, oldest first."""
        return [Message(one.at, one.sink, one.delivered, one.text) for one in self._world.sinks.received]

    def mails(self) -> Sequence[Mail]:
        """Mail that left through SES, oldest first."""
        return list(self._world.mail.mails)

    def _chain_whole(self, origin: str) -> bool:
        """Whether DS, key and signatures fit together now, whatever any cache still holds (RFC 4035 section 5)."""
        tree = self._world.network.tree
        zone = tree.zone(origin)
        wanted = set(tree.parent_of(zone).values(zone.origin, "DS"))
        if not wanted:
            return zone.hosted
        made = {key.ds(zone.origin).to_text() for key in zone.keys}
        return zone.hosted and bool(wanted & made) and zone.flaw is Flaw.NONE

    def _certificate_good(self, name: str) -> bool:
        """Whether what is presented would be accepted, at every published address or, without one, anywhere."""
        host, world = self._world.hosts.host(name), self._world
        return not any(
            trouble_with(host.certificate_at(at), name, world.authority, world.clock.now(), stapled=host.stapled)
            for at in self._addresses(name) or ("",)
        )

    def _addresses(self, name: str) -> tuple[str, ...]:
        """What is published for a host, of both families."""
        return tuple(at for kind in ("A", "AAAA") for at in self._world.network.tree.values(name, kind))

    def _service_up(self, name: str) -> bool:
        host = self._world.hosts.host(name)
        addresses = self._addresses(name)
        if not addresses or not self._world.network.tree.zone_for(name).hosted:
            return False
        served = self._world.hosts.dial
        return all(
            f"{address}:443" in served
            and address not in host.unserved
            and not any(host.fault(kind, address) for kind in HostFaultKind)
            for address in addresses
        )

    def _agrees(self, resolver: Resolver, name: str, kind: str) -> bool:
        owner, rdtype = absolute(name), record_type(kind)
        if resolver.faults.find(owner, rdtype, *_UNLIKE_THE_OTHERS):
            return False
        entry = resolver.cached(name, kind)
        if entry is None:
            return True
        held = () if entry.held is None else tuple(rdata.to_text() for rdata in entry.held.rdataset)
        return set(held) == set(self._world.network.tree.values(owner, rdtype))


def _door(by: str) -> str:
    """Through what a change came, and for whom."""
    return "Route 53" if by == "route53" else f"DNS update by {by.removeprefix('tsig:').removesuffix('.')}"


def _shown(values: Sequence[str]) -> str:
    return ", ".join(value[:60] for value in values) if values else "nothing"
