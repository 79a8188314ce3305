"""A file of feedback put through the same reading and deciding as the queue: counted, or kept where that is wanted.

A file is what somebody saved of a queue, a dead-letter queue or a log: one message a line, as SES or SNS wrote it.
Nobody can vouch for a signature that is hours old, so who replays it does, and the ledger says who that was. What
is kept twice is kept once; a line that cannot be understood is set aside, and never lost.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from cockpit.ses.sorting import Aside, Message, sort
from cockpit.ses.tally import Count
from cockpit.text import visible
from cockpit.watch.feedback import report_of
from storage.feedback import FeedbackStore, SetAside

STREAM = "feedback"
REPLAYED = "feedback.replayed"
BATCH = 2_000
TOLD = 20
"""Bad lines that are told with their reason; of the others only how many there are."""


class Bad(msgspec.Struct, frozen=True):
    """One line that was set aside: its number in the file, and why."""

    line: int
    why: str


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a file amounts to: lines read, reports by kind, who is suppressed by it, and what was set aside."""

    lines: int
    kinds: tuple[Count, ...]
    bounced: int
    complained: int
    aside: int
    bad: tuple[Bad, ...]
    kept: bool


def replay(lines: Iterable[bytes], at: datetime, store: FeedbackStore | None = None, target: str = "") -> Replayed:
    """Read every line; with a `store` keep what it says under `target`, else only count it."""
    number, kinds, bad, aside = 0, Counter[str](), list[Bad](), 0
    suppressed: dict[str, set[str]] = {"BOUNCE": set(), "COMPLAINT": set()}
    for batch in _batches(lines, at):
        found = sort([message for _, message in batch])
        number += len(batch)
        kinds.update(each.kind for each in found.reports)
        for (kind, _, _), many in found.counts.items():
            kinds[kind] += many
        for report in found.reports:
            if report.suppress:
                suppressed.setdefault(report.suppress, set()).add(report.recipient)
        places = {message.id: place for place, message in batch}
        aside += len(found.aside)
        bad += [
            Bad(places[each.message.id], visible(each.why, limit=200)) for each in found.aside[: TOLD - len(bad)]
        ]
        if store is not None:
            # Sends and deliveries have no id to know them by: a second replay would count them twice.
            store.put(target, [report_of(each) for each in found.reports], {}, _kept(found.aside, at))
    return Replayed(
        lines=number,
        kinds=tuple(Count(kind, many) for kind, many in kinds.most_common()),
        bounced=len(suppressed["BOUNCE"]),
        complained=len(suppressed["COMPLAINT"]),
        aside=aside,
        bad=tuple(bad),
        kept=store is not None,
    )


def _batches(lines: Iterable[bytes], at: datetime) -> Iterator[list[tuple[int, Message]]]:
    """Lines as messages, each under a name made of its own octets; empty lines are left out."""
    batch: list[tuple[int, Message]] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        name = f"file-{hashlib.sha256(text).hexdigest()[:32]}"
        batch.append((number, Message(name, text.decode("utf-8", "replace"), at)))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _kept(aside: Iterable[Aside], at: datetime) -> list[SetAside]:
    return [SetAside(each.message.id, each.message.body, visible(each.why), at) for each in aside]
