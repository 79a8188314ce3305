"""What CloudWatch has measured: curves of the mail traffic, points that were put, and arithmetic over both."""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError, not_built
from cockpit.drill.aws.ses.traffic import Quantity, Traffic

MAX_DATAPOINTS = 10_000
KEPT_MINUTES = 1_500
"""Minutes of a metric that are kept: a day, and a little more."""
KEPT_METRICS = 100
_MINUTE = 60

Dimensions = tuple[tuple[str, str], ...]
Key = tuple[str, str, Dimensions]
"""Namespace, metric name, dimensions in name order."""


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

    def joined(self, other: "Window") -> "Window":
        """The statistics of both together."""
        return Window(
            self.sample_count + other.sample_count,
            self.total + other.total,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
        )


SET_DIMENSION = "ses:configuration-set"
_REPUTATION = {
    "Reputation.BounceRate": Quantity.REPUTATION_BOUNCE,
    "Reputation.ComplaintRate": Quantity.REPUTATION_COMPLAINT,
}

Curve = Callable[[datetime, datetime], Window | None]
"""The statistics between two moments, None when nothing was measured there."""
Series = list[tuple[datetime, float]]
"""Period starts and values, oldest first."""


class Metrics:
    """All metrics of one region; points that were put are kept by the minute."""

    def __init__(self, traffic: Traffic, own: str = "", sets: Mapping[str, float] | None = None) -> None:
        """`own` is the namespace in which the company counts its mail itself, empty for none.

        `sets` says which part of the mail each configuration set with figures of its own is to blame for bad mail
        with: what exceeds the usual level comes from it, and none of it where that part is 0.
        """
        self._curves: dict[Key, Curve] = _mail_curves(traffic)
        for name, share in (sets or {}).items():
            of = ((SET_DIMENSION, name),)
            for metric, quantity in _REPUTATION.items():
                self._curves["AWS/SES", metric, of] = _gauge_of_set(traffic, quantity, share)
        if own:
            self._curves[own, "EmailsSent", ()] = _counter(traffic, None)
            self._curves[own, "EmailsFailed", ()] = _counter(traffic, Quantity.REJECT_FRACTION)
            self._curves[own, "EmailsSuppressed", ()] = _counter(traffic, Quantity.SUPPRESSED_FRACTION)
        self._stored: dict[Key, dict[int, Window]] = {}

    def names(self) -> list[Key]:
        """All metrics that there are, in order."""
        return sorted({*self._curves, *self._stored})

    def put(self, key: Key, at: datetime, window: Window) -> None:
        """Keep what was measured in one minute; the oldest minute goes first."""
        if key not in self._stored and len(self._stored) >= KEPT_METRICS:
            raise AwsError("LimitExceeded", f"The drill world keeps {KEPT_METRICS} metrics and no more.", 400)
        minutes = self._stored.setdefault(key, {})
        minute = int(at.timestamp()) // _MINUTE
        held = minutes.get(minute)
        minutes[minute] = held.joined(window) if held else window
        if len(minutes) > KEPT_MINUTES:
            del minutes[min(minutes)]

    def points(
        self, key: Key, start: datetime, end: datetime, period_s: int, now: datetime
    ) -> list[tuple[datetime, Window]]:
        """The datapoints between two times, oldest first; raises AwsError when that would be too many."""
        if period_s < 1 or (end - start) / timedelta(seconds=period_s) > MAX_DATAPOINTS:
            raise AwsError("InvalidParameterValue", "The period is too short for so long a time.", 400)
        found = []
        for at in _starts(start, end, period_s, now):
            window = self._window(key, at, at + timedelta(seconds=period_s), now)
            if window is not None:
                found.append((at, window))
        return found

    def query(
        self,
        query: Mapping[str, Any],
        queries: Mapping[str, Mapping[str, Any]],
        start: datetime,
        end: datetime,
        now: datetime,
    ) -> Series:
        """One `MetricDataQuery` of a request: a metric's statistic, or arithmetic over the others."""
        if "MetricStat" in query:
            stat = query["MetricStat"]
            points = self.points(metric_key(stat["Metric"]), start, end, stat["Period"], now)
            return [(at, window.statistic(stat["Stat"])) for at, window in points]
        if "Expression" not in query:
            raise AwsError("MissingParameter", "A query needs MetricStat or Expression.", 400)
        tree = _arithmetic(query["Expression"])
        names = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})
        if not names or any(name not in queries or name == query["Id"] for name in names):
            raise AwsError("ValidationError", f"Error in expression '{query['Id']}': unknown identifier.", 400)
        given = {name: dict(self.query(queries[name], queries, start, end, now)) for name in names}
        common = sorted(set.intersection(*(set(series) for series in given.values())))
        found = [(at, _compute(tree.body, {name: given[name][at] for name in names})) for at in common]
        return [(at, value) for at, value in found if value is not None]

    def _window(self, key: Key, start: datetime, end: datetime, now: datetime) -> Window | None:
        curve = self._curves.get(key)
        whole = curve(start, min(end, now)) if curve is not None else None
        minutes = self._stored.get(key, {})
        first, last = int(start.timestamp()) // _MINUTE, math.ceil(end.timestamp() / _MINUTE)
        for minute in range(first, last) if last - first < len(minutes) else sorted(minutes):
            held = minutes.get(minute)
            if held is not None and first <= minute < last:
                whole = whole.joined(held) if whole else held
        return whole


def metric_key(metric: Mapping[str, Any]) -> Key:
    """The key of a `Metric`, or of parameters that name one."""
    return metric["Namespace"], metric["MetricName"], dimensions_of(metric.get("Dimensions", []))


def dimensions_of(items: Sequence[Mapping[str, str]]) -> Dimensions:
    """Dimensions as a key holds them."""
    return tuple(sorted((item["Name"], item["Value"]) for item in items))


def dimension_list(dimensions: Dimensions) -> list[dict[str, str]]:
    """Dimensions as CloudWatch shows them."""
    return [{"Name": name, "Value": value} for name, value in dimensions]


def window_of(datum: Mapping[str, Any]) -> Window:
    """The statistics of one `MetricDatum`: a value, counted values or a statistic set."""
    if "StatisticValues" in datum:
        given = datum["StatisticValues"]
        return Window(given["SampleCount"], given["Sum"], given["Minimum"], given["Maximum"])
    values = datum.get("Values", [datum.get("Value", 0.0)])
    counts = datum.get("Counts", [1.0] * len(values))
    if len(counts) != len(values):
        raise AwsError("InvalidParameterValue", "Values and Counts must have the same length.", 400)
    total = sum(value * count for value, count in zip(values, counts, strict=True))
    return Window(sum(counts), total, min(values), max(values))


def _starts(start: datetime, end: datetime, period_s: int, now: datetime) -> list[datetime]:
    first = math.floor(start.timestamp() / period_s) * period_s
    last = min(end, now).timestamp()
    return [datetime.fromtimestamp(at, UTC) for at in range(first, math.ceil(last), period_s)]


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
    for name, quantity in _REPUTATION.items():
        curves["AWS/SES", name, ()] = _gauge(traffic, quantity)
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


def _gauge_of_set(traffic: Traffic, quantity: Quantity, share: float) -> Curve:
    """The figure of one configuration set that sends `share` of the mail, and all that is unusual or none of it."""

    def curve(start: datetime, end: datetime) -> Window | None:
        value, usual = traffic.value(quantity, end), traffic.level(quantity)
        excess = max(0.0, value - usual)
        own = min(1.0, value - excess + (excess / share if share else 0.0))
        return Window(1.0, own, own, own)

    return curve


def _gauge(traffic: Traffic, quantity: Quantity) -> Curve:
    def curve(start: datetime, end: datetime) -> Window | None:
        value = traffic.value(quantity, end)
        return Window(1.0, value, value, value)

    return curve


@lru_cache(maxsize=64)
def _arithmetic(text: str) -> ast.Expression:
    """An expression of names, numbers, + - * / and brackets; functions and everything else are not built.

    Kept, because alarms ask for the same few each minute, and because Python's parser of one thread can upset the
    count of depth in another's.
    """
    allowed = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.USub, ast.Name, ast.Load, ast.Constant)
    operators = (ast.Add, ast.Sub, ast.Mult, ast.Div)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        raise AwsError("ValidationError", f"Error in expression: {text[:100]!r}.", 400) from None
    if len(text) > 1024 or not all(isinstance(node, (*allowed, *operators)) for node in ast.walk(tree)):
        raise not_built("cloudwatch metric math beyond + - * /")
    return tree


def _compute(node: ast.expr, values: Mapping[str, float]) -> float | None:
    """The value of an expression at one period; None where it divides by zero."""
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp):
        inner = _compute(node.operand, values)
        return None if inner is None else -inner
    if not isinstance(node, ast.BinOp):
        raise not_built("cloudwatch metric math beyond + - * /")
    left, right = _compute(node.left, values), _compute(node.right, values)
    if left is None or right is None or (isinstance(node.op, ast.Div) and right == 0):
        return None
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    return left * right if isinstance(node.op, ast.Mult) else left / right
