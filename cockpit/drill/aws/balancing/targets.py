"""What load balancers forward to: rules, target groups, the registered machines, and how well they are."""

from collections.abc import Callable, Mapping
from typing import Any

from cockpit.drill.aws.balancing.balancer import Balancer, Balancers, Sites, machine_of, short_name
from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.protocol.wire import Call, Operation

MAX_TARGETS = 100
PORT = 80
"""Where targets are reached."""
_STATES = {
    "healthy": {},
    "unhealthy": {"Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed"},
    "timeout": {"Reason": "Target.Timeout", "Description": "Request timed out"},
}


class Targets:
    """The targets behind every load balancer of one region."""

    def __init__(self, balancers: Balancers, sites: Sites) -> None:
        self._balancers = balancers
        self._sites = sites
        self.broken: set[str] = set()
        """Machines that fail their health check, as `HOST ADDRESS`."""

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "DescribeRules": self.describe_rules,
            "DescribeTargetGroups": self.describe_target_groups,
            "DescribeTargetHealth": self.describe_target_health,
            "RegisterTargets": self.register_targets,
            "DeregisterTargets": self.deregister_targets,
        }

    def describe_rules(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DescribeRules of a listener: one for each host by its name, and the default one last."""
        balancer = self._balancers.by_listener(call.parameters["ListenerArn"])
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
        balancer, host = self._balancers.by_group(call.parameters["TargetGroupArn"])
        asked = [item["Id"] for item in call.parameters.get("Targets", [])]
        shown = asked or balancer.targets[host]
        return {"TargetHealthDescriptions": [self._target(balancer, host, target) for target in shown]}

    def register_targets(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 RegisterTargets by address; traffic reaches those that are well."""
        balancer, host = self._balancers.by_group(call.parameters["TargetGroupArn"])
        given = _named(call)
        if len(set(balancer.targets[host]) | set(given)) > MAX_TARGETS:
            raise AwsError("TooManyTargets", "You've reached the limit on the number of targets.", 400)
        balancer.targets[host] += [one for one in dict.fromkeys(given) if one not in balancer.targets[host]]
        self._route(balancer, host)
        return {}

    def deregister_targets(self, call: Call) -> Mapping[str, Any]:
        """ELBv2 DeregisterTargets by address."""
        balancer, host = self._balancers.by_group(call.parameters["TargetGroupArn"])
        given = _named(call)
        balancer.targets[host] = [one for one in balancer.targets[host] if one not in given]
        self._route(balancer, host)
        return {}

    # What happens to targets

    def break_all(self, host: str) -> bool:
        """Let every target fail that is registered for a host; False when no load balancer serves it."""
        return self._change_targets(host, lambda held: self.broken.update(held))

    def mend_all(self, host: str) -> bool:
        """Let the registered targets of a host be well again; False when no load balancer serves it."""
        return self._change_targets(host, lambda held: self.broken.difference_update(held))

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
        return known and f"{host} {target}" not in self.broken

    def _route(self, balancer: Balancer, host: str) -> None:
        """Let the load balancer's addresses serve a host while one of its targets is well."""
        well = any(self._well(balancer, host, target) for target in balancer.targets[host])
        self._sites.route(host, balancer.addresses, well)

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
            "TargetGroupName": short_name(host),
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


def _named(call: Call) -> list[str]:
    """The addresses of a request's targets, which are reached at the group's own port."""
    targets = call.parameters["Targets"]
    if any(item.get("Port", PORT) != PORT for item in targets):
        raise not_built(f"elbv2:{call.operation} of a port that is not the group's")
    return [item["Id"] for item in targets]
