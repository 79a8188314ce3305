"""What the probes saw, and the cursor by which a screen follows it."""

from datetime import timedelta

import pytest

from storage.database import Database
from storage.errors import StorageError
from storage.observations import Observations
from tests.storage.material import NOON, sample


@pytest.fixture
def observations(database: Database) -> Observations:
    return Observations(database)


def test_the_newest_sample_is_the_latest_and_since_tells_when_its_verdict_began(observations: Observations) -> None:
    observations.put([sample("OK", minute=0)])
    observations.put([sample("FAIL", minute=1)])
    observations.put([sample("FAIL", minute=2)])
    (latest,) = observations.latest()
    assert (latest.verdict, latest.at, latest.since) == (
        "FAIL",
        NOON + timedelta(minutes=2),
        NOON + timedelta(minutes=1),
    )
    assert (latest.target, latest.check, latest.vantage, latest.took_ms) == (
        "shop.example",
        "dkim",
        "192.0.2.53",
        12,
    )


def test_a_sample_that_comes_late_is_history_only(observations: Observations) -> None:
    observations.put([sample("FAIL", minute=5)])
    change = observations.put([sample("OK", minute=1)])
    (latest,) = observations.latest()
    assert latest.verdict == "FAIL"
    assert change == latest.change
    history = observations.history("shop.example", "dkim", "192.0.2.53")
    assert [one.verdict for one in history] == ["OK", "FAIL"]


def test_a_reader_gets_each_change_once_and_misses_none_whatever_the_limit(observations: Observations) -> None:
    cursor, seen = 0, []
    targets = [f"{number}.example" for number in range(50)]
    observations.put([sample(target=target) for target in targets])
    while True:
        changed, cursor = observations.changed_since(cursor, limit=7)
        if not changed:
            break
        seen += [one.target for one in changed]
    assert seen == targets
    observations.put([sample("FAIL", target="3.example", minute=1), sample("OK", target="9.example", minute=-1)])
    observations.put([sample("FAIL", target="7.example", minute=1)])
    changed, cursor = observations.changed_since(cursor)
    assert [one.target for one in changed] == ["3.example", "7.example"]
    assert observations.changed_since(cursor) == ([], cursor)


def test_the_latest_are_found_by_target_and_by_check(observations: Observations) -> None:
    observations.put([sample(target=t, check=c) for t in ("b.example", "a.example") for c in ("spf", "dkim")])
    assert [(one.target, one.check) for one in observations.latest(target="a.example")] == [
        ("a.example", "dkim"),
        ("a.example", "spf"),
    ]
    assert [one.target for one in observations.latest(check="spf")] == ["a.example", "b.example"]
    assert len(observations.latest("b.example", "dkim")) == 1
    assert observations.latest("c.example") == []


def test_history_is_oldest_first_and_limited_to_the_newest(observations: Observations) -> None:
    observations.put([sample(str(minute), minute=minute) for minute in range(10)])
    name = ("shop.example", "dkim", "192.0.2.53")
    assert [one.verdict for one in observations.history(*name, limit=3)] == ["7", "8", "9"]
    since = NOON + timedelta(minutes=8)
    assert [one.verdict for one in observations.history(*name, since=since)] == ["8", "9"]
    assert observations.history("other.example", "dkim", "192.0.2.53") == []


def test_pruning_removes_old_history_in_any_amount_and_keeps_the_latest(observations: Observations) -> None:
    observations.put([sample(minute=minute) for minute in range(25_000)])
    assert observations.prune(NOON + timedelta(minutes=24_990)) == 24_990
    assert len(observations.history("shop.example", "dkim", "192.0.2.53")) == 10
    assert observations.prune(NOON + timedelta(days=1_000)) == 10
    assert len(observations.latest()) == 1


def test_an_observation_and_an_event_can_share_a_transaction(
    database: Database, observations: Observations
) -> None:
    def fail() -> None:
        with database.write() as transaction:
            observations.put([sample()], transaction)
            raise StorageError("the event was refused")

    with pytest.raises(StorageError, match="refused"):
        fail()
    assert observations.latest() == []


def test_a_request_to_probe_is_taken_once_in_order(database: Database, observations: Observations) -> None:
    assert observations.take_requests() == []
    first = observations.request("shop.example", "dkim", "mhassan", NOON)
    second = observations.request("pay.example", "", "mhassan", NOON)
    requests = Observations(database).take_requests()
    assert [(one.id, one.target, one.check, one.by, one.at) for one in requests] == [
        (first, "shop.example", "dkim", "mhassan", NOON),
        (second, "pay.example", "", "mhassan", NOON),
    ]
    assert observations.take_requests() == []
