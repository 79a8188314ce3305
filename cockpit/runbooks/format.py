"""From a Markdown file to a Runbook.

A heading that has a block to run is a step; so is a heading with nothing but text under it, to be done by hand.
Where a section holds several things to do (blocks, check boxes, numbered items), each is a step of its own, and a
block that follows an item belongs to it. Headings above other headings only group. Step ids are made from words,
not from numbers, so they stay the same when steps are added around them; `## Title {#id}` fixes one.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from cockpit.config.yaml_subset import Document, read_yaml
from cockpit.errors import ConfigError, RunbookError
from cockpit.runbooks.fences import LANGUAGES, Fence, Parsed, parse_fence
from cockpit.runbooks.inputs import names_in
from cockpit.runbooks.markdown import Block, Item, Section, Text, as_markdown, sections
from cockpit.runbooks.model import Input, Kind, Problem, Runbook, Step
from cockpit.text import visible

MAX_CHARACTERS = 1_000_000
_FRONT = re.compile(r"\A---\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIXED_ID = re.compile(r"\s*\{#([A-Za-z0-9_-]+)\}\s*$")
_KEYS = ("id", "title", "alerts", "inputs", "owner", "reviewed")
_INPUT_KEYS = ("type", "ask", "default", "from", "required")


class _Draft(msgspec.Struct):
    """What is collected while the text is read."""

    source: str
    steps: list[Step] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)
    ids: set[str] = msgspec.field(default_factory=set)

    def new_id(self, words: str) -> str:
        """An id made from words, numbered where the same words come again."""
        base = slug(words) or "step"
        found, number = base, 1
        while found in self.ids:
            number += 1
            found = f"{base}-{number}"
        self.ids.add(found)
        return found


def parse(raw: str, source: str) -> Runbook:
    """Read a runbook; raises RunbookError only when it cannot be read at all, see `problems` for the rest."""
    if len(raw) > MAX_CHARACTERS:
        raise RunbookError(f"{source} is longer than {MAX_CHARACTERS} characters.")
    text = visible(raw.replace("\r\n", "\n").lstrip("\ufeff"), newlines=True, limit=2 * MAX_CHARACTERS)
    draft = _Draft(source)
    front, first_line, body = _front_matter(text, draft)
    meta = front.value if front is not None and isinstance(front.value, dict) else {}
    found = sections(body, first_line)
    heading = next((section.title for section in found if section.level == 1), "")
    for place, section in enumerate(found):
        deeper = place + 1 < len(found) and found[place + 1].level > section.level
        draft.steps += _steps(section, deeper, draft)
    stem = source.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return Runbook(
        id=str(meta.get("id") or slug(stem) or "runbook"),
        title=str(meta.get("title") or _bare(heading) or stem),
        source=source,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        steps=tuple(draft.steps),
        inputs=_inputs(front, draft),
        alerts=_texts(meta.get("alerts")),
        owner=str(meta.get("owner") or ""),
        reviewed=str(meta.get("reviewed") or ""),
        intro=_intro(found),
        written_for_us=bool(meta.get("id")),
        problems=tuple(sorted(draft.problems, key=lambda problem: problem.line)),
    )


def slug(words: str) -> str:
    """Words as an id: lower case, letters and digits of any script, hyphens between, at most 60 characters."""
    return re.sub(r"[\W_]+", "-", _bare(words).lower()).strip("-")[:60].strip("-")


def _bare(title: str) -> str:
    return re.sub(r"[*_`]", "", _FIXED_ID.sub("", title)).strip()


def _front_matter(text: str, draft: _Draft) -> tuple[Document | None, int, str]:
    match = _FRONT.match(text)
    if match is None:
        return None, 1, text
    first_line = text[: match.end()].count("\n") + 1
    try:
        front = read_yaml(match[1], f"{draft.source} front matter")
    except ConfigError as error:
        draft.problems.append(Problem(1, "error", str(error)))
        return None, first_line, text[match.end() :]
    if isinstance(front.value, dict):
        for key in front.value:
            if key not in _KEYS:
                line = (front.line((key,)) or 1) + 1
                draft.problems.append(Problem(line, "error", f"Front matter has no key {key!r}."))
    else:
        draft.problems.append(Problem(1, "error", "Front matter is a mapping of keys to values."))
    return front, first_line, text[match.end() :]


def _intro(found: list[Section]) -> str:
    """The text between the title and the first heading below it."""
    return "\n".join(
        as_markdown([block for block in section.blocks if isinstance(block, Text)])
        for section in found
        if section.level <= 1
    ).strip()


def _steps(section: Section, deeper: bool, draft: _Draft) -> Iterator[Step]:
    """The steps of one section."""
    things = [block for block in section.blocks if _is_thing(block, draft)]
    if not things:
        text = as_markdown(section.blocks)
        if section.level >= 2 and text and not deeper:
            yield _step(section, section.title, section.line, text, None, draft)
        return
    if len(things) == 1 and isinstance(things[0], Fence):
        rest: list[Block] = [block for block in section.blocks if block is not things[0]]
        yield _step(section, section.title, section.line, as_markdown(rest), things[0], draft)
        return
    yield from _several(section, things, draft)


def _several(section: Section, things: list[Block], draft: _Draft) -> Iterator[Step]:
    """Each thing to do as a step: a block after an item belongs to it, text before belongs to what follows."""
    pending: list[Block] = []
    item: Item | None = None
    number = 0
    for block in [*section.blocks, Item("", 0)]:
        if isinstance(block, Fence) and any(block is thing for thing in things):
            number += 1
            title = item.text if item else f"{section.title or draft.source} ({number})"
            line = item.line if item else block.line
            yield _step(section, title, line, as_markdown(pending), block, draft)
            pending, item = [], None
        elif isinstance(block, Item):
            if item:
                yield _step(section, item.text, item.line, as_markdown(pending), None, draft)
                pending = []
            item = block
        else:
            pending.append(block)


def _is_thing(block: Block, draft: _Draft) -> bool:
    """Whether a block is something to do; an unknown word in its info string is told."""
    if not isinstance(block, Fence):
        return isinstance(block, Item)
    if block.kind is None and block.word and block.word not in LANGUAGES:
        message = f"{block.word!r} is not a kind of step that is known; it is shown as text to do by hand."
        draft.problems.append(Problem(block.line, "error", message))
        return True
    return block.kind is not None


def _step(section: Section, title: str, line: int, text: str, fence: Fence | None, draft: _Draft) -> Step:
    parsed = Parsed(Kind.MANUAL, None, "")
    if fence is not None:
        parsed = parse_fence(fence, draft.source)
        draft.problems += parsed.problems
        if parsed.kind is Kind.MANUAL:
            shown = fence.body if fence.kind is Kind.MANUAL else f"```{fence.word}\n{fence.body}\n```"
            text = f"{text}\n\n{shown}".strip()
            text = "\n\n".join([text, *(problem.message for problem in parsed.problems)])
    fixed = _FIXED_ID.search(title)
    return Step(
        id=draft.new_id(fixed[1] if fixed else title),
        title=_bare(title),
        kind=parsed.kind,
        line=line,
        text=text,
        section=_bare(section.title),
        work=parsed.work,
        next=parsed.next,
    )


def _inputs(front: Document | None, draft: _Draft) -> tuple[Input, ...]:
    """The declared inputs, then those that are only used."""
    declared: dict[str, Input] = {}
    meta = front.value if front is not None and isinstance(front.value, dict) else {}
    listed = meta.get("inputs") or {}
    if not isinstance(listed, dict):
        draft.problems.append(Problem(1, "error", "`inputs` is a mapping of names to their types."))
        listed = {}
    for name, value in listed.items():
        line = (front.line(("inputs", name)) or 1) + 1 if front is not None else 1
        declared[str(name)] = _input(str(name), value, line, draft)
    for step in draft.steps:
        for name in sorted(names_in([step.title, step.text]) | _work_names(step.work)):
            if name not in declared:
                declared[name] = Input(name, ask=name.replace("_", " "), line=step.line)
                message = f"{{{{{name}}}}} is not declared under `inputs`; it is asked for as text."
                draft.problems.append(Problem(step.line, "warning", message))
    return tuple(declared.values())


def _input(name: str, value: Any, line: int, draft: _Draft) -> Input:
    if isinstance(value, str):
        return Input(name, type=value, line=line)
    fields = value if isinstance(value, dict) else {}
    for key in fields:
        if key not in _INPUT_KEYS:
            draft.problems.append(Problem(line, "error", f"Input {name} has no key {key!r}."))
    if "type" not in fields:
        draft.problems.append(Problem(line, "error", f"Input {name} has no type."))
    return Input(
        name,
        type=str(fields.get("type", "text")),
        ask=str(fields.get("ask") or name.replace("_", " ")),
        default=str(fields.get("default") or ""),
        source=str(fields.get("from") or ""),
        required=fields.get("required", True) is not False,
        line=line,
    )


def _work_names(work: object) -> set[str]:
    """The placeholders, and the inputs that conditions name, anywhere in a step's work."""
    if isinstance(work, str | dict | list | tuple):
        if not isinstance(work, list | tuple):
            return names_in(work)
        return {name for part in work for name in _work_names(part)}
    fields = getattr(work, "__struct_fields__", ())
    found = {name for key in fields for name in _work_names(getattr(work, key))}
    named = getattr(work, "input", "")
    return found | {named} if isinstance(named, str) and named else found


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ((str(value),) if value else ())
