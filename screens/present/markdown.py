"""Markdown as lines of tones: enough of CommonMark to read a runbook step, and nothing that can be clicked.

Headings, paragraphs, lists, quotes and code; emphasis, code spans and links within them. A link is shown as its
words with the address behind them. Anything else is shown as it is written.
"""

import re
from collections.abc import Iterator

from screens.present.lines import EMPTY, Line, Span, Tone, cut, line

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,3}[.)])\s+(?:\[([ xX])\]\s+)?(.*)$")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\*(?P<soft>[^*\s][^*]*)\*|"
    r"\[(?P<words>[^\]]*)\]\((?P<address>[^)\s]*)\)"
)


def markdown_lines(text: str, cells: int) -> list[Line]:
    """`text` in lines of at most `cells` cells; code is cut, not wrapped, so that it can be compared."""
    lines: list[Line] = []
    for kind, content, indent in _blocks(text):
        if kind == "code":
            lines.append(cut(line(("▏ ", Tone.RULE), (content, Tone.STRONG)), cells))
        elif kind == "heading":
            lines.append(cut(line((content, Tone.TITLE)), cells))
        elif kind == "blank":
            lines.append(EMPTY)
        else:
            lines.extend(_flow(spans(content), cells, kind, indent))
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _blocks(text: str) -> Iterator[tuple[str, str, int]]:
    """(kind, content, indent) of each block; `kind` of a paragraph or list item is the mark before it."""
    paragraph: list[str] = []
    mark, indent, fence = "", 0, ""
    for row in [*text.split("\n"), ""]:
        fenced = _FENCE.match(row)
        item = _ITEM.match(row)
        heading = _HEADING.match(row)
        ends = bool(fence or fenced or item or heading) or not row.strip()
        if ends and paragraph:
            yield mark, " ".join(paragraph), indent
            paragraph, mark, indent = [], "", 0
        if fenced:
            fence = "" if fence else fenced[1]
        elif fence:
            yield "code", row, 0
        elif heading:
            yield "heading", heading[2], 0
        elif item:
            mark, indent = _bullet(item), len(item[1])
            paragraph = [item[4]]
        elif not row.strip():
            yield "blank", "", 0
        elif row.startswith(">"):
            paragraph.append(row.lstrip("> "))
            mark = "│ "
        else:
            paragraph.append(row.strip())


def _bullet(item: "re.Match[str]") -> str:
    if item[3] is not None:
        return "✔ " if item[3] in "xX" else "☐ "
    return "• " if item[2] in "-*+" else f"{item[2]} "


def spans(text: str) -> Line:
    """The words of one paragraph with their tones."""
    found: list[Span] = []
    place = 0
    for match in _INLINE.finditer(text):
        found.append((text[place : match.start()], Tone.PLAIN))
        if match["code"]:
            found.append((match["code"], Tone.KEY))
        elif match["strong"]:
            found.append((match["strong"], Tone.STRONG))
        elif match["soft"]:
            found.append((match["soft"], Tone.INFO))
        else:
            found += [(match["words"], Tone.PLAIN), (f" ({match['address']})", Tone.MUTED)]
        place = match.end()
    found.append((text[place:], Tone.PLAIN))
    return line(*found)


def _flow(content: Line, cells: int, mark: str, indent: int) -> list[Line]:
    """Wrap spans, word by word, behind a mark."""
    head = " " * min(indent, 8) + mark
    rest = " " * len(head) if mark != "│ " else head
    room = max(4, cells - len(head))
    rows: list[list[Span]] = [[]]
    used = 0
    for word, tone in _words(content, room):
        if used and used + len(word) > room:
            rows.append([])
            used = 0
            word = word.lstrip(" ")
        rows[-1].append((word, tone))
        used += len(word)
    return [cut(line((head if number == 0 else rest, Tone.MUTED), *row), cells) for number, row in enumerate(rows)]


def _words(content: Line, room: int) -> Iterator[Span]:
    for text, tone in content:
        for word in re.findall(r" *[^ ]+| +$", text):
            for start in range(0, len(word), room):
                yield word[start : start + room], tone
