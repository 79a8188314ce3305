"""One domain's lines: findings as now, wanted and fix; who sees what; how it came about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.desk.views import CheckView, DomainView, Freshness, VantageView
from cockpit.health.model import Verdict
from screens.present.lines import EMPTY, Line, Span, Tone, cut, line, pad, rule, spread, wrap
from screens.present.words import GLYPHS, TONES, age, age_tone, count, glyph, hour

_CELL = 7
"""Cells of one record's column in the matrix: a glyph and its remaining TTL."""

_CELL_SIGNS: Mapping[str, Span] = {
    "good": (GLYPHS[Verdict.OK], Tone.OK),
    "weak": (GLYPHS[Verdict.WARN], Tone.WARN),
    "unknown": (GLYPHS[Verdict.UNKNOWN], Tone.UNKNOWN),
}


def finding_lines(view: DomainView, now: datetime, cells: int) -> list[Line]:
    """Every check, worst first; those that are not well with what is there, what is wanted and how to fix it."""
    lines: list[Line] = []
    if view.owner or view.services:
        owner = f"owner {view.owner}" if view.owner else "no owner known"
        lines += wrap(f"{owner} · {', '.join(view.services) or 'no services named'}", cells, Tone.MUTED)
    for check in view.checks:
        lines += _check_lines(check, now, cells)
    if not view.checks:
        lines += wrap("Nobody has looked at this domain yet: c asks the watch to look now.", cells, Tone.MUTED)
    return lines


def brief_lines(view: DomainView, now: datetime, cells: int) -> list[Line]:
    """For beside a list: what is wrong in full, and all that is well in one sentence."""
    lines: list[Line] = []
    well = [check.title for check in view.checks if check.verdict is Verdict.OK]
    for check in view.checks:
        if check.verdict.rank < Verdict.OK.rank:
            lines += _check_lines(check, now, cells)
    if well:
        words = f"{count(len(well), 'check')} OK: {', '.join(well)}"
        lines += wrap(words, cells, Tone.OK, indent=2, first=line(("● ", Tone.OK)))
    if not view.checks:
        lines += wrap("Nobody has looked at this domain yet: c asks the watch to look now.", cells, Tone.MUTED)
    return lines


def _check_lines(check: CheckView, now: datetime, cells: int) -> list[Line]:
    well = check.verdict.rank >= Verdict.OK.rank
    aged = age(check.at if well else check.since, now)
    silent = check.freshness is Freshness.SILENT
    word = ("no data", Tone.MUTED) if silent else (check.verdict.value, TONES[check.verdict])
    head = line(glyph(check.verdict, check.freshness), " ", (check.title, Tone.STRONG), " ", word)
    lines = [spread(head, line((aged, age_tone(check.freshness))), cells)]
    indent = line("  ")
    lines += wrap(check.headline, cells, Tone.MUTED if well else TONES[check.verdict], indent=2, first=indent)
    if check.finding is None or well:
        return lines
    finding = check.finding
    for name, text in (("now", finding.now), ("wanted", finding.wanted), ("fix", finding.fix)):
        lines += wrap(text, cells, indent=9, first=line("  ", (f"{name:<7}", Tone.ACCENT)))
    if finding.record:
        lines += wrap(finding.record, cells, Tone.STRONG, indent=9, first=line("  ", ("record ", Tone.ACCENT)))
    return [*lines, EMPTY]


def copyable_record(view: DomainView) -> str:
    """The record of the worst finding that has one; empty when none has."""
    return next((check.finding.record for check in view.checks if check.finding and check.finding.record), "")


def matrix_lines(view: DomainView, now: datetime, cells: int) -> list[Line]:
    """Who sees what: a row per server or service, a column per record with a glyph and the remaining TTL."""
    lines: list[Line] = []
    for check in view.checks:
        if check.vantages:
            lines.append(rule(check.title, cells, f"{age(check.at, now)} ago"))
            lines += _matrix(check, cells)
    return lines or wrap("No server or service was asked yet.", cells, Tone.MUTED)


def _matrix(check: CheckView, cells: int) -> list[Line]:
    columns = _columns(check.vantages)
    names = min(max(len(seen.vantage) for seen in check.vantages), max(10, cells - len(columns) * _CELL - 3))
    lines = [
        line(" ", (f"{number}", Tone.KEY), " ", (record, Tone.MUTED)) for number, record in enumerate(columns, 1)
    ]
    if len(columns) > 1:
        numbers = "".join(f"{number:<{_CELL}}" for number in range(1, len(columns) + 1))
        lines.append(cut(line(" " * (names + 3), (numbers, Tone.KEY)), cells))
    for seen in sorted(check.vantages, key=lambda one: (_role(one), one.vantage)):
        lines.append(_matrix_row(seen, columns, names, cells))
    return [cut(one, cells) for one in lines]


def _matrix_row(seen: VantageView, columns: Sequence[str], names: int, cells: int) -> Line:
    head = line(glyph(seen.verdict), " ", *pad(line(seen.vantage), names), " ")
    found = {_record(cell): cell for cell in _cells(seen)}
    if not found:
        return cut(line(*head, (seen.headline, TONES[seen.verdict])), cells)
    body: list[Span] = []
    for record in columns:
        body.extend(pad(_cell(found.get(record)), _CELL))
    if len(columns) * _CELL + names + 3 + 10 < cells or len(columns) == 1:
        body.append((" " + seen.headline, Tone.MUTED if seen.verdict is Verdict.OK else TONES[seen.verdict]))
    return cut((*head, *body), cells)


def _cell(cell: Mapping[str, Any] | None) -> Line:
    if cell is None:
        return line((GLYPHS[Verdict.NA], Tone.MUTED))
    sign = _CELL_SIGNS.get(str(cell.get("state")), (GLYPHS[Verdict.FAIL], Tone.FAIL))
    ttl = cell.get("ttl_s")
    rest = (
        f"{int(ttl)}s"
        if isinstance(ttl, int | float) and ttl < 6000
        else ("" if ttl is None else f"{int(ttl) // 3600}h")
    )
    return line(sign, (rest, Tone.MUTED))


def _cells(seen: VantageView) -> list[Mapping[str, Any]]:
    cells = seen.evidence.get("cells")
    return [cell for cell in cells if isinstance(cell, Mapping)] if isinstance(cells, list | tuple) else []


def _record(cell: Mapping[str, Any]) -> str:
    return f"{cell.get('record', cell.get('name', '?'))} {cell.get('type', '')}".strip()


def _columns(vantages: Sequence[VantageView]) -> list[str]:
    return list(dict.fromkeys(_record(cell) for seen in vantages for cell in _cells(seen)))


def _role(seen: VantageView) -> int:
    return {"authoritative": 0, "resolver": 1}.get(str(seen.evidence.get("role", "")), 2)


def history_lines(view: DomainView, now: datetime, cells: int, titles: Mapping[str, str]) -> list[Line]:
    """Every change of verdict, newest first."""
    lines = []
    for change in view.history:
        head = line((hour(change.at, now), Tone.MUTED), " ", (GLYPHS[change.old], TONES[change.old]), "→",
                    (GLYPHS[change.new], TONES[change.new]), " ",
                    (titles.get(change.check, change.check), Tone.STRONG), "  ")  # fmt: skip
        lines.append(cut((*head, (change.headline, Tone.MUTED)), cells))
    return lines or [line(("No change of verdict yet.", Tone.MUTED))]


def agreement_line(view: DomainView) -> str:
    """How many of the servers asked agree, in words; empty when nobody was asked."""
    for check in view.checks:
        asked, agreeing = check.evidence.get("asked"), check.evidence.get("agreeing")
        if isinstance(asked, int) and isinstance(agreeing, int) and asked:
            return f"{check.title}: {agreeing} of {count(asked, 'server')} agree"
    return ""
