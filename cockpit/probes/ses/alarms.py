"""The CloudWatch alarms about mail, and when they last changed (DescribeAlarms, DescribeAlarmHistory)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.aws import AwsFailure
from cockpit.probes.ses.calls import Asker
from cockpit.probes.ses.identity import text, time_text
from cockpit.ses.alarms import wanted
from cockpit.text import visible

VANTAGE = "cloudwatch"
HISTORY_DAYS = 14


async def read_alarms(asker: Asker, target: str, check: str, namespace: str, *, at: datetime) -> Reading:
    """Alarms on `AWS/SES` and on the own `namespace`, composite ones that bear "ses" in their name, and `history`.

    An alarm that bears the name of a wanted one is read too, whatever it watches. A metric alarm's own fields keep
    CloudWatch's words in snake case; `composite` is True for composite ones.
    """

    async def look(reader: Asker) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            answer = await reader.call(
                "cloudwatch",
                "describe_alarms",
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                MaxRecords=100,
                **more,
            )
            found += [_metric(each) for each in answer.get("MetricAlarms", ()) if _ours(each, namespace)]
            found += [
                _composite(each) for each in answer.get("CompositeAlarms", ()) if "ses" in _name(each).lower()
            ]
            if not answer.get("NextToken"):
                break
            more = {"NextToken": answer["NextToken"]}
        try:
            history, why = await _history(reader, {each["name"] for each in found}, at), ""
        except AwsFailure as failure:
            # The alarms were read: how they came to be so is the lesser question, and hides no answer to the first.
            history, why = [], str(failure)
        return {"alarms": found, "history": history, "history_failure": why}

    return await asker.read(target, check, VANTAGE, at, look)


async def _history(reader: Asker, names: set[str], at: datetime) -> list[dict[str, Any]]:
    if not names:
        return []
    answer = await reader.call(
        "cloudwatch",
        "describe_alarm_history",
        HistoryItemType="StateUpdate",
        StartDate=at - timedelta(days=HISTORY_DAYS),
        EndDate=at + timedelta(seconds=1),
        MaxRecords=100,
    )
    return [
        {
            "alarm": _name(each),
            "at": time_text(each.get("Timestamp")),
            "says": text(each, "HistorySummary"),
        }
        for each in answer.get("AlarmHistoryItems", ())
        if _name(each) in names
    ]


def _ours(each: Mapping[str, Any], namespace: str) -> bool:
    spaces = {str(each.get("Namespace", ""))}
    spaces |= {
        str((query.get("MetricStat") or {}).get("Metric", {}).get("Namespace", ""))
        for query in each.get("Metrics", ())
    }
    named = {one.name for one in wanted(namespace)}
    return bool(spaces & ({"AWS/SES", namespace} - {""})) or _name(each) in named


def _name(each: Mapping[str, Any]) -> str:
    return text(each, "AlarmName")


def _common(each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": _name(each),
        "state": text(each, "StateValue"),
        "reason": text(each, "StateReason"),
        "since": time_text(each.get("StateTransitionedTimestamp") or each.get("StateUpdatedTimestamp")),
        "actions_enabled": each.get("ActionsEnabled"),
        "actions": [visible(arn, limit=300) for arn in each.get("AlarmActions", ())],
        "suppressed_by": text(each, "ActionsSuppressedBy"),
    }


def _metric(each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_common(each),
        "composite": False,
        "namespace": text(each, "Namespace"),
        "metric": text(each, "MetricName"),
        "dimensions": {
            visible(one["Name"], limit=100): visible(one["Value"], limit=200) for one in each.get("Dimensions", ())
        },
        "statistic": text(each, "Statistic") or text(each, "ExtendedStatistic"),
        "comparison": text(each, "ComparisonOperator"),
        "threshold": each.get("Threshold"),
        "missing": text(each, "TreatMissingData"),
        "period_s": each.get("Period"),
        "expressions": [
            visible(one["Expression"], limit=300) for one in each.get("Metrics", ()) if "Expression" in one
        ],
    }


def _composite(each: Mapping[str, Any]) -> dict[str, Any]:
    return {**_common(each), "composite": True, "rule": text(each, "AlarmRule")}
