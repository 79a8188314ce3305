"""Markdown cut into the blocks that a runbook is made of, with line numbers; nothing is interpreted here."""

import re
from collections.abc import Iterator

import msgspec

from cockpit.runbooks.fences import Fence

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_BOX = re.compile(r"^\s*[-*+]\s+\[[ xX]\]\s+(.+)$")
_NUMBERED = re.compile(r"^\s{0,3}\d{1,3}[.)]\s+(.+)$")
_CONTENTS = re.compile(r"\[[^\]]*\]\(#[^)]*\)\s*")
"""An item that only leads to a heading of the same document: a table of contents, nothing to do."""

_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([^`]*)$")
_TABLE = re.compile(r"^\s*\|(.*)\|\s*$")
_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_ATTRIBUTE = re.compile(r'([A-Za-z_][A-Za-z0-9_.-]*)=("(?:[^"\\]|\\.)*"|\S+)')


class Text(msgspec.Struct, frozen=True):
    """A line of running text."""

    text: str
    line: int


class Item(msgspec.Struct, frozen=True):
    """A check box or a numbered item: something to be done."""

    text: str
    line: int


class Row(msgspec.Struct, frozen=True):
    """A row of a table below its head; `text` is the row as it is written."""

    cells: tuple[str, ...]
    head: tuple[str, ...]
    text: str
    line: int


Block = Text | Item | Fence


class Section(msgspec.Struct):
    """A heading (level 0 before the first) and what stands under it, down to the next heading."""

    level: int
    title: str
    line: int
    blocks: list[Block] = msgspec.field(default_factory=list)
    rows: dict[int, Row] = msgspec.field(default_factory=dict)


def sections(text: str, first_line: int = 1) -> list[Section]:
    """The sections of a Markdown text in order; the first one is what stands before any heading."""
    found = [Section(0, "", first_line)]
    head: tuple[str, ...] = ()
    lines = enumerate(text.split("\n"), first_line)
    for number, line in lines:
        opening = _FENCE.match(line)
        heading = _HEADING.match(line)
        if opening:
            found[-1].blocks.append(_fence(opening, number, lines))
        elif heading:
            found.append(Section(len(heading[1]), heading[2], number))
        else:
            item = _BOX.match(line) or _NUMBERED.match(line)
            contents = item is not None and _CONTENTS.fullmatch(item[1])
            found[-1].blocks.append(Item(item[1].strip(), number) if item and not contents else Text(line, number))
            head = _head(found[-1], line, head)
            if head and _TABLE.match(line) and not _RULE.match(line):
                cells = _cells(line)
                if cells != head:
                    found[-1].rows[number] = Row(cells, head, line, number)
            continue
        head = ()
    return found


def only_contents(text: str) -> bool:
    """Whether a text is nothing but a table of contents."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return bool(lines) and all(_CONTENTS.fullmatch(re.sub(r"^(?:[-*+]|\d+[.)])\s+", "", line)) for line in lines)


def _head(section: Section, line: str, head: tuple[str, ...]) -> tuple[str, ...]:
    """The head of the table that the line is part of: known from the rule below it (GitHub's tables)."""
    if not _TABLE.match(line) and not _RULE.match(line):
        return ()
    if head or len(section.blocks) < 2 or not _RULE.match(line):
        return head
    before = section.blocks[-2]
    return _cells(before.text) if isinstance(before, Text) and _TABLE.match(before.text) else ()


def _cells(line: str) -> tuple[str, ...]:
    match = _TABLE.match(line)
    return tuple(cell.strip() for cell in match[1].replace("\\|", "\0").split("|")) if match else ()


def rows_as_items(found: list[Section], *, steps: bool) -> None:
    """Turn the rows of tables into items to be done, each with its other cells below it; only with `steps`."""
    for section in found if steps else ():
        blocks: list[Block] = []
        for block in section.blocks:
            row = section.rows.get(block.line) if isinstance(block, Text) else None
            if row is None or not row.cells[0]:
                blocks.append(block)
                continue
            blocks.append(Item(row.cells[0].replace("\0", "|"), row.line))
            for name, cell in list(zip(row.head, row.cells, strict=False))[1:]:
                blocks.append(Text(f"- **{name}:** {cell}".replace("\0", "|"), row.line))
        section.blocks = blocks


def _fence(opening: re.Match[str], number: int, lines: Iterator[tuple[int, str]]) -> Fence:
    """Read up to the closing fence; an unclosed one ends with the text (CommonMark 0.31 section 4.5)."""
    indent, mark, info = len(opening[1]), opening[2], opening[3].strip()
    body: list[str] = []
    for _, line in lines:
        stripped = line.strip()
        if len(stripped) >= len(mark) and set(stripped) == {mark[0]}:
            break
        body.append(line[indent:] if not line[:indent].strip() else line)
    word, _, rest = info.partition(" ")
    attributes = {name: _unquoted(value) for name, value in _ATTRIBUTE.findall(rest)}
    return Fence(word.lower(), attributes, "\n".join(body), number)


def _unquoted(value: str) -> str:
    return value[1:-1].replace('\\"', '"') if len(value) > 1 and value.startswith('"') else value


def as_markdown(blocks: list[Block]) -> str:
    """The blocks written out again, for reading."""
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Fence):
            parts.append(f"```{block.word}\n{block.body}\n```")
        elif isinstance(block, Item):
            parts.append(f"- {block.text}")
        else:
            parts.append(block.text)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip("\n")
