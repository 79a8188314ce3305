"""The loop bears what probes do: others go on beside one that raises, hangs or lies."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.clock import SystemClock, format_time
from cockpit.config import DomainConfig, Intervals, Settings
from cockpit.health.closer import CLOSER
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.profile import Profile
from cockpit.watch.loop import Watch
from cockpit.watch.memory import Batch
from cockpit.watch.plan import Job
from cockpit.watch.store import Store
from storage.errors import Unwritable
from storage.ledger import Draft, Ledger
from tests.watch.child import reading

SETTINGS = Settings(
    domains=tuple(DomainConfig(name=f"{name}.example") for name in ("good", "raises", "hangs", "lies")),
    intervals=Intervals(dns_s=0.05),
)


class Failing(Store):
    """A store whose disk fails for the first commits."""

    failures = 2

    async def commit(self, batch: Batch) -> None:
        if self.failures:
            self.failures -= 1
            raise Unwritable("The disk is full.")
        await super().commit(batch)


async def behave(job: Job) -> list[Observation]:
    at = SystemClock().now()
    if job.target.startswith("raises"):
        raise RuntimeError("boom")
    if job.target.startswith("hangs"):
        await asyncio.Event().wait()
    if job.target.startswith("lies"):
        return [Observation("other.example", "dns.resolution", DECISION, Verdict.OK, "", at)]
    return [
        Observation(job.target, check.id, DECISION, Verdict.OK, "fine", at, timedelta()) for check in job.checks
    ]


async def run(database: Path, store: Store, seconds: float) -> Watch:
    clock = SystemClock()
    await store.open()
    await store.acquire()
    watch = Watch(SETTINGS, Profile(), store, clock, "test", look=behave)
    asyncio.get_running_loop().call_later(seconds, watch.stop)
    await watch.run()
    await store.close()
    return watch


async def test_one_bad_probe_harms_no_other(database: Path) -> None:
    watch = await run(database, Store(database, SystemClock(), "test"), 0.8)
    assert (watch.lost, watch.failed) == ("", False)
    with reading(database) as reader:
        verdicts = {target: verdict for (target, _), verdict in reader.verdicts().items()}
        assert verdicts == {"good.example": "OK", "raises.example": "UNKNOWN", "lies.example": "UNKNOWN"}
        rows = reader.database.rows(
            """SELECT count(*) FROM observation_history h JOIN observation_latest l ON l.series = h.series
            WHERE l.target = 'good.example'"""
        )
        assert rows[0][0] >= 5
        assert [event.kind for event in reader.events()] == ["watch.started", "watch.stopped"]


async def test_what_a_failing_disk_did_not_take_is_offered_again(database: Path) -> None:
    store = Failing(database, SystemClock(), "test")
    await run(database, store, 2.5)
    assert store.failures == 0
    with reading(database) as reader:
        assert [event.kind for event in reader.events()] == ["watch.started", "watch.stopped"]
        assert reader.verdicts()["good.example", "dns.resolution"] == "OK"


async def test_what_is_old_is_forgotten_and_what_is_latest_stays(database: Path) -> None:
    await run(database, Store(database, SystemClock(), "test"), 0.4)
    store = Store(database, SystemClock(), "test")
    await store.open()
    assert await store.tidy(SystemClock().now())
    await store.close()
    with reading(database) as reader:
        assert reader.database.rows("SELECT count(*) FROM observation_history") == [(0,)]
        assert reader.verdicts()["good.example", "dns.resolution"] == "OK"
        assert reader.events("watch.started")


async def test_a_domain_that_is_watched_closer_is_looked_at_again(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.watch.loop.CLOSER_S", 0.05)
    looked: list[tuple[str, str]] = []
    clock, store = SystemClock(), Store(database, SystemClock(), "test")
    settings = Settings(domains=(DomainConfig("shop.example"), DomainConfig("other.example")))
    body = {"target": "shop.example", "until": format_time(clock.now() + timedelta(hours=1))}

    async def look(job: Job) -> list[Observation]:
        looked.append((job.target, job.probe))
        times = looked.count(("shop.example", "resolution"))
        if times == 2:
            watch.stop()
        elif looked[-1] == ("shop.example", "resolution"):
            with reading(database) as reader:
                asked = Draft(stream="ops", kind=CLOSER, body=body, occurred_at=clock.now(), actor="mhassan")
                Ledger(reader.database, clock.now).append([asked])
        return []

    await store.open()
    await store.acquire()
    watch = Watch(settings, Profile(), store, clock, "test", look=look)
    async with asyncio.timeout(20):
        await watch.run()
    await store.close()
    assert looked.count(("other.example", "resolution")) <= 1
