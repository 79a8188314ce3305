"""The health of load balancers' targets, as the balancers themselves check it (ELBv2 DescribeTargetHealth)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.aws import AwsFailure, AwsReader
from cockpit.text import visible

MOST_GROUPS = 50
MOST_TARGETS = 500

_ABSENT = ("not-found",)


async def read_targets(
    aws: AwsReader, target: str, check: str, named: Sequence[str], *, at: datetime
) -> list[Reading]:
    """One reading per target group; `named` are ARNs of load balancers or target groups, or names of either.

    `seen` has `group`, `balancer` (its name, empty when none uses the group), `certificates` (at its listeners) and
    `targets`, each with `id`, `port`, `zone`, `state`, `reason` and `description`. What cannot be found or read is
    a reading of its own under the name that was configured.
    """
    readings: list[Reading] = []
    for name in named:
        told = await aws.read(target, check, short(name), at, _find(name))
        if told.failure is not None:
            readings.append(told)
            continue
        for group in told.seen["groups"]:
            look = _look(group)
            readings.append(await aws.read(target, check, str(group["group"]), at, look))
    return readings


def _find(name: str) -> Callable[[AwsReader], Awaitable[dict[str, Any]]]:
    async def look(reader: AwsReader) -> dict[str, Any]:
        return {"groups": await _groups(reader, name)}

    return look


def _look(group: Mapping[str, Any]) -> Callable[[AwsReader], Awaitable[dict[str, Any]]]:
    async def look(reader: AwsReader) -> dict[str, Any]:
        answer = await reader.call("elbv2", "describe_target_health", TargetGroupArn=group["arn"])
        targets = [_target(each) for each in answer.get("TargetHealthDescriptions") or ()][:MOST_TARGETS]
        return {**{key: group[key] for key in ("group", "balancer", "certificates")}, "targets": targets}

    return look


async def _groups(reader: AwsReader, name: str) -> list[dict[str, Any]]:
    """The target groups that are meant, with the load balancer in front and its certificates."""
    if ":targetgroup/" in name:
        answer = await reader.call("elbv2", "describe_target_groups", TargetGroupArns=[name])
        return await _described(reader, answer)
    if ":loadbalancer/" in name:
        answer = await reader.call("elbv2", "describe_target_groups", LoadBalancerArn=name)
        return await _described(reader, answer)
    try:
        answer = await reader.call("elbv2", "describe_target_groups", Names=[name])
    except AwsFailure as error:
        if error.token not in _ABSENT:
            raise
        found = await reader.call("elbv2", "describe_load_balancers", Names=[name])
        arn = str(found["LoadBalancers"][0]["LoadBalancerArn"])
        answer = await reader.call("elbv2", "describe_target_groups", LoadBalancerArn=arn)
    return await _described(reader, answer)


async def _described(reader: AwsReader, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    certificates: dict[str, list[str]] = {}
    for group in list(answer.get("TargetGroups") or ())[:MOST_GROUPS]:
        balancers = [str(arn) for arn in group.get("LoadBalancerArns") or ()]
        for arn in balancers[:1]:
            if arn not in certificates:
                certificates[arn] = await _certificates(reader, arn)
        found.append(
            {
                "arn": str(group["TargetGroupArn"]),
                "group": visible(group.get("TargetGroupName") or "", limit=100),
                "balancer": short(balancers[0]) if balancers else "",
                "certificates": certificates.get(balancers[0], []) if balancers else [],
            }
        )
    return found


async def _certificates(reader: AwsReader, balancer: str) -> list[str]:
    """The certificates at a load balancer's listeners; none where this caller cannot see them."""
    try:
        answer = await reader.call("elbv2", "describe_listeners", LoadBalancerArn=balancer)
    except AwsFailure:
        return []
    listed = (each for listener in answer.get("Listeners") or () for each in listener.get("Certificates") or ())
    return [visible(each.get("CertificateArn") or "", limit=300) for each in listed]


def _target(described: Mapping[str, Any]) -> dict[str, Any]:
    one, health = described.get("Target") or {}, described.get("TargetHealth") or {}
    return {
        "id": visible(one.get("Id") or "", limit=100),
        "port": one.get("Port"),
        "zone": visible(one.get("AvailabilityZone") or "", limit=40),
        "state": visible(health.get("State") or "", limit=40),
        "reason": visible(health.get("Reason") or "", limit=100),
        "description": visible(health.get("Description") or "", limit=200),
    }


def short(name: str) -> str:
    """The part of an ARN that people know: `app/front/d0` is `front`; a bare name stays."""
    if not name.startswith("arn:"):
        return visible(name, limit=100)
    parts = name.rpartition(":")[2].split("/")
    return visible(parts[-2] if len(parts) > 2 else parts[-1], limit=100)
