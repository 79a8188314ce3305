"""The post-mortem as one HTML file: nothing is loaded from elsewhere, nothing runs, every text is escaped.

Read is the Markdown that our own templates and facts are made of: headings, paragraphs, lists with check boxes,
tables, emphasis and code. Links stay words, because they may be somebody else's. Anything else is shown as it is
written.
"""

import re
from collections.abc import Callable, Iterator
from html import escape, unescape

from cockpit.text import visible

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[([ xX])\]\s+)?(.*)")
_COMMENT = re.compile(r"\s*<!--.*-->\s*")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_CELL = re.compile(r"(?<!\\)\|")
_BACKSLASHED = re.compile(r"\\([!-/:-@\[-`{-~])")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")
_CODE = re.compile(r"`([^`]+)`")
_HELD = re.compile("\x00(\\d+)\x00")

_STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #1a1a1a; }
h1, h2, h3 { line-height: 1.2; color: #3a5b5b; }
table { border-collapse: collapse; width: 100%; margin: 1em 0; }
th, td { border: 1px solid #b9c4c4; padding: .3em .6em; text-align: left; vertical-align: top; }
th { background: #eef2f2; }
.mark { border: 2px solid #8a1f11; color: #8a1f11; display: inline-block; padding: .1em .8em; font-weight: bold; }
.gap { background: #fff2c9; }
pre { background: #f4f4f4; padding: .6em; overflow: auto; }
@media print { body { margin: 0; max-width: none; } }
""".strip()


def as_html(title: str, markdown: str, classification: str = "") -> str:
    """A whole HTML document with `classification` above and below it where one is given."""
    mark = f'<p class="mark">{_plain(classification)}</p>\n' if classification else ""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_plain(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        f"{mark}{''.join(_blocks(markdown))}{mark}</body>\n</html>\n"
    )


def _blocks(markdown: str) -> Iterator[str]:
    """Each block of the text as HTML."""
    rows = [row for row in visible(markdown, limit=len(markdown) + 1, newlines=True).split("\n")]
    at = 0
    while at < len(rows):
        row = rows[at]
        if not row.strip() or _COMMENT.fullmatch(row):
            at += 1
        elif _FENCE.match(row):
            body, at = _until(rows, at + 1, lambda each: bool(_FENCE.match(each)))
            yield f"<pre>{escape(chr(10).join(body))}</pre>\n"
            at += 1
        elif (heading := _HEADING.fullmatch(row)) is not None:
            level = len(heading[1])
            yield f"<h{level}>{_inline(heading[2])}</h{level}>\n"
            at += 1
        elif row.startswith("|"):
            body, at = _until(rows, at, lambda each: not each.startswith("|"))
            yield _table(body)
        elif _ITEM.fullmatch(row):
            body, at = _until(rows, at, lambda each: _ITEM.fullmatch(each) is None)
            kind = "ol" if row.lstrip()[0].isdigit() else "ul"
            yield f"<{kind}>\n{''.join(_item(each) for each in body)}</{kind}>\n"
        else:
            body, at = _until(rows, at, _begins_another)
            yield f"<p>{_inline(' '.join(body))}</p>\n"


def _until(rows: list[str], at: int, ends: Callable[[str], bool]) -> tuple[list[str], int]:
    end = at
    while end < len(rows) and (not ends(rows[end])):
        end += 1
    return rows[at:end], end


def _begins_another(row: str) -> bool:
    marks = (_HEADING.fullmatch(row), _ITEM.fullmatch(row), _FENCE.match(row), _COMMENT.fullmatch(row))
    return not row.strip() or row.startswith("|") or any(mark is not None for mark in marks)


def _item(row: str) -> str:
    match = _ITEM.fullmatch(row)
    assert match is not None
    box = {"": "", " ": "☐ ", "x": "☑ ", "X": "☑ "}[match[1] or ""]
    return f"<li>{box}{_inline(match[2])}</li>\n"


def _table(rows: list[str]) -> str:
    cells = [[cell.strip() for cell in _CELL.split(row.strip().strip("|"))] for row in rows]
    body = [row for row in cells if not all(set(cell) <= set("-: ") for cell in row)]
    lines = []
    for number, row in enumerate(body):
        tag = "th" if number == 0 else "td"
        lines.append("<tr>" + "".join(f"<{tag}>{_inline(cell)}</{tag}>" for cell in row) + "</tr>\n")
    return f"<table>\n{''.join(lines)}</table>\n"


def _inline(text: str) -> str:
    """Escaped text with emphasis, code and marked gaps; what was escaped for Markdown is itself again."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[1])
        return f"\x00{len(held) - 1}\x00"

    plain = _BACKSLASHED.sub(hold, text.replace("\x00", ""))
    safe = escape(unescape(plain), quote=True)
    safe = _CODE.sub(r"<code>\1</code>", safe)
    safe = _STRONG.sub(r"<strong>\1</strong>", safe)
    safe = re.sub(r"\[(fill: [^\]]*|[a-z][a-z0-9_]*: missing)\]", r'<span class="gap">[\1]</span>', safe)
    return _HELD.sub(lambda match: escape(held[int(match[1])], quote=True), safe)


def _plain(text: str) -> str:
    return escape(visible(text, limit=400), quote=True)
