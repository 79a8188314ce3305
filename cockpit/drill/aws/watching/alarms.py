"""CloudWatch alarms: M of N datapoints, missing data as the alarm wants it treated, and alarms over alarms."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.watching.metrics import Key, Metrics, Series, dimension_list

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
STATES = (OK, ALARM, NO_DATA)
MISSING = ("breaching", "notBreaching", "ignore", "missing")
COMPARISONS: Mapping[str, tuple[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": ("greater than", lambda value, limit: value > limit),
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", lambda value, limit: value >= limit),
    "LessThanThreshold": ("less than", lambda value, limit: value < limit),
    "LessThanOrEqualToThreshold": ("less than or equal to", lambda value, limit: value <= limit),
}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Standing:
    """What every alarm has: a name, a state since when and why, and whom it tells."""

    name: str
    description: str = ""
    enabled: bool = True
    actions: tuple[str, ...] = ()
    ok_actions: tuple[str, ...] = ()
    no_data_actions: tuple[str, ...] = ()
    state: str = NO_DATA
    reason: str = "Unchecked: Initial alarm creation"
    updated: datetime = field(default_factory=_now)
    transitioned: datetime = field(default_factory=_now)
    configured: datetime = field(default_factory=_now)
    held_until: datetime | None = None
    """Until when a state that was set by hand stays."""

    def told(self) -> tuple[str, ...]:
        """Whom the present state is told to."""
        return {OK: self.ok_actions, ALARM: self.actions, NO_DATA: self.no_data_actions}[self.state]

    def described(self, arn: str) -> dict[str, Any]:
        """The members that DescribeAlarms has for both kinds."""
        return {
            "AlarmName": self.name,
            "AlarmArn": arn,
            "AlarmDescription": self.description,
            "AlarmConfigurationUpdatedTimestamp": self.configured,
            "ActionsEnabled": self.enabled,
            "AlarmActions": list(self.actions),
            "OKActions": list(self.ok_actions),
            "InsufficientDataActions": list(self.no_data_actions),
            "StateValue": self.state,
            "StateReason": self.reason,
            "StateUpdatedTimestamp": self.updated,
            "StateTransitionedTimestamp": self.transitioned,
        }


@dataclass(slots=True, kw_only=True)
class Alarm(Standing):
    """One metric alarm: `datapoints` breaching of the last `periods` make ALARM.

    Watches the metric of `key`, or where `queries` are given, the one of them that returns data.
    """

    key: Key = ("", "", ())
    threshold: float = 0.0
    statistic: str = "Average"
    period: timedelta = timedelta(minutes=1)
    datapoints: int = 1
    periods: int = 1
    comparison: str = "GreaterThanThreshold"
    missing: str = "ignore"
    unit: str = ""
    queries: tuple[Mapping[str, Any], ...] = ()

    def evaluate(self, metrics: Metrics, now: datetime) -> tuple[str, str]:
        """State and reason as of now.

        The period that is still running counts once it has data, so that a drill does not wait for its end.
        """
        period_s = int(self.period.total_seconds())
        newest = int(now.timestamp()) // period_s * period_s
        values = {int(at.timestamp()): value for at, value in self._series(metrics, now)}
        last = newest if newest in values else newest - period_s
        seen = [values.get(last - period_s * index) for index in range(self.periods)]
        return self.judge(seen)

    def judge(self, values: Sequence[float | None]) -> tuple[str, str]:
        """State and reason for the datapoints of the last periods, None for each that is missing."""
        words, breaches = COMPARISONS[self.comparison]
        present = [value for value in values if value is not None]
        lacking = len(values) - len(present)
        breaching = sum(breaches(value, self.threshold) for value in present)
        if self.missing == "breaching":
            breaching += lacking
        fine = len(present) - sum(breaches(value, self.threshold) for value in present)
        reason = (
            f"Threshold Crossed: {breaching} of {len(values)} datapoints were {words} the threshold "
            f"({self.threshold}), {lacking} missing [treated as {self.missing}]."
        )
        if breaching >= self.datapoints:
            return ALARM, reason
        if self.missing == "missing" and not present:
            return NO_DATA, f"Insufficient Data: {lacking} datapoints were unknown."
        undecided = self.missing == "ignore" and fine <= len(values) - self.datapoints
        return (self.state, self.reason) if undecided else (OK, reason)

    def described(self, arn: str) -> dict[str, Any]:
        """`MetricAlarm` as DescribeAlarms has it."""
        told = Standing.described(self, arn) | {
            "EvaluationPeriods": self.periods,
            "DatapointsToAlarm": self.datapoints,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison,
            "TreatMissingData": self.missing,
        }
        if self.queries:
            return told | {"Metrics": [dict(query) for query in self.queries]}
        space, name, dimensions = self.key
        told |= {
            "MetricName": name,
            "Namespace": space,
            "Statistic": self.statistic,
            "Dimensions": dimension_list(dimensions),
            "Period": int(self.period.total_seconds()),
        }
        return told | ({"Unit": self.unit} if self.unit else {})

    def _series(self, metrics: Metrics, now: datetime) -> Series:
        start = now - self.period * self.periods
        if not self.queries:
            points = metrics.points(self.key, start, now, int(self.period.total_seconds()), now)
            return [(at, window.statistic(self.statistic)) for at, window in points]
        by_id = {query["Id"]: query for query in self.queries}
        shown = [query for query in self.queries if query.get("ReturnData", True)]
        return metrics.query(shown[0], by_id, start, now, now)


@dataclass(slots=True, kw_only=True)
class CompositeAlarm(Standing):
    """An alarm over the states of others; silent while its `suppressor` is in ALARM."""

    rule: str = ""
    suppressor: str = ""

    def evaluate(self, states: Mapping[str, str]) -> tuple[str, str]:
        """State and reason for the states of the others."""
        wanted = ALARM if Rule(self.rule).holds(states) else OK
        return wanted, f"The rule {self.rule} evaluated to {'TRUE' if wanted == ALARM else 'FALSE'}."

    def described(self, arn: str) -> dict[str, Any]:
        """`CompositeAlarm` as DescribeAlarms has it."""
        told = Standing.described(self, arn) | {"AlarmRule": self.rule}
        return told | ({"ActionsSuppressor": self.suppressor} if self.suppressor else {})


_RULE = re.compile(r'\s*(?:(AND|OR|NOT|TRUE|FALSE|[()])|(ALARM|OK|INSUFFICIENT_DATA)\(\s*"?([^")]+?)"?\s*\))')


class Rule:
    """A composite alarm's rule, read anew each time it is asked; `names` are the alarms that it looks at."""

    def __init__(self, text: str) -> None:
        """Raises AwsError (ValidationError) for a rule that cannot be read."""
        self._words: list[tuple[str, str]] = []
        self.names: list[str] = []
        at = 0
        while at < len(text.rstrip()):
            found = _RULE.match(text, at)
            if found is None:
                raise _bad_rule(text)
            self._words.append((found.group(1) or found.group(2), found.group(3) or ""))
            self.names += [found.group(3).rpartition(":")[2]] if found.group(3) else []
            at = found.end()
        self._text = text
        self.holds({})

    def holds(self, states: Mapping[str, str]) -> bool:
        """Whether the rule holds; an alarm that does not exist is in no state."""
        self._left, self._states = list(self._words), states
        value = self._either()
        if self._left:
            raise _bad_rule(self._text)
        return value

    def _either(self) -> bool:
        value = self._both()
        while self._took("OR"):
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._one()
        while self._took("AND"):
            value = self._one() and value
        return value

    def _one(self) -> bool:
        if not self._left:
            raise _bad_rule(self._text)
        word, name = self._left.pop(0)
        if word == "NOT":
            return not self._one()
        if word == "(":
            value = self._either()
            if not self._took(")"):
                raise _bad_rule(self._text)
            return value
        if word in STATES:
            return self._states.get(name.rpartition(":")[2]) == word
        if word not in ("TRUE", "FALSE"):
            raise _bad_rule(self._text)
        return word == "TRUE"

    def _took(self, word: str) -> bool:
        if not self._left or self._left[0][0] != word:
            return False
        self._left.pop(0)
        return True


def _bad_rule(text: str) -> AwsError:
    return AwsError("ValidationError", f"AlarmRule cannot be read: {text[:200]}", 400)
