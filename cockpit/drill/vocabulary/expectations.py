"""What is expected of the people in a drill, and what they had better not do."""

import re
from typing import Any, Literal

from cockpit.drill.vocabulary.conditions import AnyCondition
from cockpit.drill.vocabulary.words import Seconds, Strict


class Expectation(Strict, frozen=True, kw_only=True, tag_field="what"):
    """Something to be seen by `by_s` after the first inject; None takes the severity profile's own deadline."""

    title: str
    by_s: Seconds | None = None


class Detected(Expectation, frozen=True, kw_only=True, tag="detected"):
    """An alert was raised (from the ledger)."""


class Acknowledged(Expectation, frozen=True, kw_only=True, tag="acknowledged"):
    """An incident was acknowledged (from the ledger)."""


class RoleFilled(Expectation, frozen=True, kw_only=True, tag="role"):
    """Somebody holds a role (from the ledger)."""

    role: str


class UpdatePosted(Expectation, frozen=True, kw_only=True, tag="update"):
    """A message arrived at a sink, or at any of several."""

    sink: str = "chat"
    any_of: tuple[str, ...] = ()
    """Sinks that count in place of `sink`."""


class Called(Expectation, frozen=True, kw_only=True, tag="call"):
    """An AWS call succeeded; `parameters` are those that must be equal."""

    service: str
    operation: str
    parameters: dict[str, Any] = {}


class Restored(Expectation, frozen=True, kw_only=True, tag="restored"):
    """Every condition of `restored_when` holds, by the world's own measure."""


class CanarySigned(Expectation, frozen=True, kw_only=True, tag="canary"):
    """A test mail left with a signature that a receiver can verify, after the repair."""

    domain: str


class Resolved(Expectation, frozen=True, kw_only=True, tag="resolved"):
    """The incident was resolved (from the ledger), and not before the world was restored."""


class LeftAlone(Expectation, frozen=True, kw_only=True, tag="left-alone"):
    """Nothing was changed, because nothing was broken."""


class SeverityChosen(Expectation, frozen=True, kw_only=True, tag="severity"):
    """The incident bears this severity or a worse one (from the ledger)."""

    severity: Literal["P0", "P1", "P2", "P3"]


class UpdatesKept(Expectation, frozen=True, kw_only=True, tag="update-cadence"):
    """From the first message on, no silence at a sink was longer than `every_s`, until it was over.

    None takes the cadence of the severity profile.
    """

    sink: str = "chat"
    every_s: Seconds | None = None


class TextSays(Expectation, frozen=True, kw_only=True, tag="text"):
    """What arrived at a sink tells people what they need, and nothing that is not for them.

    `says` and `never` map what is meant, in words for the report, to a regular expression without regard to case.
    `which` are the messages that count: the first, every one, or the last.
    """

    sink: str
    which: Literal["first", "every", "last"] = "first"
    says: dict[str, str] = {}
    never: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not self.says and not self.never:
            raise ValueError("say what the text says, or what it never says")
        for pattern in (*self.says.values(), *self.never.values()):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None


class RecordChanged(Expectation, frozen=True, kw_only=True, tag="record-change"):
    """A participant changed this record set, by dynamic update or through Route 53."""

    name: str
    type: str


class Held(Expectation, frozen=True, kw_only=True, tag="held"):
    """A condition that failed holds again."""

    condition: AnyCondition


AnyExpectation = (
    Detected
    | Acknowledged
    | SeverityChosen
    | RoleFilled
    | UpdatePosted
    | UpdatesKept
    | TextSays
    | Called
    | RecordChanged
    | Held
    | Restored
    | CanarySigned
    | Resolved
    | LeftAlone
)
"""The closed vocabulary of what a drill asks for."""


class Right(Strict, frozen=True, kw_only=True):
    """An AWS call or a change of record sets that serves the repair, and that nobody misses when it is not made.

    `record` is one name; `under` is every name at and below one. An empty `type` means every type.
    """

    service: str = ""
    operation: str = ""
    parameters: dict[str, Any] = {}
    record: str = ""
    under: str = ""
    type: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.service and self.operation, self.record, self.under))) != 1:
            raise ValueError("name either a service and an operation, or a record, or what it is under")


class Wrong(Strict, frozen=True, kw_only=True):
    """An AWS call, or a change of a record set, that must not take effect.

    `dangerous` when it makes things worse than they were. With `until`, it is wrong only while that condition
    does not hold. An empty `type` means every type at the name.
    """

    why: str
    service: str = ""
    operation: str = ""
    parameters: dict[str, Any] = {}
    record: str = ""
    type: str = ""
    until: AnyCondition | None = None
    dangerous: bool = False

    def __post_init__(self) -> None:
        if bool(self.service and self.operation) == bool(self.record):
            raise ValueError("name either a service and an operation, or a record")
