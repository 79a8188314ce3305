"""What name servers and resolvers were seen to say, as values that the DNS judges share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cockpit.health.model import Observation, Reading, Verdict

AUTHORITATIVE = "authoritative"
RESOLVER = "resolver"

GOOD = "good"
GONE = "gone"
WRONG = "wrong"
BROKEN = "broken"
BOGUS = "bogus"
UNKNOWN = "unknown"
PENDING = "pending"
CACHED = "cached"
ELSEWHERE = "elsewhere"

MOST_SHOWN = 16_384
"""Characters of a value that a cell keeps: what is drawn may be shorter, what is compared and copied may not."""

FAILURES = {
    "timeout": "does not answer",
    "unreachable": "cannot be reached",
    "malformed": "answers something that is not DNS",
    "mismatch": "answers other questions than those asked",
    "tcp-blocked": "truncates its answer and does not answer over TCP",
    "outside-profile": "is outside this profile",
    "servfail": "answers SERVFAIL",
    "refused": "refuses to answer",
    "lame": "knows nothing of the zone",
    "formerr": "answers FORMERR",
    "notimp": "answers NOTIMP",
    "no-delegation": "cannot be found",
    "not-asked": "is not asked, so that it does not begin to remember the absence",
}
"""What to say of a server by the status of its answer."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One record as one server sees it. `ttl_s` is what remains of the answer or of the absence."""

    record: str
    type: str
    state: str
    ttl_s: int | None = None
    value: str = ""
    why: str = ""

    def plain(self) -> dict[str, Any]:
        """The cell as plain JSON."""
        return {
            "record": self.record,
            "type": self.type,
            "state": self.state,
            "ttl_s": self.ttl_s,
            "value": self.value,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Seat:
    """One server with what it said, record by record."""

    reading: Reading
    role: str
    cells: tuple[Cell, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The server as people call it."""
        return self.reading.vantage

    @property
    def heard(self) -> bool:
        """Whether it said anything that can be used."""
        return any(cell.state != UNKNOWN for cell in self.cells)

    def has(self, state: str) -> bool:
        """Whether any record is in that state here."""
        return any(cell.state == state for cell in self.cells)

    def observe(self, verdict: Verdict, headline: str) -> Observation:
        """What this server amounts to, with its cells as evidence."""
        evidence = {
            "role": self.role,
            "address": self.reading.seen.get("address", ""),
            "cells": [cell.plain() for cell in self.cells],
            **self.notes,
        }
        reading = self.reading
        return Observation(
            reading.target,
            reading.check,
            reading.vantage,
            verdict,
            headline,
            reading.at,
            reading.took,
            evidence=evidence,
        )


def role_of(reading: Reading) -> str:
    """`authoritative` or `resolver`."""
    return str(reading.seen.get("role", RESOLVER))


def asked(reading: Reading) -> list[Mapping[str, Any]]:
    """The answers of a reading, in the order of the questions."""
    answers = reading.seen.get("asked", [])
    return list(answers) if isinstance(answers, Sequence) else []


def trouble(status: str) -> str:
    """What to say of a server whose answer has this status."""
    return FAILURES.get(status, f"answers {status}")


def servers_phrase(some: Sequence[Seat], every: Sequence[Seat], kind: str = "name server") -> str:
    """`all 2 name servers`, `the only name server`, or `1 of 2 name servers (ns2.example)`."""
    if len(some) == len(every):
        return f"the only {kind}" if len(every) == 1 else f"all {len(every)} {kind}s"
    names = ", ".join(seat.name for seat in some[:3])
    more = f" and {len(some) - 3} more" if len(some) > 3 else ""
    return f"{len(some)} of {len(every)} {kind}s ({names}{more})"


def counted(number: int, noun: str) -> str:
    """`1 resolver`, `3 resolvers`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def span(seconds: int) -> str:
    """A rest of time as people say it: `40 s`, `12 min`, `3 h`."""
    if seconds < 120:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{round(seconds / 3600)} h"


def longest(seats: Iterable[Seat]) -> timedelta:
    """How long the slowest server took."""
    return max((seat.reading.took for seat in seats), default=timedelta())
