"""CloudWatch's alarm operations: alarms are put, evaluated, told to SNS, and their past is kept."""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.paging import page
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.watching.alarms import ALARM, COMPARISONS, MISSING, STATES, Alarm, CompositeAlarm, Rule
from cockpit.drill.aws.watching.metrics import Metrics, metric_key

MAX_ALARMS = 200
KEPT_HISTORY = 500
HAND_SET = timedelta(seconds=60)
"""How long a state that was set by hand stays, when the alarm's own period is not shorter."""

Notify = Callable[[str, str, str], object]
"""Tell a topic: its ARN, the message, the subject."""
AnyAlarm = Alarm | CompositeAlarm


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One line of an alarm's past."""

    alarm: str
    composite: bool
    at: datetime
    kind: str
    summary: str
    data: str


class AlarmBoard:
    """All alarms of one region."""

    def __init__(self, place: Place, metrics: Metrics, alarms: Sequence[Alarm], notify: Notify) -> None:
        self._place = place
        self._metrics = metrics
        self._notify = notify
        self._alarms: dict[str, AnyAlarm] = {alarm.name: alarm for alarm in alarms}
        self._history: deque[HistoryItem] = deque(maxlen=KEPT_HISTORY)

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "PutMetricAlarm": self.put_metric_alarm,
            "PutCompositeAlarm": self.put_composite_alarm,
            "DescribeAlarms": self.describe_alarms,
            "DescribeAlarmsForMetric": self.describe_alarms_for_metric,
            "DescribeAlarmHistory": self.describe_alarm_history,
            "SetAlarmState": self.set_alarm_state,
            "EnableAlarmActions": self.enable_alarm_actions,
            "DisableAlarmActions": self.disable_alarm_actions,
            "DeleteAlarms": self.delete_alarms,
        }

    def tick(self, now: datetime) -> list[str]:
        """Evaluate all alarms, those over others last; a sentence for each state that changed."""
        changed = []
        for alarm in sorted(self._alarms.values(), key=lambda alarm: isinstance(alarm, CompositeAlarm)):
            if alarm.held_until is not None and now < alarm.held_until:
                continue
            alarm.held_until = None
            if isinstance(alarm, Alarm):
                state, reason = alarm.evaluate(self._metrics, now)
            else:
                state, reason = alarm.evaluate({name: one.state for name, one in self._alarms.items()})
            if state != alarm.state:
                changed.append(f"CloudWatch: alarm {alarm.name} {alarm.state} -> {state}")
                self._turn(alarm, state, reason, now)
        return changed

    # Operations

    def put_metric_alarm(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch PutMetricAlarm: makes an alarm, or changes one and keeps its state."""
        asked = call.parameters
        _check(asked)
        queries = tuple(asked.get("Metrics", ()))
        periods = asked["EvaluationPeriods"]
        period_s = asked.get("Period", _period_of(queries))
        alarm = Alarm(
            name=asked["AlarmName"],
            key=("", "", ()) if queries else metric_key(asked),
            queries=queries,
            threshold=asked["Threshold"],
            statistic=asked.get("Statistic", "Average"),
            period=timedelta(seconds=period_s),
            datapoints=asked.get("DatapointsToAlarm", periods),
            periods=periods,
            comparison=asked["ComparisonOperator"],
            missing=asked.get("TreatMissingData", "missing"),
            unit=asked.get("Unit", ""),
        )
        if alarm.datapoints > periods or periods * period_s > 7 * 86_400:
            raise AwsError("ValidationError", "DatapointsToAlarm or the evaluation interval is too large.", 400)
        alarm.evaluate(self._metrics, call.at)
        self._keep(alarm, call)
        return {}

    def put_composite_alarm(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch PutCompositeAlarm; every alarm that the rule names must exist."""
        asked = call.parameters
        missing = [name for name in Rule(asked["AlarmRule"]).names if name not in self._alarms]
        if missing:
            raise AwsError(
                "ValidationError", f"AlarmRule references alarm {missing[0]}, which does not exist.", 400
            )
        suppressor = asked.get("ActionsSuppressor", "").rpartition(":")[2]
        self._keep(CompositeAlarm(name=asked["AlarmName"], rule=asked["AlarmRule"], suppressor=suppressor), call)
        return {}

    def describe_alarms(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch DescribeAlarms by name, prefix and state; composite ones only when `AlarmTypes` asks."""
        asked = call.parameters
        names, kinds = asked.get("AlarmNames"), asked.get("AlarmTypes", ["MetricAlarm"])
        found = [
            alarm
            for name, alarm in sorted(self._alarms.items())
            if (names is None or name in names)
            and name.startswith(asked.get("AlarmNamePrefix", ""))
            and asked.get("StateValue", alarm.state) == alarm.state
            and ("MetricAlarm" if isinstance(alarm, Alarm) else "CompositeAlarm") in kinds
        ]
        shown, more = page(found, asked.get("NextToken"), asked.get("MaxRecords", 50), "InvalidNextToken")
        metric = [alarm.described(self._arn(alarm.name)) for alarm in shown if isinstance(alarm, Alarm)]
        composite = [alarm.described(self._arn(alarm.name)) for alarm in shown if isinstance(alarm, CompositeAlarm)]
        return {"MetricAlarms": metric, "CompositeAlarms": composite, **more}

    def describe_alarms_for_metric(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch DescribeAlarmsForMetric."""
        key = metric_key(call.parameters)
        found = [one for one in self._alarms.values() if isinstance(one, Alarm) and one.key == key]
        return {"MetricAlarms": [alarm.described(self._arn(alarm.name)) for alarm in found]}

    def describe_alarm_history(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch DescribeAlarmHistory between two times, newest first unless asked otherwise."""
        asked = call.parameters
        start = asked.get("StartDate", datetime.min.replace(tzinfo=UTC))
        end = asked.get("EndDate", datetime.max.replace(tzinfo=UTC))
        found = [
            item
            for item in reversed(self._history)
            if asked.get("AlarmName", item.alarm) == item.alarm
            and asked.get("HistoryItemType", item.kind) == item.kind
            and start <= item.at <= end
        ]
        if asked.get("ScanBy") == "TimestampAscending":
            found.reverse()
        shown, more = page(found, asked.get("NextToken"), asked.get("MaxRecords", 100), "InvalidNextToken")
        return {"AlarmHistoryItems": [_shown(item) for item in shown], **more}

    def set_alarm_state(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch SetAlarmState: with the alarm's actions, until the alarm is evaluated again."""
        alarm = self._alarms.get(call.parameters["AlarmName"])
        if alarm is None:
            raise AwsError("ResourceNotFound", "The named resource does not exist.", 404)
        state = call.parameters["StateValue"]
        if state not in STATES:
            raise AwsError("ValidationError", f"StateValue {state} is not valid.", 400)
        alarm.held_until = call.at + (min(alarm.period, HAND_SET) if isinstance(alarm, Alarm) else HAND_SET)
        if state != alarm.state:
            self._turn(alarm, state, call.parameters["StateReason"], call.at)
        return {}

    def enable_alarm_actions(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch EnableAlarmActions."""
        return self._switch(call, on=True)

    def disable_alarm_actions(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch DisableAlarmActions: states go on changing, nobody is told."""
        return self._switch(call, on=False)

    def delete_alarms(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch DeleteAlarms: all or, when one of them does not exist, none."""
        names = call.parameters["AlarmNames"]
        if any(name not in self._alarms for name in names):
            raise AwsError("ResourceNotFound", "An alarm among them does not exist.", 404)
        for name in set(names):
            self._note(self._alarms.pop(name), call.at, "ConfigurationUpdate", f'Alarm "{name}" deleted', {})
        return {}

    def _keep(self, alarm: AnyAlarm, call: Call) -> None:
        asked, old = call.parameters, self._alarms.get(alarm.name)
        if old is None and len(self._alarms) >= MAX_ALARMS:
            raise AwsError("LimitExceeded", f"The drill world keeps {MAX_ALARMS} alarms and no more.", 400)
        alarm.description = asked.get("AlarmDescription", "")
        alarm.enabled = asked.get("ActionsEnabled", True)
        alarm.actions = tuple(asked.get("AlarmActions", ()))
        alarm.ok_actions = tuple(asked.get("OKActions", ()))
        alarm.no_data_actions = tuple(asked.get("InsufficientDataActions", ()))
        alarm.configured = alarm.updated = alarm.transitioned = call.at
        if old is not None:
            alarm.state, alarm.reason = old.state, old.reason
            alarm.updated, alarm.transitioned = old.updated, old.transitioned
        self._alarms[alarm.name] = alarm
        word = "created" if old is None else "updated"
        self._note(alarm, call.at, "ConfigurationUpdate", f'Alarm "{alarm.name}" {word}', {})

    def _switch(self, call: Call, *, on: bool) -> Mapping[str, Any]:
        for name in call.parameters["AlarmNames"]:
            if name in self._alarms and self._alarms[name].enabled is not on:
                self._alarms[name].enabled = on
                word = "enabled" if on else "disabled"
                self._note(
                    self._alarms[name], call.at, "ConfigurationUpdate", f'Alarm actions {word} for "{name}"', {}
                )
        return {}

    def _turn(self, alarm: AnyAlarm, state: str, reason: str, now: datetime) -> None:
        before, alarm.state, alarm.reason = alarm.state, state, reason
        alarm.updated = alarm.transitioned = now
        change = {"oldState": {"stateValue": before}, "newState": {"stateValue": state, "stateReason": reason}}
        self._note(alarm, now, "StateUpdate", f"Alarm updated from {before} to {state}", change)
        if not alarm.enabled or self._suppressed(alarm):
            return
        subject = f'{state}: "{alarm.name}" in {self._place.region}'
        for target in alarm.told():
            if ":sns:" in target:
                self._notify(target, json.dumps(self._message(alarm, before)), subject)
            self._note(alarm, now, "Action", f"Successfully executed action {target}", {"action": target})

    def _suppressed(self, alarm: AnyAlarm) -> bool:
        if not isinstance(alarm, CompositeAlarm) or alarm.suppressor not in self._alarms:
            return False
        return self._alarms[alarm.suppressor].state == ALARM

    def _message(self, alarm: AnyAlarm, before: str) -> dict[str, Any]:
        """What an alarm's topic is told, in the shape that CloudWatch gives it."""
        told: dict[str, Any] = {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description or None,
            "AWSAccountId": self._place.account,
            "AlarmConfigurationUpdatedTimestamp": _stamp(alarm.configured),
            "NewStateValue": alarm.state,
            "NewStateReason": alarm.reason,
            "StateChangeTime": _stamp(alarm.transitioned),
            "Region": self._place.region,
            "AlarmArn": self._arn(alarm.name),
            "OldStateValue": before,
            "OKActions": list(alarm.ok_actions),
            "AlarmActions": list(alarm.actions),
            "InsufficientDataActions": list(alarm.no_data_actions),
        }
        if isinstance(alarm, CompositeAlarm):
            return told | {"AlarmRule": alarm.rule}
        space, name, dimensions = alarm.key
        trigger: dict[str, Any] = {
            "MetricName": name,
            "Namespace": space,
            "StatisticType": "Statistic",
            "Statistic": alarm.statistic.upper(),
            "Unit": alarm.unit or None,
            "Dimensions": [{"value": value, "name": key} for key, value in dimensions],
            "Period": int(alarm.period.total_seconds()),
            "EvaluationPeriods": alarm.periods,
            "DatapointsToAlarm": alarm.datapoints,
            "ComparisonOperator": alarm.comparison,
            "Threshold": alarm.threshold,
            "TreatMissingData": alarm.missing,
            "EvaluateLowSampleCountPercentile": "",
        }
        return told | {"Trigger": trigger}

    def _note(self, alarm: AnyAlarm, at: datetime, kind: str, summary: str, data: Mapping[str, Any]) -> None:
        composite = isinstance(alarm, CompositeAlarm)
        told = json.dumps({"version": "1.0", **data})
        self._history.append(HistoryItem(alarm.name, composite, at, kind, summary, told))

    def _arn(self, name: str) -> str:
        return self._place.arn("cloudwatch", f"alarm:{name}")


def _check(asked: Mapping[str, Any]) -> None:
    """Refuse what CloudWatch refuses; raises AwsError."""
    for name in ("Threshold", "ComparisonOperator", "EvaluationPeriods"):
        if name not in asked:
            raise AwsError("ValidationError", f"{name} is required.", 400)
    if asked["ComparisonOperator"] not in COMPARISONS:
        raise AwsError("ValidationError", f"ComparisonOperator {asked['ComparisonOperator']} is not built.", 400)
    if asked.get("TreatMissingData", "missing") not in MISSING:
        raise AwsError("ValidationError", f"TreatMissingData {asked['TreatMissingData']} is not valid.", 400)
    if "Metrics" in asked:
        returned = [query for query in asked["Metrics"] if query.get("ReturnData", True)]
        if "MetricName" in asked or len(returned) != 1:
            raise AwsError("ValidationError", "Exactly one of Metrics must return data, and no MetricName.", 400)
        return
    for name in ("MetricName", "Namespace", "Period", "Statistic"):
        if name not in asked:
            raise AwsError("ValidationError", f"{name} is required.", 400)
    if asked["Period"] not in (10, 20, 30) and (asked["Period"] < 60 or asked["Period"] % 60):
        raise AwsError("ValidationError", "Period must be 10, 20, 30 or a multiple of 60.", 400)


def _period_of(queries: Sequence[Mapping[str, Any]]) -> int:
    return max((query["MetricStat"]["Period"] for query in queries if "MetricStat" in query), default=300)


def _shown(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm,
        "AlarmType": "CompositeAlarm" if item.composite else "MetricAlarm",
        "Timestamp": item.at,
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
