"""How long until AWS's figure crosses a line at the present trend, how many bounces that is, and what heals it.

AWS reckons its rate over a "representative volume" V that it does not publish. It can be learnt from how fast the
figure follows what is sent. Two shapes of reckoning are thought possible, and the truth is somewhere between them:
in the one, old mail fades (the figure R nears the present rate r as `R' = (r - R) / V` per mail); in the other, the
last V mails count (`R' = (r - r_old) / V`). Rates are fractions, counts are mails, times are seconds.

The interval is drawn by chance with a fixed seed: r from its Beta distribution, 1/V from the scatter of the fit,
the shape by a coin, and the bounces to come. It holds `COVERAGE` of the draws; its end is None where too many draws
never get there.
"""

import math
import random
from collections.abc import Sequence
from enum import StrEnum

import msgspec

COVERAGE = 0.8
"""Share of the draws that the interval holds."""

DRAWS = 400
FEWEST_POINTS = 4
SIGNIFICANT = 2.0
"""Standard errors by which the figure must have followed the mail for V to be known."""

MOST_RECENT_POINTS = 8
"""Points of 15 minutes that may be called the present: the newest, as far back as the rate was the same."""

_SAME = 2.5
"""Standard errors within which a point has the same rate as those after it."""


class Course(StrEnum):
    """Where the figure is going with respect to one line."""

    CROSSED = "crossed"
    NEARING = "nearing"
    SAFE = "safe"
    UNCLEAR = "unclear"


class Runway(msgspec.Struct, frozen=True, kw_only=True):
    """What one line is away. `soonest_s` and `latest_s` bound `seconds`; None is "not at all at this trend".

    `bad` is how many more bounces (or complaints) lead to the line at the present rate, `good` how many mails
    without any bring a figure that crossed it back below. `why` is a sentence where something is not known.
    """

    line: float
    course: Course
    seconds: float | None = None
    soonest_s: float | None = None
    latest_s: float | None = None
    bad: int | None = None
    good: int | None = None
    good_most: int | None = None
    why: str = ""


class Volume(msgspec.Struct, frozen=True):
    """1/V with its standard error, in each of the two shapes: fading, and the last V mails."""

    fading: float
    fading_error: float
    window: float
    window_error: float
    base: float


class History(msgspec.Struct, frozen=True):
    """Points of equal length, oldest first: mails, bad ones, and AWS's figure at the end of each (None: none)."""

    sent: Sequence[float]
    bad: Sequence[float]
    figure: Sequence[float | None]
    point_s: float = 900.0


def volume(history: History) -> Volume | None:
    """V as the figure's movements tell it; None when it has not moved enough to say."""
    known = [
        (sent, bad / sent, before, after)
        for sent, bad, before, after in zip(
            history.sent[1:], history.bad[1:], history.figure, history.figure[1:], strict=False
        )
        if sent > 0 and before is not None and after is not None
    ]
    if len(known) < FEWEST_POINTS:
        return None
    base = known[0][2]
    changes = [after - before for _, _, before, after in known]
    fading, window = (
        _slope([sent * (rate - from_) for sent, rate, from_ in drivers], changes)
        for drivers in (
            [(sent, rate, before) for sent, rate, before, _ in known],
            [(sent, rate, base) for sent, rate, _, _ in known],
        )
    )
    if fading is None or window is None or max(fading[0] / fading[1], window[0] / window[1]) < SIGNIFICANT:
        return None
    return Volume(*fading, *window, base)


def present(history: History) -> tuple[int, float, float]:
    """The newest points that are of one rate: how many, their mails, and the bad ones among these.

    A burst that began an hour ago must not be watered down by the quiet hour before it.
    """
    points, sent, bad = 0, 0.0, 0.0
    for mails, spoilt in list(zip(history.sent, history.bad, strict=False))[: -MOST_RECENT_POINTS - 1 : -1]:
        if points and mails and sent:
            rate = (bad + spoilt + 0.5) / (sent + mails + 1)
            error = math.sqrt(rate * (1 - rate) * (1 / mails + 1 / sent))
            if abs(spoilt / mails - bad / sent) > _SAME * error:
                break
        points, sent, bad = points + 1, sent + mails, bad + min(spoilt, mails)
    return points, sent, bad


def runway(history: History, lines: Sequence[float], *, latest: float | None = None, seed: int = 7) -> list[Runway]:
    """One runway for each line, in their order.

    `latest` is AWS's figure of just now, where it is newer than the history's: a line that it crossed is crossed.
    """
    before = next((each for each in reversed(history.figure) if each is not None), None)
    figure = before if latest is None else latest
    if figure is None:
        why = "There is no figure of AWS's to go by."
        return [Runway(line=line, course=Course.UNCLEAR, why=why) for line in lines]
    points, sent, bad = present(history)
    per_s = sent / (points * history.point_s) if points else 0.0
    found = volume(history)
    if before is not None and figure > before * _JUMP and figure > _highest_rate(bad, sent):
        return [_outrun(line, figure, found) for line in lines]
    return [_one(line, figure, sent, bad, per_s, found, seed) for line in lines]


def _outrun(line: float, figure: float, known: Volume | None) -> Runway:
    """The figure climbs though the mail counted so far would let it fall: nothing below a line is safe then."""
    if figure >= line:
        return _crossed(line, figure, known)
    return Runway(line=line, course=Course.UNCLEAR, why=_OUTRUN)


def _one(
    line: float, figure: float, sent: float, bad: float, per_s: float, known: Volume | None, seed: int
) -> Runway:
    if figure >= line:
        return _crossed(line, figure, known)
    if sent <= 0:
        return Runway(line=line, course=Course.SAFE, why="No mail is sent, so the figure stays.")
    rate = bad / sent
    if known is None:
        course = Course.SAFE if _surely_below(bad, sent, line) else Course.UNCLEAR
        return Runway(line=line, course=course, why=_UNMOVED)
    draws = sorted(_draws(line, figure, sent, bad, per_s, known, random.Random(seed)))  # noqa: S311 -- no secret
    tail = (1 - COVERAGE) / 2
    soonest, latest = _quantile(draws, tail), _quantile(draws, 1 - tail)
    middle = _quantile(draws, 0.5)
    if soonest is None:
        return Runway(line=line, course=Course.SAFE, why="At this rate the figure levels off below the line.")
    bounces = None if middle is None else max(1, round(middle * per_s * rate))
    return Runway(
        line=line,
        course=Course.NEARING,
        seconds=middle,
        soonest_s=soonest,
        latest_s=latest,
        bad=bounces,
        why="" if middle is not None else "More likely than not it levels off below the line.",
    )


_UNMOVED = "AWS's figure has not followed the mail closely enough to say when."
_UNLEARNT = "AWS's figure has not followed the mail closely enough to say what brings it back."
_OUTRUN = "AWS's figure climbs faster than the mail that was counted so far explains."

_JUMP = 1.05
"""By how much AWS's figure may stand above its last point before it counts as climbing."""


def _crossed(line: float, figure: float, known: Volume | None) -> Runway:
    """Already over: how many good mails bring it back, by the likelier and by the slower shape."""
    if known is None or known.fading <= 0:
        return Runway(line=line, course=Course.CROSSED, why=_UNLEARNT)
    good = math.log(figure / line) / known.fading
    slow = max(known.fading - 1.28 * known.fading_error, known.fading / 10)
    return Runway(
        line=line, course=Course.CROSSED, good=math.ceil(good), good_most=math.ceil(math.log(figure / line) / slow)
    )


def _draws(
    line: float, figure: float, sent: float, bad: float, per_s: float, known: Volume, chance: random.Random
) -> list[float]:
    """Seconds until the line, infinite where a draw never gets there."""
    found = []
    for number in range(DRAWS):
        rate = chance.betavariate(bad + 0.5, sent - bad + 0.5)
        # The mail to come varies as the mail that was sent does.
        speed = per_s * max(0.2, chance.gauss(1.0, 1 / math.sqrt(max(sent, 1.0)) + 0.03))
        if number % 2:
            mails = _fading(line, figure, rate, _positive(known.fading, known.fading_error, chance))
        else:
            mails = _window(line, figure, rate, known.base, _positive(known.window, known.window_error, chance))
        if math.isfinite(mails):
            # The bounces until then scatter by themselves, and with them the moment of the crossing.
            scatter = math.sqrt(max(rate * (1 - rate), 1e-12) * mails) / max(rate - min(figure, known.base), 1e-6)
            mails = max(0.0, chance.gauss(mails, scatter))
        found.append(mails / speed)
    return found


def _fading(line: float, figure: float, rate: float, inverse: float) -> float:
    return math.inf if rate <= line else math.log((rate - figure) / (rate - line)) / inverse


def _window(line: float, figure: float, rate: float, base: float, inverse: float) -> float:
    # The window is full of the present rate after V mails; a line above that rate is never reached.
    return math.inf if rate <= line or rate <= base else (line - figure) / ((rate - base) * inverse)


def _positive(value: float, error: float, chance: random.Random) -> float:
    return max(chance.gauss(value, error), value / 10, 1e-12)


def _quantile(draws: Sequence[float], share: float) -> float | None:
    value = draws[min(len(draws) - 1, int(share * len(draws)))]
    return value if math.isfinite(value) else None


def _slope(drivers: Sequence[float], changes: Sequence[float]) -> tuple[float, float] | None:
    """Least squares through the origin: the slope and its standard error; None where nothing drives."""
    square = sum(each * each for each in drivers)
    if square <= 0:
        return None
    slope = sum(x * y for x, y in zip(drivers, changes, strict=True)) / square
    rest = sum((y - slope * x) ** 2 for x, y in zip(drivers, changes, strict=True))
    error = math.sqrt(rest / max(1, len(drivers) - 1) / square)
    return (slope, max(error, abs(slope) * 0.02, 1e-15)) if slope > 0 else None


def _surely_below(bad: float, sent: float, line: float) -> bool:
    """Whether the present rate is below the line by more than chance."""
    return _highest_rate(bad, sent) < line


def _highest_rate(bad: float, sent: float) -> float:
    """The upper end of the present rate's 90 % interval."""
    rate = (bad + 0.5) / (sent + 1)
    return rate + 1.64 * math.sqrt(rate * (1 - rate) / (sent + 1))
