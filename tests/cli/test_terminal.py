"""The whole program on a terminal of its own: opened, left, hung up on, and a drill from start to report."""

import json
import os
import signal
from pathlib import Path

import pytest

from cockpit.cli.companion import watch_is_held
from cockpit.config import Settings
from cockpit.desk import open_desk
from cockpit.own_process import own_command, own_environment
from cockpit.profile import Profile
from tests.cli.conftest import Cockpit
from tests.cli.terminal import Terminal
from tests.cli.test_companion import wait_for

pytestmark = pytest.mark.xdist_group("cli-terminal")

ALTERNATE_SCREEN_LEFT = b"\x1b[?1049l"


def opened(home: Path, *arguments: str) -> Terminal:
    return Terminal(own_command(*arguments), {**own_environment(), "COCKPIT_HOME": str(home)})


def test_without_configuration_it_opens_says_what_it_is_and_leaves_with_one_key(
    home: Path, cockpit: Cockpit
) -> None:
    with opened(home) as terminal:
        terminal.wait_for("cockpit")
        terminal.wait_for("Next")
        assert wait_for(lambda: watch_is_held(home / "cockpit.db"))
        terminal.press("q")
        assert terminal.end() == 0
        assert ALTERNATE_SCREEN_LEFT in terminal.raw
    assert not watch_is_held(home / "cockpit.db")
    assert cockpit("verify").code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_terminal_that_goes_away_is_restored_and_written_down(
    home: Path, cockpit: Cockpit, number: signal.Signals, code: int
) -> None:
    with opened(home) as terminal:
        terminal.wait_for("Next")
        terminal.signal(number)
        assert terminal.end() == code
        assert ALTERNATE_SCREEN_LEFT in terminal.raw
    assert wait_for(lambda: not watch_is_held(home / "cockpit.db"))
    assert cockpit("verify").code == 0
    assert signal_events(home) == [number.name]


def signal_events(home: Path) -> list[str]:
    from cockpit.clock import SystemClock
    from storage.database import Database
    from storage.ledger import Ledger

    database = Database.open(home / "cockpit.db", read_only=True)
    try:
        events = Ledger(database, SystemClock().now).since(0)
    finally:
        database.close()
    return [str(event.body["signal"]) for event in events if event.kind == "session.lost"]


def test_the_watch_dies_with_a_terminal_that_was_killed(home: Path) -> None:
    with opened(home) as terminal:
        terminal.wait_for("Next")
        assert wait_for(lambda: watch_is_held(home / "cockpit.db"))
        terminal.signal(signal.SIGKILL)
        terminal.end()
    assert wait_for(lambda: not watch_is_held(home / "cockpit.db"))


def test_a_drill_opens_breaks_and_ends_in_a_report(home: Path) -> None:
    with opened(home, "drill", "dkim-missing", "--speed", "20", "--as", "mona") as terminal:
        terminal.wait_for("DRILL")
        terminal.wait_for("1 of 3 CNAMEs")
        terminal.press("q")
        assert terminal.end() == 0
    (directory,) = (home / "drills").iterdir()
    assert "# Drill report" in (directory / "report.md").read_text()
    assert (directory / "score.txt").read_text().startswith("Score ")
    assert {path.name: path.stat().st_mode & 0o077 for path in directory.iterdir()} == {
        path.name: 0 for path in directory.iterdir()
    }
    profile = json.loads((directory / "profile.json").read_text())
    assert profile["kind"] == "drill"
    assert not (directory / "control.json").exists()
    desk = open_desk(Settings(), Profile(), home / "cockpit.db", "mona")
    (run,) = desk.practice.runs()
    assert (run.result.scenario, run.people) == ("dkim-missing", ("mona",))
    assert desk.practice.report(run.uid) == (directory / "report.md").read_text()
    desk.close()


def test_a_drill_leaves_no_process_behind(home: Path) -> None:
    with opened(home, "drill", "all-quiet") as terminal:
        terminal.wait_for("DRILL")
        (directory,) = (home / "drills").iterdir()
        assert wait_for(lambda: bool(processes_of(directory)))
        terminal.press("q")
        assert terminal.end() == 0
    assert wait_for(lambda: not processes_of(directory))


def processes_of(directory: Path) -> list[str]:
    """Command lines of running processes that name the directory."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if os.fsencode(directory) in line:
            found.append(line.replace(b"\0", b" ").decode())
    return found
