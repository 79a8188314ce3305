"""Rules about the source: what the name servers themselves say, and whether they say the same."""

from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.health.model import Finding, Verdict
from cockpit.health.resolution.asking import doubled
from cockpit.health.resolution.case import Case, Outcome, answer_of, named, plural
from cockpit.health.resolution.said import values_of
from cockpit.health.resolution.wanted import ADDRESS_TYPES
from cockpit.health.servers import BROKEN, GONE, WRONG, Cell, Seat, asked, servers_phrase

_CROWDED = "a CNAME stands beside other data"


def nobody(case: Case) -> Outcome | None:
    """Nothing was heard from anybody."""
    if case.heard_auth() or case.heard_resolvers():
        return None
    failing = [seat for seat in case.resolvers if any("SERVFAIL" in cell.why for cell in seat.cells)]
    if failing:
        noun = "resolver answers" if len(failing) == 1 else "resolvers answer"
        return Outcome(Verdict.UNKNOWN, f"{len(failing)} {noun} SERVFAIL and no name server can be asked")
    servers, resolvers = len(case.auth), len(case.resolvers)
    return Outcome(
        Verdict.UNKNOWN,
        f"{servers} name server{'' if servers == 1 else 's'} and {resolvers} resolver"
        f"{'' if resolvers == 1 else 's'} are silent: is it our own network?",
    )


def gone(case: Case) -> Outcome | None:
    """A name or a type is absent where it is published (RFC 2308), or at every resolver if nobody else is heard."""
    heard = case.heard_auth() or case.heard_resolvers()
    kind = "name server" if case.heard_auth() else "resolver"
    without = [seat for seat in heard if seat.has(GONE)]
    if not without or (kind == "resolver" and len(without) < len(heard)):
        return None
    cell = _first(without, GONE)
    where = servers_phrase(without, heard, kind)
    twice = doubled(cell.record, case.zone) if case.zone else ""
    if twice and any(answer["status"] == "answer" for _, answer in case.follow_up(twice, cell.type)):
        return Outcome(
            Verdict.FAIL,
            f"DNS: {cell.record} is published under its name twice, as {twice}",
            Finding(
                f"{cell.record} ({cell.type}) {cell.why} at {where}, and {twice} has such a record.",
                f"The record stands at {cell.record}.",
                f"In the zone {case.zone} write the name without the zone or with a final dot; remove {twice}.",
            ),
        )
    return Outcome(
        Verdict.FAIL,
        f"DNS: {cell.record} {cell.why} at {where}",
        Finding(
            f"{cell.record} ({cell.type}) {cell.why} at {where}.",
            f"Every server answers for {cell.record}.",
            f"Restore {cell.record} in its zone; if the whole zone is gone, restore it from a backup and check "
            "that the registrar still points to these name servers.",
        ),
    )


def misplaced_alias(case: Case) -> Outcome | None:
    """A CNAME at the apex, or beside other data (RFC 1034 section 3.6.2, RFC 2181 section 10.1)."""
    for seat in case.heard_auth():
        for answer in asked(seat.reading):
            name = str(answer["name"])
            at_apex = case.is_apex and name == case.target and bool(answer.get("chain"))
            if at_apex or _CROWDED in answer.get("notes", ()) or _also_other_data(seat, answer):
                place = f"the zone's own name {name}" if at_apex else f"{name}, beside other records"
                return Outcome(
                    Verdict.FAIL,
                    f"DNS: a CNAME stands at {place}",
                    Finding(
                        f"A CNAME stands at {place}, according to {seat.name}.",
                        "A name with a CNAME has no other record, and a zone's own name has SOA and NS.",
                        f"Replace the CNAME at {name} by address records, or by your provider's alias record.",
                    ),
                )
    return None


def _also_other_data(seat: Seat, answer: Mapping[str, Any]) -> bool:
    """Whether a name that is an alias for one question has records of its own for another."""
    if answer["status"] != "answer" or answer.get("chain") or answer["rtype"] == "CNAME":
        return False
    return any(
        other["name"] == answer["name"] and other.get("chain") and other["rtype"] != answer["rtype"]
        for other in asked(seat.reading)
    )


def changed(case: Case) -> Outcome | None:
    """A pinned record has other values at its source, or everywhere that can be asked."""
    heard = case.heard_auth()
    wrong = [seat for seat in heard if seat.has(WRONG)]
    if not heard:
        heard = case.heard_resolvers()
        wrong = [seat for seat in heard if seat.has(WRONG)]
        wrong = wrong if len(wrong) == len(heard) else []
    if not wrong:
        return None
    cell = _first(wrong, WRONG)
    kind = "name server" if case.heard_auth() else "resolver"
    return Outcome(
        Verdict.FAIL,
        f"DNS: {cell.record} {cell.type} changed at {servers_phrase(wrong, heard, kind)}",
        Finding(
            f"{cell.record} {cell.type} {cell.why}.",
            "The record is as it is pinned in the configuration.",
            "Put the record back, or change the pin if this was meant.",
        ),
    )


def cut_off(case: Case) -> Outcome | None:
    """Answers that do not fit into a datagram, from a server that cannot be reached over TCP (RFC 7766)."""
    blocked = [
        seat for seat in case.auth if any(answer["status"] == "tcp-blocked" for answer in asked(seat.reading))
    ]
    if not blocked:
        return None
    where = servers_phrase(blocked, case.auth)
    whose = "its answer" if len(blocked) == 1 else "their answers"
    does = f"truncate{'s' if len(blocked) == 1 else ''} {whose}"
    return Outcome(
        Verdict.FAIL,
        f"DNS: {where} {does} and cannot be reached over TCP",
        Finding(
            f"{named(blocked)} {does} over UDP, and nothing comes over TCP port 53.",
            "Name servers answer over TCP as well as over UDP.",
            "Open TCP port 53 at the name servers; if every zone looks so from here, our own network blocks it.",
        ),
    )


def circle(case: Case) -> Outcome | None:
    """An alias that leads through several zones and back to where it began, so that it arrives nowhere."""
    for reading in case.more:
        if not reading.seen.get("circle"):
            continue
        steps = [str(step) for step in reading.seen["steps"]]
        name, way = steps[0], " > ".join(steps)
        return Outcome(
            Verdict.FAIL,
            f"DNS: {name} leads through CNAMEs that go round in a circle",
            Finding(
                f"The CNAMEs from {name} lead {way}: no server of any zone can answer.",
                "A chain of CNAMEs is short and ends at a record.",
                f"Take out the CNAME at {steps[-2]}, or let it lead to a name with an address.",
            ),
        )
    return None


def no_service(case: Case) -> Outcome | None:
    """Name servers that answer, and answer that they will not; some of them or all (RFC 1912 section 2.8)."""
    heard = case.heard_auth()
    broken = [seat for seat in heard if seat.has(BROKEN)]
    if not broken:
        return None
    cell = _first(broken, BROKEN)
    if cell.why.startswith("leads through"):
        return Outcome(
            Verdict.FAIL,
            f"DNS: {cell.record} {cell.why}",
            Finding(
                f"{cell.record} {cell.why}, according to {named(broken)}.",
                "A chain of CNAMEs is short and ends at a record.",
                f"Follow the CNAMEs from {cell.record} and take out the one that leads back.",
            ),
        )
    where, does = servers_phrase(broken, heard), plural(cell.why, len(broken))
    if len(broken) < len(heard):
        return Outcome(
            Verdict.WARN,
            f"DNS: {where} {does}",
            Finding(
                f"{named(broken)} {does}; the others are good.",
                "Every delegated name server answers with authority.",
                "Load the zone there, or take the server out of the delegation.",
            ),
        )
    return Outcome(
        Verdict.FAIL,
        f"DNS: {where} {does} for {case.target}",
        Finding(
            f"{where.capitalize()} {does} when asked for {case.target}.",
            "Every delegated name server answers for the zone with authority.",
            "Load the zone at these servers again; if it moved, change the delegation at the registrar.",
        ),
    )


def disagree(case: Case) -> Outcome | None:
    """Name servers with different serials, or with different records under one: the stale one by its name."""
    heard = case.heard_auth()
    serials = {seat.name: int(serial) for seat in heard if (serial := seat.notes.get("serial")) is not None}
    newest = max(serials.values(), default=0)
    old = [seat for seat in heard if serials.get(seat.name, newest) != newest]
    record = _different_record(case, heard, even_addresses=bool(old))
    if old:
        about = f", with another {record}" if record else ""
        return Outcome(
            Verdict.FAIL,
            f"DNS: {servers_phrase(old, heard)} still at an older serial than {newest}{about}",
            Finding(
                "; ".join(f"{name} has serial {serial}" for name, serial in serials.items()) + f"{about}.",
                f"All name servers have serial {newest}.",
                f"Check that {named(old)} is notified of changes and may fetch the zone.",
            ),
        )
    if not record:
        return None
    return Outcome(
        Verdict.FAIL,
        f"DNS: name servers with the same serial answer differently for {record}",
        Finding(
            f"{_who_says_what(heard, record)}, all with serial {newest}.",
            "All name servers answer the same.",
            "Load the zone anew at the server that is wrong, and raise the serial with each change.",
        ),
    )


def _different_record(case: Case, heard: Iterable[Seat], *, even_addresses: bool) -> str:
    """`name type` of the first record set that is not the same everywhere; addresses may differ by design."""
    for name, rtype in (*case.wanted.asked, (case.target, "NS")):
        if rtype == "SOA" or (rtype in ADDRESS_TYPES and not even_addresses and not case.wanted.pin(name, rtype)):
            continue
        found = {values for seat in heard if (values := _values(seat, name, rtype))}
        if len(found) > 1:
            return f"{name} {rtype}"
    return ""


def _values(seat: Seat, name: str, rtype: str) -> frozenset[str]:
    answer = answer_of(seat, name, rtype)
    return values_of(answer) if answer is not None else frozenset()


def _who_says_what(heard: Iterable[Seat], record: str) -> str:
    name, _, rtype = record.partition(" ")
    said = [f"{seat.name} has {', '.join(sorted(_values(seat, name, rtype)))[:80]}" for seat in heard]
    return "; ".join(said)


def _first(seats: Iterable[Seat], state: str) -> Cell:
    return next(cell for seat in seats for cell in seat.cells if cell.state == state)
