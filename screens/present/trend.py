"""Numbers over time as text: a sparkline, and a small plot with the lines that must not be crossed."""

import math
from collections.abc import Iterable, Sequence

from screens.present.lines import Line, Tone, line

_BARS = "▁▂▃▄▅▆▇█"


def known(values: Iterable[float | None]) -> list[float]:
    """The values that are numbers; None and NaN mean "no data" and are dropped, never drawn as zero."""
    return [value for value in values if value is not None and math.isfinite(value)]


def sparkline(values: Iterable[float | None], cells: int, *, floor: float = 0.0, top: float | None = None) -> str:
    """The newest `cells` values as bars between `floor` and the largest value (or `top`)."""
    numbers = known(values)[-cells:] if cells > 0 else []
    if not numbers:
        return ""
    ceiling = max(*numbers, top or 0.0, floor)
    height = ceiling - floor
    if height <= 0:
        return _BARS[0] * len(numbers)
    return "".join(_bar((value - floor) / height) for value in numbers)


def _bar(share: float) -> str:
    return _BARS[max(0, min(len(_BARS) - 1, int(share * len(_BARS))))]


def plot(
    values: Sequence[float | None], cells: int, rows: int, marks: Sequence[tuple[float, str, Tone]]
) -> list[Line]:
    """A plot of `rows` lines with a horizontal line and a label for each mark `(value, label, tone)`.

    The newest value stands at the right end; the top is the highest mark or value.
    """
    label_cells = max((len(label) for _, label, _ in marks), default=0)
    room = max(1, cells - label_cells - 1)
    numbers = known(values)[-room:]
    ceiling = max([*numbers, *(mark for mark, _, _ in marks)], default=1.0) * 1.05 or 1.0
    at_row = {rows - 1 - min(rows - 1, int(mark / ceiling * rows)): (label, tone) for mark, label, tone in marks}
    lines = []
    for row in range(rows):
        low, high = (rows - 1 - row) * ceiling / rows, (rows - row) * ceiling / rows
        label, tone = at_row.get(row, ("", Tone.MUTED))
        blank = "┄" if label else " "
        bars = blank * (room - len(numbers)) + "".join(_cell(value, low, high, blank) for value in numbers)
        lines.append(line((f"{label:>{label_cells}} ", tone), *_toned(bars, blank, tone)))
    return lines


def _cell(value: float, low: float, high: float, blank: str) -> str:
    if value >= high:
        return _BARS[-1]
    return _bar((value - low) / (high - low)) if value > low else blank


def _toned(bars: str, blank: str, mark_tone: Tone) -> Line:
    """Bars in the accent tone, the mark's own line in the mark's."""
    spans: list[tuple[str, Tone]] = []
    for character in bars:
        tone = mark_tone if character == blank and blank != " " else Tone.ACCENT
        if spans and spans[-1][1] is tone:
            spans[-1] = (spans[-1][0] + character, tone)
        else:
            spans.append((character, tone))
    return tuple(spans)
