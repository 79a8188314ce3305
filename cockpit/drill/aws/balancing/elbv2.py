"""Application load balancers in front of the drill's hosts: listeners with certificates, and target health."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cockpit.clock import Clock
from cockpit.drill.aws.balancing.acm import Acm, AcmCertificate
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.wire import Call, Operation

MAX_CERTIFICATES = 25
MAX_TARGETS = 100
PORT = 80
"""Where targets are reached."""
_STATES = {
    "healthy": {},
    "unhealthy": {"Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed"},
    "timeout": {"Reason": "Target.Timeout", "Description": "Request timed out"},
}


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
        return f"{self.arn.partition(':loadbalancer/')[0]}:targetgroup/{_short(host)}/d222222222222222"


class Elbv2:
    """The load balancers of one region."""

    name = "elbv2"

    def __init__(self, place: Place, clock: Clock, acm: Acm, sites: Sites) -> None:
        self._place = place
        self._clock = clock
        self._acm = acm
        self._sites = sites
        self._balancers: dict[str, Balancer] = {}
        self._broken: set[str] = set()
        acm.used_by = self._users
        acm.renewed = self._renewed

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "DescribeLoadBalancers": self.describe_load_balancers,
            "DescribeListeners": self.describe_listeners,
            "ModifyListener": self.modify_listener,
            "DescribeListenerCertificates": self.describe_listener_certificates,
            "AddListenerCertificates": self.add_listener_certificates,
            "RemoveListenerCertificates": self.remove_listener_certificates,
            "DescribeRules": self.describe_rules,
            "DescribeTargetGroups": self.describe_target_groups,
            "DescribeTargetHealth": self.describe_target_health,
            "RegisterTargets": self.register_targets,
            "DeregisterTargets": self.deregister_targets,
        }

    def add(
        self, name: str, hosts: Sequence[str], addresses: Sequence[str], certificates: Sequence[str]
    ) -> Balancer:
        """Put a load balancer before these hosts, with certificates that they present already."""
        balancer = Balancer(
            name=name,
            arn=self._place.arn("elasticloadbalancing", f"loadbalancer/app/{name}/d000000000000000"),
            at=self._clock.now(),
            hosts=tuple(hosts),
            addresses=tuple(addresses),
            certificates=list(certificates),
            targets={host: [machine_of(index)] for index, host in enumerate(hosts)},
        )
        self._balancers[balancer.arn] = balancer
        return balancer

    def describe_load_balancers(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DescribeLoadBalancers by ARN or name."""
        asked = call.parameters
        arns, names = asked.get("LoadBalancerArns"), asked.get("Names")
        found = [
            one
            for one in self._balancers.values()
            if one.arn in (arns or [one.arn]) and one.name in (names or [one.name])
        ]
        if len(found) < len(arns or names or []):
            raise AwsError("LoadBalancerNotFound", "One or more load balancers not found", 400)
        return {"LoadBalancers": [self._shown(balancer) for balancer in found]}

    def describe_listeners(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DescribeListeners of a load balancer, or by ARN."""
        asked = call.parameters
        if "LoadBalancerArn" in asked:
            if asked["LoadBalancerArn"] not in self._balancers:
                raise AwsError("LoadBalancerNotFound", "One or more load balancers not found", 400)
            return {"Listeners": [self._listener(self._balancers[asked["LoadBalancerArn"]])]}
        return {"Listeners": [self._listener(self._by_listener(arn)) for arn in asked.get("ListenerArns", [])]}

    def modify_listener(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 ModifyListener: another default certificate, presented from the next connection on."""
        asked = call.parameters
        other = {"Port", "Protocol", "DefaultActions", "AlpnPolicy", "MutualAuthentication"} & asked.keys()
        if other:
            raise not_built(f"elbv2:ModifyListener of {min(other)}")
        balancer = self._by_listener(asked["ListenerArn"])
        given = [item["CertificateArn"] for item in asked.get("Certificates", [])]
        if len(given) > 1:
            raise AwsError("TooManyCertificates", "Only one default certificate can be specified.", 400)
        for arn in given:
            self._usable(arn, call.at)
            self._freeze(balancer)
            balancer.certificates[:1] = [arn]
            balancer.certificates[1:] = [one for one in balancer.certificates[1:] if one != arn]
        balancer.policy = asked.get("SslPolicy", balancer.policy)
        self._install(balancer)
        return {"Listeners": [self._listener(balancer)]}

    def describe_listener_certificates(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DescribeListenerCertificates, the default first."""
        balancer = self._by_listener(call.parameters["ListenerArn"])
        told = [{"CertificateArn": arn, "IsDefault": not index} for index, arn in enumerate(balancer.certificates)]
        return {"Certificates": told}

    def add_listener_certificates(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 AddListenerCertificates: chosen by name where they fit."""
        balancer = self._by_listener(call.parameters["ListenerArn"])
        given = [item["CertificateArn"] for item in call.parameters["Certificates"]]
        for arn in given:
            self._usable(arn, call.at)
        fresh = [arn for arn in given if arn not in balancer.certificates]
        if len(balancer.certificates) + len(fresh) > MAX_CERTIFICATES:
            raise AwsError("TooManyCertificates", "You've reached the limit on certificates per listener.", 400)
        self._freeze(balancer)
        balancer.certificates += fresh
        self._install(balancer)
        return {"Certificates": [{"CertificateArn": arn, "IsDefault": False} for arn in given]}

    def remove_listener_certificates(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 RemoveListenerCertificates; the default one stays."""
        balancer = self._by_listener(call.parameters["ListenerArn"])
        given = [item["CertificateArn"] for item in call.parameters["Certificates"]]
        if balancer.certificates[0] in given:
            raise AwsError("OperationNotPermitted", "Default certificate cannot be removed", 400)
        balancer.certificates = [arn for arn in balancer.certificates if arn not in given]
        self._install(balancer)
        return {}

    def describe_rules(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DescribeRules of a listener: one for each host by its name, and the default one last."""
        balancer = self._by_listener(call.parameters["ListenerArn"])
        return {"Rules": [*(self._rule(balancer, host) for host in balancer.hosts), self._rule(balancer, "")]}

    def describe_target_groups(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DescribeTargetGroups: one for each host."""
        asked = call.parameters
        groups = [
            self._group(balancer, host)
            for balancer in self._balancers.values()
            for host in balancer.hosts
            if asked.get("LoadBalancerArn", balancer.arn) == balancer.arn
        ]
        for name, key in (("TargetGroupArns", "TargetGroupArn"), ("Names", "TargetGroupName")):
            if name in asked:
                groups = [group for group in groups if group[key] in asked[name]]
                if len(groups) < len(asked[name]):
                    raise AwsError("TargetGroupNotFound", "One or more target groups not found", 400)
        return {"TargetGroups": groups}

    def describe_target_health(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DescribeTargetHealth as the hosts are at this moment."""
        balancer, host = self._by_group(call.parameters["TargetGroupArn"])
        asked = [item["Id"] for item in call.parameters.get("Targets", [])]
        shown = asked or balancer.targets[host]
        return {"TargetHealthDescriptions": [self._target(balancer, host, target) for target in shown]}

    def register_targets(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 RegisterTargets by address; traffic reaches those that are well."""
        balancer, host = self._by_group(call.parameters["TargetGroupArn"])
        given = _named(call)
        if len(set(balancer.targets[host]) | set(given)) > MAX_TARGETS:
            raise AwsError("TooManyTargets", "You've reached the limit on the number of targets.", 400)
        balancer.targets[host] += [one for one in dict.fromkeys(given) if one not in balancer.targets[host]]
        self._route(balancer, host)
        return {}

    def deregister_targets(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DeregisterTargets by address."""
        balancer, host = self._by_group(call.parameters["TargetGroupArn"])
        given = _named(call)
        balancer.targets[host] = [one for one in balancer.targets[host] if one not in given]
        self._route(balancer, host)
        return {}

    # What happens to targets

    def break_targets(self, host: str) -> bool:
        """Let every target fail that is registered for a host; False when no load balancer serves it."""
        return self._change_targets(host, lambda held: self._broken.update(held))

    def mend_targets(self, host: str) -> bool:
        """Let the registered targets of a host be well again; False when no load balancer serves it."""
        return self._change_targets(host, lambda held: self._broken.difference_update(held))

    def _change_targets(self, host: str, change: Callable[[list[str]], None]) -> bool:
        balancer = next((one for one in self._balancers.values() if host in one.hosts), None)
        if balancer is None:
            return False
        change([f"{host} {target}" for target in balancer.targets[host]])
        self._route(balancer, host)
        return True

    def _well(self, balancer: Balancer, host: str, target: str) -> bool:
        """Whether a target would answer: it is a machine of this host's, old or spare, and not broken."""
        index = balancer.hosts.index(host)
        known = target in (machine_of(index), machine_of(index, spare=True))
        return known and f"{host} {target}" not in self._broken

    def _route(self, balancer: Balancer, host: str) -> None:
        """Let the load balancer's addresses serve a host while one of its targets is well."""
        well = any(self._well(balancer, host, target) for target in balancer.targets[host])
        self._sites.route(host, balancer.addresses, well)

    def _by_group(self, arn: str) -> tuple[Balancer, str]:
        for balancer in self._balancers.values():
            for host in balancer.hosts:
                if balancer.group(host) == arn:
                    return balancer, host
        raise AwsError("TargetGroupNotFound", "One or more target groups not found", 400)

    def _install(self, balancer: Balancer) -> None:
        """Let each host present the best certificate: one for its name, not expired, the longest valid."""
        now = self._clock.now()
        held = [one for one in map(self._acm.find, balancer.certificates) if one is not None and one.present]
        for host in balancer.hosts:
            fitting = [one for one in held if _fits(one, host)] or held[:1]
            best = max(fitting, key=lambda one: _merit(one, now), default=None)
            leaf = best.present if best else None
            if leaf is not None:
                self._sites.install(host, leaf.handle)

    def _freeze(self, balancer: Balancer) -> None:
        """Keep what the hosts present now as the certificates that they were, before others take their place."""
        for one in map(self._acm.find, balancer.certificates):
            if one is not None and one.live is not None:
                one.leaf, one.live = one.live(), None

    def _renewed(self, arn: str) -> None:
        for balancer in self._balancers.values():
            if arn in balancer.certificates:
                self._install(balancer)

    def _users(self, arn: str) -> list[str]:
        return [balancer.arn for balancer in self._balancers.values() if arn in balancer.certificates]

    def _usable(self, arn: str, now: datetime) -> None:
        found = self._acm.find(arn)
        if found is None:
            raise AwsError("CertificateNotFound", f"Certificate '{arn}' not found", 400)
        if found.present is None:
            message = f"The certificate '{arn}' must have a fully-qualified domain name, and be issued."
            raise AwsError("UnsupportedCertificate", message, 400)

    def _by_listener(self, arn: str) -> Balancer:
        for balancer in self._balancers.values():
            if balancer.listener == arn:
                return balancer
        raise AwsError("ListenerNotFound", "One or more listeners not found", 400)

    def _shown(self, balancer: Balancer) -> dict[str, Any]:
        where = {"LoadBalancerAddresses": [{"IpAddress": address} for address in balancer.addresses]}
        return {
            "LoadBalancerArn": balancer.arn,
            "LoadBalancerName": balancer.name,
            "DNSName": f"{balancer.name}.{self._place.region}.elb.amazonaws.com",
            "CreatedTime": balancer.at,
            "Scheme": "internet-facing",
            "State": {"Code": "active"},
            "Type": "application",
            "IpAddressType": "ipv4",
            "AvailabilityZones": [{"ZoneName": f"{self._place.region}a", **where}],
        }

    def _listener(self, balancer: Balancer) -> dict[str, Any]:
        action = {"Type": "forward", "TargetGroupArn": balancer.group(balancer.hosts[0])}
        return {
            "ListenerArn": balancer.listener,
            "LoadBalancerArn": balancer.arn,
            "Port": 443,
            "Protocol": "HTTPS",
            "SslPolicy": balancer.policy,
            "Certificates": [{"CertificateArn": arn} for arn in balancer.certificates[:1]],
            "DefaultActions": [action],
        }

    def _rule(self, balancer: Balancer, host: str) -> dict[str, Any]:
        """The rule that forwards a host; without one, the default rule."""
        number = balancer.hosts.index(host) + 1 if host else 0
        named = {"Field": "host-header", "HostHeaderConfig": {"Values": [host]}, "Values": [host]}
        forwarded = {"Type": "forward", "TargetGroupArn": balancer.group(host or balancer.hosts[0])}
        return {
            "RuleArn": f"{balancer.listener.replace(':listener/', ':listener-rule/')}/{number:016x}",
            "Priority": str(number) if host else "default",
            "Conditions": [named] if host else [],
            "Actions": [forwarded],
            "IsDefault": not host,
        }

    def _group(self, balancer: Balancer, host: str) -> dict[str, Any]:
        return {
            "TargetGroupArn": balancer.group(host),
            "TargetGroupName": _short(host),
            "Protocol": "HTTP",
            "Port": PORT,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPath": "/health",
            "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": 30,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200"},
            "LoadBalancerArns": [balancer.arn],
            "TargetType": "ip",
        }

    def _target(self, balancer: Balancer, host: str, target: str) -> dict[str, Any]:
        told: dict[str, Any] = {"Target": {"Id": target, "Port": PORT}, "HealthCheckPort": "80"}
        if target not in balancer.targets[host]:
            health = {"State": "unused", "Reason": "Target.NotRegistered"}
            return told | {"TargetHealth": health | {"Description": "Target is not registered to the target group"}}
        health_of = self._sites.health(host) if self._well(balancer, host, target) else "unhealthy"
        state = "healthy" if health_of == "healthy" else "unhealthy"
        return told | {"TargetHealth": {"State": state, **_STATES[health_of]}}


def machine_of(index: int, *, spare: bool = False) -> str:
    """The address of the machine behind the host of this number, or of the spare one with the release before."""
    return f"10.0.{int(spare)}.{10 + index}"


def _named(call: Call) -> list[str]:
    """The addresses of a request's targets, which are reached at the group's own port."""
    targets = call.parameters["Targets"]
    if any(item.get("Port", PORT) != PORT for item in targets):
        raise not_built(f"elbv2:{call.operation} of a port that is not the group's")
    return [item["Id"] for item in targets]


def _short(host: str) -> str:
    return host.replace(".", "-")[:32]


def _fits(one: AcmCertificate, host: str) -> bool:
    wild = f"*.{host.partition('.')[2]}"
    return host in one.names or wild in one.names


def _merit(one: AcmCertificate, now: datetime) -> tuple[bool, datetime]:
    leaf = one.present
    assert leaf is not None
    return leaf.not_after > now, leaf.not_after
