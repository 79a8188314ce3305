"""How a domain fared: a mark per hour of the last day and per six hours of the last week, for every check."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cockpit.desk.views import DomainView
from cockpit.health.model import Verdict
from screens.present.domain import history_lines
from screens.present.lines import EMPTY, Line, Tone, cut, line, pad, rule, wrap
from screens.present.table import spark_spans
from screens.present.words import glyph

Marks = Sequence[Verdict | None]

_TITLES = 26
_MARKS = "▁ good, ▄ soon broken or weak, █ broken, ? nobody could tell; nothing where nobody looked"


def history_page(
    view: DomainView,
    day: Mapping[str, Marks],
    week: Mapping[str, Marks],
    now: datetime,
    cells: int,
    titles: Mapping[str, str],
) -> list[Line]:
    """Both strips for each check, what the marks mean, and every change of verdict that is kept."""
    room = max(12, min(_TITLES, cells - 57))
    lines = [
        cut(line((f"{'':<{room + 2}}{'last 24 h, an hour each':<26}last 7 days, 6 h each", Tone.MUTED)), cells)
    ]
    for check in view.checks:
        if check.verdict is Verdict.NA:
            continue
        head = line(glyph(check.verdict, check.freshness), " ", *pad(line(check.title), room))
        strips = [
            *spark_spans(day.get(check.check, ())),
            ("  ", Tone.PLAIN),
            *spark_spans(week.get(check.check, ())),
        ]
        lines.append(cut((*head, *strips), cells))
    lines += wrap(_MARKS, cells, Tone.MUTED)
    return [*lines, EMPTY, rule("Changes of verdict", cells), *history_lines(view, now, cells, titles)]
