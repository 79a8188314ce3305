"""The mail records server by server: what each name server and each resolver says, beside each decision.

Absent records are asked for at the source only: a resolver that is asked for one begins to remember the absence.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from cockpit.health.agreement import THRESHOLD, Agreement
from cockpit.health.mail import amazonses, dmarc, mail_from, mta_sts, mx, spf, tls_rpt
from cockpit.health.model import Finding, Observation, Reading, Verdict
from cockpit.health.resolution.cells import Source, cell_of
from cockpit.health.resolution.said import truth_of, values_of
from cockpit.health.servers import (
    AUTHORITATIVE,
    BOGUS,
    BROKEN,
    CACHED,
    GONE,
    GOOD,
    UNKNOWN,
    WRONG,
    Cell,
    Seat,
    asked,
    role_of,
    servers_phrase,
    span,
)

Question = tuple[str, str]
"""Name and record type."""


def questions(domain: str, mail_from_domain: str) -> dict[str, tuple[Question, ...]]:
    """The records that each mail check stands on."""
    wanted: dict[str, tuple[Question, ...]] = {
        mx.CHECK: ((domain, "MX"),),
        spf.CHECK: ((domain, "TXT"),),
        dmarc.CHECK: ((f"_dmarc.{domain}", "TXT"),),
        mta_sts.CHECK: ((f"_mta-sts.{domain}", "TXT"),),
        tls_rpt.CHECK: ((f"_smtp._tls.{domain}", "TXT"),),
        amazonses.CHECK: ((f"_amazonses.{domain}", "TXT"),),
    }
    if mail_from_domain:
        wanted[mail_from.CHECK] = ((mail_from_domain, "MX"), (mail_from_domain, "TXT"))
    return wanted


def present(readings: Sequence[Reading]) -> list[Question]:
    """The records that some name server has; with no name server heard, all that were asked for."""
    heard = [each for each in readings if each.failure is None]
    if not heard:
        return []
    return list(truth_of(heard))


def with_matrix(
    decisions: Sequence[Observation],
    wanted: Mapping[str, Sequence[Question]],
    readings: Sequence[Reading],
    at: datetime,
) -> list[Observation]:
    """The decisions, each behind one observation per server, and none better than its servers allow.

    `readings` are those of the name servers and of the resolvers, of one look.
    """
    source = Source(truth_of(readings))
    found: list[Observation] = []
    for decision in decisions:
        records = wanted.get(decision.check, ())
        seats = [seat for reading in readings if (seat := _seat(reading, decision.check, records, source)).cells]
        if not any(cell.state != GONE for seat in seats for cell in seat.cells):
            found.append(decision)
            continue
        found += [_observe(seat) for seat in seats]
        found.append(_decide(decision, seats, at))
    return found


def _seat(reading: Reading, check: str, records: Sequence[Question], source: Source) -> Seat:
    answers = [each for each in asked(reading) if (each["name"], each["rtype"]) in records]
    role = role_of(reading)
    cells = tuple(_cell(each, role, source) for each in answers)
    return Seat(structs.replace(reading, check=check), role, cells)


def _cell(answer: Mapping[str, Any], role: str, source: Source) -> Cell:
    cell = cell_of(answer, role, None, source)
    if role != AUTHORITATIVE or cell.state not in (GOOD, GONE):
        return cell
    now = source.now.get((str(answer["name"]), str(answer["rtype"])), ())
    said = values_of(answer)
    others = [values for values in now if values != said]
    if not others and (said or not now):
        return cell
    return _replaced(cell, WRONG, "differs from what other name servers have")


def _replaced(cell: Cell, state: str, why: str) -> Cell:
    return Cell(cell.record, cell.type, state, cell.ttl_s, cell.value, why)


_STATES = (
    (WRONG, Verdict.FAIL),
    (BOGUS, Verdict.FAIL),
    (BROKEN, Verdict.FAIL),
    (CACHED, Verdict.WARN),
    (UNKNOWN, Verdict.UNKNOWN),
    (GONE, Verdict.INFO),
)


def _observe(seat: Seat) -> Observation:
    for state, verdict in _STATES:
        for cell in seat.cells:
            if cell.state == state:
                # A resolver that does not have what the source has is behind; at the source, absence is a fact.
                behind = state == GONE and seat.role != AUTHORITATIVE
                return seat.observe(Verdict.WARN if behind else verdict, f"{cell.record} {cell.type} {cell.why}")
    return seat.observe(Verdict.OK, "as the name servers have it" if seat.role != AUTHORITATIVE else "has it")


def _decide(decision: Observation, seats: Sequence[Seat], at: datetime) -> Observation:
    heard = [seat for seat in seats if seat.role != AUTHORITATIVE and seat.heard]
    behind = [seat for seat in heard if seat.has(GONE) or seat.has(CACHED)]
    rest = max(
        (cell.ttl_s or 0 for seat in behind for cell in seat.cells if cell.state in (GONE, CACHED)), default=0
    )
    clear_at = at + timedelta(seconds=rest) if behind else None
    agreement = Agreement(len(heard), len(heard) - len(behind), rest, clear_at)
    known = structs.replace(decision, evidence={**decision.evidence, "agreement": agreement.plain()})
    auth = [seat for seat in seats if seat.role == AUTHORITATIVE and seat.heard]
    differing = [seat for seat in auth if seat.has(WRONG)]
    if differing:
        return _worse(known, Verdict.FAIL, *_torn(differing, auth))
    if behind:
        verdict = Verdict.WARN if agreement.fraction < THRESHOLD else Verdict.INFO
        return _worse(known, verdict, *_late(behind, heard, agreement))
    return known


def _worse(decision: Observation, verdict: Verdict, headline: str, finding: Finding) -> Observation:
    """The decision as it is where it is as bad already; else with what its servers add to it."""
    if decision.verdict.rank <= verdict.rank:
        also = [*(decision.evidence.get("also") or ()), headline]
        return structs.replace(decision, evidence={**decision.evidence, "also": also})
    kept = None if verdict is Verdict.INFO else finding
    evidence = {**decision.evidence, "kind": "propagation"} if verdict is Verdict.WARN else decision.evidence
    return structs.replace(decision, verdict=verdict, headline=headline, finding=kept, evidence=evidence)


def _torn(differing: Sequence[Seat], auth: Sequence[Seat]) -> tuple[str, Finding]:
    cell = next(cell for seat in differing for cell in seat.cells if cell.state == WRONG)
    said = "; ".join(
        f"{seat.name} has {each.value[:80] or 'none'}"
        for seat in auth
        for each in seat.cells
        if (each.record, each.type) == (cell.record, cell.type)
    )
    return (
        f"the name servers differ about {cell.record} {cell.type}",
        Finding(
            f"{cell.record} {cell.type}: {said}.",
            "All name servers have the same record.",
            "Load the zone anew at the server that is behind, and raise the serial with each change.",
        ),
    )


def _late(behind: Sequence[Seat], heard: Sequence[Seat], agreement: Agreement) -> tuple[str, Finding]:
    cell = next(cell for seat in behind for cell in seat.cells if cell.state in (GONE, CACHED))
    where = servers_phrase(behind, heard, "resolver")
    until = f"{agreement.all_clear_at:%H:%M:%S}Z" if agreement.all_clear_at else "some time"
    verb, hold = ("does", "holds") if len(behind) == 1 else ("do", "hold")
    rest = span(agreement.rest_s)
    return (
        f"{where} {verb} not see the present {cell.record} {cell.type} yet; all clear at {until}",
        Finding(
            f"{cell.record} {cell.type} is another at its source now; {where} still {hold} what was there before.",
            f"All resolvers see it; {THRESHOLD * 100:.0f} % of them count as done.",
            f"If the change was meant, wait: the longest of these memories ends in {rest}, at {until}. Else put "
            "the record back at its source.",
        ),
    )
