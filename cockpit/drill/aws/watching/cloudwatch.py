"""CloudWatch: metrics read off the traffic curves and put by others, and the alarms over them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.paging import page
from cockpit.drill.aws.protocol.wire import Call, Operation
from cockpit.drill.aws.ses.traffic import Traffic
from cockpit.drill.aws.watching.alarm_board import AlarmBoard, Notify
from cockpit.drill.aws.watching.alarms import Alarm
from cockpit.drill.aws.watching.metrics import Metrics, Window, dimension_list, dimensions_of, metric_key, window_of


class CloudWatch:
    """The metrics and alarms of one region; `notify` tells an alarm's topic."""

    name = "cloudwatch"

    def __init__(
        self,
        place: Place,
        traffic: Traffic,
        alarms: Sequence[Alarm],
        notify: Notify,
        own_metrics: str = "",
        sets: Mapping[str, float] | None = None,
    ) -> None:
        self.metrics = Metrics(traffic, own_metrics, sets)
        self.board = AlarmBoard(place, self.metrics, alarms, notify)

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "ListMetrics": self.list_metrics,
            "GetMetricData": self.get_metric_data,
            "GetMetricStatistics": self.get_metric_statistics,
            "PutMetricData": self.put_metric_data,
            **self.board.operations(),
        }

    def tick(self, now: datetime) -> list[str]:
        """Evaluate the alarms; a sentence for each state that changed."""
        return self.board.tick(now)

    def count(self, space: str, name: str, at: datetime, value: float = 1.0) -> None:
        """Add to a counter, as a part of the account does."""
        self.metrics.put((space, name, ()), at, Window(1.0, value, value, value))

    def list_metrics(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch ListMetrics by namespace, name and dimensions, by pages of 500."""
        asked = call.parameters
        wanted = {(item["Name"], item.get("Value")) for item in asked.get("Dimensions", [])}
        metrics = [
            {"Namespace": space, "MetricName": name, "Dimensions": dimension_list(dimensions)}
            for space, name, dimensions in self.metrics.names()
            if asked.get("Namespace", space) == space
            and asked.get("MetricName", name) == name
            and all(any(n == k and v in (None, w) for k, w in dimensions) for n, v in wanted)
        ]
        shown, more = page(metrics, asked.get("NextToken"), 500, "InvalidParameterValue")
        return {"Metrics": list(shown), **more}

    def get_metric_data(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch GetMetricData for metrics and for arithmetic over them, newest point first unless asked."""
        asked = call.parameters
        queries = {query["Id"]: query for query in asked["MetricDataQueries"]}
        ascending = asked.get("ScanBy") == "TimestampAscending"
        results = []
        for query in asked["MetricDataQueries"]:
            if not query.get("ReturnData", True):
                continue
            series = self.metrics.query(query, queries, asked["StartTime"], asked["EndTime"], call.at)
            series.sort(reverse=not ascending)
            named = query.get("MetricStat", {}).get("Metric", {}).get("MetricName", query["Id"])
            results.append(
                {
                    "Id": query["Id"],
                    "Label": query.get("Label", named),
                    "Timestamps": [at for at, _ in series],
                    "Values": [value for _, value in series],
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": results, "Messages": []}

    def get_metric_statistics(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch GetMetricStatistics; the points come in no order, as from AWS."""
        asked = call.parameters
        points = self.metrics.points(
            metric_key(asked), asked["StartTime"], asked["EndTime"], asked["Period"], call.at
        )
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
            key = (space, datum["MetricName"], dimensions_of(datum.get("Dimensions", [])))
            self.metrics.put(key, datum.get("Timestamp", call.at), window_of(datum))
        return {}
