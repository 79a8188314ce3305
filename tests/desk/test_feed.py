"""A room that is built late has seen what the others have seen, and once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.desk.feed import Feed
from storage.database import Database
from storage.ledger import Event, Ledger
from tests.screens.desks import ManualClock


class Listener:
    """A room that keeps the kinds it was told."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def absorb(self, event: Event) -> None:
        self.kinds.append(event.kind)


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    clock, database = ManualClock(), Database.open(tmp_path / "cockpit.db")
    yield Feed(database, Ledger(database, clock.now), clock, "mhassan")
    database.close()


def say(feed: Feed, *events: tuple[str, str]) -> None:
    with feed.decide() as pen:
        for stream, kind in events:
            pen.append(stream, kind, {})


def test_a_late_room_is_told_what_the_others_know(feed: Feed) -> None:
    early, late = Listener(), Listener()
    feed.add(early)
    say(feed, ("run/1", "one"), ("ops", "two"), ("run/2", "three"))
    feed.add(late)
    say(feed, ("run/1", "four"))
    assert late.kinds == early.kinds == ["one", "two", "three", "four"]


def test_a_late_room_with_a_stream_is_told_that_stream_only(feed: Feed) -> None:
    late = Listener()
    say(feed, ("run/1", "one"), ("action/1", "two"), ("run/2", "three"))
    feed.add(late, stream="run/")
    assert late.kinds == ["one", "three"]


def test_what_nobody_has_been_told_yet_reaches_a_late_room_once(feed: Feed) -> None:
    late = Listener()
    say(feed, ("ops", "one"))
    other = Feed(feed.database, feed.ledger, feed.clock, "jroy")
    say(other, ("ops", "two"))
    feed.add(late)
    assert late.kinds == ["one"]
    feed.catch_up()
    assert late.kinds == ["one", "two"]


def test_a_room_built_inside_a_decision_is_told_what_is_decided_when_it_stands(feed: Feed) -> None:
    late = Listener()
    say(feed, ("run/1", "one"))
    with feed.decide() as pen:
        pen.append("run/1", "two", {})
        feed.add(late)
        assert late.kinds == ["one"]
    assert late.kinds == ["one", "two"]
