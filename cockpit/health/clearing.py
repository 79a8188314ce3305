"""When everybody will see the truth: from what is left of the time that resolvers may remember (RFC 1035 3.2.1)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from cockpit.health.model import DECISION, Observation
from cockpit.health.servers import AUTHORITATIVE, BOGUS, BROKEN, CACHED, GONE, PENDING, WRONG, counted

_LONGEST_S = 604_800
"""No resolver remembers for longer than a week (RFC 8767 section 4)."""

_BAD = (GONE, WRONG, BROKEN, BOGUS, PENDING)


class Clearing(msgspec.Struct, frozen=True):
    """`behind` resolvers do not see what they should; the last of them forgets at `at`, None when none is known.

    `source_good` says whether the name servers are right by now. `spared` resolvers still answer as before the
    fault, until `spared_until` at the latest.
    """

    source_good: bool
    behind: tuple[str, ...] = ()
    at: datetime | None = None
    spared: tuple[str, ...] = ()
    spared_until: datetime | None = None

    def words(self, now: datetime) -> str:
        """One line for people; empty when there is nothing to wait for. No time in it is before `now`."""
        if self.source_good:
            if not self.behind:
                return ""
            number = counted(len(self.behind), "resolver")
            if self.at is not None and self.at <= now:
                return f"all clear at the next look if nothing else changes ({number} behind)"
            return f"all clear at {_clock(self.at)} if nothing else changes ({number} behind)"
        parts = ["the source itself is wrong"]
        if self.behind:
            parts.append(f"mended now, all clear {_when(self.at, now)}")
        if self.spared and not (self.spared_until is not None and self.spared_until <= now):
            ending = "s" if len(self.spared) == 1 else ""
            number = counted(len(self.spared), "resolver")
            parts.append(f"{number} still answer{ending} as before until {_clock(self.spared_until)}")
        return "; ".join(parts)


def clearing(seen: Iterable[Observation]) -> Clearing | None:
    """What the vantages' cells amount to; None when no server is wrong or behind."""
    source_good = True
    behind: dict[str, datetime] = {}
    spared: dict[str, datetime] = {}
    for each in seen:
        if each.vantage == DECISION:
            continue
        at_source = each.evidence.get("role") == AUTHORITATIVE
        for cell in each.evidence.get("cells") or ():
            state, ttl = cell.get("state"), cell.get("ttl_s")
            until = each.at + timedelta(seconds=min(ttl, _LONGEST_S) if isinstance(ttl, int | float) else 0)
            if at_source:
                source_good = source_good and state not in _BAD
            elif state in _BAD:
                behind[each.vantage] = max(until, behind.get(each.vantage, until))
            elif state == CACHED:
                spared[each.vantage] = max(until, spared.get(each.vantage, until))
    if source_good:
        # With a source that is right, whoever answers otherwise is behind, whichever way.
        behind = {**spared, **{name: max(until, spared.get(name, until)) for name, until in behind.items()}}
        spared = {}
    if source_good and not behind:
        return None
    return Clearing(
        source_good,
        tuple(sorted(behind)),
        max(behind.values(), default=None),
        tuple(sorted(spared)),
        max(spared.values(), default=None),
    )


def _when(at: datetime | None, now: datetime) -> str:
    return "at once" if at is not None and at <= now else f"at {_clock(at)}"


def _clock(at: datetime | None) -> str:
    return "an unknown time" if at is None else f"{at:%H:%M:%S}Z"
