"""The library that comes along: it can be read, run and relied on, and every alert finds its runbook in it."""

import ast
import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import cockpit.health
from cockpit.actions.aws_models import wrong_call
from cockpit.actions.registry import CARDS
from cockpit.health.registry import CHECKS, RUNBOOKS
from cockpit.runbooks.command_line import command_lines, filled
from cockpit.runbooks.fences import Fence
from cockpit.runbooks.inputs import typed
from cockpit.runbooks.linter import lint
from cockpit.runbooks.markdown import sections
from cockpit.runbooks.model import END, Check, Command, Decide, Kind, Question, Remedy, Runbook, Step
from cockpit.runbooks.shelf import Shelf

BOOKS = {book.id: book for book in Shelf().all()}
LOOKING = re.compile(
    r"dig |curl .*--head |openssl s_client |mongosh .*db\.hello|kubectl (get|describe|logs|rollout status) "
    r"|gcloud [\w -]+ (list|describe|get-health) |aws s3 ls |aws \w+ (get|list|describe|query|lookup)"
)
"""Commands that change nothing, and so may run without being confirmed each time."""

EXPECTED = """
aws-not-seen byodkim-by-hand byodkim-phase-7 certificate-misissued closer-watch dnssec-key-roll follow-up
incident-acknowledgment provider-escalation ses-feedback-test
ses-setup system-health system-recovery
certificate-expired certificate-expiring certificate-invalid certificate-revoked
customer-communication database-connectivity dkim-record-missing dns-propagation dns-resolution-failure
dnssec-failure domain-identity-failed domain-owner-notification initial-assessment load-balancer mail-records-wrong
post-incident-validation regional-outage registrar-escalation service-down ses-account-stopped ses-bounce-rate
ses-complaint-rate ses-daily-check ses-quota ses-weekly-check team-assembly
"""

SAMPLES = {
    "domain": "shop.example",
    "selector": "s2026b",
    "email": "post@shop.example",
    "number": "4",
    "text": "ses:447112341123/ca-central-1",
}
"""A value of each type."""

every_book = pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)


def _kinds_in_evidence() -> Iterator[str]:
    """Every kind that the health code can put into an observation's evidence, read from the code itself."""
    for path in Path(cockpit.health.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield from _kinds_of(node)


def _kinds_of(node: ast.AST) -> Iterator[str]:
    found: list[ast.expr | None] = []
    match node:
        case ast.Dict():
            named = zip(node.keys, node.values, strict=True)
            found = [value for key, value in named if isinstance(key, ast.Constant) and key.value == "kind"]
        case ast.keyword(arg="kind"):
            found = [node.value]
        case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value="kind"))] | [ast.Name(id="KIND")]):
            found = [node.value]
        case ast.AnnAssign(target=ast.Name(id="kind")):
            found = [node.value]
    for value in found:
        parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
        yield from (each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _raised() -> set[str]:
    return {check.alert_kind for check in CHECKS} | set(_kinds_in_evidence())


def _work(kind: type, book: Runbook) -> list[tuple[Step, object]]:
    return [(step, step.work) for step in book.steps if isinstance(step.work, kind)]


def _aws_calls(book: Runbook) -> Iterator[list[str]]:
    """Every AWS call that stands in a block or in running text between backquotes."""
    fences = [block for section in sections(book.text) for block in section.blocks if isinstance(block, Fence)]
    lines = [line for fence in fences for line in command_lines(fence.body)]
    lines += re.findall(r"`(aws [^`]+)`", re.sub(r"```.*?```", "", book.text, flags=re.DOTALL))
    for line in lines:
        if line.startswith("aws "):
            yield shlex.split(line)


def test_the_library_holds_what_an_emergency_needs() -> None:
    assert set(BOOKS) == set(EXPECTED.split())


def test_kinds_are_found_in_the_health_code() -> None:
    assert {"dkim-missing", "propagation", "mail-refused", "certificate-expiring", "ses-bounce", "spf"} <= _raised()


@pytest.mark.parametrize("kind", sorted(_raised()))
def test_each_kind_of_alert_suggests_one_runbook_that_is_written_for_it(kind: str) -> None:
    assert kind in BOOKS[RUNBOOKS[kind]].alerts


def test_no_runbook_is_suggested_for_an_alert_that_nothing_raises() -> None:
    assert set(RUNBOOKS) == _raised()


@every_book
def test_a_runbook_is_suggested_for_alerts_that_there_are(book: Runbook) -> None:
    assert book.alerts or book.for_no_alert
    assert set(book.alerts) <= set(RUNBOOKS)
    assert {kind for kind, id in RUNBOOKS.items() if id == book.id} <= set(book.alerts)


@every_book
def test_a_runbook_is_clean(book: Runbook) -> None:
    assert book.problems == ()
    assert lint(book) == []


@every_book
def test_a_runbook_has_an_owner_and_was_reviewed(book: Runbook) -> None:
    assert book.owner
    assert date(2026, 1, 1) <= date.fromisoformat(book.reviewed) <= datetime.now(UTC).date()


@every_book
def test_a_runbook_is_short_and_named_like_its_file(book: Runbook) -> None:
    assert book.source == f"{book.id}.md"
    assert 3 <= len(book.steps) <= 16
    assert book.intro
    assert all(len(step.title) <= 60 for step in book.steps)


@every_book
def test_checks_remedies_and_inputs_that_a_runbook_names_exist(book: Runbook) -> None:
    names = {check.id for check in CHECKS}
    for _, work in _work(Check, book):
        assert isinstance(work, Check)
        assert work.check in names
    for _, work in _work(Remedy, book):
        assert isinstance(work, Remedy)
        card = CARDS[work.action]
        assert card.required <= set(work.parameters) <= set(card.parameters)
    # An input that is only used, and not declared, has no question of its own.
    assert all(each.ask.endswith("?") or len(each.ask) > len(each.name) for each in book.inputs)


@every_book
def test_a_value_that_a_check_or_command_needs_has_to_be_given(book: Runbook) -> None:
    optional = {each.name for each in book.inputs if not each.required and not each.default}
    chosen = {
        branch.when.input
        for _, work in _work(Decide, book)
        if isinstance(work, Decide)
        for branch in work.branches
        if branch.when is not None
    }
    for step in book.steps:
        if isinstance(step.work, Check | Command | Remedy):
            used = set(re.findall(r"\{\{(\w+)\}\}", str(step.work)))
            if isinstance(step.work, Remedy):
                card = CARDS[step.work.action]
                used -= {
                    name for key in set(card.parameters) - card.required
                    for name in re.findall(r"\{\{(\w+)\}\}", step.work.parameters.get(key, ""))
                }  # fmt: skip
            assert used & optional <= chosen, f"{step.title} needs what may be left out"


@every_book
def test_every_way_through_a_runbook_comes_to_its_end(book: Runbook) -> None:
    assert all(len(work.branches) >= 2 for _, work in _work(Decide, book) if isinstance(work, Decide))
    waiting: list[tuple[str, ...]] = [(book.steps[0].id,)]
    while waiting:
        way = waiting.pop()
        for go in _leads_to(book, way[-1]) - {END}:
            assert go not in way, f"{' > '.join(way)} leads back to {go}"
            waiting.append((*way, go))


def _leads_to(book: Runbook, step_id: str) -> set[str]:
    step = book.step(step_id)
    assert step is not None, f"there is no step {step_id}"
    if isinstance(step.work, Decide):
        return {branch.go for branch in step.work.branches}
    return {step.next or book.after(step_id) or END}


@every_book
def test_a_command_with_values_in_it_is_complete(book: Runbook) -> None:
    asked = [step.work for step in book.steps if isinstance(step.work, Question)]
    types = {each.name: each.type for each in book.inputs} | {each.name: each.type for each in asked}
    values = {name: typed(kind, SAMPLES[kind], name) for name, kind in types.items()}
    for step, work in _work(Command, book):
        assert isinstance(work, Command)
        for template in work.argv:
            argv = filled(template, values)
            assert not any("{{" in argument for argument in argv), step.title
            for argument in argv:
                if argument.startswith("{"):
                    json.loads(argument)


@every_book
def test_every_aws_call_in_a_runbook_exists(book: Runbook) -> None:
    assert [wrong for argv in _aws_calls(book) if (wrong := wrong_call(argv))] == []


@every_book
def test_only_commands_that_look_run_without_being_confirmed(book: Runbook) -> None:
    for step, work in _work(Command, book):
        assert isinstance(work, Command)
        for line in work.lines:
            assert work.asks or LOOKING.match(line), f"{step.title}: {line}"


@pytest.mark.parametrize("id", sorted(set(RUNBOOKS.values())))
def test_a_runbook_for_an_alert_looks_at_the_world_again_before_it_ends(id: str) -> None:
    checks = [place for place, step in enumerate(BOOKS[id].steps) if step.kind is Kind.CHECK]
    assert checks
    assert checks[-1] >= len(BOOKS[id].steps) - 4


@pytest.mark.parametrize(
    "wrong",
    [
        "get-email-identity-dkim-attributes",
        "--dkim-enabled",
        "--no-signing-enabled",
        "dnssec-state",
        "sleep ",
        "record-sets import",
        "/tmp/",
        "Bearer",
        "support cases create",
        "grep -v",
        "--username",
    ],
)
def test_what_was_wrong_in_older_instructions_stands_nowhere_in_the_library(wrong: str) -> None:
    assert [id for id, book in BOOKS.items() if wrong in book.text] == []


def test_of_several_fitting_runbooks_the_one_for_that_alert_stands_first() -> None:
    for kind, id in RUNBOOKS.items():
        assert Shelf().for_alert(kind)[0].id == id
