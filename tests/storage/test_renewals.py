"""What stands is true at a later time, with some numbers of its detail anew, and a screen that follows sees it."""

import json
from datetime import timedelta

import msgspec
import pytest

from storage.database import Database
from storage.observations import Observations, Renewal
from tests.storage.material import NOON, sample

CELLS = '{"evidence":{"cells":[{"record":"a","ttl_s":300},{"record":"ü","ttl_s":60}]}}'


@pytest.fixture
def observations(database: Database) -> Observations:
    observations = Observations(database)
    observations.put([msgspec.structs.replace(sample("OK", minute=0), detail=CELLS)])
    return observations


def renewal(minute: int, *, keep: bool = False) -> Renewal:
    values = (("$.evidence.cells[0].ttl_s", 240), ("$.evidence.cells[1].ttl_s", None))
    at = NOON + timedelta(minutes=minute)
    return Renewal("shop.example", "dkim", "192.0.2.53", at, 34, keep, values)


def test_time_and_numbers_are_new_and_all_else_stands(observations: Observations) -> None:
    (before,), cursor = observations.changed_since(0)
    observations.renew([renewal(1)])
    (after,), _ = observations.changed_since(cursor)
    assert (after.at, after.took_ms, after.since) == (NOON + timedelta(minutes=1), 34, before.since)
    assert (after.verdict, after.headline) == (before.verdict, before.headline)
    cells = json.loads(after.detail)["evidence"]["cells"]
    assert cells == [{"record": "a", "ttl_s": 240}, {"record": "ü", "ttl_s": None}]
    assert len(observations.history("shop.example", "dkim", "192.0.2.53")) == 1


def test_the_history_takes_one_where_it_is_wanted(observations: Observations) -> None:
    observations.renew([renewal(1), renewal(2, keep=True)])
    kept = observations.history("shop.example", "dkim", "192.0.2.53")
    assert [each.at for each in kept] == [NOON, NOON + timedelta(minutes=2)]


def test_what_is_newer_or_unknown_or_has_no_such_detail_is_left_as_it_is(observations: Observations) -> None:
    observations.put([sample("FAIL", minute=5)])
    observations.renew([renewal(1), msgspec.structs.replace(renewal(1), target="other.example")])
    (latest,) = observations.latest()
    assert (latest.verdict, latest.at) == ("FAIL", NOON + timedelta(minutes=5))
    observations.put([msgspec.structs.replace(sample("OK", minute=6), detail="")])
    observations.renew([renewal(7)])
    (latest,) = observations.latest()
    assert (latest.detail, latest.at) == ("", NOON + timedelta(minutes=7))
