"""What was asked of the simulated AWS: a bounded log without key material, which the referee reads."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cockpit.text import visible

KEPT_CHANGES = 2_000
"""Calls that change something are rare and are what a drill is judged by."""
KEPT_READS = 2_000
"""Reads are many; the oldest go first and never push a change out."""
_READS = ("Get", "List", "Describe", "Head", "BatchGet", "Query", "Scan", "Test", "Filter")
_CONSUMES = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
"""Working off a queue changes nothing that anybody else relies on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call: `parameters` without secrets and bodies, `status` 0 when the connection was cut."""

    number: int
    at: datetime
    service: str
    operation: str
    parameters: Mapping[str, Any]
    status: int
    error: str = ""
    caller: str = ""
    applied: bool = True
    took: timedelta = field(default=timedelta())

    @property
    def changes(self) -> bool:
        """Whether the operation is meant to change something."""
        return not self.operation.startswith((*_READS, *_CONSUMES))

    @property
    def succeeded(self) -> bool:
        """Whether the world did what was asked, even when the answer was lost on the way back."""
        return self.applied and self.status < 400


class CallLog:
    """The newest calls, changes and reads counted apart."""

    def __init__(self) -> None:
        self._changes: deque[CallRecord] = deque(maxlen=KEPT_CHANGES)
        self._reads: deque[CallRecord] = deque(maxlen=KEPT_READS)
        self.total = 0
        self.drift: list[str] = []

    def add(self, record: CallRecord) -> None:
        """Keep one more call."""
        self.total += 1
        (self._changes if record.changes else self._reads).append(record)

    def note_drift(self, sentence: str) -> None:
        """Keep that an answer did not fit the SDK's model: always a defect of this world."""
        if len(self.drift) < 100:
            self.drift.append(sentence)

    def changes(self) -> list[CallRecord]:
        """Calls that change something, oldest first."""
        return list(self._changes)

    def reads(self) -> list[CallRecord]:
        """The newest reads, oldest first."""
        return list(self._reads)


def without_secrets(shape: Any, value: Any) -> Any:
    """Copy parameters for the log: what the model calls sensitive and every blob is left out."""
    if shape.metadata.get("sensitive"):
        return "[redacted]"
    kind = shape.type_name
    if kind == "structure":
        return {
            name: without_secrets(shape.members[name], item) if name in shape.members else "[unknown member]"
            for name, item in value.items()
        }
    if kind == "list":
        return [without_secrets(shape.member, item) for item in value[:50]]
    if kind == "map":
        return {visible(key, limit=256): without_secrets(shape.value, item) for key, item in value.items()}
    if kind == "blob":
        return f"{len(value)} bytes"
    return visible(value, limit=512) if isinstance(value, str) else value
