"""What changed: the record as it was against the record as it is, with the times between which it happened."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

CAUSES = timedelta(hours=1)
"""How long before things went bad a change of a record that is itself good may still have to do with it."""


class Kept(Protocol):
    """A state of a record as it is kept; `storage.record_history.RecordState` is one."""

    @property
    def check(self) -> str:
        """The check that told of it."""

    @property
    def record(self) -> str:
        """The name."""

    @property
    def type(self) -> str:
        """The kind of record."""

    @property
    def value(self) -> str:
        """What it is; empty for no record."""

    @property
    def good(self) -> bool:
        """Whether it is as it should be."""

    @property
    def why(self) -> str:
        """What is wrong with it."""

    @property
    def at(self) -> datetime:
        """First seen so."""

    @property
    def before_at(self) -> datetime | None:
        """Last seen otherwise."""


class Change(msgspec.Struct, frozen=True):
    """A record was `old` (last seen at `old_at`) and is `new` (first seen at `at`); an empty value is no record.

    `old` is None for a record that was never seen before. `because` says what there is to say of the new state.
    """

    check: str
    record: str
    type: str
    old: str | None
    new: str
    good: bool
    at: datetime
    old_at: datetime | None = None
    because: str = ""


class Diff(msgspec.Struct, frozen=True):
    """Changes, oldest first. `bad_since` is when the first record went bad that still is; None while none is.

    `good_at` is the last look at which that record was good. `never_good` names bad records that always were.
    """

    changes: tuple[Change, ...] = ()
    bad_since: datetime | None = None
    good_at: datetime | None = None
    never_good: tuple[str, ...] = ()


Key = tuple[str, str, str]


def since_good(states: Iterable[Kept]) -> Diff:
    """Every record that is bad against what it was when it was good, and what else changed around that time."""
    by_record = _by_record(states)
    falls = {key: place for key, kept in by_record.items() if not kept[-1].good and (place := _fall(kept)) > 0}
    never = tuple(f"{key[1]} {key[2]}" for key, kept in by_record.items() if not any(each.good for each in kept))
    if not falls:
        return Diff(never_good=never)
    first = min((by_record[key][place] for key, place in falls.items()), key=lambda each: each.at)
    start = first.at - CAUSES
    changes = [_change(by_record[key][place - 1], by_record[key], place) for key, place in falls.items()]
    for key, kept in by_record.items():
        if key not in falls and kept[-1].good and (change := _over(kept, start)) is not None:
            changes.append(change)
    return Diff(_ordered(changes), first.at, first.before_at, never)


def since(states: Iterable[Kept], moment: datetime) -> Diff:
    """Every step that any record took after `moment`."""
    by_record = _by_record(states)
    changes = [
        _change(kept[place - 1] if place else None, kept, place, to=kept[place])
        for kept in by_record.values()
        for place in range(len(kept))
        if kept[place].at > moment and (place or kept[place].before_at is not None)
    ]
    now = since_good(each for kept in by_record.values() for each in kept)
    return Diff(_ordered(changes), now.bad_since, now.good_at, now.never_good)


def _by_record(states: Iterable[Kept]) -> dict[Key, list[Kept]]:
    found: dict[Key, list[Kept]] = {}
    for state in states:
        found.setdefault((state.check, state.record, state.type), []).append(state)
    return found


def _fall(kept: Sequence[Kept]) -> int:
    """The place of the first bad state after the last good one; 0 when it was never good."""
    return next((place + 1 for place in range(len(kept) - 1, -1, -1) if kept[place].good), 0)


def _over(kept: Sequence[Kept], start: datetime) -> Change | None:
    """A record that is good and is not what it was at `start`."""
    place = next((place for place, each in enumerate(kept) if place and each.at >= start), 0)
    if not place or kept[place - 1].value == kept[-1].value:
        return None
    return _change(kept[place - 1], kept, place)


def _change(old: Kept | None, kept: Sequence[Kept], place: int, to: Kept | None = None) -> Change:
    """From `old` to the last state, or to `to`; the time is that of the first step away."""
    new, first = to or kept[-1], kept[place]
    last_seen = None if old is None else first.before_at or old.at
    return Change(
        check=new.check,
        record=new.record,
        type=new.type,
        old=None if old is None else old.value,
        new=new.value,
        good=new.good,
        at=first.at,
        old_at=last_seen,
        because=new.why,
    )


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda each: (each.at, each.check, each.record, each.type)))
