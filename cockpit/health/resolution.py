"""dns.resolution: does the domain exist, do its hosts have addresses, do pinned records hold, and who disagrees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict
from cockpit.health.servers import (
    AUTHORITATIVE,
    BOGUS,
    BROKEN,
    GONE,
    GOOD,
    RESOLVER,
    UNKNOWN,
    WRONG,
    Cell,
    Seat,
    asked,
    counted,
    longest,
    role_of,
    servers_phrase,
    span,
    trouble,
)

CHECK = "dns.resolution"

_SPEAKS_OF_NOTHING = ("timeout", "unreachable", "malformed", "mismatch", "tcp-blocked", "outside-profile")


@dataclass(frozen=True, slots=True)
class Pin:
    """A record set that must have exactly these values, in presentation format."""

    name: str
    type: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    target: str
    at: datetime
    auth: tuple[Seat, ...]
    resolvers: tuple[Seat, ...]

    def heard(self, seats: Sequence[Seat]) -> list[Seat]:
        return [seat for seat in seats if seat.heard]

    def decide(
        self, verdict: Verdict, headline: str, finding: Finding | None = None, kind: str = "dns-failure"
    ) -> Observation:
        seats = (*self.auth, *self.resolvers)
        serials = {seat.name: seat.notes["serial"] for seat in self.auth if seat.notes.get("serial") is not None}
        evidence = {
            "kind": kind,
            "asked": len(seats),
            "agreeing": sum(seat.heard and all(cell.state == GOOD for cell in seat.cells) for seat in seats),
            "serials": serials,
        }
        return Observation(
            self.target, CHECK, DECISION, verdict, headline, self.at, longest(seats), finding, evidence
        )


def questions(domain: str, hosts: Sequence[str], pins: Sequence[Pin]) -> dict[str, list[tuple[str, str]]]:
    """What to ask every server: the zone's SOA, each host's address and each pinned record."""
    wanted = [(domain, "SOA"), *((host, "A") for host in hosts), *((pin.name, pin.type) for pin in pins)]
    unique = list(dict.fromkeys(wanted))
    return {AUTHORITATIVE: unique, RESOLVER: unique}


def judge_resolution(
    target: str, readings: Sequence[Reading], pins: Sequence[Pin], at: datetime
) -> list[Observation]:
    """One observation per server and the decision over them all, which comes last."""
    pinned = {(pin.name.rstrip(".").lower(), pin.type): pin for pin in pins}
    seats = [_seat(reading, pinned) for reading in readings]
    case = _Case(
        target,
        at,
        tuple(seat for seat in seats if seat.role == AUTHORITATIVE and seat.name != "delegation"),
        tuple(seat for seat in seats if seat.role == RESOLVER),
    )
    return [*(_observe(seat) for seat in seats), _decide(case)]


def _seat(reading: Reading, pinned: Mapping[tuple[str, str], Pin]) -> Seat:
    role = role_of(reading)
    answers = asked(reading)
    cells = tuple(_cell(answer, role, pinned) for answer in answers)
    notes = {"serial": answers[0].get("serial")} if answers and role == AUTHORITATIVE else {}
    return Seat(reading, role, cells, notes)


def _cell(answer: Mapping[str, Any], role: str, pinned: Mapping[tuple[str, str], Pin]) -> Cell:
    name, rtype, status = str(answer["name"]), str(answer["rtype"]), str(answer["status"])
    values = tuple(str(value) for value in answer.get("values", ()))
    state, why = _state(answer, role)
    pin = pinned.get((name.rstrip(".").lower(), rtype))
    if state in (GOOD, GONE) and pin is not None and rtype != "SOA":
        state, why = _against_pin(pin, values, state, why)
    shown = ", ".join(values)[:300]
    return Cell(name, rtype, state, answer.get("ttl_s"), shown, why or ("" if state == GOOD else trouble(status)))


def _state(answer: Mapping[str, Any], role: str) -> tuple[str, str]:
    status, alias = str(answer["status"]), bool(answer.get("chain"))
    if status == "answer":
        return GOOD, ""
    if status == "loop":
        return BROKEN, "its CNAMEs go round in a circle"
    if status == "bogus":
        notes = [str(note) for note in answer.get("notes", ()) if str(note).startswith("EDE")]
        return BOGUS, "fails DNSSEC validation" + (f" ({'; '.join(notes)})" if notes else "")
    if status in ("nxdomain", "nodata"):
        if alias and role == AUTHORITATIVE:
            # Where an alias leads is another zone's business; the resolvers show whether it arrives.
            return GOOD, ""
        if answer["rtype"] == "SOA" and status == "nodata":
            return GOOD, f"inside the zone {answer.get('zone') or 'above'}"
        if alias:
            return GONE, f"is an alias for {answer['chain'][-1]['target']}, which has no such record"
        return GONE, "does not exist" if status == "nxdomain" else f"exists and has no {answer['rtype']} record"
    if role == AUTHORITATIVE and status not in _SPEAKS_OF_NOTHING:
        return BROKEN, trouble(status)
    return UNKNOWN, trouble(status)


def _against_pin(pin: Pin, values: Sequence[str], state: str, why: str) -> tuple[str, str]:
    wanted, found = {_plain(value) for value in pin.values}, {_plain(value) for value in values}
    if wanted == found:
        return GOOD, ""
    if state == GONE:
        return state, why
    return WRONG, f"is {', '.join(values)[:200]} and should be {', '.join(pin.values)[:200]}"


def _plain(value: str) -> str:
    """Presentation forms that mean the same: case, quotes and the final dots of names do not matter."""
    unquoted = value.replace('" "', "").strip('"')
    return " ".join(word.rstrip(".") for word in unquoted.lower().split())


def _observe(seat: Seat) -> Observation:
    if not seat.cells:
        reason = str(seat.reading.seen.get("reason", ""))
        return seat.observe(Verdict.UNKNOWN, reason or trouble(seat.reading.failure or "timeout"))
    for state, verdict in (
        (GONE, Verdict.FAIL),
        (WRONG, Verdict.FAIL),
        (BOGUS, Verdict.FAIL),
        (BROKEN, Verdict.FAIL),
        (UNKNOWN, Verdict.UNKNOWN),
    ):
        for cell in seat.cells:
            if cell.state == state:
                subject = f"{cell.record} {cell.type} " if state in (GONE, WRONG, BOGUS) else ""
                return seat.observe(verdict, f"{subject}{cell.why}")
    return seat.observe(Verdict.OK, f"{counted(len(seat.cells), 'record')} answered")


def _decide(case: _Case) -> Observation:
    """The first rule that has something to say; what is wrong at the source comes before any talk of caches."""
    for rule in (_nobody, _gone_at_source, _wrong, _no_service, _bogus, _unresolvable, _partly, _lagging):
        decision = rule(case)
        if decision is not None:
            return decision
    return _fine(case)


def _nobody(case: _Case) -> Observation | None:
    if case.heard(case.auth) or case.heard(case.resolvers):
        return None
    servfail = [seat for seat in case.resolvers if any("SERVFAIL" in cell.why for cell in seat.cells)]
    if servfail:
        return case.decide(
            Verdict.UNKNOWN,
            f"{counted(len(servfail), 'resolver')} answer SERVFAIL and no name server can be asked",
        )
    asked_for = f"{counted(len(case.auth), 'name server')} and {counted(len(case.resolvers), 'resolver')}"
    return case.decide(Verdict.UNKNOWN, f"{asked_for} are silent: is it our own network?")


def _gone_at_source(case: _Case) -> Observation | None:
    heard = case.heard(case.auth) or case.heard(case.resolvers)
    kind = "name server" if case.heard(case.auth) else "resolver"
    gone = [seat for seat in heard if seat.has(GONE)]
    if not gone or (kind == "resolver" and len(gone) < len(heard)):
        return None
    cell = next(cell for cell in gone[0].cells if cell.state == GONE)
    where = servers_phrase(gone, heard, kind)
    return case.decide(
        Verdict.FAIL,
        f"DNS: {cell.record} {cell.why} at {where}",
        Finding(
            f"{cell.record} ({cell.type}) {cell.why} at {where}.",
            f"Every server answers for {cell.record}.",
            f"Restore {cell.record} in its zone; if the whole zone is gone, restore it from a backup and check "
            "that the registrar still points to these name servers.",
        ),
    )


def _wrong(case: _Case) -> Observation | None:
    wrong = [seat for seat in case.auth if seat.has(WRONG)]
    if not wrong:
        return None
    cell = next(cell for cell in wrong[0].cells if cell.state == WRONG)
    where = servers_phrase(wrong, case.heard(case.auth))
    return case.decide(
        Verdict.FAIL,
        f"DNS: {cell.record} {cell.type} changed at {where}",
        Finding(
            f"{cell.record} {cell.type} {cell.why}.",
            "The record is as it is pinned in the configuration.",
            "Put the record back, or change the pin if this was meant.",
        ),
    )


def _no_service(case: _Case) -> Observation | None:
    """Name servers that answer, and answer that they will not: REFUSED, lame, SERVFAIL, CNAMEs in a circle."""
    heard = case.heard(case.auth)
    broken = [seat for seat in heard if seat.has(BROKEN)]
    if not broken or len(broken) < len(heard):
        return None
    why = next(cell.why for cell in broken[0].cells if cell.state == BROKEN)
    where = servers_phrase(broken, heard)
    return case.decide(
        Verdict.FAIL,
        f"DNS: {where} {_plural(why, len(broken))} for {case.target}",
        Finding(
            f"{where.capitalize()} {_plural(why, len(broken))} when asked for {case.target}.",
            "Every delegated name server answers for the zone with authority.",
            "Load the zone at these servers again; if it moved, change the delegation at the registrar.",
        ),
    )


def _bogus(case: _Case) -> Observation | None:
    heard = case.heard(case.resolvers)
    bogus = [seat for seat in heard if seat.has(BOGUS)]
    if not bogus:
        return None
    cell = next(cell for cell in bogus[0].cells if cell.state == BOGUS)
    where = servers_phrase(bogus, heard, "resolver")
    alone = len(bogus) == 1 and len(heard) > 1
    return case.decide(
        Verdict.WARN if alone else Verdict.FAIL,
        f"DNSSEC: {case.target} fails validation at {where}",
        Finding(
            f"{cell.record} {cell.why} at {where}: they answer SERVFAIL, and answer when told not to validate.",
            "The signatures, keys and the DS at the parent form an unbroken chain.",
            "Check the DS at the registrar against the zone's keys and the dates of the signatures. Do not switch "
            "signing off while a DS is published: remove the DS first and wait out its TTL.",
        ),
        kind="dnssec-failure",
    )


def _unresolvable(case: _Case) -> Observation | None:
    """The source is fine and nobody can get there: the resolvers all fail."""
    failing = [seat for seat in case.resolvers if any("SERVFAIL" in cell.why for cell in seat.cells)]
    if not failing or len(failing) < len(case.resolvers):
        return None
    where = servers_phrase(failing, case.resolvers, "resolver")
    return case.decide(
        Verdict.FAIL,
        f"DNS: {where} answer SERVFAIL for {case.target}",
        Finding(
            f"{where.capitalize()} answer SERVFAIL, though the name servers answer when asked from here.",
            "Resolvers find their way to the name servers.",
            "Compare the delegation and its glue at the registrar with the zone's own NS records.",
        ),
    )


def _partly(case: _Case) -> Observation | None:
    """One stale or lame name server among good ones."""
    heard = case.heard(case.auth)
    broken = [seat for seat in heard if seat.has(BROKEN)]
    if broken:
        why = next(cell.why for cell in broken[0].cells if cell.state == BROKEN)
        return case.decide(
            Verdict.WARN,
            f"DNS: {servers_phrase(broken, heard)} {_plural(why, len(broken))}",
            Finding(
                f"{', '.join(seat.name for seat in broken)} {_plural(why, len(broken))}; the others are good.",
                "Every delegated name server answers with authority.",
                "Load the zone there, or take the server out of the delegation.",
            ),
        )
    serials = {seat.notes.get("serial") for seat in heard} - {None}
    if len(serials) > 1:
        newest = max(int(serial) for serial in serials if serial is not None)
        old = [seat for seat in heard if seat.notes.get("serial") not in (newest, None)]
        return case.decide(
            Verdict.WARN,
            f"DNS: {servers_phrase(old, heard)} still at an older serial than {newest}",
            Finding(
                "; ".join(f"{seat.name} has serial {seat.notes.get('serial')}" for seat in heard) + ".",
                f"All name servers have serial {newest}.",
                "Check that the older server is notified of changes and may fetch the zone.",
            ),
        )
    return None


def _lagging(case: _Case) -> Observation | None:
    heard = case.heard(case.resolvers)
    behind = [seat for seat in heard if seat.has(GONE)]
    if not behind:
        return None
    rest = max((cell.ttl_s or 0 for seat in behind for cell in seat.cells if cell.state == GONE), default=0)
    cell = next(cell for cell in behind[0].cells if cell.state == GONE)
    return case.decide(
        Verdict.WARN,
        f"DNS: {servers_phrase(behind, heard, 'resolver')} do not see {cell.record} yet, {span(rest)} left",
        Finding(
            f"{cell.record} is published, and {servers_phrase(behind, heard, 'resolver')} still remember that it "
            "was not.",
            "All resolvers see it.",
            f"Wait: the longest of these memories ends in {span(rest)}.",
        ),
        kind="propagation",
    )


def _fine(case: _Case) -> Observation:
    auth, resolvers = case.heard(case.auth), case.heard(case.resolvers)
    silent = [seat.name for seat in (*case.auth, *case.resolvers) if not seat.heard]
    aside = f"; silent: {', '.join(silent[:3])}" if silent else ""
    if not auth:
        return case.decide(
            Verdict.INFO,
            f"{counted(len(resolvers), 'resolver')} agree; the name servers cannot be asked from here",
        )
    verdict = Verdict.INFO if len(auth) < len(case.auth) else Verdict.OK
    agree = f"{counted(len(auth), 'name server')} and {counted(len(resolvers), 'resolver')} agree"
    return case.decide(verdict, f"{agree}{aside}")


def _plural(phrase: str, number: int) -> str:
    """`answers SERVFAIL` for one server is `answer SERVFAIL` for several."""
    verb, _, rest = phrase.partition(" ")
    irregular = {"does": "do", "is": "are", "its": "have"}
    if number == 1:
        return phrase
    return f"{irregular.get(verb, verb.removesuffix('s'))} {rest}"
