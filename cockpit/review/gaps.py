"""What is still missing in a document: fields nobody has filled, section by section.

A gap is a `[fill: …]` prompt, a `[name: missing]` fact, or a section with nothing in it.
"""

import re

import msgspec

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_GAP = re.compile(r"(?<!\\)\[(?:fill: [^\]\n]*|[a-z][a-z0-9_]*: missing)\]")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_COMMENT = re.compile(r"\s*<!--.*-->\s*")


class Section(msgspec.Struct, frozen=True):
    """One section; `line` counts from 1 and is that of its heading, `gaps` are its own, without subsections."""

    title: str
    level: int
    line: int
    gaps: int


def sections(text: str) -> tuple[Section, ...]:
    """Sections of a Markdown document in order; text before the first heading belongs to none."""
    found: list[Section] = []
    body: list[str] = []
    fence = ""
    lines = [*text.split("\n"), "# end"]
    for number, line in enumerate(lines, start=1):
        mark = _FENCE.match(line)
        if mark is not None:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        heading = None if fence and number < len(lines) else _HEADING.fullmatch(line)
        if heading is None:
            body.append(line)
            continue
        if found:
            found[-1] = _counted(found[-1], body, len(heading[1]))
        body = []
        found.append(Section(heading[2], len(heading[1]), number, 0))
    return tuple(found[:-1])


def writing_place(text: str, section: Section) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where one writes first in a section: begin and end of its first gap, else twice the end of its heading.

    Both are (line, column) and count from 0. A gap inside a subsection is that subsection's.
    """
    lines = text.split("\n")
    heading = section.line - 1
    below = [other.line - 1 for other in sections(text) if other.line > section.line]
    for number in range(heading + 1, min(below, default=len(lines))):
        if gap := _GAP.search(lines[number]):
            return (number, gap.start()), (number, gap.end())
    end = (heading, len(lines[heading]))
    return end, end


def span(text: str, section: Section) -> tuple[int, int]:
    """The lines of a section with its heading: the first, and the one after the last, counted from 0."""
    below = [other.line - 1 for other in sections(text) if other.line > section.line]
    return section.line - 1, min(below, default=len(text.split("\n")))


def gap_count(text: str) -> int:
    """Gaps in the whole document."""
    return sum(section.gaps for section in sections(text))


def _counted(section: Section, body: list[str], next_level: int) -> Section:
    """The section with its gaps; one without text is a gap unless subsections follow."""
    said = [line for line in body if line.strip() and not _COMMENT.fullmatch(line)]
    count = sum(len(_GAP.findall(line)) for line in said)
    if not said and next_level <= section.level:
        count = 1
    return Section(section.title, section.level, section.line, count)
