"""What participants changed, and whether that was right: judged from what the simulated servers were asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cockpit.drill import vocabulary as v
from cockpit.drill.aws.protocol.calls import CallRecord
from cockpit.drill.scenario import Scenario

HARMLESS = frozenset({"SendEmail", "PutMetricData", "AssumeRole", "ChangeResourceRecordSets"})
"""Calls that change nothing which a drill is about, or that are judged by the record sets that they change."""

HeldSince = Callable[[v.AnyCondition], datetime | None]
"""Since when a condition holds; None while it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that a participant changed; `verdict` is right, wrong, dangerous or neutral."""

    at: datetime
    after: timedelta
    what: str
    verdict: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """A DNS change that somebody other than the world made; `name` is absolute and in lower case."""

    at: datetime
    text: str
    name: str = ""
    type: str = ""


class Doings(Protocol):
    """What the world saw being done."""

    def calls(self) -> Sequence[CallRecord]:
        """AWS calls that change something."""

    def record_changes(self) -> Sequence[RecordChange]:
        """DNS changes by others than the world."""


class Deeds:
    """The acts of one drill, each with its verdict."""

    def __init__(self, scenario: Scenario, seen: Doings, since: Callable[[datetime], timedelta | None]) -> None:
        self._scenario = scenario
        self._seen = seen
        self._since = since

    def acts(self, held_since: HeldSince) -> list[Act]:
        """Every change that took effect, oldest first."""
        found = [
            self._act(call.at, sentence(call), self._verdict(call, held_since))
            for call in self._seen.calls()
            if call.succeeded and call.operation not in HARMLESS
        ]
        found += [
            self._act(change.at, change.text, self._verdict(change, held_since))
            for change in self._seen.record_changes()
        ]
        return sorted(found, key=lambda act: act.at)

    def moments(self, wanted: v.Called | v.RecordChanged) -> list[datetime]:
        """When what is wanted was done."""
        if isinstance(wanted, v.Called):
            return [call.at for call in self._seen.calls() if call.succeeded and _is_call(wanted, call)]
        return [change.at for change in self._seen.record_changes() if _is_record(wanted.name, wanted.type, change)]

    def missing(self) -> Iterator[str]:
        """Titles of the expected changes that nobody made."""
        for expected in self._scenario.expect:
            if isinstance(expected, v.Called | v.RecordChanged) and not self.moments(expected):
                yield expected.title

    def _act(self, at: datetime, what: str, verdict: tuple[str, str]) -> Act:
        return Act(at=at, after=self._since(at) or timedelta(), what=what, verdict=verdict[0], why=verdict[1])

    def _verdict(self, deed: CallRecord | RecordChange, held_since: HeldSince) -> tuple[str, str]:
        for wrong in self._scenario.wrong:
            if not _is_wrong(wrong, deed):
                continue
            freed = None if wrong.until is None else held_since(wrong.until)
            if freed is None or deed.at < freed:
                return ("dangerous" if wrong.dangerous else "wrong"), wrong.why
        right = any(_is_wanted(expected, deed) for expected in self._scenario.expect) or any(
            _serves(one, deed) for one in self._scenario.right
        )
        return ("right" if right else "neutral"), ""


def sentence(call: CallRecord) -> str:
    """The call on one line, with its scalar parameters."""
    given = ", ".join(
        f"{name} {value}" for name, value in call.parameters.items() if not isinstance(value, Mapping)
    )
    return f"{call.service} {call.operation}" + (f" ({given})" if given else "")


def _is_wrong(wrong: v.Wrong, deed: CallRecord | RecordChange) -> bool:
    if isinstance(deed, CallRecord):
        return bool(wrong.service) and _is_call(wrong, deed)
    return bool(wrong.record) and _is_record(wrong.record, wrong.type, deed)


def _is_wanted(expected: v.AnyExpectation, deed: CallRecord | RecordChange) -> bool:
    if isinstance(deed, CallRecord):
        return isinstance(expected, v.Called) and _is_call(expected, deed)
    return isinstance(expected, v.RecordChanged) and _is_record(expected.name, expected.type, deed)


def _serves(right: v.Right, deed: CallRecord | RecordChange) -> bool:
    if isinstance(deed, CallRecord):
        return bool(right.service) and _is_call(right, deed)
    if right.under:
        below = f".{deed.name.rstrip('.')}".endswith(f".{right.under.rstrip('.').lower()}")
        return below and right.type in ("", deed.type)
    return bool(right.record) and _is_record(right.record, right.type, deed)


def _is_call(wanted: v.Called | v.Wrong | v.Right, call: CallRecord) -> bool:
    if (wanted.service, wanted.operation) != (call.service, call.operation):
        return False
    return all(call.parameters.get(name) == value for name, value in wanted.parameters.items())


def _is_record(name: str, kind: str, change: RecordChange) -> bool:
    same = change.name.rstrip(".") == name.rstrip(".").lower()
    return same and kind in ("", change.type)
