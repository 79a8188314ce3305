"""CloudWatch: metrics read off the traffic curves, stored points, and alarms that evaluate M of N."""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.drill.aws.errors import AwsError, not_built
from cockpit.drill.aws.traffic import Quantity, Traffic
from cockpit.drill.aws.wire import Call, Operation

MAX_DATAPOINTS = 10_000
KEPT_POINTS = 5_000
KEPT_METRICS = 500

Dimensions = tuple[tuple[str, str], ...]
Key = tuple[str, str, Dimensions]


@dataclass(frozen=True, slots=True)
class Window:
    """One period's statistics: what CloudWatch calls a datapoint."""

    sample_count: float
    total: float
    minimum: float
    maximum: float

    def statistic(self, name: str) -> float:
        """One statistic by CloudWatch's name; raises AwsError for one that is not built."""
        values = {
            "SampleCount": self.sample_count,
            "Sum": self.total,
            "Average": self.total / self.sample_count,
            "Minimum": self.minimum,
            "Maximum": self.maximum,
        }
        if name not in values:
            raise AwsError("InvalidParameterValue", f"The drill world does not compute the statistic {name}.", 400)
        return values[name]


Curve = Callable[[datetime, datetime], Window | None]
"""The statistics between two moments, None when nothing was measured there."""


@dataclass(slots=True, kw_only=True)
class Alarm:
    """One metric alarm: `datapoints` breaching of the last `periods` make ALARM; missing data changes nothing."""

    name: str
    key: Key
    threshold: float
    statistic: str = "Average"
    period: timedelta = timedelta(minutes=1)
    datapoints: int = 1
    periods: int = 1
    description: str = ""
    actions: tuple[str, ...] = ()
    state: str = "INSUFFICIENT_DATA"
    reason: str = "Unchecked: Initial alarm creation"
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))


class CloudWatch:
    """The metrics and alarms of one region."""

    name = "cloudwatch"

    def __init__(self, traffic: Traffic, alarms: Sequence[Alarm] = (), *, place: str = "region:account") -> None:
        """`place` is `region:account`, as it stands in an ARN."""
        self._place = place
        self._curves: dict[Key, Curve] = _mail_curves(traffic)
        self._stored: dict[Key, deque[tuple[datetime, Window]]] = {}
        self.alarms = list(alarms)

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "ListMetrics": self.list_metrics,
            "GetMetricData": self.get_metric_data,
            "GetMetricStatistics": self.get_metric_statistics,
            "PutMetricData": self.put_metric_data,
            "DescribeAlarms": self.describe_alarms,
        }

    def tick(self, now: datetime) -> list[str]:
        """Evaluate the alarms, the period that is still running included; a sentence per state that changed."""
        changed = []
        for alarm in self.alarms:
            state, reason = self._evaluate(alarm, now)
            if state != alarm.state:
                changed.append(f"CloudWatch: alarm {alarm.name} {alarm.state} -> {state}")
                alarm.state, alarm.reason, alarm.updated = state, reason, now
        return changed

    def list_metrics(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch ListMetrics by namespace, name and dimensions."""
        asked = call.parameters
        wanted = {(item["Name"], item.get("Value")) for item in asked.get("Dimensions", [])}
        metrics = [
            {"Namespace": space, "MetricName": name, "Dimensions": _dimension_list(dimensions)}
            for space, name, dimensions in sorted({*self._curves, *self._stored})
            if asked.get("Namespace", space) == space
            and asked.get("MetricName", name) == name
            and all(any(n == k and v in (None, w) for k, w in dimensions) for n, v in wanted)
        ]
        return {"Metrics": metrics}

    def get_metric_data(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch GetMetricData for metric queries, newest point first unless asked otherwise."""
        asked = call.parameters
        ascending = asked.get("ScanBy") == "TimestampAscending"
        results = []
        for query in asked["MetricDataQueries"]:
            if "MetricStat" not in query:
                raise not_built("cloudwatch:GetMetricData with a metric math expression")
            if not query.get("ReturnData", True):
                continue
            stat = query["MetricStat"]
            points = self._points(
                _key(stat["Metric"]), asked["StartTime"], asked["EndTime"], stat["Period"], call.at
            )
            points.sort(key=lambda point: point[0], reverse=not ascending)
            results.append(
                {
                    "Id": query["Id"],
                    "Label": query.get("Label", stat["Metric"].get("MetricName", "")),
                    "Timestamps": [start for start, _ in points],
                    "Values": [window.statistic(stat["Stat"]) for _, window in points],
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": results, "Messages": []}

    def get_metric_statistics(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch GetMetricStatistics; the points come in no order, as from AWS."""
        asked = call.parameters
        points = self._points(_key(asked), asked["StartTime"], asked["EndTime"], asked["Period"], call.at)
        names = asked.get("Statistics", ["Average"])
        unit = asked.get("Unit", "None")
        return {
            "Label": asked["MetricName"],
            "Datapoints": [
                {"Timestamp": start, "Unit": unit} | {name: window.statistic(name) for name in names}
                for start, window in points
            ],
        }

    def put_metric_data(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch PutMetricData: values, counted values and statistic sets."""
        space = call.parameters["Namespace"]
        if space.startswith("AWS/"):
            raise AwsError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.", 400)
        for datum in call.parameters.get("MetricData", []):
            key = (space, datum["MetricName"], _dimensions(datum.get("Dimensions", [])))
            if key not in self._stored and len(self._stored) >= KEPT_METRICS:
                raise AwsError("LimitExceeded", f"The drill world keeps {KEPT_METRICS} metrics and no more.", 400)
            stored = self._stored.setdefault(key, deque(maxlen=KEPT_POINTS))
            stored.append((datum.get("Timestamp", call.at), _window_of(datum)))
        return {}

    def describe_alarms(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch DescribeAlarms for metric alarms, by name, prefix and state."""
        asked = call.parameters
        names = asked.get("AlarmNames")
        found = [
            alarm
            for alarm in self.alarms
            if (names is None or alarm.name in names)
            and alarm.name.startswith(asked.get("AlarmNamePrefix", ""))
            and asked.get("StateValue", alarm.state) == alarm.state
        ]
        return {"MetricAlarms": [_described(alarm, self._place) for alarm in found], "CompositeAlarms": []}

    def _points(
        self, key: Key, start: datetime, end: datetime, period_s: int, now: datetime
    ) -> list[tuple[datetime, Window]]:
        period = timedelta(seconds=period_s)
        if period_s < 1 or (end - start) / period > MAX_DATAPOINTS:
            raise AwsError("InvalidParameterValue", "The period is too short for so long a time.", 400)
        points = []
        at = datetime.fromtimestamp(math.floor(start.timestamp() / period_s) * period_s, UTC)
        while at < end and at < now:
            window = self._window(key, at, at + period, now)
            if window is not None:
                points.append((at, window))
            at += period
        return points

    def _window(self, key: Key, start: datetime, end: datetime, now: datetime) -> Window | None:
        curve = self._curves.get(key)
        if curve is not None:
            return curve(start, min(end, now))
        inside = [window for at, window in self._stored.get(key, ()) if start <= at < end]
        if not inside:
            return None
        return Window(
            sum(window.sample_count for window in inside),
            sum(window.total for window in inside),
            min(window.minimum for window in inside),
            max(window.maximum for window in inside),
        )

    def _evaluate(self, alarm: Alarm, now: datetime) -> tuple[str, str]:
        period_s = int(alarm.period.total_seconds())
        points = self._points(alarm.key, now - alarm.period * (alarm.periods - 1), now, period_s, now)
        if not points:
            return alarm.state, alarm.reason
        values = [window.statistic(alarm.statistic) for _, window in points]
        breaching = [value for value in values if value > alarm.threshold]
        reason = (
            f"{len(breaching)} of {len(values)} datapoints were greater than the threshold ({alarm.threshold})."
        )
        return ("ALARM" if len(breaching) >= alarm.datapoints else "OK"), f"Threshold Crossed: {reason}"


def _mail_curves(traffic: Traffic) -> dict[Key, Curve]:
    counted = {
        "Send": None,
        "Bounce": Quantity.BOUNCE_FRACTION,
        "Complaint": Quantity.COMPLAINT_FRACTION,
        "Reject": Quantity.REJECT_FRACTION,
    }
    curves: dict[Key, Curve] = {
        ("AWS/SES", name, ()): _counter(traffic, quantity) for name, quantity in counted.items()
    }
    curves["AWS/SES", "Delivery", ()] = _deliveries(traffic)
    curves["AWS/SES", "Reputation.BounceRate", ()] = _gauge(traffic, Quantity.REPUTATION_BOUNCE)
    curves["AWS/SES", "Reputation.ComplaintRate", ()] = _gauge(traffic, Quantity.REPUTATION_COMPLAINT)
    return curves


def _counter(traffic: Traffic, quantity: Quantity | None) -> Curve:
    def curve(start: datetime, end: datetime) -> Window | None:
        count = round(traffic.count(quantity, start, end))
        return Window(count, count, 1.0, 1.0) if count else None

    return curve


def _deliveries(traffic: Traffic) -> Curve:
    def curve(start: datetime, end: datetime) -> Window | None:
        lost = traffic.count(Quantity.BOUNCE_FRACTION, start, end) + traffic.count(
            Quantity.REJECT_FRACTION, start, end
        )
        count = round(traffic.count(None, start, end) - lost)
        return Window(count, count, 1.0, 1.0) if count > 0 else None

    return curve


def _gauge(traffic: Traffic, quantity: Quantity) -> Curve:
    def curve(start: datetime, end: datetime) -> Window | None:
        value = traffic.value(quantity, end)
        return Window(1.0, value, value, value)

    return curve


def _key(metric: Mapping[str, Any]) -> Key:
    return metric["Namespace"], metric["MetricName"], _dimensions(metric.get("Dimensions", []))


def _dimensions(items: Sequence[Mapping[str, str]]) -> Dimensions:
    return tuple(sorted((item["Name"], item["Value"]) for item in items))


def _dimension_list(dimensions: Dimensions) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions]


def _window_of(datum: Mapping[str, Any]) -> Window:
    if "StatisticValues" in datum:
        given = datum["StatisticValues"]
        return Window(given["SampleCount"], given["Sum"], given["Minimum"], given["Maximum"])
    values = datum.get("Values", [datum.get("Value", 0.0)])
    counts = datum.get("Counts", [1.0] * len(values))
    total = sum(value * count for value, count in zip(values, counts, strict=True))
    return Window(sum(counts), total, min(values), max(values))


def _described(alarm: Alarm, place: str) -> dict[str, Any]:
    space, name, dimensions = alarm.key
    return {
        "AlarmName": alarm.name,
        "AlarmArn": f"arn:aws:cloudwatch:{place}:alarm:{alarm.name}",
        "AlarmDescription": alarm.description,
        "ActionsEnabled": True,
        "AlarmActions": list(alarm.actions),
        "OKActions": [],
        "InsufficientDataActions": [],
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": alarm.updated,
        "StateTransitionedTimestamp": alarm.updated,
        "MetricName": name,
        "Namespace": space,
        "Statistic": alarm.statistic,
        "Dimensions": _dimension_list(dimensions),
        "Period": int(alarm.period.total_seconds()),
        "EvaluationPeriods": alarm.periods,
        "DatapointsToAlarm": alarm.datapoints,
        "Threshold": alarm.threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "ignore",
    }
