"""A backup is a new one only when something is different."""

from datetime import timedelta

import pytest

from storage.database import Database
from storage.snapshots import KEPT, Snapshot, Snapshots
from tests.storage.material import NOON


@pytest.fixture
def snapshots(database: Database) -> Snapshots:
    return Snapshots(database)


def put(snapshots: Snapshots, text: str, minute: int, source: str = "Route 53") -> Snapshot:
    return snapshots.put(
        "shop.example", source, f"digest of {text}", text, 3, NOON + timedelta(minutes=minute), "mona"
    )


def test_the_same_again_is_confirmed_and_something_else_is_kept_beside_it(snapshots: Snapshots) -> None:
    first, again, other, back = (put(snapshots, text, minute) for minute, text in enumerate(("a", "a", "b", "a")))
    assert (again.id, again.at, again.confirmed_at) == (first.id, NOON, NOON + timedelta(minutes=1))
    assert len({first.id, other.id, back.id}) == 3
    assert [each.id for each in snapshots.list("shop.example")] == [back.id, other.id, first.id]
    found = snapshots.get(other.id)
    assert found is not None
    assert found.text == "b"
    assert snapshots.get(99) is None


def test_sources_stand_apart_and_old_copies_go(snapshots: Snapshots) -> None:
    for number in range(KEPT + 5):
        put(snapshots, str(number), number)
    put(snapshots, "0", 0, "zone transfer")
    kept = snapshots.list("shop.example")
    assert len(kept) == KEPT + 1
    assert {each.source for each in kept} == {"Route 53", "zone transfer"}
    assert snapshots.list("pay.example") == []
