"""Targets behind the drill's load balancers, over the AWS endpoint."""

from datetime import UTC, datetime, timedelta

import msgspec

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import DECISION, Observation, Reading, Verdict
from cockpit.health.targets import CHECK, judge_targets
from cockpit.probes.aws import AwsReader
from cockpit.probes.web.targets import read_targets
from cockpit.profile import Profile

HOST = "api.pay.example"


async def look(profile: Profile, *named: str) -> dict[str, Observation]:
    at = datetime.now(UTC)
    readings = await read_targets(AwsReader(profile), "pay.example", CHECK, named, at=at)
    return {each.vantage: each for each in judge_targets("pay.example", readings, at)}


async def balancer(profile: Profile) -> tuple[str, str]:
    """Name and ARN of a load balancer with the host behind it."""
    answer = await AwsReader(profile).call("elbv2", "describe_load_balancers")
    for one in answer["LoadBalancers"]:
        groups = await AwsReader(profile).call(
            "elbv2", "describe_target_groups", LoadBalancerArn=one["LoadBalancerArn"]
        )
        if any(group["TargetGroupName"] == HOST.replace(".", "-") for group in groups["TargetGroups"]):
            return str(one["LoadBalancerName"]), str(one["LoadBalancerArn"])
    raise AssertionError(answer)


async def test_a_load_balancer_is_found_by_name_by_arn_and_by_its_group(world: LaunchedWorld) -> None:
    name, arn = await balancer(world.profile)
    by_name = await look(world.profile, name)
    assert by_name[DECISION].verdict is Verdict.OK, by_name
    assert {each.evidence["group"] for each in (await look(world.profile, arn)).values() if each.vantage} == {
        each.evidence["group"] for each in by_name.values() if each.vantage
    }
    group = (await look(world.profile, "api-pay-example"))["api-pay-example"]
    assert group.evidence["balancer"] == name
    assert group.evidence["certificates"]
    assert group.evidence["targets"][0]["state"] == "healthy"


async def test_an_unhealthy_target_fails_its_group_with_the_reason(world: LaunchedWorld) -> None:
    world.inject(do="host-fault", host=HOST, kind="unavailable")
    try:
        seen = await look(world.profile, "api-pay-example")
    finally:
        world.inject(do="host-heal", host=HOST)
    assert seen[DECISION].verdict is Verdict.FAIL
    assert "0 of 1 targets healthy (ResponseCodeMismatch)" in seen[DECISION].headline
    finding = seen[DECISION].finding
    assert finding is not None
    assert "Health checks failed" in finding.now


async def test_a_name_that_aws_does_not_know_fails_and_a_deaf_endpoint_is_unknown(world: LaunchedWorld) -> None:
    assert (await look(world.profile, "nothing-such"))[DECISION].verdict is Verdict.FAIL
    aws = msgspec.structs.replace(world.profile.aws, endpoint="http://127.0.0.1:9")
    deaf = await look(msgspec.structs.replace(world.profile, aws=aws), "api-pay-example")
    assert deaf[DECISION].verdict is Verdict.UNKNOWN
    assert (await look(world.profile))[DECISION].verdict is Verdict.NA


def test_states_are_told_apart_target_by_target() -> None:
    def judged(*states: str) -> Verdict:
        targets = [
            {
                "id": f"i-{place}",
                "port": 80,
                "zone": "a" if place % 2 else "b",
                "state": state,
                "reason": "",
                "description": "",
            }
            for place, state in enumerate(states)
        ]
        seen = {"group": "g", "balancer": "b", "certificates": [], "targets": targets}
        reading = Reading("d", CHECK, "g", datetime.now(UTC), timedelta(), seen)
        return judge_targets("d", [reading], reading.at)[-1].verdict

    assert judged("healthy", "healthy") is Verdict.OK
    assert judged("healthy", "unhealthy") is Verdict.WARN
    assert judged("healthy", "draining") is Verdict.WARN, "nobody serves in the other zone"
    assert judged("healthy", "healthy", "draining", "unused") is Verdict.OK
    assert judged("initial") is Verdict.WARN
    assert judged("unhealthy", "unhealthy.draining") is Verdict.FAIL
    assert judged() is Verdict.FAIL
