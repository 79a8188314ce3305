"""The format's own documentation: every kind of step is in it, and every example in it can be read."""

import re
from importlib.resources import files

import pytest

from cockpit.runbooks.format import parse
from cockpit.runbooks.model import Kind

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
