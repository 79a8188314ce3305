"""Making things happen: each word of the vocabulary applied to the parts of a world."""

from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.faults import Fault, FaultKind
from cockpit.drill.aws.traffic import Quantity, Ramp
from cockpit.drill.dns import Authority, DnsNetwork, Resolver, fault
from cockpit.drill.hosts import host_fault
from cockpit.errors import NotFound

if TYPE_CHECKING:
    from cockpit.drill.world import World


def apply(world: "World", inject: v.AnyInject) -> None:
    """Make one thing happen now; raises BadInput or NotFound where the world has no such part."""
    match inject:
        case v.DnsFault() | v.DnsHeal() | v.TakeZoneDown() | v.SpoilSignatures():
            _upset_dns(world, inject)
        case v.WithdrawRecord() | v.PublishRecord() | v.WithdrawToken():
            _change_records(world, inject)
        case v.ServeCertificate(host=host, kind=kind, days_left=days):
            world.hosts.reissue(host, kind, expires_in=None if days is None else timedelta(days=days))
        case v.HostFault(host=host, kind=kind, status=status, latency_s=latency_s):
            world.hosts.host(host).inject(host_fault(kind, status=status, latency_s=latency_s))
        case v.HostHeal(host=host):
            world.hosts.host(host).heal()
        case v.SinkFault(sink=sink, kind=kind):
            world.sinks.inject(sink, kind)
        case v.SinkHeal(sink=sink):
            world.sinks.heal(sink)
        case _:
            _upset_aws(world, inject)


def dns_server(network: DnsNetwork, name: str) -> Authority | Resolver:
    """A resolver by its name, or a name server by its host name; raises NotFound."""
    return network.resolvers[name] if name in network.resolvers else network.authority(name)


def _upset_dns(world: "World", inject: v.DnsFault | v.DnsHeal | v.TakeZoneDown | v.SpoilSignatures) -> None:
    match inject:
        case v.DnsFault(server=server):
            wanted = fault(
                inject.kind,
                under=inject.under,
                rdtype=inject.type,
                latency_s=inject.latency_s,
                values=inject.values,
            )
            dns_server(world.network, server).inject(wanted)
        case v.DnsHeal(server=server):
            dns_server(world.network, server).heal()
        case v.TakeZoneDown(zone=zone):
            world.network.tree.zone(zone).take_down()
        case v.SpoilSignatures(zone=zone, flaw=flaw):
            world.network.tree.zone(zone).spoil_signatures(flaw)


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


def _upset_aws(world: "World", inject: v.MailRamp | v.Enforce | v.AwsFault | v.AwsHeal | v.LoseObject) -> None:
    match inject:
        case v.MailRamp(quantity=quantity, to=level, over_s=over_s):
            over = world.clock.shrink(timedelta(seconds=over_s))
            world.traffic.ramp(Quantity(quantity), Ramp(world.clock.now(), over, level))
        case v.Enforce(status=status):
            world.mail.enforcement = status
        case v.AwsFault(kind=kind, service=service, operation=operation, times=times, delay_s=delay_s):
            delay = timedelta(seconds=delay_s)
            world.aws.faults.add(Fault(FaultKind(kind), service, operation, times, delay))
        case v.AwsHeal():
            world.aws.faults.clear()
        case v.LoseObject(bucket=bucket, key=key):
            if not world.s3.remove(bucket, key):
                raise NotFound(f"There is no object {key} in {bucket}.")
