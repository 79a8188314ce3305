"""A batch from the queue, sorted: reports to keep, counts of the rest, and what is set aside.

Nothing is ever dropped in silence and nothing comes back for ever: whatever is not understood is kept as it came,
and then taken off the queue like the rest.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from cockpit.ses.feedback import BOUNCE, COMPLAINT, Feedback, NotFeedbackError, read

KEPT = frozenset({BOUNCE, COMPLAINT, "Reject", "Rendering Failure", "DeliveryDelay"})
"""Kinds of which every report is kept; of the others, which come with all mail, only how many there were."""

SLOT_S = 900


class Message(msgspec.Struct, frozen=True):
    """One message of a queue: `id` is the queue's own name for it, `receives` how often it was handed out."""

    id: str
    body: str
    sent: datetime
    receives: int = 1


class Aside(msgspec.Struct, frozen=True):
    """A message that is set aside, and why."""

    message: Message
    why: str


class Sorted(msgspec.Struct, frozen=True):
    """What a batch amounts to; `counts` are by kind, configuration set and beginning of the quarter of an hour."""

    reports: tuple[Feedback, ...]
    counts: Mapping[tuple[str, str, datetime], int]
    aside: tuple[Aside, ...]


def sort(messages: Sequence[Message], refuse: Callable[[Message], str] = lambda _: "") -> Sorted:
    """Sort a batch; `refuse` gives the reason why a message is not believed, empty for one that is."""
    reports: dict[tuple[str, str], Feedback] = {}
    counts: Counter[tuple[str, str, datetime]] = Counter()
    aside: list[Aside] = []
    for message in messages:
        why = refuse(message)
        if why:
            aside.append(Aside(message, why))
            continue
        try:
            found = read(message.body)
        except NotFeedbackError as error:
            aside.append(Aside(message, str(error)))
            continue
        for each in found:
            if each.kind in KEPT:
                reports[each.id, each.recipient] = each
            else:
                counts[each.kind, each.configuration_set, slot(each.at)] += 1
    return Sorted(tuple(reports.values()), counts, tuple(aside))


def slot(at: datetime) -> datetime:
    """The beginning of the quarter of an hour that holds a moment."""
    return datetime.fromtimestamp(at.timestamp() // SLOT_S * SLOT_S, UTC)
