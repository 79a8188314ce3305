"""One holder at a time, and a fencing number for the one who slept."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import LeaseHeld
from storage.leases import Leases, boot_id
from storage.ledger import Ledger
from tests.storage.crew import Crew
from tests.storage.material import draft


class Stopwatch:
    """A monotonic clock that moves by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def leases(database: Database, stopwatch: Stopwatch) -> Leases:
    return Leases(database, patience=timedelta(seconds=10), monotonic=stopwatch)


HERE = (os.getpid(), boot_id(), "bastion")
ELSEWHERE = (4711, "another-boot", "other-host")


def test_a_free_lease_is_taken_and_a_held_one_names_its_holder(leases: Leases) -> None:
    lease = leases.acquire("watch", "first", *HERE)
    assert lease.fencing == 1
    with pytest.raises(LeaseHeld, match=f"held by first .process {os.getpid()} on bastion"):
        leases.acquire("watch", "second", *ELSEWHERE)
    row = leases.holder("watch")
    assert row is not None
    assert (row.holder, row.pid, row.fencing) == ("first", os.getpid(), 1)
    assert leases.holder("other") is None
    assert leases.acquire("other", "second", *ELSEWHERE).fencing == 1


def test_a_released_lease_is_free_and_its_fencing_number_goes_on(leases: Leases) -> None:
    first = leases.acquire("watch", "first", *HERE)
    leases.release(first)
    assert leases.holder("watch") is None
    second = leases.acquire("watch", "second", *ELSEWHERE)
    assert second.fencing == 2
    leases.release(first)
    assert leases.holder("watch") is not None


def test_a_heartbeat_that_moves_keeps_the_lease(leases: Leases, stopwatch: Stopwatch) -> None:
    lease = leases.acquire("watch", "first", *ELSEWHERE)
    for _ in range(5):
        with pytest.raises(LeaseHeld):
            leases.acquire("watch", "second", *HERE)
        stopwatch.now += 60
        leases.heartbeat(lease)


def test_a_heartbeat_that_stands_still_for_long_enough_loses_the_lease(
    leases: Leases, stopwatch: Stopwatch
) -> None:
    leases.acquire("watch", "first", *ELSEWHERE)
    stopwatch.now += 1_000
    for _ in range(2):
        with pytest.raises(LeaseHeld):
            leases.acquire("watch", "second", *HERE)
        stopwatch.now += 9
    stopwatch.now += 1
    assert leases.acquire("watch", "second", *HERE).fencing == 2


def test_a_holder_that_slept_is_fenced_and_its_intent_is_not_recorded(
    database: Database, leases: Leases, ledger: Ledger, stopwatch: Stopwatch
) -> None:
    slept = leases.acquire("action/shop.example", "first", *ELSEWHERE)
    with database.write() as transaction:
        leases.check(slept, transaction)
    with pytest.raises(LeaseHeld):
        leases.acquire("action/shop.example", "second", *HERE)
    stopwatch.now += 11
    taken = leases.acquire("action/shop.example", "second", *HERE)

    def act() -> None:
        with database.write() as transaction:
            ledger.append([draft("intent")], transaction)
            leases.check(slept, transaction)

    with pytest.raises(LeaseHeld, match="taken over by second"):
        act()
    assert ledger.head()[0] == 0
    with pytest.raises(LeaseHeld):
        leases.heartbeat(slept)
    leases.heartbeat(taken)
    leases.release(taken)
    with pytest.raises(LeaseHeld, match="no longer held by second"), database.write() as transaction:
        leases.check(taken, transaction)


def test_the_lease_of_a_killed_process_is_free_at_once(leases: Leases, path: Path, crew: Crew) -> None:
    pid = crew.start("hold", path=str(path))
    crew.go(pid)
    assert crew.hear()["fencing"] == 1
    with pytest.raises(LeaseHeld, match=f"process {pid}"):
        leases.acquire("watch", "second", *HERE)
    crew.kill(pid)
    assert leases.acquire("watch", "second", *HERE).fencing == 2


def test_a_missing_pid_says_nothing_about_another_host_or_another_boot(leases: Leases) -> None:
    leases.acquire("watch", "first", 2**22 - 1, boot_id(), "other-host")
    with pytest.raises(LeaseHeld):
        leases.acquire("watch", "second", *HERE)
    leases.acquire("action", "first", 2**22 - 1, "another-boot", "bastion")
    with pytest.raises(LeaseHeld):
        leases.acquire("action", "second", *HERE)
