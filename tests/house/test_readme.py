"""The README's commands are the ones that are run."""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

OPEN = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/cockpit drill dkim-missing"
TEST = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest"


def test_the_readme_names_the_two_commands_that_do_all_the_set_up() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert OPEN in lines
    assert TEST in lines
    assert "uv run cockpit drill dkim-missing" in lines


def test_continuous_integration_runs_the_readmes_own_test_command() -> None:
    script = ROOT / ".ci" / "run"
    assert TEST in script.read_text(encoding="utf-8").splitlines()
    assert script.stat().st_mode & 0o111


def test_the_readme_lists_every_command() -> None:
    from cockpit.cli.frame import COMMANDS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`cockpit {name}" not in text] == []
