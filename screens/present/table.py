"""The board's table of domains: which columns there is room for, and the lines of a domain and of a group."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import msgspec

from cockpit.desk.health.table import Group
from cockpit.desk.views import DomainRow, Freshness
from cockpit.health.model import Verdict
from screens.present.board import age_of, name_tone, sentence_of
from screens.present.lines import Line, Span, Tone, cut, join, line, pad, spread
from screens.present.words import GLYPHS, TONES, age_tone, glyph

COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dns", ("dns.resolution",)),
    ("dnssec", ("dns.dnssec",)),
    ("dkim", ("mail.dkim",)),
    ("spf", ("mail.spf",)),
    ("dmarc", ("mail.dmarc",)),
    ("mx", ("mail.mx",)),
    ("from", ("mail.mail_from",)),
    ("tls", ("tls.",)),
    ("http", ("http.", "lb.")),
    ("ses", ("ses.identity",)),
)
"""A column's name, and the checks (or the beginnings of their ids) of which it shows the worst."""

SPARK = 12
"""Cells of the last hour."""

_DOTS = "resolvers"
_RECENT = "last hour"
_COLUMNS_FROM = 118
_SPARK_FROM = 66
_LEVELS: dict[Verdict, Span] = {
    Verdict.OK: ("▁", Tone.OK),
    Verdict.INFO: ("▁", Tone.INFO),
    Verdict.UNKNOWN: ("?", Tone.UNKNOWN),
    Verdict.WARN: ("▄", Tone.WARN),
    Verdict.FAIL: ("█", Tone.FAIL),
    Verdict.NA: (" ", Tone.PLAIN),
}
_NOTHING: Span = (" ", Tone.PLAIN)


class Layout(msgspec.Struct, frozen=True):
    """What a width in cells has room for; the sentence takes what is left."""

    names: int
    columns: bool = False
    spark: bool = False
    dots: int = 0


def layout_for(cells: int, names: int, resolvers: int) -> Layout:
    """The columns for a table of `cells`, with names of up to `names` cells and so many resolvers."""
    if cells >= _COLUMNS_FROM:
        return Layout(min(names, 30), True, True, max(resolvers, len(_DOTS)) if resolvers else 0)
    return Layout(max(8, min(names, cells // 2 - 6)), spark=cells >= _SPARK_FROM)


def heading(layout: Layout, cells: int) -> Line:
    """The names above the columns."""
    names = "".join(f"{name} " for name, _ in COLUMNS) if layout.columns else ""
    dots = f"{_DOTS:<{layout.dots}} " if layout.dots else ""
    spark = f"{_RECENT:<{SPARK}} " if layout.spark else ""
    return cut(line((" " * (layout.names + 3) + names + dots + spark, Tone.MUTED)), cells)


def row_line(
    row: DomainRow,
    now: datetime,
    cells: int,
    layout: Layout,
    *,
    recent: Sequence[Verdict | None] = (),
    resolvers: Sequence[tuple[str, Verdict]] = (),
    indent: str = "",
) -> Line:
    """One domain: glyph, name, a cell per column, a dot per resolver, the last hour, the sentence, the age."""
    name = pad(line(indent, (row.target, name_tone(row))), layout.names)
    spans: list[Span] = [glyph(row.verdict, row.freshness), _NOTHING, *name, _NOTHING]
    if layout.columns:
        for text, names in COLUMNS:
            spans += _cell(row, names, len(text))
    if layout.dots:
        spans += _dots(resolvers, row.freshness, layout.dots)
    if layout.spark:
        spans += spark_spans(recent)
        spans.append((" " * (SPARK - len(recent) + 1), Tone.PLAIN))
    spans.append(sentence_of(row))
    return spread(_merged(spans), line((age_of(row, now), age_tone(row.freshness))), cells)


def _merged(spans: Sequence[Span]) -> Line:
    """Neighbours of one tone as one span, blanks with what stands before them: every span costs when painted."""
    kept: list[Span] = []
    for text, tone in spans:
        if kept and (kept[-1][1] is tone or text.isspace()):
            kept[-1] = (kept[-1][0] + text, kept[-1][1])
        elif text:
            kept.append((text, tone))
    return tuple(kept)


def group_line(group: Group, cells: int) -> Line:
    """A head: whether it is folded, its name, and how many of each verdict stand under it."""
    arrow = ("▸ " if group.folded else "▾ ", Tone.KEY)
    counts = [
        line((f"{GLYPHS[verdict]}{group.counts[verdict]}", TONES[verdict]))
        for verdict in sorted(group.counts, key=lambda verdict: verdict.rank)
    ]
    total = sum(group.counts.values())
    head = line(glyph(group.verdict), " ", arrow, (group.name, Tone.TITLE), (f"  {total}", Tone.MUTED))
    return spread(head, join(counts, _NOTHING), cells)


def spark_spans(recent: Sequence[Verdict | None]) -> list[Span]:
    """A mark per step, higher where it was worse; nothing where nobody looked."""
    return [_NOTHING if verdict is None else _LEVELS[verdict] for verdict in recent]


def worst_of(row: DomainRow, names: Sequence[str]) -> Verdict | None:
    """The worst verdict of the checks that a column is about; None when none was looked at."""
    found = [verdict for check, verdict in row.checks.items() if check.startswith(tuple(names))]
    return min(found, key=lambda verdict: verdict.rank) if found else None


@cache
def _single(names: tuple[str, ...]) -> str:
    """The only check of a column, or nothing when it gathers several."""
    return names[0] if len(names) == 1 and not names[0].endswith(".") else ""


def _cell(row: DomainRow, names: tuple[str, ...], width: int) -> tuple[Span, ...]:
    single = _single(names)
    verdict = row.checks.get(single) if single else worst_of(row, names)
    if verdict is None:
        return ((" " * (width + 1), Tone.PLAIN),)
    return (glyph(verdict, row.freshness), (" " * width, Tone.PLAIN))


def _dots(resolvers: Sequence[tuple[str, Verdict]], freshness: Freshness, room: int) -> list[Span]:
    shown = [glyph(verdict, freshness) for _, verdict in resolvers[:room]]
    return [*shown, (" " * (room - len(shown) + 1), Tone.PLAIN)]
