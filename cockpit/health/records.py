"""From one look to records: what each is at its source, and whether that is good; what was not seen is left out.

The source of a DNS record is its name servers. A network that cannot ask them takes the resolvers' word where
these are unanimous.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from cockpit.clock import parse_time
from cockpit.health.dkim_cells import WEAK
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.servers import AUTHORITATIVE, CACHED, ELSEWHERE, GONE, GOOD, UNKNOWN

MAX_VALUE = 16_384
"""Characters of a value that are remembered."""

_WELL = (GOOD, WEAK, ELSEWHERE, CACHED)
_UNORDERED = ("A", "AAAA", "CAA", "DS", "MX", "NS")
_BAD = (Verdict.FAIL, Verdict.WARN)
_SPF = "TXT (SPF)"


class RecordSeen(msgspec.Struct, frozen=True):
    """One record at its source; an empty `value` is no record, `why` says what is wrong with it."""

    record: str
    type: str
    value: str
    good: bool
    why: str = ""


def records_seen(check: str, seen: Sequence[Observation]) -> list[RecordSeen]:
    """The records that the observations of one check of one look tell of."""
    told = _TOLD.get(check)
    if told is None:
        return _at_name_servers(seen)
    judged = [each for each in seen if each.verdict is not Verdict.UNKNOWN and "cells" not in each.evidence]
    found = [record for each in judged for record in told(each)]
    return [msgspec.structs.replace(record, value=record.value[:MAX_VALUE]) for record in found]


def records_asked(check: str, seen: Sequence[Observation]) -> set[tuple[str, str]]:
    """Name and kind of every record that was looked for, seen or not; empty where that cannot be told."""
    if check in _TOLD and check != "tls.certificate":
        return set()
    cells = (cell for each in seen for cell in each.evidence.get("cells") or ())
    asked = {(str(cell.get("record", "")), str(cell.get("type", ""))) for cell in cells}
    if check == "tls.certificate":
        asked |= {(each.vantage, "certificate") for each in seen if each.vantage != DECISION}
    return asked


def _at_name_servers(seen: Sequence[Observation]) -> list[RecordSeen]:
    source = [each for each in seen if each.evidence.get("role") == AUTHORITATIVE]
    caches = [each for each in seen if each.vantage != DECISION and each not in source]
    asked = _by_record(source)
    found = [_agreed(*key, cells) for key, cells in asked.items() if cells]
    if any(asked.values()):
        return found
    alone = ((key, cells) for key, cells in _by_record(caches).items() if cells)
    return [_agreed(*key, cells) for key, cells in alone if len({_value(cell) for _, cell in cells}) == 1]


Cell = Mapping[str, Any]


def _by_record(seats: Iterable[Observation]) -> dict[tuple[str, str], list[tuple[str, Cell]]]:
    """The cells that say something, with their server, by name and type."""
    found: dict[tuple[str, str], list[tuple[str, Cell]]] = {}
    for seat in seats:
        for cell in seat.evidence.get("cells") or ():
            key = str(cell.get("record", "")), str(cell.get("type", ""))
            cells = found.setdefault(key, [])
            if cell.get("state") != UNKNOWN:
                cells.append((seat.vantage, cell))
    return found


def _agreed(record: str, rtype: str, cells: Sequence[tuple[str, Cell]]) -> RecordSeen:
    """What the servers say of a record; where they differ, each value with the servers that have it."""
    bad = [cell for _, cell in cells if cell.get("state") not in _WELL]
    why = str(bad[0].get("why", "")) if bad else ""
    values: dict[str, list[str]] = {}
    for server, cell in cells:
        values.setdefault(_value(cell), []).append(server)
    if len(values) == 1:
        value = next(iter(values))
    else:
        parts = (f"{value or 'no record'} at {', '.join(sorted(names))}" for value, names in values.items())
        value = "; ".join(sorted(parts))
    return RecordSeen(record, rtype, value[:MAX_VALUE], not bad, why)


def _value(cell: Cell) -> str:
    """A cell's value in an order that does not change from look to look; a server in trouble says so instead."""
    value, rtype = str(cell.get("value") or ""), str(cell.get("type", ""))
    if not value and cell.get("state") not in (GONE, *_WELL):
        return f"({cell.get('why') or cell.get('state')})"
    if rtype in _UNORDERED:
        return ", ".join(sorted(value.split(", ")))
    # A serial counts every edit, whoever's record it was about; who runs the zone is what matters here.
    return " ".join(value.split()[:2]) if rtype == "SOA" else value


def _named(each: Observation, record: str, rtype: str, value: str) -> RecordSeen:
    bad = each.verdict in _BAD
    return RecordSeen(record, rtype, value, not bad, each.headline if bad else "")


def _listed(record: str, rtype: str) -> Callable[[Observation], list[RecordSeen]]:
    def read(each: Observation) -> list[RecordSeen]:
        values = sorted(str(value) for value in each.evidence.get("records") or ())
        return [_named(each, record.format(each.target), rtype, ", ".join(values))]

    return read


def _spf(each: Observation) -> list[RecordSeen]:
    return [_named(each, each.target, _SPF, str(each.evidence.get("text", "")))] if "text" in each.evidence else []


def _dmarc(each: Observation) -> list[RecordSeen]:
    if "record" not in each.evidence:
        return []
    value, source = str(each.evidence["record"]), str(each.evidence.get("source") or each.target)
    inherited = f" (from _dmarc.{source})" if value and source != each.target else ""
    return [_named(each, f"_dmarc.{each.target}", "TXT", value + inherited)]


def _mail_from(each: Observation) -> list[RecordSeen]:
    domain = str(each.evidence.get("domain") or "")
    if not domain:
        return []
    hosts = ", ".join(sorted(str(host) for host in each.evidence.get("hosts") or ()))
    return [_named(each, domain, "MX", hosts), _named(each, domain, _SPF, str(each.evidence.get("spf") or ""))]


def _mta_sts(each: Observation) -> list[RecordSeen]:
    if "id" not in each.evidence:
        return []
    parts = [
        f"{name} {str(each.evidence.get(name) or '')[:16]}" for name in ("id", "digest") if each.evidence.get(name)
    ]
    return [_named(each, f"_mta-sts.{each.target}", "policy", ", ".join(parts))]


def _certificate(each: Observation) -> list[RecordSeen]:
    if each.vantage == DECISION or "sha256" not in each.evidence:
        return []
    evidence = each.evidence
    until = f"{parse_time(str(evidence['not_after'])):%Y-%m-%d}"
    value = f"by {evidence.get('issuer')}, until {until}, sha256 {str(evidence['sha256'])[:16]}"
    return [_named(each, each.vantage, "certificate", value)]


def _identity(each: Observation) -> list[RecordSeen]:
    evidence = each.evidence
    if each.vantage != DECISION or not evidence.get("origin") or evidence.get("failure"):
        return []
    tokens = ", ".join(sorted(str(token) for token in evidence.get("tokens") or ()))
    state = _named(
        each, each.target, "SES DKIM", f"{evidence['origin']} {evidence.get('dkim_status') or 'not known'}"
    )
    return [state, RecordSeen(each.target, "SES DKIM tokens", tokens, good=True)]


_TOLD: Mapping[str, Callable[[Observation], list[RecordSeen]]] = {
    "mail.mx": _listed("{}", "MX"),
    "mail.tls_rpt": _listed("_smtp._tls.{}", "TXT"),
    "mail.amazonses": _listed("_amazonses.{}", "TXT"),
    "mail.spf": _spf,
    "mail.dmarc": _dmarc,
    "mail.mail_from": _mail_from,
    "mail.mta_sts": _mta_sts,
    "tls.certificate": _certificate,
    "ses.identity": _identity,
}
