"""Single looks of yesterday become hours, each told by its worst look."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.hourly import Hourly
from storage.observations import Observations
from tests.storage.material import NOON, sample

RANKS = {"FAIL": 0, "WARN": 1, "OK": 4}
NAME = ("shop.example", "dkim", "192.0.2.53")


def rank(verdict: str) -> int:
    return RANKS[verdict]


@pytest.fixture
def hourly(database: Database) -> Hourly:
    return Hourly(database)


def test_an_hour_keeps_its_first_worst_look_and_the_number_of_looks(database: Database, hourly: Hourly) -> None:
    observations = Observations(database)
    looks = (("OK", 1), ("FAIL", 20), ("FAIL", 21), ("WARN", 59), ("OK", 61), ("OK", 125))
    observations.put([sample(verdict, minute=minute) for verdict, minute in looks])
    assert hourly.condense(NOON + timedelta(hours=2), rank) == 5
    first, second = hourly.of("shop.example", NOON)
    assert (first.verdict, first.at, first.looks) == ("FAIL", NOON + timedelta(minutes=20), 4)
    assert (second.verdict, second.hour, second.looks) == ("OK", NOON + timedelta(hours=1), 1)
    assert [each.verdict for each in observations.history(*NAME)] == ["OK"]


def test_an_hour_that_is_condensed_in_parts_is_the_same_hour(database: Database, hourly: Hourly) -> None:
    Observations(database).put([sample("FAIL", minute=5), sample("WARN", minute=30), sample("OK", minute=50)])
    for minute in (10, 40, 60):
        assert hourly.condense(NOON + timedelta(minutes=minute), rank) == 1
    (hour,) = hourly.of("shop.example", NOON + timedelta(minutes=59))
    assert (hour.verdict, hour.looks, hour.at) == ("FAIL", 3, NOON + timedelta(minutes=5))


def test_hours_are_found_by_vantage_and_time_and_forgotten_when_old(database: Database, hourly: Hourly) -> None:
    Observations(database).put([sample(minute=minute) for minute in (0, 60, 120)])
    hourly.condense(NOON + timedelta(days=1), rank)
    assert len(hourly.of("shop.example", NOON + timedelta(hours=1))) == 2
    assert hourly.of("shop.example", NOON, "") == []
    assert hourly.prune(NOON + timedelta(hours=1)) == 1
    assert len(hourly.of("shop.example", NOON)) == 2


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(sorted(RANKS)), st.integers(0, 600)), max_size=60), st.integers(0, 700))
def test_no_look_is_lost_or_counted_twice(
    database: Database, hourly: Hourly, looks: list[tuple[str, int]], until: int
) -> None:
    observations = Observations(database)
    with database.write() as own:
        for table in ("observation_hour", "observation_history", "observation_latest"):
            own.execute(f"DELETE FROM {table}")
    observations.put([sample(verdict, minute=minute) for verdict, minute in sorted(looks, key=lambda one: one[1])])
    for minute in (until // 2, until):
        hourly.condense(NOON + timedelta(minutes=minute), rank)
    hours = hourly.of("shop.example", NOON)
    assert sum(hour.looks for hour in hours) + len(observations.history(*NAME, limit=1000)) == len(looks)
    for hour in hours:
        inside = [rank(v) for v, m in looks if m // 60 == (hour.hour - NOON) // timedelta(hours=1) and m < until]
        assert rank(hour.verdict) == min(inside)
