"""What the referee asks of the world, answered from the parts themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.calls import CallRecord
from cockpit.drill.aws.mail import Mail
from cockpit.drill.aws.traffic import Quantity
from cockpit.drill.injection import dns_server
from cockpit.drill.pki import CertificateKind
from cockpit.drill.referee import Message, RecordChange

if TYPE_CHECKING:
    from cockpit.drill.world import World


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
            case v.RecordStands(name=name, type=kind):
                return bool(world.network.tree.values(name, kind)) and world.network.tree.zone_for(name).hosted
            case v.CertificateGood(host=name):
                certificate = world.hosts.host(name).certificate
                return certificate.kind is CertificateKind.GOOD and certificate.expires_at > world.clock.now()
            case v.HostGood(host=name):
                return not world.hosts.host(name).faulty
            case v.RateBelow(quantity=quantity, level=level, pause_counts=pause_counts):
                paused = pause_counts and not world.mail.sending
                return paused or world.traffic.value(Quantity(quantity), world.clock.now()) < level
            case v.ServerWell(server=server):
                return not dns_server(world.network, server).faults

    def calls(self) -> Sequence[CallRecord]:
        """AWS calls that change something, oldest first."""
        return self._world.aws.calls.changes()

    def record_changes(self) -> Sequence[RecordChange]:
        """DNS changes by dynamic update, oldest first; those through Route 53 are among the calls."""
        return [
            RecordChange(
                change.at, f"DNS update: {change.name} {change.rdtype} {_shown(change.values)} by {change.by}"
            )
            for zone in self._world.network.tree
            for change in zone.journal
            if change.by not in ("world", "route53")
        ]

    def messages(self) -> Sequence[Message]:
        """What arrived at the sinks, oldest first."""
        return [Message(one.at, one.sink, one.delivered) for one in self._world.sinks.received]

    def mails(self) -> Sequence[Mail]:
        """Mail that left through SES, oldest first."""
        return list(self._world.mail.mails)


def _shown(values: Sequence[str]) -> str:
    return ", ".join(value[:60] for value in values) if values else "nothing"
