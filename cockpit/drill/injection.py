"""Making things happen: each word of the vocabulary applied to the parts of a world."""

from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.drill import vocabulary as v
from cockpit.drill.account_upsets import upset_account
from cockpit.drill.aws.protocol.faults import Fault, FaultKind
from cockpit.drill.aws.ses.traffic import Quantity, Ramp
from cockpit.drill.dns import Authority, DnsNetwork, Resolver, fault
from cockpit.drill.dns.records import absolute, record_type
from cockpit.drill.web.hosts import host_fault
from cockpit.errors import NotFound

if TYPE_CHECKING:
    from cockpit.drill.world import World


def apply(world: "World", inject: v.AnyInject) -> None:
    """Make one thing happen now; raises BadInput or NotFound where the world has no such part."""
    match inject:
        case v.DnsFault() | v.DnsHeal():
            _upset_server(world, inject)
        case v.TakeZoneDown() | v.EmptyZone() | v.RollKey() | v.SpoilSignatures():
            _upset_zone(world, inject)
        case v.WithdrawRecord() | v.PublishRecord() | v.WithdrawToken():
            _change_records(world, inject)
        case v.Redelegate(zone=zone, servers=servers, glue=glue):
            world.network.tree.redelegate(zone, *servers, glue=glue)
        case v.ServeStale(resolver=name, on=on):
            world.network.resolver(name).serve_stale = on
        case v.ServeCertificate() | v.HostFault() | v.HostHeal():
            _upset_host(world, inject)
        case v.Revoke() | v.Staple() | v.OcspFault() | v.AcmeFault() | v.Misissue() | v.RevokeMisissued():
            _upset_trust(world, inject)
        case v.SinkFault(sink=sink, kind=kind):
            world.sinks.inject(sink, kind)
        case v.SinkHeal(sink=sink):
            world.sinks.heal(sink)
        case v.AccountWord():
            upset_account(world.account, world.clock, inject)
        case _:
            _upset_aws(world, inject)


def dns_server(network: DnsNetwork, name: str) -> Authority | Resolver:
    """A resolver by its name, or a name server by its host name; raises NotFound."""
    return network.resolvers[name] if name in network.resolvers else network.authority(name)


def _upset_server(world: "World", inject: v.DnsFault | v.DnsHeal) -> None:
    server = dns_server(world.network, inject.server)
    if isinstance(inject, v.DnsHeal):
        server.heal()
        return
    wanted = fault(
        inject.kind,
        under=inject.under,
        rdtype=inject.type,
        latency_s=inject.latency_s,
        values=inject.values,
    )
    server.inject(wanted)


def _upset_host(world: "World", inject: v.ServeCertificate | v.HostFault | v.HostHeal) -> None:
    match inject:
        case v.ServeCertificate(host=host, kind=kind, days_left=days, address=at):
            expires_in = None if days is None else timedelta(days=days)
            world.hosts.reissue(host, kind, expires_in=expires_in, address=at)
        case v.HostFault(host=host, kind=kind, status=status, latency_s=latency_s, address=at, every=every):
            wanted = host_fault(kind, status=status, latency_s=latency_s, address=at, every=every)
            world.hosts.host(host).inject(wanted)
        case v.HostHeal(host=host):
            world.hosts.host(host).heal()


def _upset_trust(
    world: "World",
    inject: v.Revoke | v.Staple | v.OcspFault | v.AcmeFault | v.Misissue | v.RevokeMisissued,
) -> None:
    trust = world.trust
    match inject:
        case v.Revoke(host=host):
            trust.authority.revoke(world.hosts.host(host).certificate.leaf)
        case v.Staple(host=host, kind=kind):
            world.hosts.staple(host, None if kind == "none" else kind, trust.responder)
        case v.OcspFault(kind="none"):
            trust.responder.heal()
        case v.OcspFault(kind=kind):
            trust.responder.inject(kind)
        case v.AcmeFault(kind="none"):
            trust.acme.heal()
        case v.AcmeFault(kind=kind):
            trust.acme.inject(kind)
        case v.Misissue(host=host):
            world.hosts.host(host)
            trust.misissue(host)
        case v.RevokeMisissued(host=host):
            trust.revoke_misissued(host)


def _upset_zone(world: "World", inject: v.TakeZoneDown | v.EmptyZone | v.RollKey | v.SpoilSignatures) -> None:
    zone = world.network.tree.zone(inject.zone)
    match inject:
        case v.TakeZoneDown():
            zone.take_down()
        case v.EmptyZone():
            top = zone.origin.to_text()
            gone = [(record.name, record.kind) for record in world.zones.records(top)]
            kept = ((top, "NS"), (top, "SOA"))
            zone.apply({(absolute(n), record_type(k)): None for n, k in gone if (n, k) not in kept}, by="world")
        case v.RollKey():
            zone.roll_key()
        case v.SpoilSignatures(flaw=flaw):
            zone.spoil_signatures(flaw)


def _change_records(world: "World", inject: v.WithdrawRecord | v.PublishRecord | v.WithdrawToken) -> None:
    tree = world.network.tree
    match inject:
        case v.WithdrawRecord(name=name, type=kind):
            tree.withdraw(name, kind)
        case v.PublishRecord(name=name, type=kind, values=values, ttl_s=ttl_s):
            tree.replace(name, kind, *values, ttl_s=None if ttl_s is None else round(ttl_s))
        case v.WithdrawToken(domain=domain, token=number):
            if domain not in world.tokens:
                raise NotFound(f"There is no SES identity {domain} with Easy DKIM.")
            token = world.tokens[domain][number - 1].token
            tree.withdraw(f"{token}._domainkey.{domain}", "CNAME")


def _upset_aws(
    world: "World",
    inject: v.MailRamp | v.Campaign | v.Enforce | v.AwsFault | v.ExpireSession | v.AwsHeal | v.LoseObject,
) -> None:
    match inject:
        case v.MailRamp(quantity=quantity, to=level, over_s=over_s):
            over = world.clock.shrink(timedelta(seconds=over_s))
            world.traffic.ramp(Quantity(quantity), Ramp(world.clock.now(), over, level))
        case v.Enforce(status=status):
            world.mail.enforcement = status
            world.reactions.await_answer(inject)
        case v.Campaign(configuration_set=name):
            world.mail.configuration_set(name)
            world.reactions.begin_campaign(inject)
        case v.ExpireSession():
            world.reactions.end_session()
        case v.AwsFault() as fault:
            delay, kind = timedelta(seconds=fault.delay_s), FaultKind(fault.kind)
            world.aws.faults.add(Fault(kind, fault.service, fault.operation, fault.times, delay, fault.spared))
        case v.AwsHeal():
            world.aws.faults.clear()
        case v.LoseObject(bucket=bucket, key=key):
            if not world.s3.remove(bucket, key):
                raise NotFound(f"There is no object {key} in {bucket}.")
