"""Markdown cut into the blocks that a runbook is made of, with line numbers; nothing is interpreted here."""

import re
from collections.abc import Iterator

import msgspec

from cockpit.runbooks.fences import Fence

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_BOX = re.compile(r"^\s*[-*+]\s+\[[ xX]\]\s+(.+)$")
_NUMBERED = re.compile(r"^\s{0,3}\d{1,3}[.)]\s+(.+)$")
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([^`]*)$")
_ATTRIBUTE = re.compile(r"([A-Za-z_]+)=(\S+)")


class Text(msgspec.Struct, frozen=True):
    """A line of running text."""

    text: str
    line: int


class Item(msgspec.Struct, frozen=True):
    """A check box or a numbered item: something to be done."""

    text: str
    line: int


Block = Text | Item | Fence


class Section(msgspec.Struct):
    """A heading (level 0 before the first) and what stands under it, down to the next heading."""

    level: int
    title: str
    line: int
    blocks: list[Block] = msgspec.field(default_factory=list)


def sections(text: str, first_line: int = 1) -> list[Section]:
    """The sections of a Markdown text in order; the first one is what stands before any heading."""
    found = [Section(0, "", first_line)]
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
            found[-1].blocks.append(Item(item[1].strip(), number) if item else Text(line, number))
    return found


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
    return Fence(word.lower(), dict(_ATTRIBUTE.findall(rest)), "\n".join(body), number)


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
