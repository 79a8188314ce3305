"""The watch itself: begins jobs when they are due, takes what they saw, and commits it in small batches."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from cockpit.clock import Clock
from cockpit.config import Settings
from cockpit.errors import CockpitError
from cockpit.health.model import Observation
from cockpit.health.registry import CHECKS
from cockpit.profile import Profile
from cockpit.watch.closer import CloserPace
from cockpit.watch.guarded import guarded
from cockpit.watch.looks import Looks
from cockpit.watch.memory import Batch, Memory, lifecycle_draft
from cockpit.watch.plan import Job, jobs
from cockpit.watch.schedule import Schedule
from cockpit.watch.standing import Renewed
from cockpit.watch.store import BEAT_S, Store
from storage.errors import LeaseHeld, StorageError

COMMIT_S = 0.15
"""Seconds between two commits while there is something to commit."""

REQUESTS_S = 0.1
"""Seconds between two looks for requests from other terminals."""

CLOSER_S = 1.0
"""Seconds between two looks for what is watched closer."""

AT_ONCE = 64
"""Looks under way at one time."""

NAMES_AT_ONCE = 512
"""Looks at resolution under way at one time: they wait more than they work, and a silent resolver holds each up."""

KEPT_SAMPLES = 20_000
"""Rows that wait for a failing database before only the newest of each series are kept."""

HISTORY_KEPT = timedelta(hours=24)
"""For how long every single observation is kept; the latest of each series and all events stay."""

TIDY_S = 300.0
"""Seconds between two times of forgetting what is older."""

_LONGEST_RETRY_S = 10.0

_log = logging.getLogger("cockpit.watch")


class Watch:
    """One run of the watch. `look` may be replaced to see how the loop bears what probes do."""

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        store: Store,
        clock: Clock,
        holder: str,
        look: Callable[[Job], Awaitable[list[Observation]]] | None = None,
    ) -> None:
        self._clock = clock
        self._store = store
        self._holder = holder
        self._memory = Memory(settings)
        self._looks = Looks(settings, profile, clock)
        self._looks.when_identity_changes = self._look_again_at_mail
        self._looks.backups.keep = store.keep_copy
        self._looks.ses.keep_feedback(store.path)
        self._look = look or self._looks.look
        self._renew = self._looks.renewed if look is None else None
        self._jobs = jobs(settings, profile)
        self._looks.will_ask(self._jobs)
        self._looks.ask_further(lambda target: target in self._memory.closer)
        self._schedule = Schedule(self._jobs, clock.monotonic(), random.random)
        self._closer = CloserPace({(job.target, job.probe) for job in self._jobs})
        self._pending = Batch()
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._name_places = asyncio.Semaphore(NAMES_AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()
        self.lost = ""
        self.failed = False

    def stop(self) -> None:
        """Ask the watch to end; it commits what it has and gives the lease back."""
        self._stop.set()
        self._wake.set()

    async def run(self) -> None:
        """Watch until `stop()`, until the lease is lost (`lost` says to whom) or a part fails (`failed`)."""
        watched = {(job.target, check.id) for job in self._jobs for check in job.checks}
        cleared, decisions = await self._store.restore(self._memory, watched)
        self._looks.recall(decisions)
        self._pending.add(cleared)
        last_seen = max((each.at for each in decisions), default=None)
        self._pending.drafts.append(lifecycle_draft("watch.started", self._holder, self._clock.now(), last_seen))
        _log.info("Watching %d targets with %d jobs.", len({job.target for job in self._jobs}), len(self._jobs))
        committer = asyncio.create_task(self._commit())
        parts = (self._begin_due, self._serve, self._look_closer, self._beat, self._tidy)
        services = [asyncio.create_task(each()) for each in parts]
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({committer, stopping, *services}, return_when=asyncio.FIRST_COMPLETED)
            self.failed = not self._stop.is_set()
        finally:
            self.stop()
            await _end([stopping, *services, *self._running])
            self._looks.close()
        await committer
        if not self.lost:
            await self._last_commit()

    async def _begin_due(self) -> None:
        while not self._stop.is_set():
            now = self._clock.monotonic()
            for job, urgent in self._schedule.take_due(now):
                task = asyncio.create_task(self._one(job, urgent))
                self._running.add(task)
                task.add_done_callback(self._ended)
            self._wake.clear()
            try:
                async with asyncio.timeout(self._schedule.wait_s(self._clock.monotonic())):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("What a look saw could not be taken in.", exc_info=task.exception())

    async def _one(self, job: Job, urgent: bool) -> None:
        """One job from its turn to its observations."""
        try:
            await self._looks.turn(job, urgent=urgent)
            async with self._name_places if job.probe == "resolution" else self._places:
                renewed = None if urgent else await self._renewed(job)
                seen = [] if renewed else await guarded(job, self._look, self._clock.now)
            self._pending.add(self._memory.renew(renewed) if renewed else self._memory.take(seen))
        finally:
            self._schedule.done(job, self._clock.monotonic())
            self._wake.set()

    async def _renewed(self, job: Job) -> Renewed | None:
        """Whether everything is as it was, where no more than that needs to be known."""
        if self._renew is None or not all(self._memory.settled(job.target, check.id) for check in job.checks):
            return None
        try:
            return await self._renew(job)
        except (CockpitError, OSError, ValueError) as error:
            _log.warning("A quick look at %s failed, and a complete one follows.", job.target, exc_info=error)
            return None

    async def _commit(self) -> None:
        """Commit what is pending; on failure keep it, say so once, and try again with growing patience."""
        retry_s = COMMIT_S
        while not await self._stopped_within(retry_s):
            if not self._pending:
                continue
            batch, self._pending = self._pending, Batch()
            try:
                if retry_s > COMMIT_S:
                    await self._store.reopen()
                    await self._store.beat()
                await self._store.commit(batch)
            except LeaseHeld as error:
                self._lose(error)
            except StorageError as error:
                retry_s = min(_LONGEST_RETRY_S, max(retry_s * 2, 0.5))
                self._keep(batch)
                _log.error("%s Trying again in %g s; %d rows wait.", error, retry_s, len(self._pending.samples))
            else:
                if retry_s > COMMIT_S:
                    _log.info("The database takes writes again; nothing was lost.")
                retry_s = COMMIT_S

    async def _stopped_within(self, seconds: float) -> bool:
        """Wait; whether the watch is to end."""
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True

    def _keep(self, batch: Batch) -> None:
        """Put a batch that was not committed back in front of what came since."""
        batch.add(self._pending)
        if len(batch.samples) > KEPT_SAMPLES:
            batch.thin()
        self._pending = batch

    async def _last_commit(self) -> None:
        self._pending.drafts.append(lifecycle_draft("watch.stopped", self._holder, self._clock.now()))
        try:
            await self._store.commit(self._pending)
        except StorageError as error:
            _log.error("%s The last observations were not recorded.", error)

    async def _serve(self) -> None:
        """Take requests to probe now, from any terminal."""
        while not await self._stopped_within(REQUESTS_S):
            try:
                requests = await self._store.requests()
            except StorageError as error:
                _log.warning("Requests cannot be read: %s", error)
                continue
            for request in requests:
                self.hurry(request.target, request.check)

    async def _look_closer(self) -> None:
        """Hurry what is watched closer for a while."""
        while not await self._stopped_within(CLOSER_S):
            try:
                for event in await self._store.told():
                    self._closer.absorb(event)
            except StorageError as error:
                _log.warning("What is to be watched closer cannot be read: %s", error)
            self._memory.closer = frozenset(self._closer.targets(self._clock.now()))
            for target, check in self._closer.due(self._clock.now(), self._clock.monotonic()):
                self.hurry(target, check)

    async def _beat(self) -> None:
        while not await self._stopped_within(BEAT_S):
            try:
                await self._store.beat()
            except LeaseHeld as error:
                self._lose(error)
            except StorageError as error:
                _log.warning("No sign of life could be written: %s", error)

    async def _tidy(self) -> None:
        while not await self._stopped_within(TIDY_S):
            try:
                if not await self._store.tidy(self._clock.now() - HISTORY_KEPT):
                    _log.info("Some of the write-ahead log could not be copied back yet; a reader may hold it.")
            except StorageError as error:
                _log.warning("Old observations could not be removed: %s", error)

    def hurry(self, target: str, check: str = "") -> None:
        """Look at a target now: at everything, or at what answers one check."""
        probes = frozenset(each.probe for each in CHECKS if each.id == check) if check else None
        if not self._schedule.hurry(target, probes, self._clock.monotonic()):
            _log.info("Nothing is watched as %s %s.", target, check)
        self._looks.hurry(target)
        self._wake.set()

    def _look_again_at_mail(self, target: str) -> None:
        self.hurry(target, "mail.dkim")
        self.hurry(target, "mail.alignment")

    def _lose(self, error: LeaseHeld) -> None:
        _log.error("This watch ends: %s", error)
        self.lost = str(error)
        self.stop()


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            _log.error("A part of the watch had failed.", exc_info=outcome)
