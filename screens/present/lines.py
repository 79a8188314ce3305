"""A line of styled text as plain values: spans of (text, tone), measured and cut in terminal cells.

Everything that a screen draws passes through here as data before it meets Textual, so what a line says can be
tested without a terminal and no text is ever parsed as markup.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from cockpit.text import cell_width, fit


class Tone(StrEnum):
    """What a span means; the theme gives it a colour, the words beside it say the same without one."""

    PLAIN = "plain"
    STRONG = "strong"
    MUTED = "muted"
    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"
    INFO = "info"
    OK = "ok"
    ACCENT = "accent"
    KEY = "key"
    TITLE = "title"
    DRILL = "drill"
    RULE = "rule"


Span = tuple[str, Tone]
Line = tuple[Span, ...]

EMPTY: Line = ()
_FAR = 8
"""Characters per cell beyond which a text certainly does not fit: combining marks are cut where they enter."""


def line(*parts: Span | str) -> Line:
    """Make a line of spans; a bare string is in the plain tone, an empty one is dropped."""
    spans = ((part, Tone.PLAIN) if isinstance(part, str) else part for part in parts)
    return tuple(span for span in spans if span[0])


def width_of(spans: Line) -> int:
    """Terminal cells that the line takes."""
    return sum(cell_width(text) for text, _ in spans)


def plain(spans: Line) -> str:
    """The words of the line without tones."""
    return "".join(text for text, _ in spans)


def cut(spans: Line, cells: int) -> Line:
    """The line in at most `cells` cells; a cut ends in `…`."""
    longest = _FAR * cells + _FAR
    if any(len(text) > longest for text, _ in spans):
        # Measuring is per character: a line of 64 KB must not cost more than what can be seen of it.
        spans = tuple(
            (text if len(text) <= longest else text[:longest] + "…" * cells, tone) for text, tone in spans
        )
    if width_of(spans) <= cells:
        return spans
    kept: list[Span] = []
    left = cells
    for text, tone in spans:
        width = cell_width(text)
        if width < left:
            kept.append((text, tone))
            left -= width
            continue
        kept.append((fit(text + " ", left) if width == left else fit(text, left), tone))
        break
    return tuple(kept)


def pad(spans: Line, cells: int) -> Line:
    """The line in exactly `cells` cells, cut or filled with spaces on the right."""
    shorter = cut(spans, cells)
    missing = cells - width_of(shorter)
    return (*shorter, (" " * missing, Tone.PLAIN)) if missing > 0 else shorter


def spread(left: Line, right: Line, cells: int) -> Line:
    """`left` at the left edge and `right` at the right edge of `cells`; the left part is cut first."""
    right_width = width_of(right)
    if right_width + 1 >= cells:
        return cut(left, cells)
    return (*pad(left, cells - right_width - (1 if right_width else 0)), *line(" " if right_width else ""), *right)


def join(parts: Iterable[Line], separator: Span) -> Line:
    """The non-empty parts, with `separator` between them."""
    joined: list[Span] = []
    for part in parts:
        if not part:
            continue
        if joined:
            joined.append(separator)
        joined.extend(part)
    return tuple(joined)


def rule(title: str, cells: int, right: str = "", *, active: bool = False) -> Line:
    """A section heading drawn into a horizontal rule; `active` marks the section that has the keys."""
    mark = "━" if active else "─"
    tone = Tone.ACCENT if active else Tone.RULE
    head = line((f"{mark} ", tone), (title, Tone.TITLE), (" ", tone)) if title else ()
    tail = line((f" {right} ", Tone.MUTED), (mark, tone)) if right else ()
    room = cells - width_of(head) - width_of(tail)
    if room < 0:
        tail, room = (), max(0, cells - width_of(head))
    return cut((*head, (mark * room, tone), *tail), cells)


def wrap(text: str, cells: int, tone: Tone = Tone.PLAIN, *, indent: int = 0, first: Line = EMPTY) -> list[Line]:
    """Break `text` into lines of at most `cells` cells at spaces; words that are too long are broken anywhere.

    Every line after the first starts with `indent` spaces; `first` stands before the first line's text.
    """
    lines: list[Line] = []
    head: Line = first
    used = width_of(first)
    words: list[str] = []
    for paragraph in text.split("\n"):
        for word in _pieces(paragraph.split(" "), max(1, cells - max(indent, width_of(first)))):
            step = cell_width(word) + (1 if words else 0)
            if words and used + step > cells:
                lines.append((*head, (" ".join(words), tone)))
                head, used, words = line(" " * indent), indent, []
                step = cell_width(word)
            words.append(word)
            used += step
        lines.append((*head, (" ".join(words), tone)) if words else head)
        head, used, words = line(" " * indent), indent, []
    return lines


def _pieces(words: Sequence[str], cells: int) -> Iterable[str]:
    for word in words:
        if cell_width(word) <= cells:
            yield word
            continue
        piece, used = "", 0
        for character in word:
            step = cell_width(character)
            if used + step > cells:
                yield piece
                piece, used = "", 0
            piece += character
            used += step
        yield piece
