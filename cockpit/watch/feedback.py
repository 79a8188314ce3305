"""Works the feedback queue off: receive, believe, keep, and only then delete.

A message that was kept and not deleted comes again and changes nothing. One that cannot be kept, because the disk
or SNS's certificate fails us, stays in the queue.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from cockpit.config.ses import SesConfig
from cockpit.errors import StorageError
from cockpit.health.model import Observation, Reading
from cockpit.probes.ses.calls import Asker, Calls
from cockpit.probes.ses.queue import WAIT_S, FeedbackQueue
from cockpit.probes.ses.signers import Signers
from cockpit.ses.feedback import Feedback
from cockpit.ses.returns import CHECK, Returns, judge_feedback
from cockpit.ses.signature import refusal
from cockpit.ses.sorting import Message, Sorted, sort
from cockpit.ses.suppression import Entry
from cockpit.ses.tally import WINDOW, tally
from cockpit.text import visible
from storage.database import Database
from storage.feedback import FeedbackStore, Report, SetAside

VANTAGE = "sqs"
LOOK_S = 15.0
"""Seconds after which a look ends, though the queue may have more; the next one goes on."""

ASIDE_NEWS = timedelta(days=1)
KEPT = timedelta(days=15)
"""For how long single reports are kept: a day more than SQS keeps messages."""


class Ingest:
    """The ingest of one queue; a thread of its own has the database."""

    def __init__(
        self,
        path: Path,
        target: str,
        settings: SesConfig,
        calls: Calls,
        signers: Signers,
        *,
        wait_s: int = WAIT_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._target = target
        self._settings = settings
        self._calls = calls
        self._signers = signers
        self._monotonic = monotonic
        self._queue = FeedbackQueue(calls, settings.feedback_queue, wait_s=wait_s)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feedback")
        self._database: Database | None = None
        self._pruned: datetime | None = None

    async def look(self, at: datetime) -> list[Observation]:
        """Work off what there is, and say what it amounts to."""
        taken = 0

        async def work(_: Asker) -> Mapping[str, Any]:
            nonlocal taken
            until = self._monotonic() + LOOK_S
            while self._monotonic() < until:
                messages = await self._queue.receive(wait=not taken)
                if not messages:
                    break
                await self._take(messages, at)
                taken += len(messages)
            return {"waiting": await self._queue.waiting()}

        try:
            reading = await self._calls.read(self._target, CHECK, VANTAGE, at, work)
            returns = await self._stored(lambda store: self._returns(store, taken, reading, at))
        except StorageError as error:
            failed = {"reason": f"feedback stays in the queue: {error}"}
            return judge_feedback(
                Reading(self._target, CHECK, VANTAGE, at, timedelta(), failed, "aws-error"), None, at
            )
        return judge_feedback(reading, returns, at)

    async def reported(self) -> list[Entry]:
        """Who is suppressed by what was reported."""
        kept = await self._stored(lambda store: store.suppressed(self._target))
        return [Entry(each.address, each.reason, each.at) for each in kept]

    def close(self) -> None:
        """Close the database."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    async def _take(self, messages: list[Message], at: datetime) -> None:
        """Keep a batch, then take it off the queue."""
        for message in messages:
            envelope = _envelope(message)
            if envelope is not None and not self._unsigned and not self._refused(envelope, message, at):
                await self._signers.fetch(envelope)
        found = sort(messages, lambda message: self._disbelieved(message, at))
        await self._stored(lambda store: self._put(store, found, at))
        await self._queue.delete(messages)

    @property
    def _unsigned(self) -> bool:
        return self._settings.feedback_signature == "none"

    def _disbelieved(self, message: Message, at: datetime) -> str:
        if self._unsigned:
            return ""
        envelope = _envelope(message)
        if envelope is None:
            return "it bears no signature"
        return self._refused(envelope, message, at) or self._signers.refusal(envelope)

    def _refused(self, envelope: Mapping[str, Any], message: Message, at: datetime) -> str:
        return refusal(
            envelope,
            self._settings.feedback_topics,
            message.sent,
            version=self._settings.feedback_signature,
            endpoint=self._signers.endpoint,
        )

    def _put(self, store: FeedbackStore, found: Sorted, at: datetime) -> None:
        reports = [report_of(each) for each in found.reports]
        aside = [SetAside(each.message.id, each.message.body, visible(each.why), at) for each in found.aside]
        store.put(self._target, reports, found.counts, aside)

    def _returns(self, store: FeedbackStore, taken: int, reading: Reading, at: datetime) -> Returns:
        if self._pruned is None or at - self._pruned > timedelta(hours=1):
            store.prune(at - KEPT)
            self._pruned = at
        counts = store.counted(self._target, at - WINDOW - timedelta(minutes=15))
        aside = store.aside_number(self._target, at - ASIDE_NEWS)
        newest = store.aside(self._target, limit=1) if aside else []
        recent = [_feedback(each) for each in store.since(self._target, at - WINDOW)]
        counted = tally(recent, at)
        counted = msgspec.structs.replace(
            counted, sends=counts.get("Send", 0), deliveries=counts.get("Delivery", 0)
        )
        return Returns(
            tally=counted,
            taken=taken,
            aside=aside,
            suppressed=store.suppressed_number(self._target),
            waiting=int(reading.seen.get("waiting", 0)) if reading.failure is None else 0,
            sends=counts.get("Send", 0),
            why_aside=newest[0].why if newest else "",
        )

    async def _stored(self, ask: Callable[[FeedbackStore], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: ask(self._store()))

    def _store(self) -> FeedbackStore:
        if self._database is None:
            self._database = Database.open(self._path)
        return FeedbackStore(self._database)

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _envelope(message: Message) -> Mapping[str, Any] | None:
    """The SNS envelope that a message is; None for one that came raw or is no JSON."""
    try:
        found = json.loads(message.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "Type" in found and "Message" in found else None


def report_of(each: Feedback) -> Report:
    """A report as it is stored; what came from outside is made visible here."""
    return Report(
        id=_clean(each.id),
        recipient=_clean(each.recipient),
        kind=each.kind,
        subtype=_clean(each.subtype),
        detail=_clean(each.detail),
        reason=_clean(each.reason),
        source=_clean(each.source),
        configuration_set=_clean(each.configuration_set),
        at=each.at,
        suppress=each.suppress,
    )


def _clean(text: str) -> str:
    return visible(text, limit=400)


def _feedback(each: Report) -> Feedback:
    return Feedback(*msgspec.structs.astuple(each))
