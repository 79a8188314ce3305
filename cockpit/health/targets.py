"""lb.targets: how many targets behind each load balancer are healthy by its own checks, and how they are spread."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

CHECK = "lb.targets"

_SERVING = ("healthy",)
_COMING = ("initial", "draining")
_IDLE = ("unused",)
"""States of a target (ELBv2 TargetHealthStateEnum) beside `unhealthy`, `unhealthy.draining` and `unavailable`."""


def judge_targets(target: str, readings: Sequence[Reading], at: datetime) -> list[Observation]:
    """One observation per target group, and the decision, which comes last."""
    seen = [_judge(reading) for reading in readings]
    if not seen:
        return [Observation(target, CHECK, DECISION, Verdict.NA, "no load balancer is configured", at)]
    worst = min(seen, key=lambda each: each.verdict.rank)
    groups = [each.evidence for each in seen if "group" in each.evidence]
    healthy, all_targets = sum(each["healthy"] for each in groups), sum(each["all"] for each in groups)
    headline = worst.headline
    if worst.verdict is Verdict.OK:
        headline = (
            f"{healthy} of {all_targets} targets healthy in {len(groups)} group{'' if len(groups) == 1 else 's'}"
        )
    evidence = {
        "kind": "service-down",
        "groups": [{key: each[key] for key in ("group", "balancer", "healthy", "all")} for each in groups],
    }
    took = max((reading.took for reading in readings), default=timedelta())
    return [
        *seen,
        Observation(target, CHECK, DECISION, worst.verdict, headline, at, took, worst.finding, evidence),
    ]


def _judge(reading: Reading) -> Observation:
    if reading.failure == "not-found":
        finding = Finding(
            f"AWS knows no load balancer or target group {reading.vantage}.",
            "The names under load_balancers exist in the configured account and region.",
            "Correct the name in the configuration; if it did exist, find out who deleted it.",
        )
        return reading.judged(Verdict.FAIL, f"{reading.vantage}: does not exist", finding, {"kind": "service-down"})
    if reading.failure is not None:
        reason = str(reading.seen.get("reason") or reading.failure)
        return reading.judged(Verdict.UNKNOWN, f"{reading.vantage}: {reason}", None, {"kind": "service-down"})
    targets: list[Mapping[str, Any]] = list(reading.seen["targets"])
    serving = [each for each in targets if each["state"] in _SERVING]
    counted = [each for each in targets if each["state"] not in _IDLE]
    evidence = {
        "kind": "service-down",
        **dict(reading.seen),
        "healthy": len(serving),
        "all": len(targets),
        "zones": _zones(targets),
    }
    name = str(reading.seen["group"])
    said = f"{name}: {len(serving)} of {len(targets)} targets healthy"
    bad = [each for each in counted if each["state"] not in (*_SERVING, *_COMING)]
    if not targets:
        return reading.judged(Verdict.FAIL, f"{name}: no target is registered", _none(name), evidence)
    if not serving:
        coming = bool(counted) and not bad
        verdict = Verdict.WARN if coming else Verdict.FAIL
        return reading.judged(verdict, f"{said}{_why(bad)}", _finding(name, targets, bad), evidence)
    if bad:
        return reading.judged(Verdict.WARN, f"{said}{_why(bad)}", _finding(name, targets, bad), evidence)
    empty = [zone for zone, (well, every) in _zones(targets).items() if zone and every and not well]
    if empty:
        return reading.judged(Verdict.WARN, f"{said}, none in {empty[0]}", _finding(name, targets, bad), evidence)
    return reading.judged(Verdict.OK, said, None, evidence)


def _zones(targets: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Healthy and all targets by availability zone."""
    zones: dict[str, list[int]] = {}
    for each in targets:
        counts = zones.setdefault(str(each["zone"]), [0, 0])
        counts[0] += each["state"] in _SERVING
        counts[1] += 1
    return zones


def _why(bad: Sequence[Mapping[str, Any]]) -> str:
    if not bad:
        return ""
    why = str(bad[0]["reason"] or bad[0]["state"]).removeprefix("Target.").removeprefix("Elb.")
    return f" ({why})"


def _finding(name: str, targets: Sequence[Mapping[str, Any]], bad: Sequence[Mapping[str, Any]]) -> Finding:
    told = "; ".join(
        f"{each['id']}:{each['port']} {each['state']}: {each['description'] or each['reason'] or 'no reason given'}"
        for each in (bad or targets)[:5]
    )
    return Finding(
        f"In the target group {name}: {told}.",
        "Every registered target passes the load balancer's health check.",
        "Look at the service at these targets and at the health check's path and port; take out what is gone.",
    )


def _none(name: str) -> Finding:
    return Finding(
        f"The target group {name} has no targets, so the load balancer answers 503.",
        "Targets are registered.",
        "See why the deployment or the scaling group registers none; register them again.",
    )
