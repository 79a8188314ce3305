"""Runbooks from the command line: the bundled ones, and those of an organisation."""

import json
from pathlib import Path

from tests.cli.conftest import Cockpit


def test_the_bundled_runbooks_are_listed(cockpit: Cockpit) -> None:
    listed = json.loads(cockpit("runbook", "list", "--json").out)
    assert "dkim-record-missing" in {each["id"] for each in listed}
    assert "dkim-record-missing" in cockpit("runbook", "list", "--alert", "dkim-missing").out


def test_a_runbook_is_shown_step_by_step(cockpit: Cockpit) -> None:
    done = cockpit("runbook", "show", "dkim-record-missing")
    assert done.code == 0
    assert "action" in done.out
    assert cockpit("runbook", "show", "dkim-record-missing", "--text").out.startswith("---")


def test_an_unknown_runbook_is_answered_with_those_that_there_are(cockpit: Cockpit) -> None:
    done = cockpit("runbook", "show", "nothing")
    assert done.code == 1
    assert "dkim-record-missing" in done.sentence


def test_the_bundled_runbooks_have_no_errors(cockpit: Cockpit) -> None:
    done = cockpit("runbook", "lint")
    assert done.code == 0, done.out
    assert " 0 errors" in done.out


def test_a_folder_of_ones_own_is_read_and_its_text_cannot_reach_the_terminal(
    cockpit: Cockpit, home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (folder / "own.md").write_text("# Ours \x1b]0;owned\x07\n\n- [ ] Call the hosting team\n")
    (home / "cockpit.yaml").write_text(f"runbook_folders: [{folder}]\n")
    listed = cockpit("runbook", "list")
    assert "Ours" in listed.out
    assert "\x1b" not in listed.out
    shown = cockpit("runbook", "show", folder / "own.md")
    assert "Call the hosting team" in shown.out
    assert "\x1b" not in shown.out


def test_a_dry_run_says_what_each_step_would_do_and_what_is_missing(cockpit: Cockpit) -> None:
    done = cockpit("runbook", "dry-run", "dkim-record-missing", "domain=shop.example", "selector=s2026b")
    assert done.code == 0, done.err
    assert "plan ses.byodkim (domain shop.example, selector s2026b)" in done.out
    missing = cockpit("runbook", "dry-run", "dkim-record-missing")
    assert missing.code == 1
    assert "lacks: domain has no value" in missing.out
    assert cockpit("runbook", "dry-run", "dkim-record-missing", "colour=red").code == 64


def test_notes_are_read_without_a_database_too(cockpit: Cockpit) -> None:
    assert "Nothing was noted." in cockpit("runbook", "notes").out


def test_help_has_topics_and_the_whole_format_of_runbooks(cockpit: Cockpit) -> None:
    assert "runbooks" in cockpit("help").out
    text = cockpit("help", "runbooks").out
    assert all(f"### {kind}" in text for kind in ("approve", "wait", "message", "include", "input", "decide"))
    assert cockpit("help", "nothing").code == 64
