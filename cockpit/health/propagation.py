"""Propagation: one record at its source and at the resolvers, server by server."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from cockpit.health.agreement import Agreement
from cockpit.health.model import Reading
from cockpit.health.resolution.said import truth_of, values_of
from cockpit.health.servers import AUTHORITATIVE, UNKNOWN, asked, role_of, trouble

AGREES, BEHIND, ABSENT = "agrees", "behind", "absent"


class Sight(msgspec.Struct, frozen=True):
    """What one server says of the record: `state` is `agrees`, `behind`, `absent` or `unknown`."""

    server: str
    role: str
    state: str
    values: tuple[str, ...] = ()
    ttl_s: int | None = None
    trouble: str = ""


class Propagation(msgspec.Struct, frozen=True):
    """A record at its source and at the resolvers. `source_agrees` is whether all name servers say the same."""

    name: str
    type: str
    at: datetime
    sights: tuple[Sight, ...]
    agreement: Agreement
    in_source: bool
    source_agrees: bool


def judge_propagation(name: str, rtype: str, readings: Sequence[Reading], at: datetime) -> Propagation:
    """Hold what resolvers say of a record against the name servers with the newest serial."""
    truth = truth_of(readings).get((name, rtype), ())
    sights = tuple(_sight(reading, name, rtype, truth) for reading in readings if asked(reading))
    source = [sight for sight in sights if sight.role == AUTHORITATIVE and sight.state != UNKNOWN]
    resolvers = [sight for sight in sights if sight.role != AUTHORITATIVE and sight.state != UNKNOWN]
    behind = [sight for sight in resolvers if sight.state != AGREES]
    rest = max((sight.ttl_s or 0 for sight in behind), default=0)
    clear_at = at + timedelta(seconds=rest) if behind else None
    return Propagation(
        name,
        rtype,
        at,
        sights,
        Agreement(len(resolvers), len(resolvers) - len(behind), rest, clear_at),
        bool(truth),
        bool(source) and all(sight.state == AGREES for sight in source),
    )


def _sight(reading: Reading, name: str, rtype: str, truth: Sequence[frozenset[str]]) -> Sight:
    role = role_of(reading)
    answer = next((each for each in asked(reading) if (each["name"], each["rtype"]) == (name, rtype)), None)
    if answer is None:
        return Sight(reading.vantage, role, UNKNOWN, trouble="was not asked")
    status, found = str(answer["status"]), values_of(answer)
    values = tuple(str(value) for value in answer.get("values", ())) or tuple(sorted(found))
    if status not in ("answer", "nodata", "nxdomain"):
        return Sight(reading.vantage, role, UNKNOWN, trouble=trouble(status))
    state = AGREES if found in truth else BEHIND if found else ABSENT
    return Sight(reading.vantage, role, state, values, answer.get("ttl_s"))
