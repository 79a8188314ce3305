"""CloudWatch Logs: what the account's functions have said, the newest lines of each."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation

KEPT_LINES = 500
MAX_GROUPS = 100
STREAM = "drill/[$LATEST]0"
"""The one stream that every group has."""


@dataclass(frozen=True, slots=True)
class Line:
    """One log event."""

    number: int
    at: datetime
    text: str


@dataclass(slots=True)
class LogGroup:
    """One group; its lines lie in one stream."""

    name: str
    created_at: datetime
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))


class Logs:
    """The log groups of one region."""

    name = "logs"

    def __init__(self, place: Place, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._groups: dict[str, LogGroup] = {}
        self._numbered = 0

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateLogGroup": self.create_log_group,
            "DescribeLogGroups": self.describe_log_groups,
            "DescribeLogStreams": self.describe_log_streams,
            "GetLogEvents": self.get_log_events,
            "FilterLogEvents": self.filter_log_events,
        }

    def write(self, group: str, text: str) -> None:
        """Keep a line, in a new group where needed."""
        self._numbered += 1
        self._open(group).lines.append(Line(self._numbered, self._clock.now(), text[:4_000]))

    def last(self, group: str, count: int) -> list[str]:
        """The newest lines of a group, oldest first."""
        found = self._groups.get(group)
        return [line.text for line in list(found.lines)[-count:]] if found else []

    def create_log_group(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch Logs CreateLogGroup."""
        name = call.parameters["logGroupName"]
        if name in self._groups:
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists", 400)
        self._open(name)
        return {}

    def describe_log_groups(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch Logs DescribeLogGroups by prefix, all on one page."""
        prefix = call.parameters.get("logGroupNamePrefix", "")
        groups = [self._groups[name] for name in sorted(self._groups) if name.startswith(prefix)]
        return {"logGroups": [self._described(group) for group in groups]}

    def describe_log_streams(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch Logs DescribeLogStreams: the one stream."""
        group = self._group(call)
        return {"logStreams": [{"logStreamName": STREAM, "creationTime": _millis(group.created_at)}]}

    def get_log_events(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch Logs GetLogEvents between two times, oldest first."""
        events = [_shown(line) for line in self._between(call)]
        limit = call.parameters.get("limit", 10_000)
        return {"events": events[-limit:], "nextForwardToken": "f/0", "nextBackwardToken": "b/0"}

    def filter_log_events(self, call: Call) -> Mapping[str, Any]:
        """CloudWatch Logs FilterLogEvents by a plain word or a quoted phrase, oldest first."""
        wanted = call.parameters.get("filterPattern", "").strip().strip('"')
        found = [line for line in self._between(call) if wanted in line.text]
        limit = call.parameters.get("limit", 10_000)
        return {
            "events": [
                _shown(line) | {"logStreamName": STREAM, "eventId": str(line.number)} for line in found[:limit]
            ]
        }

    def _open(self, name: str) -> LogGroup:
        if name not in self._groups and len(self._groups) >= MAX_GROUPS:
            raise AwsError("LimitExceededException", f"The drill world keeps {MAX_GROUPS} log groups.", 400)
        return self._groups.setdefault(name, LogGroup(name, self._clock.now()))

    def _group(self, call: Call) -> LogGroup:
        name = call.parameters.get("logGroupName", call.parameters.get("logGroupIdentifier", ""))
        if name not in self._groups:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.", 400)
        return self._groups[name]

    def _between(self, call: Call) -> list[Line]:
        """The lines from `startTime` on and before `endTime`, both in milliseconds."""
        start, end = call.parameters.get("startTime", 0), call.parameters.get("endTime", 1 << 62)
        return [line for line in self._group(call).lines if start <= _millis(line.at) < end]

    def _described(self, group: LogGroup) -> dict[str, Any]:
        arn = self._place.arn("logs", f"log-group:{group.name}:*")
        return {"logGroupName": group.name, "creationTime": _millis(group.created_at), "arn": arn}


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _shown(line: Line) -> dict[str, Any]:
    at = _millis(line.at)
    return {"timestamp": at, "message": line.text, "ingestionTime": at}
