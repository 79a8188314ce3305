"""One look at a domain as the rules see it, and what a rule may have to say."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cockpit.health.model import Finding, Reading, Verdict
from cockpit.health.resolution.wanted import Wanted, same_name
from cockpit.health.servers import Seat, asked


class Outcome(msgspec.Struct, frozen=True):
    """What one rule found; the worst one becomes the decision, the others are told beside it."""

    verdict: Verdict
    headline: str
    finding: Finding | None = None
    kind: str = "dns-failure"


class Case(msgspec.Struct, frozen=True):
    """Every server with what it said; `more` are the name servers' answers to the questions that followed."""

    wanted: Wanted
    at: datetime
    auth: tuple[Seat, ...]
    resolvers: tuple[Seat, ...]
    more: tuple[Reading, ...] = ()

    @property
    def target(self) -> str:
        """The domain."""
        return self.wanted.domain

    @property
    def zone(self) -> str:
        """The zone that the name servers stand for; empty where it could not be found."""
        return next((str(seat.reading.seen.get("zone") or "") for seat in self.auth), "")

    @property
    def is_apex(self) -> bool:
        """Whether the domain is a zone of its own."""
        return same_name(self.zone, self.target)

    def heard_auth(self) -> list[Seat]:
        """The name servers that said anything."""
        return [seat for seat in self.auth if seat.heard]

    def heard_resolvers(self) -> list[Seat]:
        """The resolvers that said anything."""
        return [seat for seat in self.resolvers if seat.heard]

    def follow_up(self, name: str, rtype: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each name server's answer to a question that followed, with the server's name."""
        for reading in self.more:
            for answer in asked(reading):
                if (answer["name"], answer["rtype"]) == (name, rtype):
                    yield reading.vantage, answer


def answer_of(seat: Seat, name: str, rtype: str) -> Mapping[str, Any] | None:
    """A server's answer to one question, if it was asked."""
    found = (answer for answer in asked(seat.reading) if (answer["name"], answer["rtype"]) == (name, rtype))
    return next(found, None)


def noted(seats: Sequence[Seat], note: str) -> list[Seat]:
    """The servers with an answer that bears a note (or one that begins so)."""
    return [
        seat
        for seat in seats
        if any(str(each).startswith(note) for answer in asked(seat.reading) for each in answer.get("notes", ()))
    ]


def named(seats: Sequence[Seat]) -> str:
    """The names of some servers, in a row."""
    names = ", ".join(seat.name for seat in seats[:3])
    return f"{names} and {len(seats) - 3} more" if len(seats) > 3 else names


def plural(phrase: str, number: int) -> str:
    """`answers SERVFAIL` for one server is `answer SERVFAIL` for several."""
    verb, _, rest = phrase.partition(" ")
    irregular = {"does": "do", "is": "are", "its": "have"}
    if number == 1:
        return phrase
    return f"{irregular.get(verb, verb.removesuffix('s'))} {rest}".rstrip()
