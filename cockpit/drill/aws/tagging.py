"""Tags, the same for every service that has them: given at the making, added later, and read back.

Each service has its own words for the three; a `Dialect` says which. What the tags are worth is nobody's business
here: a thing that was never tagged has none.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.drill.aws.protocol.wire import Call, Operation, Service

Tags = dict[str, str]


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """How one service speaks of tags: its operations, and the parameter that names a thing in each.

    `given` is the parameter of the tags at the making; `listed` says that they are a list of Key and Value.
    """

    makes: str
    made: str
    reads: str
    adds: str
    names: str
    given: str = "Tags"
    listed: bool = True


DIALECTS: Mapping[str, Dialect] = {
    "dynamodb": Dialect(
        makes="CreateTable", made="TableName", reads="ListTagsOfResource", adds="TagResource", names="ResourceArn"
    ),
    "sns": Dialect(
        makes="CreateTopic", made="Name", reads="ListTagsForResource", adds="TagResource", names="ResourceArn"
    ),
    "sqs": Dialect(
        makes="CreateQueue",
        made="QueueName",
        reads="ListQueueTags",
        adds="TagQueue",
        names="QueueUrl",
        given="tags",
        listed=False,
    ),
    "iam": Dialect(makes="CreateRole", made="RoleName", reads="ListRoleTags", adds="TagRole", names="RoleName"),
    "lambda": Dialect(
        makes="CreateFunction",
        made="FunctionName",
        reads="ListTags",
        adds="TagResource",
        names="Resource",
        listed=False,
    ),
    "cloudwatch": Dialect(
        makes="PutMetricAlarm",
        made="AlarmName",
        reads="ListTagsForResource",
        adds="TagResource",
        names="ResourceARN",
    ),
}


class Tagging:
    """The tags of one account, by service and by the last part of a thing's name."""

    def __init__(self) -> None:
        self._tags: dict[tuple[str, str], Tags] = {}

    def put(self, service: str, name: str, tags: Mapping[str, str]) -> None:
        """Tag a thing as the baseline does."""
        self._tags.setdefault((service, _last(name)), {}).update(tags)

    def of(self, service: str, name: str) -> Tags:
        """The tags of a thing."""
        return dict(self._tags.get((service, _last(name)), {}))

    def around(self, inner: Service) -> Service:
        """A service that also knows tags."""
        return _Tagged(inner, self, DIALECTS[inner.name])


class _Tagged:
    def __init__(self, inner: Service, tagging: Tagging, dialect: Dialect) -> None:
        self.name = inner.name
        self._inner = inner
        self._tagging = tagging
        self._dialect = dialect

    def operations(self) -> Mapping[str, Operation]:
        """The inner service's, with tags kept at the making, and the two of its own."""
        dialect, built = self._dialect, dict(self._inner.operations())
        built[dialect.makes] = self._making(built[dialect.makes])
        return {**built, dialect.reads: self.read, dialect.adds: self.add}

    def read(self, call: Call) -> Mapping[str, Any]:
        """All tags of a thing, on one page."""
        found = self._tagging.of(self.name, call.parameters[self._dialect.names])
        if not self._dialect.listed:
            return {"Tags": found}
        more = {"IsTruncated": False} if self.name == "iam" else {}
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(found.items())], **more}

    def add(self, call: Call) -> Mapping[str, Any]:
        """More tags for a thing; one of the same key is replaced."""
        self._tagging.put(self.name, call.parameters[self._dialect.names], _plain(call.parameters.get("Tags")))
        return {}

    def _making(self, make: Operation) -> Operation:
        def made(call: Call) -> Any:
            answer = make(call)
            given = _plain(call.parameters.get(self._dialect.given))
            if given:
                self._tagging.put(self.name, call.parameters[self._dialect.made], given)
            return answer

        return made


def _plain(tags: Any) -> Tags:
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(each["Key"]): str(each["Value"]) for each in tags or ()}


def _last(name: str) -> str:
    """The name of a thing in its ARN or URL."""
    return name.rpartition("/")[2].rpartition(":")[2]
