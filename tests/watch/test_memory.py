"""Batches hold observations with the events they caused, and a restart goes on where the last commit left off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from cockpit.config import DomainConfig, Settings
from cockpit.config.command import OwnLevel
from cockpit.health.model import DECISION, Finding, Observation, Verdict
from cockpit.watch.memory import Batch, Memory
from storage.database import Database
from storage.ledger import Ledger
from storage.observations import Observations

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
KEY = ("shop.example", "mail.dkim")
SETTINGS = Settings(domains=(DomainConfig(name="shop.example", services=("orders", "receipts"), owner="Team A"),))


class Storage:
    """A database as the watch uses it."""

    def __init__(self, path: Path) -> None:
        self.database = Database.open(path)
        self.ledger = Ledger(self.database, lambda: START)
        self.observations = Observations(self.database)

    def commit(self, batch: Batch) -> None:
        with self.database.write() as transaction:
            self.observations.put(batch.samples, transaction)
            self.ledger.append(batch.drafts, transaction)

    def memory(self, watched: set[tuple[str, str]] | None = None, settings: Settings = SETTINGS) -> Memory:
        memory = Memory(settings)
        cleared, _ = memory.restore(
            self.ledger, self.observations, {KEY} if watched is None else watched, START + timedelta(hours=1)
        )
        self.commit(cleared)
        return memory

    def kinds(self) -> list[str]:
        return [event.kind for event in self.ledger.stream("ops")]


@pytest.fixture
def storage(database: Path) -> Iterator[Storage]:
    storage = Storage(database)
    yield storage
    storage.database.close()


def seen(number: int, verdict: Verdict, *vantages: str) -> list[Observation]:
    at = START + timedelta(seconds=number)
    finding = Finding("gone", "there", "publish", "x IN CNAME y") if verdict is Verdict.FAIL else None
    parts = [Observation(*KEY, vantage, verdict, "part", at) for vantage in vantages]
    return [*parts, Observation(*KEY, DECISION, verdict, f"it is {verdict}", at, finding=finding)]


def test_the_event_lies_in_the_batch_of_the_observation_that_caused_it(storage: Storage) -> None:
    memory = storage.memory()
    assert memory.take(seen(0, Verdict.OK)).drafts == []
    assert [draft.kind for draft in memory.take(seen(1, Verdict.FAIL)).drafts] == ["health.changed"]
    batch = memory.take(seen(2, Verdict.FAIL))
    assert [draft.kind for draft in batch.drafts] == ["alert.raised"]
    assert [sample.verdict for sample in batch.samples] == ["FAIL"]
    body = batch.drafts[0].body
    assert body["alert"].startswith("shop.example|mail.dkim|")
    assert body["services"] == ["orders", "receipts"]
    assert body["owners"] == ["Team A"]
    assert body["runbook"] == "dkim-record-missing"
    assert body["first_bad_at"] == "2026-11-20T14:00:01.000000Z"
    assert memory.open_alerts() == [body["alert"]]


@pytest.mark.parametrize("restart_after", range(10))
def test_a_restart_anywhere_leads_to_the_same_events(storage: Storage, restart_after: int) -> None:
    patient = msgspec.structs.replace(SETTINGS, failures_to_alert=3, successes_to_clear=3)
    memory = storage.memory(settings=patient)
    story = [Verdict.OK, *[Verdict.FAIL] * 3, Verdict.UNKNOWN, Verdict.FAIL, *[Verdict.OK] * 3]
    for number, verdict in enumerate(story):
        if number == restart_after:
            memory = storage.memory(settings=patient)
        storage.commit(memory.take(seen(number, verdict)))
    assert [(event.kind, (event.occurred_at - START).seconds) for event in storage.ledger.stream("ops")] == [
        ("health.changed", 1),
        ("alert.raised", 3),
        ("health.changed", 4),
        ("health.changed", 5),
        ("health.changed", 6),
        ("alert.cleared", 8),
    ]
    assert storage.ledger.stream("ops")[1].body["first_bad_at"] == "2026-11-20T14:00:01.000000Z"


def test_what_was_taken_and_not_committed_is_as_if_it_had_not_been_seen(storage: Storage) -> None:
    memory = storage.memory()
    storage.commit(memory.take(seen(0, Verdict.FAIL)))
    memory.take(seen(1, Verdict.FAIL))
    memory = storage.memory()
    storage.commit(memory.take(seen(2, Verdict.FAIL)))
    assert storage.kinds().count("alert.raised") == 1


def test_an_alert_of_what_is_no_longer_watched_is_cleared(storage: Storage) -> None:
    memory = storage.memory()
    for number in range(2):
        storage.commit(memory.take(seen(number, Verdict.FAIL)))
    assert storage.memory(set()).open_alerts() == []
    event = storage.ledger.stream("ops")[-1]
    assert (event.kind, event.body["headline"]) == ("alert.cleared", "no longer watched")
    storage.memory(set())
    assert storage.kinds().count("alert.cleared") == 1


def test_a_vantage_that_is_asked_no_more_says_so(storage: Storage) -> None:
    memory = storage.memory()
    storage.commit(memory.take(seen(0, Verdict.OK, "ns1", "ns2")))
    memory = storage.memory()
    batch = memory.take(seen(1, Verdict.OK, "ns1"))
    gone = [sample for sample in batch.samples if sample.vantage == "ns2"]
    assert [(sample.verdict, sample.headline) for sample in gone] == [("N/A", "not asked any more")]
    assert [s for s in memory.take(seen(2, Verdict.OK, "ns1")).samples if s.vantage == "ns2"] == []


def test_a_batch_that_waits_for_long_keeps_the_newest_row_and_every_event() -> None:
    memory, batch = Memory(SETTINGS), Batch()
    for number in range(40):
        batch.add(memory.take(seen(number, Verdict.FAIL if number > 20 else Verdict.OK, "ns1")))
    batch.thin()
    assert len(batch.samples) == 2
    assert [draft.kind for draft in batch.drafts] == ["health.changed", "alert.raised"]


def test_evidence_that_is_too_large_is_not_kept() -> None:
    huge = Observation(*KEY, DECISION, Verdict.OK, "x", START, evidence={"a": "y" * 100_000})
    assert len(Memory(SETTINGS).take([huge]).samples[0].detail) < 1000


def test_what_another_check_tells_already_changes_and_raises_nothing_of_its_own() -> None:
    memory, kinds = Memory(SETTINGS), []
    for number in range(5):
        (each,) = seen(number, Verdict.FAIL)
        quiet = msgspec.structs.replace(each, evidence={"quiet": "tls.certificate tells it"})
        kinds += [draft.kind for draft in memory.take([quiet]).drafts]
    assert kinds == ["health.changed"]
    for number in range(5, 7):
        kinds += [draft.kind for draft in memory.take(seen(number, Verdict.FAIL)).drafts]
    assert kinds[1:] == ["alert.raised"], "once nobody else tells it, it has an alert"


@pytest.mark.parametrize(
    ("profile", "own", "level"),
    [
        ("emergency", {}, "P1"),
        ("standard", {}, "P1"),
        ("notify", {}, "P2"),
        ("notify", {"P0": OwnLevel(services=2)}, "P0"),
        ("emergency", {"P0": OwnLevel(services=3)}, "P1"),
    ],
)
def test_an_alerts_severity_follows_the_profile_and_the_levels_of_our_own(
    profile: Literal["emergency", "standard", "notify"],
    own: dict[Literal["P0", "P1", "P2", "P3"], OwnLevel],
    level: str,
) -> None:
    memory = Memory(msgspec.structs.replace(SETTINGS, severity_profile=profile, own_severity=own))
    drafts = [draft for number in range(0, 120, 30) for draft in memory.take(seen(number, Verdict.FAIL)).drafts]
    (raised,) = [draft for draft in drafts if draft.kind == "alert.raised"]
    assert raised.body["severity"] == level
    assert ("the organisation has set" in str(raised.body["severity_reason"])) == (level == "P0")
