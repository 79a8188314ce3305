"""Application load balancers in front of the drill's hosts: the listeners with their certificates."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.aws.balancing.acm import Acm, AcmCertificate
from cockpit.drill.aws.balancing.balancer import Balancer, Balancers, Sites, machine_of
from cockpit.drill.aws.balancing.targets import Targets
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.wire import Call, Operation

MAX_CERTIFICATES = 25


class Elbv2:
    """The load balancers of one region."""

    name = "elbv2"

    def __init__(self, place: Place, clock: Clock, acm: Acm, sites: Sites) -> None:
        self._place = place
        self._clock = clock
        self._acm = acm
        self._sites = sites
        self._balancers = Balancers()
        self.targets = Targets(self._balancers, sites)
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
            **self.targets.operations(),
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
        return {
            "Listeners": [self._listener(self._balancers.by_listener(arn)) for arn in asked.get("ListenerArns", [])]
        }

    def modify_listener(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 ModifyListener: another default certificate, presented from the next connection on."""
        asked = call.parameters
        other = {"Port", "Protocol", "DefaultActions", "AlpnPolicy", "MutualAuthentication"} & asked.keys()
        if other:
            raise not_built(f"elbv2:ModifyListener of {min(other)}")
        balancer = self._balancers.by_listener(asked["ListenerArn"])
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
        balancer = self._balancers.by_listener(call.parameters["ListenerArn"])
        told = [{"CertificateArn": arn, "IsDefault": not index} for index, arn in enumerate(balancer.certificates)]
        return {"Certificates": told}

    def add_listener_certificates(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 AddListenerCertificates: chosen by name where they fit."""
        balancer = self._balancers.by_listener(call.parameters["ListenerArn"])
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
        balancer = self._balancers.by_listener(call.parameters["ListenerArn"])
        given = [item["CertificateArn"] for item in call.parameters["Certificates"]]
        if balancer.certificates[0] in given:
            raise AwsError("OperationNotPermitted", "Default certificate cannot be removed", 400)
        balancer.certificates = [arn for arn in balancer.certificates if arn not in given]
        self._install(balancer)
        return {}

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


def _fits(one: AcmCertificate, host: str) -> bool:
    wild = f"*.{host.partition('.')[2]}"
    return host in one.names or wild in one.names


def _merit(one: AcmCertificate, now: datetime) -> tuple[bool, datetime]:
    leaf = one.present
    assert leaf is not None
    return leaf.not_after > now, leaf.not_after
