"""Only changes of records are written down, across restarts too, and with the observation that tells of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cockpit.clock import SystemClock
from cockpit.config import DomainConfig, Settings
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.watch.memory import Memory
from cockpit.watch.records import NOT_ASKED, RecordMemory
from cockpit.watch.store import Store
from storage.database import Database
from storage.hourly import Hourly
from storage.record_history import RecordHistory, RecordState

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
KEY = ("shop.example", "mail.dkim")


def look(number: int, **states: str) -> list[Observation]:
    """One look in which each record has that state; a good one has a value."""
    at = START + timedelta(seconds=number * 30)
    cells = [
        {"record": name, "type": "CNAME", "state": state, "value": f"{name}.ses" if state == "good" else ""}
        for name, state in states.items()
    ]
    evidence = {"role": "authoritative", "cells": cells}
    verdict = Verdict.OK if set(states.values()) == {"good"} else Verdict.FAIL
    return [
        Observation(*KEY, "ns1", verdict, "", at, evidence=evidence),
        Observation(*KEY, DECISION, verdict, "", at),
    ]


def told(states: list[RecordState]) -> list[tuple[str, str, bool]]:
    return [(each.record, each.value, each.good) for each in states]


def test_a_state_is_written_once_and_its_successor_knows_when_it_was_last_seen() -> None:
    memory = RecordMemory()
    assert told(memory.take(look(0, a="good", b="good"))) == [("a", "a.ses", True), ("b", "b.ses", True)]
    assert memory.take(look(1, a="good", b="good")) == []
    (change,) = memory.take(look(2, a="gone", b="good"))
    assert (change.value, change.good) == ("", False)
    assert (change.before_at, change.at) == (START + timedelta(seconds=30), START + timedelta(seconds=60))
    assert memory.take(look(3, a="gone", b="good")) == []


def test_a_look_that_saw_nothing_changes_nothing() -> None:
    memory = RecordMemory()
    memory.take(look(0, a="good"))
    assert memory.take(look(1, a="unknown")) == []
    assert memory.take(look(2, a="good")) == []


def test_a_record_that_is_not_looked_for_any_more_is_no_longer_wrong() -> None:
    memory = RecordMemory()
    memory.take(look(0, a="gone", b="good"))
    (change,) = memory.take(look(1, b="good"))
    assert (change.record, change.good, change.why) == ("a", True, NOT_ASKED)
    assert memory.take(look(2, b="good")) == []
    assert told(memory.take(look(3, a="good", b="good"))) == [("a", "a.ses", True)]


async def test_a_watch_that_starts_again_writes_no_state_twice(database: Path) -> None:
    for number in range(3):
        store = Store(database, SystemClock(), "the watch")
        await store.open()
        memory = Memory(Settings(domains=(DomainConfig("shop.example"),)))
        await store.restore(memory, {KEY})
        for step in range(3):
            await store.commit(memory.take(look(number * 3 + step, a="good" if number < 2 else "gone")))
        await store.close()
    opened = Database.open(database)
    states = RecordHistory(opened).of("shop.example")
    opened.close()
    assert told(states) == [("a", "a.ses", True), ("a", "", False)]
    assert states[1].before_at is None


async def test_tidying_turns_old_looks_into_hours(database: Path) -> None:
    store = Store(database, SystemClock(), "the watch")
    await store.open()
    memory = Memory(Settings())
    for number, state in enumerate(("good", "gone", "good")):
        await store.commit(memory.take(look(number, a=state)))
    await store.tidy(START + timedelta(hours=30))
    await store.close()
    opened = Database.open(database)
    hours = Hourly(opened).of("shop.example", START, DECISION)
    opened.close()
    assert [(hour.verdict, hour.looks) for hour in hours] == [("FAIL", 3)]
