"""Who sees what of a domain: rows are name servers, resolvers and SES itself, columns the records.

A cell is a glyph and the remaining TTL. Where the columns do not fit beside each other they continue below, under
the same rows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.desk.views import DomainView, Freshness, VantageView
from cockpit.health.model import Verdict
from screens.present.lines import EMPTY, Line, Span, Tone, cut, line, pad, rule, spread, wrap
from screens.present.targets import target_lines
from screens.present.words import GLYPHS, TONES, age, age_tone, count, glyph, span_words

_ROLES = {"authoritative": 0, "resolver": 1}
_ROLE_TITLES = ("name servers", "resolvers", "others")
_GONE = "not asked any more"
_MAIL = {
    "mail.mx": "mx",
    "mail.spf": "spf",
    "mail.dmarc": "dmarc",
    "mail.mail_from": "from",
    "mail.mta_sts": "sts",
    "mail.tls_rpt": "tlsrpt",
    "mail.amazonses": "ses",
}
_AGES = (Freshness.FRESH, Freshness.LATE, Freshness.SILENT)
_ORDER = ("dns.resolution", "dns.dnssec", "mail.dkim", *_MAIL)
_SIGNS: Mapping[str, Span] = {
    "good": (GLYPHS[Verdict.OK], Tone.OK),
    "weak": (GLYPHS[Verdict.WARN], Tone.WARN),
    "pending": (GLYPHS[Verdict.WARN], Tone.WARN),
    "cached": (GLYPHS[Verdict.WARN], Tone.WARN),
    "unknown": (GLYPHS[Verdict.UNKNOWN], Tone.UNKNOWN),
}
_BALANCER = "lb.targets"
_NAMES = 20
"""Cells that a server's name takes at most."""


class Column(msgspec.Struct, frozen=True):
    """One record: its label above the column, and what it stands for in full."""

    label: str
    record: str


class Server(msgspec.Struct):
    """One row: what each record is there, and the sentence of the worst check."""

    name: str
    role: int
    verdict: Verdict
    words: str
    cells: dict[str, Line]
    at: datetime
    freshness: Freshness


def matrix_lines(view: DomainView, now: datetime, cells: int) -> list[Line]:
    """The matrix, what the servers that disagree say, SES's own view, and the addresses that were tried."""
    columns, servers = _gathered(view)
    lines: list[Line] = []
    if servers:
        lines += _bands(columns, servers, now, cells)
        lines += _said(servers, cells)
    lines += _legend(columns, cells)
    lines += _identity(view, now, cells)
    lines += _places(view, now, cells)
    lines = lines[1:] if lines and lines[0] == EMPTY else lines
    return lines or wrap("No server or service was asked yet: c asks the watch to look now.", cells, Tone.MUTED)


def _gathered(view: DomainView) -> tuple[dict[str, Column], list[Server]]:
    """The columns in their order, and the servers, name servers first."""
    columns: dict[str, Column] = {}
    servers: dict[str, Server] = {}
    checks = {check.check: check for check in view.checks}
    for name in [name for name in _ORDER if name in checks]:
        for seen in checks[name].vantages:
            cells = _cells(seen)
            if seen.headline == _GONE or not (cells or name == "dns.dnssec"):
                continue
            server = servers.get(seen.vantage)
            if server is None:
                role = _ROLES.get(str(seen.evidence.get("role", "")), 0 if name == "dns.dnssec" else 2)
                server = servers[seen.vantage] = Server(
                    seen.vantage, role, seen.verdict, "", {}, seen.at, seen.freshness
                )
            server.at = min(server.at, seen.at)
            server.freshness = max(server.freshness, seen.freshness, key=_AGES.index)
            if seen.verdict.rank < Verdict.INFO.rank and (
                not server.words or seen.verdict.rank < server.verdict.rank
            ):
                server.words = seen.headline
            server.verdict = min(server.verdict, seen.verdict, key=lambda verdict: verdict.rank)
            if name == "dns.dnssec":
                columns.setdefault("dnssec", Column("dnssec", ""))
                server.cells["dnssec"] = line(glyph(seen.verdict, seen.freshness))
            for cell in cells:
                key = _key(name, cell)
                columns.setdefault(key, _column(name, cell, view.row.target, columns))
                known = server.cells.get(key)
                if known is None or known[0][0] == GLYPHS[Verdict.NA]:
                    server.cells[key] = _cell(cell, seen.freshness)
    return columns, sorted(servers.values(), key=lambda server: (server.role, server.name))


def _key(check: str, cell: Mapping[str, Any]) -> str:
    """A DKIM name is one column, whether a server was asked for its CNAME or for the key behind it."""
    record = str(cell.get("record", cell.get("name", "?")))
    return f"{check} {record}" if check == "mail.dkim" else f"{check} {record} {cell.get('type', '')}"


def _column(check: str, cell: Mapping[str, Any], domain: str, known: Mapping[str, Column]) -> Column:
    record, kind = str(cell.get("record", cell.get("name", "?"))), str(cell.get("type", ""))
    if check == "dns.resolution":
        inner = record.rstrip(".").removesuffix(domain).rstrip(".")
        return Column(f"{inner} {kind}".strip()[:14], "")
    base = "dkim" if check == "mail.dkim" else _MAIL[check]
    number = sum(each.startswith(f"{check} ") for each in known) + 1
    if check == "mail.dkim":
        label = f"{base}{number}"
    else:
        label = f"{base} {kind}" if number > 1 or check == "mail.mail_from" else base
    return Column(label, record if check == "mail.dkim" else f"{record} {kind}".strip())


def _bands(columns: Mapping[str, Column], servers: Sequence[Server], now: datetime, cells: int) -> list[Line]:
    names = min(_NAMES, max(len(server.name) for server in servers))
    bands: list[list[str]] = [[]]
    used = 0
    for key, column in columns.items():
        width = _width(column)
        if used + width > cells - names - 3 and bands[-1]:
            bands.append([])
            used = 0
        bands[-1].append(key)
        used += width
    lines: list[Line] = []
    for number, band in enumerate(bands):
        if number:
            lines.append(EMPTY)
        lines.append(_band_head(band, columns, names, cells))
        role = -1
        for server in servers:
            if server.role != role and number == 0:
                role = server.role
                lines.append(_role_line(role, [each for each in servers if each.role == role], now, cells))
            lines.append(_band_row(server, band, columns, names, cells))
    return lines


def _role_line(role: int, servers: Sequence[Server], now: datetime, cells: int) -> Line:
    """How many servers follow, and how old the oldest of what they said is."""
    freshness = max((each.freshness for each in servers), key=_AGES.index)
    oldest = age(min(each.at for each in servers), now)
    words = f"no data since {oldest} ago" if freshness is Freshness.SILENT else f"seen {oldest} ago"
    tone = Tone.WARN if freshness is not Freshness.FRESH else Tone.MUTED
    return spread(line((f"{_ROLE_TITLES[role]} {len(servers)}", Tone.MUTED)), line((words, tone)), cells)


def _band_head(band: Sequence[str], columns: Mapping[str, Column], names: int, cells: int) -> Line:
    heads = "".join(f"{columns[key].label:<{_width(columns[key])}}" for key in band)
    return cut(line((" " * (names + 3) + heads, Tone.ACCENT)), cells)


def _band_row(server: Server, band: Sequence[str], columns: Mapping[str, Column], names: int, cells: int) -> Line:
    spans: list[Span] = [
        glyph(server.verdict, server.freshness),
        (" ", Tone.PLAIN),
        *pad(line(server.name), names),
        (" ", Tone.PLAIN),
    ]
    for key in band:
        spans.extend(pad(server.cells.get(key, line((GLYPHS[Verdict.NA], Tone.MUTED))), _width(columns[key])))
    return cut(tuple(spans), cells)


def _width(column: Column) -> int:
    return max(6, len(column.label)) + 1


def _cell(cell: Mapping[str, Any], freshness: Freshness) -> Line:
    """What stood there, and how long caches keep it; once nobody looks any more, it may be otherwise."""
    sign = _SIGNS.get(str(cell.get("state")), (GLYPHS[Verdict.FAIL], Tone.FAIL))
    if cell.get("state") in (None, "", "not-asked"):
        return line((GLYPHS[Verdict.NA], Tone.MUTED))
    if freshness is Freshness.SILENT:
        good = sign[0] == GLYPHS[Verdict.OK]
        return line((GLYPHS[Verdict.UNKNOWN] if good else sign[0], Tone.MUTED))
    ttl = cell.get("ttl_s")
    rest = _ttl(ttl) if isinstance(ttl, int | float) else ""
    return line(sign, (rest, Tone.MUTED))


def _ttl(seconds: float) -> str:
    """To the second while that matters, in its largest unit beyond."""
    return f"{int(seconds)}s" if seconds < 1000 else span_words(timedelta(seconds=seconds))


def _said(servers: Sequence[Server], cells: int) -> list[Line]:
    """What the servers say that are not well, servers with the same sentence together."""
    said: dict[tuple[Verdict, str], list[str]] = {}
    for server in servers:
        if server.words:
            said.setdefault((server.verdict, server.words), []).append(server.name)
    lines: list[Line] = []
    for (verdict, words), names in said.items():
        who = ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more"
        lines += wrap(f"{who}: {words}", cells, TONES[verdict], indent=2, first=line(glyph(verdict), " "))
    return [EMPTY, *lines] if lines else []


def _legend(columns: Mapping[str, Column], cells: int) -> list[Line]:
    told = [column for column in columns.values() if column.record]
    if not told:
        return []
    room = max(len(column.label) for column in told)
    return [
        EMPTY,
        *(
            cut(line((f"{column.label:<{room}} ", Tone.ACCENT), (column.record, Tone.MUTED)), cells)
            for column in told
        ),
    ]


def _identity(view: DomainView, now: datetime, cells: int) -> list[Line]:
    """What SES itself last saw."""
    found = next((check for check in view.checks if check.check == "ses.identity"), None)
    if found is None:
        return []
    words = (
        found.headline.removeprefix("SES: "),
        Tone.MUTED if found.verdict is Verdict.OK else TONES[found.verdict],
    )
    head = line(glyph(found.verdict, found.freshness), " ", ("SES itself ", Tone.STRONG), words)
    return [EMPTY, spread(head, line((age(found.at, now), age_tone(found.freshness))), cells)]


def _places(view: DomainView, now: datetime, cells: int) -> list[Line]:
    """Addresses, certificates, target groups: what was tried that is not a name server."""
    lines: list[Line] = []
    for check in view.checks:
        tried = [seen for seen in check.vantages if seen.headline != _GONE and not _cells(seen)]
        if check.check in _ORDER or not tried:
            continue
        if check.check == _BALANCER:
            lines += target_lines(check, now, cells)
            continue
        lines += [EMPTY, rule(f"{check.title}: {count(len(tried), 'place')}", cells, f"{age(check.at, now)} ago")]
        lines += [_place(seen, cells) for seen in tried]
    return lines


def _place(seen: VantageView, cells: int) -> Line:
    tone = Tone.MUTED if seen.verdict is Verdict.OK or seen.freshness is Freshness.SILENT else TONES[seen.verdict]
    return cut(line(glyph(seen.verdict, seen.freshness), " ", seen.vantage, "  ", (seen.headline, tone)), cells)


def _cells(seen: VantageView) -> list[Mapping[str, Any]]:
    cells = seen.evidence.get("cells")
    return [cell for cell in cells if isinstance(cell, Mapping)] if isinstance(cells, list | tuple) else []
