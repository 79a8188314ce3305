"""Lines of tones become strips of terminal cells: the only place where our text meets a Rich style."""

from collections.abc import Iterable

from rich.segment import Segment
from textual.strip import Strip

from cockpit.text import cell_width
from screens.present.lines import Line, pad
from screens.themes import Paints


def strip(spans: Line, width: int, paints: Paints, *, selected: bool = False, lit: bool = False) -> Strip:
    """`spans` in exactly `width` cells, on the cursor's background, on a panel's, or on the screen's."""
    styles = paints.selected if selected else paints.lit if lit else paints.plain
    segments = [Segment(text, styles[tone]) for text, tone in pad(spans, width)]
    return Strip(segments, width)


def blank(width: int, paints: Paints) -> Strip:
    """An empty line in the theme's background."""
    return Strip([Segment(" " * width, paints.base)], width)


def longest(lines: Iterable[Line]) -> int:
    """Cells of the longest of `lines`; 0 when there is none."""
    return max((sum(cell_width(text) for text, _ in spans) for spans in lines), default=0)
