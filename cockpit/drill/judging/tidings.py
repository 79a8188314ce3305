"""What people were told in a drill: judged from the messages that arrived, never from what was meant to be sent."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cockpit.drill import vocabulary as v


@dataclass(frozen=True, slots=True)
class Message:
    """Something that arrived at a sink; `accepted` is False where the sink failed, and nobody read it."""

    at: datetime
    sink: str
    accepted: bool
    text: str = ""


Span = Callable[[datetime, datetime], timedelta]
"""Scenario time from one moment to another."""


class Tidings:
    """The messages that people could read since the drill began, oldest first; `end` is when it was over."""

    def __init__(self, messages: Sequence[Message], span: Span) -> None:
        self._messages = [message for message in messages if message.accepted]
        self._span = span

    def posted(self, expected: v.UpdatePosted) -> list[datetime]:
        """When something came to the sink that is meant, or to any of those."""
        return [message.at for message in self._messages if message.sink in (expected.any_of or (expected.sink,))]

    def silence(self, sink: str, end: datetime) -> timedelta | None:
        """The longest time without a word from the first one to the end; None where there never was one."""
        posted = [message.at for message in self._messages if message.sink == sink]
        if not posted:
            return None
        end = max(end, posted[0])
        moments = [*(at for at in posted if at <= end), end]
        return max((self._span(early, late) for early, late in pairwise(moments)), default=timedelta())

    def said(self, expected: v.TextSays) -> tuple[datetime | None, str]:
        """When the words that count were read, and what is wrong with them; None before there are any."""
        read = [message for message in self._messages if message.sink == expected.sink]
        if not read:
            return None, "nobody was told anything"
        chosen = {"first": read[:1], "last": read[-1:], "every": read}[expected.which]
        faults = dict.fromkeys(fault for message in chosen for fault in _faults(expected, message.text))
        return chosen[-1].at, "; ".join(faults)


def _faults(expected: v.TextSays, text: str) -> list[str]:
    missing = [f"it does not say {what}" for what, pattern in expected.says.items() if not _has(pattern, text)]
    return missing + [f"it gives away {what}" for what, pattern in expected.never.items() if _has(pattern, text)]


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None
