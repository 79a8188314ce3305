"""The watch's own connection to the database, in a thread of its own: a slow disk must not stop the probes.

What a failing disk did not take is kept and offered again; nothing counts as recorded before the commit.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cockpit.clock import Clock
from cockpit.health.alerts import STREAM
from cockpit.health.closer import CALMED, CLOSER
from cockpit.health.model import Observation, Verdict
from cockpit.health.zone_copy import ZoneCopy
from cockpit.watch.memory import Batch, Key, Memory
from storage.database import Database
from storage.errors import LeaseHeld
from storage.hourly import Hourly
from storage.leases import PATIENCE, Lease, Leases, boot_id
from storage.ledger import Event, Ledger
from storage.observations import Observations, Request
from storage.owners import Owners
from storage.record_history import RecordHistory
from storage.snapshots import Snapshots

LEASE = "watch"

BEAT_S = PATIENCE.total_seconds() / 4
"""Seconds between two signs of life."""

HOURS_KEPT = timedelta(days=29)
"""For how long the worst of each hour is kept, and how records were, after single looks have gone."""

_RETRY_S = 0.5

Result = TypeVar("Result")


class Store:
    """All that the watch asks of the database; every method runs in the one thread that owns the connection."""

    def __init__(self, path: Path, clock: Clock, holder: str) -> None:
        self._path = path
        self._clock = clock
        self._holder = holder
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="watch-store")
        self._database: Database | None = None
        self._leases: Leases | None = None
        self._lease: Lease | None = None
        self._version = -1
        self._tidied: int | None = None
        self._told_seq = 0
        self._memory: Memory | None = None
        self._owners = ""

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    async def open(self) -> None:
        """Open the database; raises what `Database.open` raises."""
        await self._do(self._open)

    async def acquire(self) -> None:
        """Take the lease; raises LeaseHeld once it is clear that another watch lives.

        A holder that shows no sign of life for as long as the lease's patience is taken over.
        """
        first: tuple[int, int] | None = None
        while True:
            try:
                await self._do(self._acquire)
            except LeaseHeld:
                beat = await self._do(self._heartbeat_seen)
                if first is not None and beat is not None and beat != first:
                    raise
                first = first or beat
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def restore(self, memory: Memory, watched: set[Key]) -> tuple[Batch, list[Observation]]:
        """Rebuild `memory`; see `Memory.restore`."""
        return await self._do(lambda: self._restore(memory, watched))

    async def commit(self, batch: Batch) -> None:
        """Commit rows and events together, under the lease; raises StorageError and then nothing is recorded."""
        await self._do(lambda: self._commit(batch))

    async def keep_copy(self, copy: ZoneCopy, at: datetime) -> datetime:
        """Keep a copy of a zone for good, or confirm the last one; returns until when it is known to hold."""
        return await self._do(lambda: self._keep_copy(copy, at))

    async def beat(self) -> None:
        """Show that the holder lives; raises LeaseHeld when the lease is gone."""
        await self._do(self._beat)

    async def requests(self) -> list[Request]:
        """Take the waiting probe requests; looks only when somebody else has committed something."""
        return await self._do(self._requests)

    async def told(self) -> list[Event]:
        """What people have told the watch in the ledger since the last call."""
        return await self._do(self._told)

    async def tidy(self, before: datetime) -> bool:
        """Keep but the worst of each hour before `before`, and copy the WAL back; False when a part had to wait."""
        return await self._do(lambda: self._tidy(before))

    async def reopen(self) -> None:
        """Close and open again, after an error that the connection must not outlive; the lease stays ours."""
        await self._do(self._reopen)

    async def close(self) -> None:
        """Give the lease back and close."""
        await self._do(self._close)
        self._executor.shutdown(wait=False)

    async def _do(self, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)

    def _open(self) -> None:
        self._database = Database.open(self._path)
        self._leases = Leases(self._database)

    def _own(self) -> tuple[Database, Leases]:
        if self._database is None or self._leases is None:
            self._open()
        assert self._database is not None
        assert self._leases is not None
        return self._database, self._leases

    def _tables(self) -> tuple[Ledger, Observations]:
        database, _ = self._own()
        return Ledger(database, self._clock.now), Observations(database)

    def _restore(self, memory: Memory, watched: set[Key]) -> tuple[Batch, list[Observation]]:
        database = self._own()[0]
        memory.records.recall(RecordHistory(database).newest())
        self._memory = memory
        self._learn_owners(database)
        return memory.restore(*self._tables(), watched, self._clock.now())

    def _learn_owners(self, database: Database) -> None:
        """Let the memory know who owns what, when somebody has imported that anew."""
        owners = Owners(database)
        marker = owners.marker()
        if self._memory is not None and marker != self._owners:
            self._memory.owners = owners.all()
            self._owners = marker

    def _acquire(self) -> None:
        _, leases = self._own()
        self._lease = leases.acquire(LEASE, self._holder, os.getpid(), boot_id(), os.uname().nodename)

    def _heartbeat_seen(self) -> tuple[int, int] | None:
        row = self._own()[1].holder(LEASE)
        return None if row is None else (row.fencing, row.heartbeat)

    def _commit(self, batch: Batch) -> None:
        database, leases = self._own()
        ledger, observations = self._tables()
        with database.write() as transaction:
            if self._lease is not None:
                leases.check(self._lease, transaction)
            observations.put(batch.samples, transaction)
            observations.renew(batch.renewals, transaction)
            RecordHistory(database).put(batch.records, transaction)
            ledger.append(batch.drafts, transaction)

    def _keep_copy(self, copy: ZoneCopy, at: datetime) -> datetime:
        kept = Snapshots(self._own()[0]).put(
            copy.domain, copy.source, copy.digest, copy.text, len(copy.records), at, self._holder
        )
        return kept.confirmed_at

    def _beat(self) -> None:
        if self._lease is not None:
            self._own()[1].heartbeat(self._lease)

    def _requests(self) -> list[Request]:
        database, _ = self._own()
        version = database.data_version()
        if version == self._version:
            return []
        taken = Observations(database).take_requests()
        self._learn_owners(database)
        self._version = version
        return taken

    def _told(self) -> list[Event]:
        ledger, _ = self._tables()
        told: list[Event] = []
        while fresh := ledger.since(self._told_seq, stream=STREAM):
            self._told_seq = fresh[-1].seq
            told += [event for event in fresh if event.kind in (CLOSER, CALMED)]
        return told

    def _tidy(self, before: datetime) -> bool:
        database, _ = self._own()
        Hourly(database).condense(before, lambda verdict: Verdict(verdict).rank)
        if before.hour != self._tidied:
            self._tidied = before.hour
            Hourly(database).prune(before - HOURS_KEPT)
            RecordHistory(database).prune(before - HOURS_KEPT)
        return database.checkpoint()

    def _reopen(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = self._leases = None
        self._version = -1
        self._open()

    def _close(self) -> None:
        if self._database is None:
            return
        try:
            if self._lease is not None and self._leases is not None:
                self._leases.release(self._lease)
        finally:
            self._database.close()
            self._database = self._leases = None
