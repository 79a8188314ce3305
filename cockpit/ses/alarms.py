"""The six CloudWatch alarms that a sending account should have, and what is wrong with those it has.

Reputation metrics are fractions: an alarm at 5 that was meant as 5 % can never fire, and looks as good as any.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cockpit.health.failures import unknown
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

CHECK = "ses.alarms"
AWS_SPACE = "AWS/SES"


class Wanted(msgspec.Struct, frozen=True):
    """One alarm as it should be; `metric` is empty for one that is reckoned from several."""

    name: str
    namespace: str
    metric: str
    comparison: str
    threshold: float
    statistic: str
    says: str


class AlarmState(msgspec.Struct, frozen=True):
    """One wanted alarm as it stands; `found` is the name of the alarm that does its work, empty for none."""

    name: str
    says: str
    found: str
    state: str
    problems: tuple[str, ...] = ()


def wanted(namespace: str) -> tuple[Wanted, ...]:
    """The six alarms; the last two watch the organisation's own counts in `namespace`."""
    above, least = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"
    bounce, complaint = "Reputation.BounceRate", "Reputation.ComplaintRate"

    def rate(name: str, metric: str, threshold: float, says: str) -> Wanted:
        return Wanted(name, AWS_SPACE, metric, above, threshold, "Average", says)

    return (
        rate("ses-high-bounce-rate-CRITICAL", bounce, 0.05, "bounces over 5 %"),
        rate("ses-high-complaint-rate-CRITICAL", complaint, 0.001, "complaints over 0.1 %"),
        rate("ses-bounce-rate-warning", bounce, 0.03, "bounces over 3 %"),
        rate("ses-complaint-rate-warning", complaint, 0.0005, "complaints over 0.05 %"),
        Wanted("ses-email-failure-rate-high", namespace, "", above, 0.10, "", "failed sends over 10 %"),
        Wanted(
            "ses-suppressed-emails-detected", namespace, "EmailsSuppressed", least, 1.0, "Sum", "mail to suppressed"
        ),
    )


def survey(alarms: Sequence[Mapping[str, Any]], namespace: str) -> list[AlarmState]:
    """How each wanted alarm stands among the alarms that there are."""
    return [_stands(each, alarms) for each in wanted(namespace)]


def lint(alarm: Mapping[str, Any]) -> list[str]:
    """What is wrong with one alarm, in sentences without a name."""
    found = []
    threshold, metric = alarm.get("threshold"), str(alarm.get("metric", ""))
    if metric.startswith("Reputation.") and isinstance(threshold, int | float) and threshold >= 1:
        found.append(
            f"the threshold is {threshold:g}, and the metric is a fraction: it can never fire (5 % is 0.05)"
        )
    if metric.startswith("Reputation.") and str(alarm.get("comparison", "")).startswith("Less"):
        found.append("it fires when the rate is low")
    if metric.startswith("Reputation.") and alarm.get("missing") == "breaching":
        found.append("missing data counts as breaching, and SES publishes none while no mail is sent")
    if alarm.get("actions_enabled") is False:
        found.append("its actions are switched off")
    elif not alarm.get("actions"):
        found.append("it has no action, so nobody is told")
    return found


def judge_alarms(reading: Reading, namespace: str, at: datetime) -> list[Observation]:
    """One decision: WARN for an alarm that is missing, wrong or cannot do its work; INFO for those in ALARM.

    An alarm's own state is no alert of ours: what it watches is judged by the checks of the rates.
    """
    if reading.failure is not None:
        return [unknown(reading, CHECK, at)]
    alarms = list(reading.seen.get("alarms", ()))
    states = survey(alarms, namespace)
    faulty = {str(each["name"]): lint(each) for each in alarms if not each.get("composite") and lint(each)}
    missing = [each.name for each in states if not each.found]
    firing = [str(each["name"]) for each in alarms if each.get("state") == "ALARM"]
    evidence = {
        "kind": "ses-watching",
        "wanted": [msgspec.to_builtins(each) for each in states],
        "faulty": faulty,
        "firing": firing,
        "alarms": alarms,
        "history": list(reading.seen.get("history", ())),
        "history_failure": str(reading.seen.get("history_failure", "")),
    }
    parts = [f"{len(firing)} in ALARM: {', '.join(sorted(firing)[:3])}"] if firing else []
    if faulty:
        name, faults = next(iter(sorted(faulty.items())))
        parts.insert(0, f"{name}: {faults[0]}")
    if missing:
        more = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
        parts.append(f"{len(missing)} of {len(states)} wanted alarms are missing: {', '.join(missing[:2])}{more}")
    wrong = _wrong(states, faulty)
    if wrong:
        parts.append("; ".join(f"{name}: {problem}" for name, problem in wrong[:1]))
    bad = bool(faulty or missing or wrong)
    verdict = Verdict.WARN if bad else Verdict.INFO if parts else Verdict.OK
    headline = "; ".join(parts) or f"all {len(states)} wanted alarms are there and quiet"
    finding = _finding(faulty, missing, wrong) if bad else None
    return [Observation(reading.target, CHECK, DECISION, verdict, headline, at, reading.took, finding, evidence)]


def _wrong(states: Sequence[AlarmState], faulty: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """What the survey found wrong with alarms that have the right name, beyond what the lint says of them."""
    return [
        (each.found, problem)
        for each in states
        for problem in each.problems
        if problem not in faulty.get(each.found, ())
    ]


def _finding(
    faulty: Mapping[str, Sequence[str]], missing: Sequence[str], wrong: Sequence[tuple[str, str]]
) -> Finding:
    told = [f"{name}: {'; '.join(faults)}" for name, faults in sorted(faulty.items())]
    told += [f"{name}: {problem}" for name, problem in wrong]
    told += [f"{name} is missing" for name in missing]
    return Finding(
        f"{'. '.join(told)}.",
        "Six alarms, with thresholds as fractions, each with an action that reaches somebody.",
        "See what would be made or changed with cockpit provision plan, and let cockpit provision apply do it; or "
        "put the alarms right in CloudWatch (PutMetricAlarm), and have them tell a topic that people read.",
    )


def _stands(want: Wanted, alarms: Sequence[Mapping[str, Any]]) -> AlarmState:
    named = [each for each in alarms if each.get("name") == want.name]
    alike = [each for each in alarms if _does_the_work(each, want)]
    if not alike and not named:
        return AlarmState(want.name, want.says, "", "")
    chosen = (alike or named)[0]
    problems = lint(chosen)
    if not alike and not any("never fire" in each for each in problems):
        threshold = chosen.get("threshold")
        problems.insert(0, f"the threshold is {threshold}, wanted is {want.threshold:g}")
    return AlarmState(want.name, want.says, str(chosen["name"]), str(chosen.get("state", "")), tuple(problems))


def _does_the_work(alarm: Mapping[str, Any], want: Wanted) -> bool:
    """Whether an alarm watches the account as wanted, under whatever name."""
    if not want.metric:
        return alarm.get("name") == want.name and _near(alarm.get("threshold"), want.threshold, percent=True)
    return (
        alarm.get("metric") == want.metric
        and (alarm.get("namespace") == want.namespace or not want.namespace)
        and not alarm.get("dimensions")
        and str(alarm.get("comparison", "")).startswith("Greater")
        and _near(alarm.get("threshold"), want.threshold)
    )


def _near(value: Any, wanted_value: float, *, percent: bool = False) -> bool:
    """Equal but for rounding; with `percent` also when the reckoning multiplies by 100."""
    if not isinstance(value, int | float):
        return False
    return any(abs(value - each) <= each * 1e-6 for each in (wanted_value, *([wanted_value * 100] * percent)))
