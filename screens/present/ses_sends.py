"""What was sent and what became of it, as lines, and the share that failed as a plot with our two marks."""

from datetime import datetime

from cockpit.desk.health.ses_sends import Counts, Sends
from cockpit.desk.views import Freshness
from cockpit.health.model import Verdict
from screens.present.lines import EMPTY, Line, Tone, cut, line, rule, spread, wrap
from screens.present.ses_plot import BACK, Mark, Picture, curve_of, ticks
from screens.present.words import TONES, age, age_tone, glyph

_BARS = "▁▂▃▄▅▆▇█"


def failure_picture(sends: Sends, now: datetime) -> Picture | None:
    """The share of failed sends by our own count with the marks at which we warn; None where nobody counts."""
    failing = [(at, rate) for at, rate in sends.failing if at >= now - BACK]
    curve = curve_of("failed, our count", Tone.INFO, "hd", failing, now)
    if not curve.hours:
        return None
    warn, critical = sends.ladder
    marks = (
        Mark(critical * 100, f"{critical * 100:g} % critical", Tone.FAIL),
        Mark(warn * 100, f"{warn * 100:g} % warning", Tone.WARN),
    )
    first = min(*curve.hours, -1.0)
    top = max(*curve.percent, critical * 100) * 1.08
    return Picture((curve,), marks, ticks(now, first, 0.25), first, 0.25, top)


def send_lines(sends: Sends, namespace: str, now: datetime, cells: int) -> list[Line]:
    """The verdict on failed sends, then each count with its last hour and its course."""
    silent = sends.freshness is Freshness.SILENT
    words = "no data: the last answer is too old" if silent and sends.at is not None else sends.headline
    tone = Tone.UNKNOWN if silent else TONES[sends.verdict]
    head = line(glyph(sends.verdict, sends.freshness), " ", ("failed sends  ", Tone.STRONG), (words, tone))
    lines = [rule("", cells), spread(head, line((age(sends.at, now), age_tone(sends.freshness))), cells)]
    if not sends.counted and sends.verdict is not Verdict.UNKNOWN:
        what = "EmailsSent, EmailsFailed and EmailsSuppressed"
        missing = (
            f"Nothing is counted in {namespace}: senders put {what} there."
            if namespace
            else f"Senders may count {what}; ses.namespace says where, and is empty."
        )
        lines += wrap(missing, cells, Tone.MUTED, indent=2, first=line("  "))
    if not silent:
        lines += _block(f"counted by us{f' in {namespace}' if namespace else ''}", sends.own, cells)
        lines += _block("counted by SES", sends.by_ses, cells)
    return lines


def _block(title: str, rows: tuple[Counts, ...], cells: int) -> list[Line]:
    if not rows:
        return []
    # The plot above needs the rows of a small screen more than the counts need air.
    head = cut(line((f"{title:<30}", Tone.ACCENT), ("last hour", Tone.MUTED)), cells)
    lines: list[Line] = [EMPTY, head] if cells >= _ROOMY else [head]
    for row in rows:
        bars = _course(row.points, max(8, cells - 46))
        name, number = f"  {row.name:<18}", f"{row.last_hour:>19,.0f}  "
        tone = Tone.WARN if row.name in _BAD and row.last_hour > 0 else Tone.STRONG
        lines.append(cut(line((name, Tone.PLAIN), (number, tone), (bars, Tone.INFO)), cells))
    return lines


_ROOMY = 90
"""Cells from which blocks stand apart."""

_BAD = frozenset({"EmailsSuppressed"})
"""Counts of which one is already news: mail that was meant for somebody who is suppressed."""


def _course(points: tuple[float, ...], cells: int) -> str:
    """The newest points as bars over their own greatest."""
    shown = points[-cells:]
    most = max(shown, default=0.0)
    return "".join(_BARS[round(each / most * (len(_BARS) - 1))] if most > 0 else _BARS[0] for each in shown)
