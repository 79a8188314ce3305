"""Appending to the ledger and reading it back."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage.database import Database
from storage.event import new_id
from storage.ledger import Draft, Ledger
from tests.storage.material import NOON, draft, noon


def test_an_event_comes_back_as_it_was_drafted(ledger: Ledger) -> None:
    one = Draft(
        stream="incident/7",
        kind="incident.opened",
        body={"b": [1, 2.5, None, True], "a": {"ü": "🦊\x00\x1b"}},
        occurred_at=datetime(2026, 11, 20, 13, 30, tzinfo=timezone(timedelta(hours=2))),
        actor="mhassan",
    )
    (event,) = ledger.append([one])
    assert (event.seq, event.id, event.stream, event.kind) == (1, one.id, "incident/7", "incident.opened")
    assert event.body == one.body
    assert event.occurred_at == one.occurred_at
    assert event.occurred_at.tzinfo is UTC
    assert (event.recorded_at, event.actor, event.host) == (NOON, "mhassan", "bastion")
    assert event.prev == "genesis"
    assert ledger.find(one.id) == event
    assert ledger.since(0) == [event]
    assert ledger.head() == (1, event.hash)


def test_the_hash_is_what_the_format_says(ledger: Ledger) -> None:
    """The format is a promise to verifiers written by others: this is one event, hashed by hand."""
    (event,) = ledger.append([draft("ü", id="0" * 32)])
    line = (
        '["cockpit-event-1","1","00000000000000000000000000000000","ops","note","2026-11-20T12:00:00.000000Z",'
        '"2026-11-20T12:00:00.000000Z","mhassan","bastion","genesis",{"text":"\\u00fc"}]'
    )
    assert event.hash == hashlib.sha256(line.encode()).hexdigest()


def test_events_are_chained(ledger: Ledger) -> None:
    first, second = ledger.append([draft(), draft()])
    (third,) = ledger.append([draft()])
    assert (second.prev, third.prev) == (first.hash, second.hash)
    assert [event.seq for event in ledger.since(0)] == [1, 2, 3]


def test_appending_a_known_id_again_gives_the_stored_event(ledger: Ledger) -> None:
    one, two = draft("one"), draft("two")
    (stored,) = ledger.append([one])
    again, new, twice = ledger.append([draft("other text", id=one.id), two, two])
    assert again == stored
    assert new == twice
    assert ledger.head()[0] == 2


def test_a_large_batch_with_known_ids_keeps_its_order(ledger: Ledger) -> None:
    drafts = [draft(str(number)) for number in range(1_200)]
    ledger.append(drafts[::3])
    events = ledger.append(drafts)
    assert [event.id for event in events] == [one.id for one in drafts]
    assert len(ledger.since(0)) == 1_200
    assert ledger.verify().ok


def test_streams_are_read_by_name_and_by_beginning(ledger: Ledger) -> None:
    names = ["ops", "incident/1", "incident/2", "incidental", "incident", "run/1"]
    ledger.append([draft(name, stream=name) for name in names])
    assert [event.stream for event in ledger.since(0, stream="incident/")] == ["incident/1", "incident/2"]
    assert [event.stream for event in ledger.since(2, stream="incident/")] == ["incident/2"]
    assert [event.stream for event in ledger.since(0, stream="incident")] == ["incident"]
    assert [event.stream for event in ledger.stream("ops")] == ["ops"]
    assert [event.seq for event in ledger.since(1, limit=2)] == [2, 3]


def test_a_transaction_of_the_caller_holds_the_events(database: Database, ledger: Ledger) -> None:
    reader = Database.open(database.path)
    other = Ledger(reader, noon)
    with database.write() as transaction:
        (event,) = ledger.append([draft()], transaction)
        assert other.head() == (0, "genesis")
        assert ledger.head() == (1, event.hash)
    assert other.head() == (1, event.hash)
    reader.close()


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": {1, 2}}, {"x": NOON}, {"x": b"bytes"}])
def test_a_body_that_is_not_json_is_refused_and_nothing_is_written(ledger: Ledger, body: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        ledger.append([draft("good"), draft(body=body)])
    assert ledger.head()[0] == 0


def test_a_naive_time_and_text_that_is_not_unicode_are_refused(ledger: Ledger) -> None:
    naive = datetime(2026, 11, 20)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="time zone"):
        ledger.append([Draft(stream="ops", kind="k", body={}, occurred_at=naive, actor="a")])
    with pytest.raises(UnicodeEncodeError):
        ledger.append([draft(stream="ops\ud800")])
    with pytest.raises(TypeError):
        ledger.append([draft(stream=None)])  # type: ignore[arg-type]
    assert ledger.head()[0] == 0


def test_nothing_appended_is_nothing_written(ledger: Ledger) -> None:
    assert ledger.append([]) == []
    assert ledger.verify().ok


def test_ids_are_unique_and_grow_with_time() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert all(len(one) == 32 for one in ids)
    assert [one[:12] for one in ids] == sorted(one[:12] for one in ids)
