"""From sections to steps: what is something to do, and which words belong to it."""

import re
from collections.abc import Iterator

import msgspec

from cockpit.runbooks.fences import LANGUAGES, Fence, Parsed, parse_fence
from cockpit.runbooks.markdown import Block, Item, Section, as_markdown, only_contents
from cockpit.runbooks.model import Kind, Problem, Step

_FIXED_ID = re.compile(r"\s*\{#([A-Za-z0-9_-]+)\}\s*$")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\(\s*([^)\n]*)\)")


class Reading(msgspec.Struct):
    """What is collected while the text is read."""

    source: str
    steps: list[Step] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)
    ids: set[str] = msgspec.field(default_factory=set)
    numbers: dict[str, int] = msgspec.field(default_factory=dict)

    def new_id(self, words: str) -> str:
        """An id made from words, numbered where the same words come again."""
        base = slug(words) or "step"
        found, number = base, self.numbers.get(base, 1)
        while found in self.ids:
            number += 1
            found = f"{base}-{number}"
        self.numbers[base] = number
        self.ids.add(found)
        return found

    def read(self, sections: list[Section]) -> None:
        """Add the steps of all sections."""
        for place, section in enumerate(sections):
            deeper = place + 1 < len(sections) and sections[place + 1].level > section.level
            self.steps += self._steps(section, deeper)

    def _steps(self, section: Section, deeper: bool) -> Iterator[Step]:
        """The steps of one section."""
        things = [block for block in section.blocks if self._is_thing(block)]
        if not things:
            text = as_markdown(section.blocks)
            if section.level >= 2 and text and not deeper and not only_contents(text):
                yield self._step(section, section.title, section.line, text, None)
            return
        if len(things) == 1 and isinstance(things[0], Fence):
            rest: list[Block] = [block for block in section.blocks if block is not things[0]]
            yield self._step(section, section.title, section.line, as_markdown(rest), things[0])
            return
        yield from self._several(section, {id(thing) for thing in things})

    def _several(self, section: Section, things: set[int]) -> Iterator[Step]:
        """Each thing to do as a step: a block after an item belongs to it, text before belongs to what follows."""
        pending: list[Block] = []
        item: Item | None = None
        number = 0
        for block in [*section.blocks, Item("", 0)]:
            if isinstance(block, Fence) and id(block) in things:
                number += 1
                title = item.text if item else f"{section.title or self.source} ({number})"
                line = item.line if item else block.line
                yield self._step(section, title, line, as_markdown(pending), block)
                pending, item = [], None
            elif isinstance(block, Item):
                if item:
                    yield self._step(section, item.text, item.line, as_markdown(pending), None)
                    pending = []
                item = block
            else:
                pending.append(block)

    def _is_thing(self, block: Block) -> bool:
        """Whether a block is something to do; an unknown word in its info string is told."""
        if not isinstance(block, Fence):
            return isinstance(block, Item)
        if block.kind is None and block.word and block.word not in LANGUAGES:
            message = f"{block.word!r} is not a kind of step that is known; it is shown as text to do by hand."
            self.problems.append(Problem(block.line, "error", message))
            return True
        return block.kind is not None

    def _step(self, section: Section, title: str, line: int, text: str, fence: Fence | None) -> Step:
        parsed = Parsed(Kind.MANUAL, None, "")
        if fence is not None:
            parsed = parse_fence(fence, self.source)
            self.problems += parsed.problems
            if parsed.kind is Kind.MANUAL:
                block = fence.body if fence.kind is Kind.MANUAL else f"```{fence.word}\n{fence.body}\n```"
                text = f"{text}\n\n{block}".strip()
                text = "\n\n".join([text, *(problem.message for problem in parsed.problems)])
        fixed = _FIXED_ID.search(title)
        text = "\n\n".join([text, *(match[0] for match in _LINK.finditer(title) if match[2])]).strip("\n")
        return Step(
            id=self.new_id(fixed[1] if fixed else title),
            title=shown(title),
            kind=parsed.kind,
            line=line,
            text=text,
            section=shown(section.title),
            work=parsed.work,
            next=parsed.next,
            policy=parsed.policy,
        )


def slug(words: str) -> str:
    """Words as an id: lower case, letters and digits of any script, hyphens between, at most 60 characters."""
    return re.sub(r"[\W_]+", "-", bare(words).lower()).strip("-")[:60].strip("-")


def shown(title: str) -> str:
    """A title as it is read: of a link its words alone. Its address stands in the step's text."""
    return bare(_LINK.sub(lambda match: match[1] or match[2], title))


def bare(title: str) -> str:
    """A title without its fixed id and without marks of emphasis; ids are made from it, so it keeps addresses."""
    return re.sub(r"[*`]|(?<![\w{])_|_(?![\w}])", "", _FIXED_ID.sub("", title)).strip()
