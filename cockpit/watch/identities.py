"""How identities are asked for: one by one where the budget allows it, else a hundred at a time.

SES takes one call a second per action. A hundred domains one by one take a hundred seconds, by SES v1's batch calls
three. The batch knows neither error type nor SOA serial, so a domain in trouble, one that somebody waits for, and
one that the batch shows changed are asked for by themselves.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from cockpit.health.model import Reading, Verdict
from cockpit.probes.pace import ROUTINE, URGENT
from cockpit.probes.ses import read_identity
from cockpit.probes.ses.calls import Asker, Calls
from cockpit.probes.ses.identity import VANTAGE
from cockpit.probes.ses.sweep import AT_ONCE, sweep

ALONE = "get_email_identity"
SHARE = 0.5
"""Share of the interval that asking one by one may take."""

QUEUE = 20
"""Calls that may wait before a domain that was never asked for alone makes do with the batch."""

ANEW_S = 3600.0
"""Seconds after which a quiet domain is asked for alone once more, when nothing else waits."""

_TOLD = ("verification_status", "dkim_status", "signing_enabled", "mail_from", "mail_from_status")


class Identities:
    """The identities of one account; `interval_s` is that between two looks at one of them."""

    def __init__(
        self,
        calls: Calls,
        names: Sequence[str],
        interval_s: float,
        *,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._interval_s = interval_s
        self._monotonic = monotonic
        self.sweeping = len(names) > interval_s * SHARE * max(speed, 1.0)
        ordered = sorted(names)
        self._groups = [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
        self._group_of = {name: number for number, group in enumerate(self._groups) for name in group}
        self._locks = [asyncio.Lock() for _ in self._groups]
        self._swept: dict[int, tuple[float, datetime, Mapping[str, Mapping[str, Any]]]] = {}
        self._alone: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._troubled: dict[str, set[str]] = {}
        self._awaited: set[str] = set()

    def note(self, target: str, check: str, verdict: Verdict) -> None:
        """Learn how a domain's mail stands: while any check of it is in trouble, it is asked for alone."""
        troubles = self._troubled.setdefault(target, set())
        (troubles.add if verdict in (Verdict.FAIL, Verdict.WARN) else troubles.discard)(check)

    async def turn(self, target: str, *, urgent: bool) -> None:
        """Wait for a turn where this look needs one of its own."""
        if urgent:
            self._awaited.add(target)
        if self._by_itself(target):
            await self._calls.turn(ALONE, URGENT if urgent or self._troubled.get(target) else ROUTINE)

    async def read(self, target: str, check: str, at: datetime) -> Reading:
        """The identity as SES last saw it; `seen["swept"]` is True where only the batch was asked."""
        if self._by_itself(target):
            return await self._read_alone(target, check, at)

        async def look(asker: Asker) -> Mapping[str, Any]:
            return await self._from_batch(asker, target, at)

        reading = await self._calls.read(target, check, VANTAGE, at, look)
        if reading.failure is not None:
            return reading
        known = self._alone.get(target, (0.0, {}))[1]
        if not reading.seen or any(known and known.get(key) != reading.seen.get(key) for key in _TOLD):
            return await self._read_alone(target, check, at)
        when = self._swept[self._group_of[target]][1]
        return replace(reading, seen={**known, **_beside(known, reading.seen), "swept": True}, at=when)

    async def _from_batch(self, asker: Asker, target: str, at: datetime) -> Mapping[str, Any]:
        """What the last batch said of a domain, empty when it is no identity; asks anew when that is too old."""
        number = self._group_of[target]
        async with self._locks[number]:
            held = self._swept.get(number)
            if held is None or self._monotonic() - held[0] > self._interval_s * 0.8:
                found = await sweep(asker, self._groups[number])
                held = self._swept[number] = (self._monotonic(), at, found)
        return held[2].get(target, {})

    async def _read_alone(self, target: str, check: str, at: datetime) -> Reading:
        self._awaited.discard(target)
        reading = await read_identity(self._calls, target, check, at=at)
        if reading.failure is None:
            self._alone[target] = (self._monotonic(), reading.seen)
        return reading

    def _by_itself(self, target: str) -> bool:
        if not self.sweeping or target in self._awaited or target not in self._group_of:
            return True
        if self._troubled.get(target):
            return True
        waiting = self._calls.waiting(ALONE)
        if target not in self._alone:
            return waiting < QUEUE
        return waiting == 0 and self._monotonic() - self._alone[target][0] > ANEW_S


def _beside(known: Mapping[str, Any], swept: Mapping[str, Any]) -> Mapping[str, Any]:
    """The batch's words, without the tokens where the domain signs with a key of its own: v1 has none for these."""
    return {key: value for key, value in swept.items() if key != "tokens" or value or not known}
