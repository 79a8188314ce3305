"""The state of each expected DKIM record as one server sees it (RFC 6376 section 3.6.1, RFC 8301)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cockpit.health.dkim_expected import EASY, Expectation, ExpectedRecord
from cockpit.health.dkim_record import is_key_record, parse_tags
from cockpit.health.model import Reading
from cockpit.health.servers import (
    AUTHORITATIVE,
    BOGUS,
    CACHED,
    GONE,
    GOOD,
    MOST_SHOWN,
    PENDING,
    RESOLVER,
    UNKNOWN,
    WRONG,
    Cell,
    Seat,
    asked,
    role_of,
    trouble,
)

WEAK = "weak"
"""Usable, and not as it should be."""


def dkim_seat(reading: Reading, expectation: Expectation) -> Seat:
    """A server with one cell per expected record."""
    role = role_of(reading)
    pairs = zip(expectation.records, asked(reading), strict=False)
    return Seat(reading, role, tuple(_cell(expectation, record, answer, role) for record, answer in pairs))


def _cell(expectation: Expectation, record: ExpectedRecord, answer: Mapping[str, Any], role: str) -> Cell:
    state, why = _state(expectation, record, answer, role)
    chain = answer.get("chain") or ()
    values = [str(value) for value in answer.get("values", ())]
    shown = str(chain[0]["target"]) if chain and expectation.origin == EASY else ", ".join(values)
    return Cell(record.name, str(answer["rtype"]), state, answer.get("ttl_s"), shown[:MOST_SHOWN], why)


def _state(
    expectation: Expectation, record: ExpectedRecord, answer: Mapping[str, Any], role: str
) -> tuple[str, str]:
    status = str(answer["status"])
    if status == "bogus":
        return BOGUS, "fails DNSSEC validation"
    if status == "loop":
        return WRONG, "its CNAMEs go round in a circle"
    if status not in ("answer", "nodata", "nxdomain"):
        return UNKNOWN, trouble(status)
    if record.target is not None:
        return _easy_state(record.target, answer, role)
    return _own_state(expectation, answer, role)


def _easy_state(target: str, answer: Mapping[str, Any], role: str) -> tuple[str, str]:
    chain, values = answer.get("chain") or (), [str(value) for value in answer.get("values", ())]
    if role == AUTHORITATIVE:
        if not values:
            return GONE, _absence(answer)
        found = values[0]
    elif chain:
        found = str(chain[0]["target"])
    elif values:
        return WRONG, "is a TXT record; SES rotates the key behind a CNAME, so a copy goes stale"
    else:
        return GONE, _absence(answer)
    if found.rstrip(".").lower() != target.rstrip(".").lower():
        return WRONG, f"points to {found.rstrip('.')[:200]}"
    if role == RESOLVER and not any(is_key_record(value) for value in values):
        return WRONG, "is there, and the key behind it is not"
    return GOOD, ""


def _own_state(expectation: Expectation, answer: Mapping[str, Any], role: str) -> tuple[str, str]:
    values = [str(value) for value in answer.get("values", ())]
    if answer.get("chain") and not values and role == AUTHORITATIVE:
        return GOOD, "is an alias into another zone; the resolvers show what is there"
    facts = list(answer.get("keys") or ({} for _ in values))
    keys = [(value, fact) for value, fact in zip(values, facts, strict=False) if is_key_record(value)]
    if not keys:
        return GONE, _absence(answer) if not values else "holds no DKIM key"
    if len(keys) > 1:
        return WRONG, f"holds {len(keys)} keys, and a verifier may take either (RFC 6376 section 3.6.2.2)"
    return _key_state(expectation, *keys[0])


def _key_state(expectation: Expectation, record: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Judge one key record by itself and against the key we hold."""
    tags = parse_tags(record) or {}
    bits = int(facts.get("bits") or 0)
    hashes = [part.strip() for part in tags["h"].split(":")] if "h" in tags else ["sha256"]
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        return WRONG, "has a v= that is not DKIM1 or does not come first"
    if facts.get("kind") == "revoked":
        return WRONG, "has an empty p=: the key is revoked"
    if facts.get("error"):
        return WRONG, f"cannot be used: {facts['error']}"
    if "sha256" not in hashes:
        return WRONG, "allows no hash but SHA-1 (RFC 8301)"
    if facts.get("kind") == "rsa" and bits < 1024:
        return WRONG, f"holds a key of {bits} bits, which verifiers ignore (RFC 8301)"
    if expectation.key_sha256 and facts.get("sha256") != expectation.key_sha256:
        return WRONG, "holds another key than the one that we sign with"
    if facts.get("kind") == "rsa" and bits < 2048:
        return WEAK, f"holds a key of {bits} bits; 2048 is wanted"
    if "y" in tags.get("t", "").split(":"):
        return WEAK, "says t=y (testing): verifiers may treat the mail as unsigned"
    return GOOD, ""


def _absence(answer: Mapping[str, Any]) -> str:
    if answer["status"] == "nxdomain":
        return "does not exist"
    return f"exists and has no {answer['rtype']} record"


def absent_at_source(expectation: Expectation, readings: Sequence[Reading]) -> frozenset[str]:
    """The records that every name server heard says are not there.

    A resolver that is asked for one of these remembers the absence, and goes on not seeing it after the repair.
    """
    seats = [dkim_seat(reading, expectation) for reading in readings]
    absent = []
    for place, record in enumerate(expectation.records):
        states = {seat.cells[place].state for seat in seats if place < len(seat.cells)} - {UNKNOWN}
        if states == {GONE}:
            absent.append(record.name)
    return frozenset(absent)


def in_the_light_of(auth: Sequence[Seat], seat: Seat) -> Seat:
    """A resolver's memory against the source: what it does not see yet, and what it will soon forget."""
    if seat.role == AUTHORITATIVE or not auth:
        return seat
    cells = []
    for place, cell in enumerate(seat.cells):
        source = {other.cells[place].state for other in auth if place < len(other.cells)} - {UNKNOWN}
        if cell.state in (GONE, WRONG) and source and source <= {GOOD, WEAK}:
            cell = replace(cell, state=PENDING)
        elif cell.state in (GOOD, WEAK) and source and source <= {GONE, WRONG}:
            cell = replace(cell, state=CACHED, why="is only remembered")
        cells.append(cell)
    return replace(seat, cells=tuple(cells))
