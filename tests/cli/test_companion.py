"""The watch beside a terminal: fed through its standard input, and gone when that closes."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.cli import companion
from cockpit.cli import launcher as own_launcher
from cockpit.cli.companion import CompanionWatch, watch_is_held
from cockpit.cli.launcher import TerminalLauncher
from cockpit.cli.session import Given, Session
from cockpit.config import load_settings
from cockpit.desk import WATCH_LEASE
from cockpit.errors import BadInput, ConfigError, Refused, WorldError
from cockpit.own_process import own_command, own_environment
from storage.database import Database
from storage.leases import Leases, boot_id

CHILD = """
import sys
line = sys.stdin.readline()
print("arguments", sys.argv[1:], file=sys.stderr)
print("line", line.strip(), file=sys.stderr)
sys.stdin.read()
print("end of input", file=sys.stderr, flush=True)
"""


LATE = """
import os, sys
print("here", file=sys.stderr, flush=True)
if os.path.getsize(sys.argv[1]) < 9:
    sys.exit(3)
sys.stdin.read()
"""


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for our own program that tells what it was given."""
    monkeypatch.setattr(companion, "own_command", lambda *arguments: [sys.executable, "-c", CHILD, *arguments])


@pytest.mark.usefixtures("child")
def test_the_profile_goes_through_standard_input_and_never_through_the_arguments(tmp_path: Path) -> None:
    log = tmp_path / "log" / "watch.log"
    with CompanionWatch(["--database", "x.db"], log, b'{"token": "canary"}\n') as watch:
        assert watch.start()
        assert watch.running
        assert not watch.start()
    assert not watch.running
    text = log.read_text()
    assert "arguments ['watch', '--until-eof', '--database', 'x.db', '--profile', '-']" in text
    assert 'line {"token": "canary"}' in text
    assert text.endswith("end of input\n")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_watch_that_ended_cleanly_stays_away_until_it_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companion, "own_command", lambda *_: [sys.executable, "-c", ""])
    with CompanionWatch([], tmp_path / "watch.log", None) as watch:
        assert watch.start()
        assert wait_for(lambda: not watch.running)
        assert watch.start()


def test_a_child_that_does_not_leave_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stubborn = "import signal; print('deaf', flush=True); signal.pause()"
    monkeypatch.setattr(companion, "own_command", lambda *_: [sys.executable, "-c", stubborn])
    monkeypatch.setattr(companion, "PATIENCE_S", 0.05)
    with CompanionWatch([], tmp_path / "watch.log", None) as watch:
        watch.start()
    assert not watch.running


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "watch.log").symlink_to("/dev/null")
    with pytest.raises(ConfigError, match="cannot be written"):
        CompanionWatch([], tmp_path / "watch.log", None).start()


def test_our_own_program_is_called_without_the_working_directory_in_its_path() -> None:
    assert own_command("status") == [sys.executable, "-P", "-m", "cockpit", "status"]
    assert Path(own_environment()["PYTHONPATH"].split(os.pathsep)[0], "cockpit", "cli").is_dir()


def launcher(given: Given | None = None) -> TerminalLauncher:
    session = Session(given)
    return TerminalLauncher(session, CompanionWatch([], session.log("watch"), None))


def test_a_domain_added_from_the_screen_stands_in_the_configuration(home: Path) -> None:
    launched = launcher().add_domain("Shop.Example")
    assert launched.reopen
    assert str(home / "cockpit.yaml") in launched.sentence
    assert load_settings(home / "cockpit.yaml").domain("shop.example") is not None
    with pytest.raises(Refused, match="already"):
        launcher().add_domain("shop.example")
    with pytest.raises(BadInput):
        launcher().add_domain("\x1b[2J")


def test_a_profile_that_brings_its_configuration_is_not_added_to(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_text('{"kind": "drill", "name": "x", "settings": {}}')
    with pytest.raises(Refused, match="brings its own configuration"):
        launcher(Given(profile=str(path))).add_domain("shop.example")


def test_identities_are_not_imported_from_an_account_that_is_not_pinned(home: Path) -> None:
    with pytest.raises(WorldError, match="No account and region are pinned"):
        launcher().import_identities()
    assert not (home / "cockpit.yaml").exists()


def test_the_drills_are_offered_easiest_first(home: Path) -> None:
    names = [name for name, _ in launcher().drills()]
    assert "dkim-missing" in names


@pytest.mark.parametrize("score", ["Score 90 of 100.\nBetter than last time.\n", "Score 90 of 100.\n"])
def test_the_first_line_of_a_score_is_what_the_screen_says(
    score: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = "import pathlib, sys; pathlib.Path(sys.argv[1], 'score.txt').write_text(sys.argv[2])"

    def drill(*arguments: str) -> list[str]:
        return [sys.executable, "-c", write, arguments[arguments.index("--into") + 1], score]

    monkeypatch.setattr(own_launcher, "own_command", drill)
    assert launcher().start_drill("dkim-missing").sentence == "Score 90 of 100."


def test_a_watch_that_found_the_lease_held_is_started_when_nobody_holds_it_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "watch.log"
    monkeypatch.setattr(companion, "own_command", lambda *_: [sys.executable, "-c", LATE, str(log)])
    monkeypatch.setattr(companion, "RETRY_S", 0.01)
    answers = iter([True, True, False])
    asked = threading.Event()

    def held() -> bool:
        answer = next(answers)
        if not answer:
            asked.set()
        return answer

    with CompanionWatch([], log, None, held) as watch:
        watch.start()
        assert asked.wait(20)
        assert wait_for(lambda: log.read_text() == "here\nhere\n")
    assert not watch.running


def wait_for(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true while others run; the test's own time limit ends a wait in vain."""
    pause = threading.Event()
    for _ in range(2000):
        if condition():
            return True
        pause.wait(0.01)
    return False


def test_the_lease_of_a_watch_that_is_gone_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.db"
    assert not watch_is_held(path)
    database = Database.open(path)
    leases = Leases(database)
    lease = leases.acquire(WATCH_LEASE, "here", os.getpid(), boot_id(), os.uname().nodename)
    assert watch_is_held(path)
    leases.release(lease)
    assert not watch_is_held(path)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    leases.acquire(WATCH_LEASE, "gone", gone.pid, boot_id(), os.uname().nodename)
    assert not watch_is_held(path)
    database.close()
