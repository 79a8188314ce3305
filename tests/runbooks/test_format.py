"""Markdown becomes steps: written for this product, and as people write it anyway."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.runbooks.format import parse
from cockpit.runbooks.machine import advance
from cockpit.runbooks.model import Check, Command, Decide, Kind, Remedy
from cockpit.runbooks.shelf import Shelf, decoded, read_file
from tests.runbooks.books import START, started

PLAIN = """# Restart the mailer

Some words.

## Look first

It may heal by itself.

## Restart

```bash
systemctl status mailer
systemctl restart mailer
```

## Afterwards

- [ ] Tell support
- [ ] Write it down

1. Open the log
   ```bash
   journalctl -u mailer
   ```
2. Look for errors

```json
{"not": "a step"}
```
"""


def test_the_bundled_runbooks_are_found_by_their_alerts() -> None:
    shelf = Shelf()
    assert [book.id for book in shelf.for_alert("dkim-missing")] == ["dkim-record-missing"]
    assert [book.id for book in shelf.for_alert("domain-identity")] == ["domain-identity-failed"]


def test_the_dkim_runbook_has_few_steps_in_the_order_of_the_repair() -> None:
    book = Shelf().get("dkim-record-missing")
    assert [step.kind.value for step in book.steps] == [
        "check",
        "decide",
        "input",
        "input",
        "action",
        "action",
        "check",
        "check",
        "manual",
    ]
    repair = book.step("let-ses-sign-with-our-own-key")
    assert repair is not None
    assert repair.work == Remedy("ses.byodkim", {"domain": "{{domain}}", "selector": "{{selector}}"})
    first = book.steps[0].work
    assert isinstance(first, Check)
    assert first.want == ("FAIL", "WARN")
    assert isinstance(book.steps[1].work, Decide)


def test_an_ordinary_document_is_a_runbook_whose_commands_ask_first() -> None:
    book = parse(PLAIN, "mailer.md")
    assert [(step.id, step.kind.value, step.line) for step in book.steps] == [
        ("look-first", "manual", 5),
        ("restart", "command", 9),
        ("tell-support", "manual", 18),
        ("write-it-down", "manual", 19),
        ("open-the-log", "command", 21),
        ("look-for-errors", "manual", 25),
    ]
    restart = book.steps[1].work
    assert isinstance(restart, Command)
    assert restart.asks
    assert restart.argv == (("systemctl", "status", "mailer"), ("systemctl", "restart", "mailer"))
    assert book.title == "Restart the mailer"
    assert book.id == "mailer"


def test_step_ids_stay_when_steps_are_added_around_them() -> None:
    more = PLAIN.replace("## Restart\n", "## Ask\n\nAsk around.\n\n## Restart\n")
    assert {step.id for step in parse(PLAIN, "m.md").steps} < {step.id for step in parse(more, "m.md").steps}


def test_the_same_heading_twice_gives_two_ids_and_an_id_can_be_fixed() -> None:
    book = parse("# T\n\n## Look\n\na\n\n## Look\n\nb\n\n## Say so {#tell}\n\nc\n", "t.md")
    assert [(step.id, step.title) for step in book.steps] == [
        ("look", "Look"),
        ("look-2", "Look"),
        ("tell", "Say so"),
    ]


def test_an_unknown_kind_is_told_and_shown_as_text_to_do_by_hand() -> None:
    book = parse("# T\n\n## Ask\n\n```approve\nby: two\n```\n", "t.md")
    assert book.steps[0].kind is Kind.MANUAL
    assert "by: two" in book.steps[0].text
    assert [(problem.line, problem.level) for problem in book.problems] == [(5, "error")]


def test_a_broken_block_names_its_line_and_becomes_manual() -> None:
    for body, words in (
        ("check: mail.dkim", "target"),
        ("target: [", "not YAML"),
        ("check: a\ntarget: b\nwant: GREEN", "GREEN"),
        ("check: a\ntarget: b\ntimout: 3s", "timout"),
    ):
        book = parse(f"# T\n\n## See\n\n```check\n{body}\n```\n", "t.md")
        assert book.steps[0].kind is Kind.MANUAL
        assert words in book.problems[0].message
        assert book.problems[0].line == 5


def test_a_block_that_needs_a_shell_is_left_to_the_operator() -> None:
    for line in ("cat a | grep b", "a && b", "echo $HOME", "for x in a; do b; done", "X=1 env", "a > b", "$(boom)"):
        book = parse(f"# T\n\n## Do\n\n```bash\n{line}\n```\n", "t.md")
        assert book.steps[0].kind is Kind.MANUAL, line
        assert "needs a shell" in book.steps[0].text
    quoted = parse("# T\n\n## Do\n\n```bash\njq '.a | .b' \\\n  file\n```\n", "t.md").steps[0].work
    assert isinstance(quoted, Command)
    assert quoted.argv == (("jq", ".a | .b", "file"),)


def test_inputs_that_are_only_used_are_asked_for_as_text() -> None:
    book = parse("# T\n\n## Do\n\n```bash\ndig {{ name }} @{{server}}\n```\n", "t.md")
    assert [(each.name, each.type) for each in book.inputs] == [("name", "text"), ("server", "text")]


def test_hidden_characters_in_a_file_become_visible() -> None:
    book = parse("# T\u202e\n\n## \x1b]52;c;AAAA\x07 now\n\nx\n", "t.md")
    assert "\x1b" not in book.text
    assert "\\u{1b}" in book.steps[0].title


def test_files_in_other_encodings_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        path = tmp_path / f"{encoding}.md"
        path.write_bytes("# Störung\n\n## Prüfen\n\nja\n".encode(encoding))
        assert read_file(path).steps[0].id == "prüfen"
    assert decoded(b"\x81", "x")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("#`-[] x1.\n{}:abc\u202e~>|"), max_size=400))
def test_any_text_can_be_read_and_its_steps_have_distinct_ids(text: str) -> None:
    book = parse(text, "any.md")
    ids = [step.id for step in book.steps]
    assert len(ids) == len(set(ids))
    assert parse(book.text, "any.md").sha256 == book.sha256


def test_a_run_pins_the_text_it_started_from() -> None:
    run = started(parse(PLAIN, "mailer.md"))
    assert run.runbook.text == PLAIN
    again = advance(None, "r", "run.started", {**_body(PLAIN), "inputs": {}}, START, "mhassan")
    assert [step.id for step in again.runbook.steps] == [step.id for step in run.runbook.steps]


def _body(text: str) -> dict[str, str]:
    book = parse(text, "mailer.md")
    return {"runbook": book.id, "source": book.source, "text": book.text, "sha256": book.sha256}


def test_a_link_in_a_title_is_shown_by_its_words_and_its_address_stays_in_the_text() -> None:
    text = "# [Mail](https://m.example)\n\n## Read the [guide](https://g.example) first\n\n- [ ] Call [us](tel:1)\n"
    book = parse(text, "mail.md")
    (step,) = book.steps
    assert (book.title, step.section, step.title) == ("Mail", "Read the guide first", "Call us")
    assert step.text == "[us](tel:1)"
    assert step.id == "call-us-tel-1"


def test_the_id_of_a_step_with_a_link_is_what_it_was_before() -> None:
    (step,) = parse("# T\n\n## See [a](b/c_d)\n\nDo it.\n", "t.md").steps
    assert (step.id, step.title, step.text) == ("see-a-b-c-d", "See a", "Do it.\n\n[a](b/c_d)")
