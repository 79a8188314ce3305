"""A rate over the last hours as curves: AWS's figure, ours, our ladder, AWS's lines, and where the figure is going.

Percent and hours are made here; everything before is a fraction and a moment. What is not known is left out of a
curve, never drawn as zero.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from cockpit.desk.health.ses_views import Point, Rate
from cockpit.ses.runway import Course
from screens.present.lines import Tone

BACK = timedelta(hours=12)
AHEAD = timedelta(hours=6)
"""The most that is drawn of the past, and of what is to come."""


class Curve(msgspec.Struct, frozen=True):
    """One curve: its word in the legend, tone, marker, hours from now (past is negative), and percent."""

    name: str
    tone: Tone
    marker: str
    hours: tuple[float, ...]
    percent: tuple[float, ...]


class Mark(msgspec.Struct, frozen=True):
    """One horizontal line at `percent`, with its words."""

    percent: float
    words: str
    tone: Tone


class Picture(msgspec.Struct, frozen=True):
    """All of one plot; `ticks` are hours from now with their times of day."""

    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    first_h: float
    last_h: float
    top: float


def picture(rate: Rate, now: datetime, *, close: bool = False) -> Picture:
    """The plot of one rate; `close` goes near what was measured and may leave AWS's far lines above the edge."""
    points = [each for each in rate.points if each.at >= now - BACK]
    ours = curve_of("ours, each 15 min", Tone.INFO, "hd", ((each.at, each.rate) for each in points), now)
    figure = curve_of("AWS's figure", Tone.STRONG, "braille", ((each.at, each.figure) for each in points), now)
    marks = _marks(rate)
    ahead = _ahead(rate, points)
    measured = [value for curve in (ours, figure) for value in curve.percent]
    highest = max([*measured, *(mark.percent for mark in marks if not close), 0.0])
    nearest = min((mark.percent for mark in marks if mark.percent > max([*measured, 0.0])), default=0.0)
    first = min([*ours.hours, *figure.hours, -1.0])
    last = max((curve.hours[-1] for curve in ahead), default=0.0) + 0.25
    return Picture(
        curves=tuple(curve for curve in (ours, figure, *ahead) if curve.hours),
        marks=marks,
        ticks=ticks(now, first, last),
        first_h=first,
        last_h=last,
        top=max(highest, nearest) * 1.08 or 1.0,
    )


def curve_of(
    name: str, tone: Tone, marker: str, values: Iterable[tuple[datetime, float | None]], now: datetime
) -> Curve:
    """Values by moment as hours from now and percent; what is not known is left out."""
    known = [(at, value) for at, value in values if value is not None]
    hours = tuple((at - now).total_seconds() / 3600 for at, _ in known)
    return Curve(name, tone, marker, hours, tuple(value * 100 for _, value in known))


def _marks(rate: Rate) -> tuple[Mark, ...]:
    """Our ladder and AWS's lines; where ours stands on one of AWS's, one line says both."""
    (warn, fail), (review, pause) = rate.ladder, rate.lines
    named = [
        (pause, "AWS may pause", Tone.FAIL),
        (review, "AWS reviews", Tone.FAIL),
        (fail, "ours: critical", Tone.WARN),
        (warn, "ours: warning", Tone.WARN),
    ]
    marks: dict[float, Mark] = {}
    for value, words, tone in named:
        known = marks.get(value)
        if known is not None:
            marks[value] = Mark(value * 100, f"{known.words}, {words}", known.tone)
        else:
            marks[value] = Mark(value * 100, f"{value * 100:g} % {words}", tone)
    return tuple(marks.values())


def _ahead(rate: Rate, points: Sequence[Point]) -> list[Curve]:
    """From the figure of now to the next line: the middle of what is likely, and both ends of the interval."""
    nearing = next((each for each in rate.runway if each.course is Course.NEARING), None)
    now_at = next((each.figure for each in reversed(points) if each.figure is not None), rate.reported)
    if nearing is None or now_at is None:
        return []
    ends = [("soonest", nearing.soonest_s), ("likely", nearing.seconds), ("latest", nearing.latest_s)]
    curves = []
    for name, seconds in ends:
        if seconds is None:
            continue
        hours = min(seconds, AHEAD.total_seconds()) / 3600
        share = min(1.0, AHEAD.total_seconds() / seconds) if seconds > 0 else 1.0
        end = now_at + (nearing.line - now_at) * share
        tone, words = (Tone.ACCENT, "runway, 80 %") if name == "likely" else (Tone.MUTED, "")
        curves.append(Curve(words, tone, "braille", (0.0, hours), (now_at * 100, end * 100)))
    return curves


def ticks(now: datetime, first: float, last: float) -> tuple[tuple[float, str], ...]:
    """Hours from now with their times of day, at most five, and the word `now`."""
    step = next(each for each in (1, 2, 3, 6, 12) if (last - first) / each <= 5 or each == 12)
    hours = [-step * number for number in range(1, 6) if -step * number >= first]
    hours += [step * number for number in range(1, 6) if step * number <= last]
    timed = [(float(hour), f"{now + timedelta(hours=hour):%H:%M}") for hour in sorted(hours)]
    return tuple(sorted([*timed, (0.0, "now")]))
