"""Rates from CloudWatch (GetMetricData, namespace AWS/SES): AWS's reputation figures and counts per 15 minutes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.aws import AwsReader
from cockpit.text import visible

VANTAGE = "cloudwatch"
NAMESPACE = "AWS/SES"
POINT = timedelta(minutes=15)
LOOK_BACK = timedelta(hours=12)

_COUNTS = {"send": "Send", "bounce": "Bounce", "complaint": "Complaint"}
_FIGURES = {"reputation_bounce": "Reputation.BounceRate", "reputation_complaint": "Reputation.ComplaintRate"}


async def read_rates(aws: AwsReader, target: str, check: str, *, at: datetime) -> Reading:
    """Counts per 15 minutes (`send`, `bounce`, `complaint`, oldest first) and the latest reputation fractions.

    A metric without data is an empty list or None: SES publishes none before there was mail.
    """

    async def look(reader: AwsReader) -> dict[str, Any]:
        answer = await reader.call(
            "cloudwatch",
            "get_metric_data",
            MetricDataQueries=[
                *(_query(key, name, "Sum") for key, name in _COUNTS.items()),
                *(_query(key, name, "Average") for key, name in _FIGURES.items()),
            ],
            StartTime=_floor(at) - LOOK_BACK,
            EndTime=at + timedelta(seconds=1),
            ScanBy="TimestampAscending",
        )
        return _series(answer)

    return await aws.read(target, check, VANTAGE, at, look)


def _query(key: str, metric: str, statistic: str) -> dict[str, Any]:
    return {
        "Id": key,
        "MetricStat": {
            "Metric": {"Namespace": NAMESPACE, "MetricName": metric},
            "Period": int(POINT.total_seconds()),
            "Stat": statistic,
        },
    }


def _series(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's points by query; counts are aligned to the times at which mail was sent."""
    points: dict[str, dict[datetime, float]] = {}
    notes = []
    for result in answer.get("MetricDataResults", ()):
        pairs = zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False)
        points[str(result.get("Id"))] = {at: float(value) for at, value in pairs}
        if result.get("StatusCode") not in ("Complete", None):
            notes.append(f"{visible(result.get('Id'), limit=50)}: {visible(result.get('StatusCode'), limit=50)}")
    times = sorted(points.get("send", {}))
    seen: dict[str, Any] = {key: [points.get(key, {}).get(at, 0.0) for at in times] for key in _COUNTS}
    for key in _FIGURES:
        figures = points.get(key, {})
        seen[key] = figures[max(figures)] if figures else None
    seen["from"] = times[0].isoformat() if times else None
    seen["notes"] = notes
    return seen


def _floor(at: datetime) -> datetime:
    """The beginning of the 15 minutes that hold `at`, as CloudWatch cuts time."""
    return datetime.fromtimestamp(at.timestamp() // POINT.total_seconds() * POINT.total_seconds(), at.tzinfo)
