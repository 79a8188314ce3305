"""The format's own documentation: every kind of step is in it, and every example in it can be read."""

import re
from importlib.resources import files
from typing import Any

import pytest

from cockpit.runbooks import fences, kinds
from cockpit.runbooks.format import _INPUT_KEYS, _KEYS, parse
from cockpit.runbooks.inputs import TYPES
from cockpit.runbooks.kinds import read_kind
from cockpit.runbooks.model import Branch, Kind, When

MANUAL = (files("cockpit.runbooks") / "manual" / "runbooks.md").read_text("utf-8")
EXAMPLES = re.findall(r"^````markdown\n(.*?)^````$", MANUAL, re.DOTALL | re.MULTILINE)
HEAD = "---\nid: t\n---\n# T\n\n"


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.startswith("## ")])
def test_every_example_is_a_step_that_can_be_read(example: str) -> None:
    book = parse(HEAD + example, "t.md")
    assert [problem.message for problem in book.problems if problem.level == "error"] == []
    assert all(step.kind is not Kind.MANUAL or "```manual" in example for step in book.steps)


def test_every_kind_of_step_is_documented_with_an_example() -> None:
    book = parse(HEAD + "\n".join(each for each in EXAMPLES if each.startswith("## ")), "t.md")
    assert {step.kind for step in book.steps} == set(Kind)
    assert re.findall(r"^### (\w+)$", MANUAL, re.MULTILINE) == [
        "manual", "command", "check", "action", "decide", "approve", "wait", "message", "input", "include",
    ]  # fmt: skip


def test_the_front_matter_of_the_manual_is_what_the_format_knows() -> None:
    (front,) = [each for each in EXAMPLES if each.startswith("---")]
    book = parse(f"{front}\n# T\n\n## Do\n\n{{{{domain}}}} {{{{reason}}}}\n", "t.md")
    assert [problem.message for problem in book.problems] == []
    assert (book.cleanup, book.review_every.days, book.alerts) == ("take-it-back", 180, ("dns-failure",))


class Asked(dict[str, Any]):
    """The fields of a block, which note what is asked of them."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(fields)
        self.names: set[str] = set()

    def pop(self, key: str, *default: Any) -> Any:
        self.names.add(key)
        return super().pop(key, *default)


STRUCTURED: dict[Kind, dict[str, Any]] = {
    Kind.CHECK: {"check": "mail.dkim", "target": "x"},
    Kind.ACTION: {"action": "ses.byodkim"},
    Kind.DECIDE: {"question": "?", "branches": [{"answer": "Yes", "go": "end"}]},
    Kind.APPROVE: {"question": "?"},
    Kind.WAIT: {"for": "1m"},
    Kind.MESSAGE: {"audience": "owners"},
    Kind.INPUT: {"input": "case", "type": "text"},
    Kind.INCLUDE: {"runbook": "other"},
}


@pytest.mark.parametrize("kind", STRUCTURED)
def test_every_key_that_a_kind_reads_is_told_where_the_kind_is(kind: Kind) -> None:
    fields = Asked(STRUCTURED[kind])
    read_kind(kind, fields)
    told = MANUAL.split(f"### {kind}\n")[1].split("\n### ")[0]
    assert [name for name in sorted(fields.names) if not re.search(rf"(?<!\w){name}\b", told)] == []


def test_what_a_branch_reads_is_told_where_decisions_are() -> None:
    told = MANUAL.split("### decide\n")[1].split("\n### ")[0]
    names = {*Branch.__struct_fields__, *(name.strip("_") for name in When.__struct_fields__)}
    assert [name for name in sorted(names) if f"{name}:" not in told] == []


def test_attributes_types_verdicts_and_front_matter_are_all_told() -> None:
    commands = MANUAL.split("### command\n")[1].split("\n### ")[0]
    after = MANUAL.split("## After a failure\n")[1]
    assert [name for name in fences._OF_COMMANDS if not re.search(rf"\b{name}\b", commands)] == []
    assert [name for name in fences._ATTRIBUTES if f"`{name}" not in after] == []
    front = MANUAL.split("## Front matter\n")[1].split("\n## ")[0]
    assert [name for name in (*_KEYS, *_INPUT_KEYS) if f"{name}:" not in front] == []
    assert [name for name in TYPES if f"`{name}`" not in front] == []
    assert [name for name in kinds._VERDICTS if f"`{name}`" not in MANUAL.split("### check\n")[1]] == []
    assert [name for name in ("regex:", "json:") if name not in commands] == []
