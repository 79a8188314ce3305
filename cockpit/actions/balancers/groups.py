"""The target group that a host's requests are sent to, and how its targets are, as the load balancer says.

Sources: ELBv2 DescribeRules (rules are tried in the order of their priority, the default one last),
DescribeTargetGroups, DescribeTargetHealth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from cockpit.actions.certificates.listeners import Ask, serving
from cockpit.actions.contract import PlanRefused
from cockpit.text import visible

HEALTHY = "healthy"
READS: Mapping[str, tuple[str, ...]] = {
    "elbv2": (
        "DescribeListenerCertificates",
        "DescribeListeners",
        "DescribeLoadBalancers",
        "DescribeRules",
        "DescribeTargetGroups",
        "DescribeTargetHealth",
    ),
    "acm": ("DescribeCertificate",),
}
"""Every call that finds a group and reads it."""

_GONE = ("draining", "unused")
"""States of a target that gets no new requests any more."""


@dataclass(frozen=True, slots=True)
class Group:
    """A target group: `kind` is its target type, `port` where its targets are reached unless they say otherwise."""

    arn: str
    name: str
    kind: str
    port: int


@dataclass(frozen=True, slots=True)
class Target:
    """A registered target: `zone` is `all` where it was registered for every zone, else empty."""

    id: str
    port: int
    state: str
    reason: str
    zone: str = ""

    @property
    def name(self) -> str:
        """Address or instance with its port."""
        return named(self.id, self.port)

    @property
    def told(self) -> str:
        """Its state in words, with the reason that the load balancer gives."""
        return f"{self.state} ({self.reason})" if self.reason else self.state


def named(target: str, port: int) -> str:
    """A target with its port, as it is written in plans."""
    return f"[{target}]:{port}" if ":" in target else f"{target}:{port}"


def group_of(ask: Ask, host: str, given: str) -> Group:
    """The group that was named, by name or ARN, else the only one that serves the host; raises PlanRefused."""
    if given:
        key = "TargetGroupArns" if given.startswith("arn:") else "Names"
        return _described(ask, **{key: [given]})[0]
    arns = dict.fromkeys(
        arn for listener in serving(ask, host) for arn in _forwarded(_rules(ask, listener.arn), host)
    )
    if not arns:
        raise PlanRefused(
            "NO_GROUP", f"No load balancer of this account is known to serve {host}: name its target group."
        )
    found = _described(ask, TargetGroupArns=list(arns))
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise PlanRefused(
            "WHICH_GROUP", f"{len(found)} target groups serve {host}: say which with group=NAME ({names})."
        )
    return found[0]


def targets_of(ask: Ask, purpose: str, group: str) -> dict[str, Target]:
    """The targets that get requests, by name; those that are being taken out are left out. Raises WorldError."""
    answer = ask(purpose, "how the targets are", "elbv2:DescribeTargetHealth", TargetGroupArn=group)
    found = [_target(each) for each in answer.get("TargetHealthDescriptions") or ()]
    return {one.name: one for one in found if one.state not in _GONE}


def _described(ask: Ask, **which: Any) -> list[Group]:
    answer = ask("plan", "which target groups there are", "elbv2:DescribeTargetGroups", **which)
    return [
        Group(
            str(each["TargetGroupArn"]),
            visible(each.get("TargetGroupName", "")),
            visible(each.get("TargetType", "")),
            int(each.get("Port", 0)),
        )
        for each in answer["TargetGroups"]
    ]


def _rules(ask: Ask, listener: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    more: dict[str, Any] = {}
    while True:
        answer = ask("plan", "what the listener does", "elbv2:DescribeRules", ListenerArn=listener, **more)
        found += answer["Rules"]
        if not answer.get("NextMarker"):
            return sorted(found, key=_priority)
        more = {"Marker": answer["NextMarker"]}


def _priority(rule: Mapping[str, Any]) -> tuple[bool, int]:
    return (True, 0) if rule.get("IsDefault") else (False, int(rule["Priority"]))


def _forwarded(rules: Sequence[Mapping[str, Any]], host: str) -> list[str]:
    """The groups that requests for the host can be sent to, up to the rule that catches all of them."""
    found: list[str] = []
    for rule in rules:
        conditions = rule.get("Conditions") or ()
        hosts = [each for each in conditions if each.get("Field") == "host-header"]
        if not all(_is_for(each, host) for each in hosts):
            continue
        for action in rule.get("Actions") or ():
            if action.get("Type") == "forward":
                weighed = (action.get("ForwardConfig") or {}).get("TargetGroups") or [action]
                found += [str(each["TargetGroupArn"]) for each in weighed if "TargetGroupArn" in each]
        if len(conditions) == len(hosts):
            break
    return found


def _is_for(condition: Mapping[str, Any], host: str) -> bool:
    values = (condition.get("HostHeaderConfig") or condition).get("Values") or ()
    return any(fnmatch(host, str(value).lower()) for value in values)


def _target(described: Mapping[str, Any]) -> Target:
    one, health = described["Target"], described.get("TargetHealth") or {}
    return Target(
        visible(one["Id"], limit=200),
        int(one.get("Port") or 0),
        visible(health.get("State", "unknown"), limit=40),
        visible(health.get("Reason", ""), limit=100),
        "all" if one.get("AvailabilityZone") == "all" else "",
    )
