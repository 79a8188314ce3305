"""Leases, fencing and doubt, over the real ledger."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions.journal import stream_of
from cockpit.actions.ledger_journal import LedgerJournal
from cockpit.actions.pulse import Pulse
from cockpit.clock import SystemClock
from cockpit.errors import IllegalMove
from storage.database import Database
from storage.errors import LeaseHeld
from storage.leases import Leases
from storage.ledger import Draft, Ledger
from tests.actions.fakes import plan_at


class Bench:
    """Journals of several runners on one database; `monotonic` is moved by hand."""

    def __init__(self, path: Path) -> None:
        self.database = Database.open(path)
        self.clock = SystemClock()
        self.ledger = Ledger(self.database, self.clock.now)
        self.now = 0.0

    def journal(self, uid: str, *, beside: LedgerJournal | None = None) -> LedgerJournal:
        """A runner's journal; while it waits, the leases of the one `beside` it are kept alive."""
        leases = Leases(self.database, patience=timedelta(seconds=10), monotonic=lambda: self.now)

        def sleep(seconds: float) -> None:
            self.now += seconds
            for lease in beside.held if beside is not None else ():
                leases.heartbeat(lease)

        return LedgerJournal(self.database, self.ledger, leases, self.clock, uid, sleep=sleep)

    def tell(self, uid: str, kind: str, **body: Any) -> None:
        now = self.clock.now()
        self.ledger.append([Draft(stream=stream_of(uid), kind=kind, body=body, occurred_at=now, actor="x")])

    def confirmed(self, uid: str) -> LedgerJournal:
        plan = plan_at(self.clock.now())
        self.tell(uid, "action.requested", remedy="fake.pair", target="pair", parameters={})
        self.tell(uid, "action.planned", plan=plan.to_json(), plan_hash=plan.hash)
        self.tell(uid, "action.confirmed", plan_hash=plan.hash)
        journal = self.journal(uid)
        journal.take_over()
        return journal

    def intend(self, journal: LedgerJournal, fencing: int) -> None:
        digest = plan_at(self.clock.now()).steps[0].digest
        journal.append("action.locked", {"target": "pair", "fencing": fencing}, fenced=True)
        journal.append("action.checked", {"matches": True}, fenced=True)
        journal.append("action.intent", {"intent": "i", "step": 0, "back": False, "digest": digest}, fenced=True)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "cockpit" / "cockpit.db")
    yield made
    made.database.close()


def test_a_run_has_one_runner(bench: Bench) -> None:
    first = bench.confirmed("a")
    with pytest.raises(LeaseHeld):
        bench.journal("a", beside=first).take_over()
    first.give_back()
    bench.journal("a").take_over()


def test_a_runner_that_stands_still_is_followed_by_the_next_one_and_cannot_write_or_send(bench: Bench) -> None:
    """As one that is stopped, or that ran before the machine was started anew: its process id says nothing."""
    stopped = bench.confirmed("a")
    stopped.still_ours()
    began = bench.now
    bench.journal("a").take_over()
    assert 10 <= bench.now - began < 11
    with pytest.raises(LeaseHeld):
        stopped.append("action.noted", {"text": "awake"}, fenced=False)
    with pytest.raises(LeaseHeld):
        stopped.still_ours()


def test_of_two_runs_on_one_target_one_gets_the_lock_every_time(bench: Bench) -> None:
    first, second = bench.confirmed("a"), bench.confirmed("b")
    for _ in range(100):
        assert first.lock("pair") > 0
        with pytest.raises(LeaseHeld) as held:
            second.lock("pair")
        told = str(held.value)
        assert re.search(r"\(set both\), confirmed by x at \d\d:\d\d:\d\dZ, is changing pair \(", told)
        assert re.search(r"To free it: cockpit action stop [ab]\. This one waits\. If .* is free before", told)
        assert "looks at the live state again and goes ahead by itself where that is still what its plan" in told
        first.unlock()
        first, second = second, first


def test_a_holder_that_slept_past_its_lease_can_no_longer_write_an_intent(bench: Bench) -> None:
    sleeper, other = bench.confirmed("a"), bench.confirmed("b")
    fencing = sleeper.lock("pair")
    with pytest.raises(LeaseHeld):
        other.lock("pair")
    bench.now += 11
    assert other.lock("pair") > fencing
    with pytest.raises(LeaseHeld, match="taken over"):
        bench.intend(sleeper, fencing)
    assert all(event.kind != "action.intent" for event in bench.ledger.stream("action/a"))


def test_a_target_left_in_doubt_is_closed_to_other_runs_even_without_a_lease(bench: Bench) -> None:
    first = bench.confirmed("a")
    bench.intend(first, first.lock("pair"))
    first.append("action.effect", {"intent": "i"}, fenced=True)
    first.give_back()
    second = bench.confirmed("b")
    with pytest.raises(LeaseHeld, match="confirmed by x at .* settled before"):
        second.lock("pair")


def test_an_event_that_may_not_follow_is_not_written(bench: Bench) -> None:
    journal = bench.confirmed("a")
    head = bench.ledger.head()
    with pytest.raises(IllegalMove):
        journal.append("action.succeeded", {"result": {}}, fenced=False)
    assert bench.ledger.head() == head


def test_what_others_write_to_other_streams_does_not_cut_a_wait_short(bench: Bench) -> None:
    journal = bench.confirmed("a")
    journal.load()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        bench.tell("other", "action.noted", text="x")

    journal._sleep = sleep
    journal.wait(0.05)
    assert slept
    began = bench.clock.monotonic()
    journal._sleep = lambda _: bench.tell("a", "action.cancelled", reason="stop")
    journal._database = _Elsewhere(bench.database)  # type: ignore[assignment]
    journal.wait(30.0)
    assert bench.clock.monotonic() - began < 30


class _Elsewhere:
    """A connection that sees every commit of this process as another's."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.version = 0

    def data_version(self) -> int:
        self.version += 1
        return self.version


def test_a_runner_that_is_busy_keeps_its_leases_alive(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = bench.confirmed("a")
    journal.lock("pair")
    monkeypatch.setattr("cockpit.actions.pulse.HEARTBEAT_S", 0.01)
    leases = Leases(bench.database)
    with Pulse(bench.database.path, lambda: journal.held):
        for name in ("runner/a", "target/pair"):
            while (row := leases.holder(name)) is None or row.heartbeat < 2:
                threading.Event().wait(0.005)
    journal.still_ours()
