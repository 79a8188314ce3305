"""How a record was is kept on change only, and what it was when it was last good is never forgotten."""

from datetime import timedelta

import pytest

from storage.database import Database
from storage.record_history import KEPT_PER_RECORD, RecordHistory, RecordState
from tests.storage.material import NOON


@pytest.fixture
def history(database: Database) -> RecordHistory:
    return RecordHistory(database)


def state(value: str, minute: int, *, good: bool = True, record: str = "shop.example") -> RecordState:
    at = NOON + timedelta(minutes=minute)
    before = at - timedelta(seconds=30) if minute else None
    return RecordState("shop.example", "dns.resolution", record, "MX", value, good, "", at, before)


def test_states_come_back_as_they_were_put_and_the_newest_is_known(history: RecordHistory) -> None:
    states = [state("10 a.", 0), state("10 b.", 5), state("", 7, good=False), state("x", 8, record="other.example")]
    history.put(states[:2])
    history.put(states[2:])
    assert history.of("shop.example") == states
    assert history.newest() == [states[2], states[3]]
    assert history.of("pay.example") == []


def test_the_last_good_state_outlives_any_retention(history: RecordHistory) -> None:
    history.put([state("10 a.", 0), state("10 b.", 1), state("", 2, good=False), state("10 c.", 3, good=False)])
    assert history.prune(NOON + timedelta(days=60)) == 2
    assert [each.value for each in history.of("shop.example")] == ["10 b.", "10 c."]
    assert history.prune(NOON + timedelta(days=60)) == 0


def test_a_record_that_changes_at_every_look_is_kept_so_often_and_no_more(history: RecordHistory) -> None:
    history.put([state(f"10 host{number}.", number) for number in range(KEPT_PER_RECORD + 50)])
    history.put([state("quiet", 0, record="quiet.example")])
    assert history.prune(NOON - timedelta(days=1)) == 50
    kept = history.of("shop.example")
    assert len(kept) == KEPT_PER_RECORD + 1
    assert kept[0].value == "10 host50."
