"""The post-mortem's lines: sections with what is missing, facts that can be dropped in, the state of saving."""

from collections.abc import Sequence
from datetime import datetime

from cockpit.review.facts import Block
from cockpit.review.gaps import Section
from screens.present.lines import Line, Tone, cut, line, spread
from screens.present.words import count, hour


def section_line(section: Section, cells: int) -> Line:
    """One section: indented by its level, with the number of its gaps, or `✔` when nothing is missing."""
    gaps = line((f"{section.gaps} ▲", Tone.WARN)) if section.gaps else line(("✔", Tone.OK))
    indent = "  " * max(0, section.level - 2)
    tone = Tone.STRONG if section.level <= 2 else Tone.PLAIN
    return spread(line(indent, (section.title, tone)), gaps, cells)


def fact_line(block: Block, cells: int) -> Line:
    """One fact that can be dropped into the text, with how many lines it has."""
    rows = max(0, block.text.count("\n") - 1)
    return spread(line((block.title, Tone.PLAIN)), line((f"{count(rows, 'row')}", Tone.MUTED)), cells)


def fact_lines(block: Block | None, cells: int) -> list[Line]:
    """The fact as it would be dropped in."""
    return [cut(line(row), cells) for row in block.text.split("\n")] if block is not None else []


def saved_words(*, revision: int, author: str, at: datetime, now: datetime, unsaved: bool, wrong: str) -> str:
    """Where saving stands, for the rule above the text."""
    if wrong:
        return "not saved: see the message"
    if unsaved:
        return "writing …"
    return f"saved: revision {revision}, {author} {hour(at, now)}"


def missing_words(sections: Sequence[Section]) -> str:
    """How many gaps there are in all."""
    gaps = sum(section.gaps for section in sections)
    return f"{count(gaps, 'gap')} left" if gaps else "complete"
