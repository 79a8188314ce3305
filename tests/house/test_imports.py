"""Who may know whom, and what a start may load; read from running processes."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NETWORK = {"boto3", "botocore", "dns", "httpx", "cryptography", "OpenSSL", "keyring", "h11"}
DRAWING = {"textual", "rich"}


REPORT = "import sys; print(*sys.modules, file=sys.stderr)"

START = """
import asyncio
import cockpit.cli.companion, cockpit.cli.launcher, cockpit.cli.run, cockpit.launching
from cockpit.cli.session import Session
from screens.app import CockpitApp

async def paint(desk):
    async with CockpitApp(desk).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Next" in str(pilot.app.export_screenshot())

with Session().desk() as desk:
    asyncio.run(paint(desk))
"""


def loaded(code: str, home: Path) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running `code`."""
    return {name.partition(".")[0] for name in every_module(code, home)}


def every_module(code: str, home: Path) -> set[str]:
    """The modules that a fresh interpreter has loaded after running `code`, with their full names."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{REPORT}"],
        cwd=home,
        env={**os.environ, "COCKPIT_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def command_line(*arguments: str) -> str:
    """A program that runs one command and goes on when it succeeded."""
    return f"""
from cockpit.cli import main
try:
    main({list(arguments)!r})
except SystemExit as end:
    assert not end.code, end.code
"""


def test_the_import_contracts_hold() -> None:
    program = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("status",), ("status", "--json"), ("drill", "--list")]
)
def test_a_command_without_screen_and_network_loads_neither(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert not loaded(command_line(*arguments), tmp_path) & (NETWORK | DRAWING)


def test_help_loads_neither_database_nor_configuration_reader(tmp_path: Path) -> None:
    assert not loaded(command_line("--help"), tmp_path) & {
        "yaml",
        "pysqlite3",
        "sqlite3",
        "sqlite_utils",
        "asyncio",
    }


def test_the_start_of_the_screen_loads_nothing_that_belongs_to_the_network(tmp_path: Path) -> None:
    modules = loaded(START, tmp_path)
    assert "textual" in modules
    assert not modules & NETWORK
    assert "yaml" not in modules


LATE = {
    "cockpit": {"actions", "comms", "doctor", "drill", "probes", "review", "runbooks", "watch"},
    "cockpit.desk": {"practice", "remedies", "runbooks"},
    "cockpit.desk.incident": {"evidence", "messages", "reviews"},
    "screens": {"action", "dialogs", "domain", "incident", "moves", "palette", "review", "runbook", "timeline"},
    "storage": {"group_commit", "search"},
}
"""What a board without incidents has no use for, by the package it is in; each of them would make it come later."""


def test_the_first_board_waits_for_nothing_that_it_does_not_show(tmp_path: Path) -> None:
    modules = every_module(START, tmp_path)
    early = {f"{package}.{name}" for package, names in LATE.items() for name in names} & modules
    assert early == set()
    assert {
        "cockpit.desk.health.board",
        "cockpit.desk.incident.incidents",
        "screens.pages.dashboard",
        "storage.ledger",
    } <= modules
    assert "textual.widgets._text_area" not in modules
