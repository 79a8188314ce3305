"""Rates from CloudWatch (GetMetricData, namespace AWS/SES): AWS's reputation figures and counts per 15 minutes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.ses.calls import Asker
from cockpit.text import visible

VANTAGE = "cloudwatch"
NAMESPACE = "AWS/SES"
POINT = timedelta(minutes=15)
LOOK_BACK = timedelta(hours=12)

_COUNTS = {
    "send": "Send",
    "delivery": "Delivery",
    "bounce": "Bounce",
    "complaint": "Complaint",
    "reject": "Reject",
}
_FIGURES = {"reputation_bounce": "Reputation.BounceRate", "reputation_complaint": "Reputation.ComplaintRate"}
_OWN = {"own_sent": "EmailsSent", "own_failed": "EmailsFailed", "own_suppressed": "EmailsSuppressed"}
SET_DIMENSION = "ses:configuration-set"
SETS_AT_ONCE = 100
"""Configuration sets whose figures are asked for in one call (GetMetricData takes 500 queries)."""


async def read_rates(
    aws: Asker, target: str, check: str, *, at: datetime, namespace: str = "", sets: Sequence[str] = ()
) -> Reading:
    """Counts per 15 minutes, oldest first, the latest reputation fractions, and how these moved (`figures_*`).

    Counts are `send`, `delivery`, `bounce`, `complaint` and `reject`; with a `namespace` of the organisation's own
    also `own_sent`, `own_failed` and `own_suppressed`, and `own` says whether there are any. `sets` become a
    mapping of name to `bounce` and `complaint`. A metric without data is an empty list or None: SES publishes none
    before there was mail, and for a configuration set only with reputation metrics switched on.
    """
    named = list(sets[:SETS_AT_ONCE])

    async def look(reader: Asker) -> dict[str, Any]:
        queries = [
            *(_query(key, name, "Sum") for key, name in _COUNTS.items()),
            *(_query(key, name, "Average") for key, name in _FIGURES.items()),
        ]
        if namespace:
            queries += [_query(key, name, "Sum", namespace=namespace) for key, name in _OWN.items()]
        for number, name in enumerate(named):
            queries += [
                _query(f"set{number}_{key}", metric, "Average", of=name) for key, metric in _FIGURES.items()
            ]
        return _series(await _points(reader, queries, at), named)

    return await aws.read(target, check, VANTAGE, at, look)


class Points:
    """The points of every query, by its id, and what CloudWatch remarked."""

    def __init__(self) -> None:
        self.by_id: dict[str, dict[datetime, float]] = {}
        self.notes: list[str] = []

    def latest(self, key: str) -> float | None:
        """The newest point of a query, None when there is none."""
        figures = self.by_id.get(key, {})
        return figures[max(figures)] if figures else None


async def _points(reader: Asker, queries: list[dict[str, Any]], at: datetime) -> Points:
    """All pages of one GetMetricData."""
    found = Points()
    more: dict[str, str] = {}
    while True:
        answer = await reader.call(
            "cloudwatch",
            "get_metric_data",
            MetricDataQueries=queries,
            StartTime=_floor(at) - LOOK_BACK,
            EndTime=at + timedelta(seconds=1),
            ScanBy="TimestampAscending",
            **more,
        )
        for result in answer.get("MetricDataResults", ()):
            pairs = zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False)
            found.by_id.setdefault(str(result.get("Id")), {}).update({when: float(value) for when, value in pairs})
            if result.get("StatusCode") not in ("Complete", "PartialData", None):
                code = visible(result.get("StatusCode"), limit=50)
                found.notes.append(f"{visible(result.get('Id'), limit=50)}: {code}")
        if not answer.get("NextToken"):
            return found
        more = {"NextToken": answer["NextToken"]}


def _query(key: str, metric: str, statistic: str, *, namespace: str = NAMESPACE, of: str = "") -> dict[str, Any]:
    measured: dict[str, Any] = {"Namespace": namespace, "MetricName": metric}
    if of:
        measured["Dimensions"] = [{"Name": SET_DIMENSION, "Value": of}]
    stat = {"Metric": measured, "Period": int(POINT.total_seconds()), "Stat": statistic}
    return {"Id": key, "MetricStat": stat}


def _series(points: Points, sets: Sequence[str]) -> dict[str, Any]:
    """The answer's points by query; counts and figures are aligned to the times at which mail was sent."""
    times = sorted(points.by_id.get("send", {}))
    seen: dict[str, Any] = {key: [points.by_id.get(key, {}).get(at, 0.0) for at in times] for key in _COUNTS}
    for key in _FIGURES:
        seen[key] = points.latest(key)
        seen[key.replace("reputation", "figures")] = [points.by_id.get(key, {}).get(at) for at in times]
    own = sorted({at for key in _OWN for at in points.by_id.get(key, {})})
    for key in _OWN:
        seen[key] = [points.by_id.get(key, {}).get(at, 0.0) for at in own]
    seen["own"] = bool(own)
    seen["sets"] = {
        visible(name, limit=100): {
            "bounce": points.latest(f"set{number}_reputation_bounce"),
            "complaint": points.latest(f"set{number}_reputation_complaint"),
        }
        for number, name in enumerate(sets)
    }
    seen["from"] = times[0].isoformat() if times else None
    seen["own_from"] = own[0].isoformat() if own else None
    seen["notes"] = points.notes
    return seen


def _floor(at: datetime) -> datetime:
    """The beginning of the 15 minutes that hold `at`, as CloudWatch cuts time."""
    return datetime.fromtimestamp(at.timestamp() // POINT.total_seconds() * POINT.total_seconds(), at.tzinfo)
