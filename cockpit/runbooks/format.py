"""From a Markdown file to a Runbook.

A heading that has a block to run is a step; so is a heading with nothing but text under it, to be done by hand.
Where a section holds several things to do (blocks, check boxes, numbered items), each is a step of its own, and a
block that follows an item belongs to it. Headings above other headings only group. Step ids are made from words,
not from numbers, so they stay the same when steps are added around them; `## Title {#id}` fixes one.

A file without an `id` in its front matter is an ordinary document: rows of its tables are steps too, and what its
commands leave open is asked for.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cockpit.config.yaml_subset import Document, read_yaml
from cockpit.errors import BadInput, CockpitError, ConfigError, RunbookError
from cockpit.runbooks.inputs import names_in
from cockpit.runbooks.kinds import span
from cockpit.runbooks.markdown import Section, Text, as_markdown, rows_as_items, sections
from cockpit.runbooks.model import REVIEW_EVERY, Input, Problem, Question, Runbook
from cockpit.runbooks.placeholders import opened, type_of
from cockpit.runbooks.reading import Reading, shown, slug
from cockpit.text import visible

MAX_CHARACTERS = 1_000_000
_FRONT = re.compile(r"\A---\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_KEYS = ("id", "title", "alerts", "inputs", "owner", "reviewed", "review_every", "every", "cleanup")
_INPUT_KEYS = ("type", "ask", "default", "from", "required")


def parse(raw: str, source: str) -> Runbook:
    """Read a runbook; raises RunbookError only when it cannot be read at all, see `problems` for the rest."""
    if len(raw) > MAX_CHARACTERS:
        raise RunbookError(f"{source} is longer than {MAX_CHARACTERS} characters.")
    text = visible(raw.replace("\r\n", "\n").lstrip("\ufeff"), newlines=True, limit=2 * MAX_CHARACTERS)
    draft = Reading(source)
    front, first_line, body = _front_matter(text, draft)
    meta = front.value if front is not None and isinstance(front.value, dict) else {}
    found = sections(body, first_line)
    heading = next((section.title for section in found if section.level == 1), "")
    rows_as_items(found, steps=not meta.get("id"))
    open_names = [] if meta.get("id") else opened(found)
    draft.read(found)
    stem = source.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return Runbook(
        id=str(meta.get("id") or slug(stem) or "runbook"),
        title=str(meta.get("title") or shown(heading) or stem),
        source=source,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        steps=tuple(draft.steps),
        inputs=_inputs(front, draft, open_names),
        alerts=_texts(meta.get("alerts")),
        owner=str(meta.get("owner") or ""),
        reviewed=str(meta.get("reviewed") or ""),
        intro=_intro(found),
        written_for_us=bool(meta.get("id")),
        review_every=_span(meta, "review_every", draft) or REVIEW_EVERY,
        every=_span(meta, "every", draft),
        cleanup=str(meta.get("cleanup") or ""),
        for_no_alert=meta.get("alerts") == [],
        places={step.id: place for place, step in enumerate(draft.steps)},
        problems=tuple(sorted(draft.problems, key=lambda problem: problem.line)),
    )


def _span(meta: Mapping[str, Any], key: str, draft: Reading) -> timedelta | None:
    """A time that the front matter names; None where it does not, or where it is no time."""
    if key not in meta:
        return None
    try:
        found = span(meta[key])
        if found <= timedelta(0):
            raise BadInput("it is longer than nothing.")
    except CockpitError as error:
        draft.problems.append(Problem(1, "error", f"{key}: {error}"))
        return None
    return found


def _front_matter(text: str, draft: Reading) -> tuple[Document | None, int, str]:
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


def _inputs(front: Document | None, draft: Reading, open_names: list[str]) -> tuple[Input, ...]:
    """The declared inputs, then those that are only used. What an input step asks for is not asked beforehand."""
    declared: dict[str, Input] = {}
    meta = front.value if front is not None and isinstance(front.value, dict) else {}
    listed = meta.get("inputs") or {}
    if not isinstance(listed, dict):
        draft.problems.append(Problem(1, "error", "`inputs` is a mapping of names to their types."))
        listed = {}
    for name, value in listed.items():
        line = (front.line(("inputs", name)) or 1) + 1 if front is not None else 1
        declared[str(name)] = _input(str(name), value, line, draft)
    used: dict[str, int] = {}
    later = {step.work.name for step in draft.steps if isinstance(step.work, Question)}
    for step in draft.steps:
        later |= {output.name for output in getattr(step.work, "outputs", ())}
        for name in sorted(names_in([step.title, step.text]) | _work_names(step.work)):
            used.setdefault(name, step.line)
    for name in (*open_names, *used):
        if name in declared or name in later or name not in used:
            continue
        asked = name.replace("_", " ")
        if name in open_names:
            declared[name] = Input(name, type_of(name), asked, required=False, line=used[name], found=True)
            continue
        declared[name] = Input(name, ask=asked, line=used[name])
        message = f"{{{{{name}}}}} is not declared under `inputs`; it is asked for as text."
        draft.problems.append(Problem(used[name], "warning", message))
    return tuple(declared.values())


def _input(name: str, value: Any, line: int, draft: Reading) -> Input:
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
