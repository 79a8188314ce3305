"""A load balancer as the drill keeps it: its hosts, the machines behind each, and the certificates before them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cockpit.drill.aws.protocol.errors import AwsError


class Sites(Protocol):
    """The hosts behind the load balancers."""

    def install(self, host: str, handle: object) -> None:
        """Let a host present another certificate from the next connection on."""
        ...

    def route(self, host: str, addresses: Sequence[str], well: bool) -> None:
        """Serve a host at these addresses, or answer 503 there because nothing behind them is well."""
        ...

    def health(self, host: str) -> str:
        """How a health check of the host ends: healthy, unhealthy or timeout."""
        ...


@dataclass(slots=True, kw_only=True)
class Balancer:
    """One load balancer with an HTTPS listener: its default certificate first, by ARN, and its hosts."""

    name: str
    arn: str
    at: datetime
    hosts: tuple[str, ...]
    addresses: tuple[str, ...]
    certificates: list[str] = field(default_factory=list)
    targets: dict[str, list[str]] = field(default_factory=dict)
    """The addresses that are registered for each host."""
    policy: str = "ELBSecurityPolicy-TLS13-1-2-2021-06"

    @property
    def listener(self) -> str:
        """The ARN of its listener."""
        return f"{self.arn.replace(':loadbalancer/', ':listener/')}/d111111111111111"

    def group(self, host: str) -> str:
        """The ARN of a host's target group."""
        return f"{self.arn.partition(':loadbalancer/')[0]}:targetgroup/{short_name(host)}/d222222222222222"


class Balancers(dict[str, Balancer]):
    """The load balancers of one region by their ARN, found by what belongs to them."""

    def by_listener(self, arn: str) -> Balancer:
        """The load balancer of a listener; raises AwsError."""
        for balancer in self.values():
            if balancer.listener == arn:
                return balancer
        raise AwsError("ListenerNotFound", "One or more listeners not found", 400)

    def by_group(self, arn: str) -> tuple[Balancer, str]:
        """The load balancer of a target group, and the host that the group serves; raises AwsError."""
        for balancer in self.values():
            for host in balancer.hosts:
                if balancer.group(host) == arn:
                    return balancer, host
        raise AwsError("TargetGroupNotFound", "One or more target groups not found", 400)


def machine_of(index: int, *, spare: bool = False) -> str:
    """The address of the machine behind the host of this number, or of the spare one with the release before."""
    return f"10.0.{int(spare)}.{10 + index}"


def short_name(host: str) -> str:
    """A host as a target group is named after it."""
    return host.replace(".", "-")[:32]
