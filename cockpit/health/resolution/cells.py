"""From answers to cells: what one server says of one record, held against the pins and against the source."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cockpit.health.model import Reading
from cockpit.health.resolution.said import Truth, values_of
from cockpit.health.resolution.wanted import ADDRESS_TYPES, Pin, Wanted, comparable
from cockpit.health.servers import (
    AUTHORITATIVE,
    BOGUS,
    BROKEN,
    CACHED,
    ELSEWHERE,
    GONE,
    GOOD,
    MOST_SHOWN,
    UNKNOWN,
    WRONG,
    Cell,
    Seat,
    asked,
    role_of,
    trouble,
)

SILENT = ("timeout", "unreachable", "malformed", "mismatch", "outside-profile", "not-asked")
"""Statuses that say nothing about the name."""


class Source(msgspec.Struct, frozen=True):
    """What the name servers with the newest serial say now, and what they were seen to say before."""

    now: Truth = {}
    before: Truth = {}


def seat(reading: Reading, wanted: Wanted, source: Source) -> Seat:
    """One server with a cell for each record that must be there; resolvers are held against the source."""
    role = role_of(reading)
    answers = asked(reading)
    needed = set(wanted.asked)
    pins = {(pin.name.rstrip(".").lower(), pin.type): pin for pin in wanted.pins}
    cells = tuple(
        cell_of(answer, role, pins.get((answer["name"].rstrip(".").lower(), answer["rtype"])), source)
        for answer in answers
        if (answer["name"], answer["rtype"]) in needed
    )
    notes = {"serial": answers[0].get("serial")} if answers and role == AUTHORITATIVE else {}
    return Seat(reading, role, cells, notes)


def cell_of(answer: Mapping[str, Any], role: str, pin: Pin | None, source: Source) -> Cell:
    """What an answer amounts to: against the pin if there is one, and a resolver's against the source."""
    name, rtype, status = str(answer["name"]), str(answer["rtype"]), str(answer["status"])
    values = tuple(str(value) for value in answer.get("values", ()))
    state, why = _state(answer, role)
    if state == GOOD and role != AUTHORITATIVE:
        state, why = _against_source(answer, pin, source)
    leads_away = role == AUTHORITATIVE and bool(answer.get("chain")) and not values
    if state in (GOOD, GONE) and pin is not None and rtype != "SOA" and not leads_away:
        state, why = _against_pin(pin, values, state, why)
    shown = ", ".join(values)[:MOST_SHOWN]
    return Cell(name, rtype, state, answer.get("ttl_s"), shown, why or ("" if state == GOOD else trouble(status)))


def _state(answer: Mapping[str, Any], role: str) -> tuple[str, str]:
    status, alias = str(answer["status"]), bool(answer.get("chain"))
    if status == "answer":
        return GOOD, ""
    if status == "loop":
        return BROKEN, "leads through CNAMEs that go round in a circle, or through more than 8"
    if status == "bogus":
        notes = [str(note) for note in answer.get("notes", ()) if str(note).startswith("EDE")]
        return BOGUS, "fails DNSSEC validation" + (f" ({'; '.join(notes)})" if notes else "")
    if status in ("nxdomain", "nodata"):
        return _absence(answer, role, status, alias=alias)
    if role == AUTHORITATIVE and status not in SILENT:
        return BROKEN, trouble(status)
    return UNKNOWN, trouble(status)


def _absence(answer: Mapping[str, Any], role: str, status: str, *, alias: bool) -> tuple[str, str]:
    if alias and role == AUTHORITATIVE:
        # Where an alias leads is another zone's business; the resolvers show whether it arrives.
        return GOOD, ""
    if answer["rtype"] == "SOA" and status == "nodata":
        return GOOD, f"inside the zone {answer.get('zone') or 'above'}"
    if alias:
        return GONE, f"is an alias for {answer['chain'][-1]['target']}, which has no such record"
    return GONE, "does not exist" if status == "nxdomain" else f"exists and has no {answer['rtype']} record"


def _against_source(answer: Mapping[str, Any], pin: Pin | None, source: Source) -> tuple[str, str]:
    """A resolver's answer beside those of the name servers.

    A SOA is not compared: each change of the zone makes it differ for a while. Addresses may differ by place, so
    those without a pin count as old only if the source itself has answered so before.
    """
    rtype, found = str(answer["rtype"]), values_of(answer)
    key = str(answer["name"]), rtype
    now = source.now.get(key, ())
    if not now or rtype == "SOA" or found in now:
        return GOOD, ""
    if rtype in ADDRESS_TYPES and pin is None and not answer.get("chain"):
        if found <= frozenset().union(*now):
            return GOOD, ""
        if found not in source.before.get(key, ()):
            return ELSEWHERE, "is another address than the name servers answer with from here"
    return CACHED, "is an older value"


def _against_pin(pin: Pin, values: Sequence[str], state: str, why: str) -> tuple[str, str]:
    wanted = {comparable(pin.type, value) for value in pin.values}
    found = {comparable(pin.type, value) for value in values}
    if wanted == found:
        return GOOD, ""
    if state == GONE:
        return state, why
    return WRONG, f"is {', '.join(values)[:200]} and should be {', '.join(pin.values)[:200]}"
