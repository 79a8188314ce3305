"""What a good look found, as numbers: while every server says the same again, its verdict stands unread.

All that a look asks goes out at once. Only when each answer says what it said at the last complete look that found
nothing wrong is the look over; anything else, a single lost datagram too, makes it a complete look, which reads
what has come already and asks again for the rest. A server that was silent through and through and still is says
what it said: else one dead resolver would make every look a complete one.
"""

from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from cockpit.health.model import DECISION
from cockpit.health.resolution import Wanted, questions
from cockpit.probes.engine import Asked, Round, gist, meaning, read_wire
from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER, Server
from cockpit.probes.names.delegation import Delegation
from cockpit.probes.names.dns import first_question
from cockpit.probes.names.records import Question
from cockpit.profile import Profile
from storage.observations import Renewal

_TTL = "$.evidence.cells[{}].ttl_s"
"""Where the TTL of a server's n-th record stands in what is kept of its observation."""

UNHEARD = 0
"""Stands for the gist of what was not heard; a real one is 0 once in 2^64 times, and then costs a reading."""


class SeatRenewed(msgspec.Struct, frozen=True, gc=False):
    """One server that says what it said; `ttls` are what remains of its answers, None where none runs down."""

    vantage: str
    took_s: float
    ttls: tuple[int | None, ...] | None = None


class Renewed(msgspec.Struct, frozen=True):
    """A look that found everything as it was: what stands for `target` and `check` is true `at` this time too."""

    target: str
    check: str
    at: datetime
    seats: tuple[SeatRenewed, ...]


def renewals_of(seen: Renewed, *, keep: bool) -> list[Renewal]:
    """The rows that stand, with the time and the TTLs that are true now; `keep` puts them into the history too."""
    rows = []
    for seat in seen.seats:
        paths = tuple((_TTL.format(place), ttl_s) for place, ttl_s in enumerate(seat.ttls or ()))
        rows.append(Renewal(seen.target, seen.check, seat.vantage, seen.at, round(seat.took_s * 1000), keep, paths))
    took_ms = max((row.took_ms for row in rows), default=0)
    return [*rows, Renewal(seen.target, seen.check, DECISION, seen.at, took_ms, keep)]


class Asking(msgspec.Struct, frozen=True):
    """Everything that one look asks: each server with the questions of its role, in this order."""

    wanted: Wanted
    delegation: Delegation
    followed: tuple[Question, ...]
    servers: tuple[Server, ...]
    by_role: Mapping[str, Sequence[Question]]
    asked: list[Asked]


def asking(profile: Profile, wanted: Wanted, delegation: Delegation, followed: tuple[Question, ...] = ()) -> Asking:
    """What to ask; `followed` are questions that earlier answers made one ask of the name servers.

    Raises ConfigError for a server outside the profile, ValueError or DNSException for a name that cannot be asked.
    """
    by_role = questions(wanted)
    by_role[AUTHORITATIVE] = [*by_role[AUTHORITATIVE], *followed]
    resolvers = [Server(each.name, each.address, each.port, RESOLVER) for each in profile.resolvers]
    servers = (*delegation.servers, *resolvers)
    made = {role: [first_question(role, *each) for each in by_role[role]] for role in {one.role for one in servers}}
    asked: list[Asked] = []
    for server in servers:
        endpoint = profile.dialled(server.address, server.port)
        asked += [(endpoint, question) for question in made[server.role]]
    return Asking(wanted, delegation, followed, servers, by_role, asked)


def silent(asking: Asking, round_: Round) -> frozenset[str]:
    """The servers of which nothing at all was heard in the time that they had."""
    told: dict[str, bool] = {}
    for (server, _, _), came in zip(_each(asking), round_.came, strict=True):
        told[server.name] = told.get(server.name, True) and isinstance(came, TimeoutError)
    return frozenset(name for name, nothing in told.items() if nothing)


class Standing:
    """What every server said when nothing was wrong, for one domain."""

    __slots__ = ("_delegation", "_gists", "_meanings", "_wanted", "followed")

    def __init__(self, asking: Asking, round_: Round) -> None:
        self.followed = asking.followed
        self._wanted = asking.wanted
        self._delegation = asking.delegation
        self._gists = array("q")
        self._meanings = array("q")
        for place, (server, name, rtype) in enumerate(_each(asking)):
            asked = asking.asked[place]
            heard = round_.heard(asked)
            found = None if heard is None else gist(server.role, heard, asked[1].end)
            self._gists.append(UNHEARD if found is None else found[0])
            self._meanings.append(UNHEARD if heard is None else _meaning(server, name, rtype, heard))

    def renewed(self, asking: Asking, round_: Round) -> tuple[SeatRenewed, ...] | None:
        """The servers, if every one of them says what it said to the same question; else None."""
        if (asking.wanted, asking.delegation, asking.followed) != (self._wanted, self._delegation, self.followed):
            return None
        if len(asking.asked) != len(self._gists):
            return None
        seats, place = [], 0
        for server in asking.servers:
            number = len(asking.by_role[server.role])
            if self._still_silent(place, number, round_):
                seats.append(SeatRenewed(server.name, max(round_.took_s[place : place + number])))
                place += number
                continue
            ttls, took_s = list[int | None](), 0.0
            for name, rtype in asking.by_role[server.role]:
                found = self._unchanged(place, asking.asked[place], server, name, rtype, round_.came[place])
                if found is None:
                    return None
                ttls.append(found[1])
                took_s = max(took_s, round_.took_s[place])
                place += 1
            seats.append(SeatRenewed(server.name, took_s, tuple(ttls) if server.role == RESOLVER else None))
        return tuple(seats)

    def _still_silent(self, place: int, number: int, round_: Round) -> bool:
        """Whether nothing was heard of the server whose questions begin at `place`, neither then nor now."""
        return (
            number > 0
            and self._gists[place] == UNHEARD
            and all(isinstance(came, TimeoutError) for came in round_.came[place : place + number])
            and not any(self._gists[place : place + number])
        )

    def _unchanged(
        self, place: int, asked: Asked, server: Server, name: str, rtype: str, came: bytes | Exception
    ) -> tuple[int, int | None] | None:
        """The gist of an answer that says what it said, be it in another order; else None."""
        found = gist(server.role, came, asked[1].end) if isinstance(came, bytes) else None
        if found is None or not isinstance(came, bytes) or found[0] == self._gists[place]:
            return found
        said = _meaning(server, name, rtype, asked[1].restored(came))
        return found if said != UNHEARD and said == self._meanings[place] else None


def _each(asking: Asking) -> list[tuple[Server, str, str]]:
    return [(server, *question) for server in asking.servers for question in asking.by_role[server.role]]


def _meaning(server: Server, name: str, rtype: str, heard: bytes) -> int:
    answer = read_wire(server, name, rtype, heard)
    return UNHEARD if answer is None else meaning(server.role, answer)
