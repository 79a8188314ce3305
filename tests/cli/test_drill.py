"""The facilitator's terminal, the records of practice and the calendar, from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.config import Settings
from cockpit.desk import open_desk
from cockpit.drill.process.door import keep_control
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.practice.run import Result
from cockpit.profile import Profile
from tests.cli.conftest import Cockpit
from tests.worlds import start_world


@pytest.fixture(scope="module")
def world() -> Iterator[LaunchedWorld]:
    with start_world("dkim-missing", speed=1.0) as world:
        yield world


@pytest.fixture
def running(world: LaunchedWorld, home: Path) -> Path:
    """The directory of a drill that runs."""
    directory = home / "drills" / "20261120T120000Z-dkim-missing"
    directory.mkdir(mode=0o700, parents=True)
    assert world.profile.control is not None
    keep_control(directory, world.profile.control)
    return directory


def test_a_second_terminal_steers_the_drill_that_runs(cockpit: Cockpit, running: Path) -> None:
    assert "paused" in cockpit("drill", "control", "pause").out
    assert "running" in cockpit("drill", "control", "resume").out
    assert "at speed 5" in cockpit("drill", "control", "speed", "5").out
    assert json.loads(cockpit("drill", "control", "status", "--json").out)["speed"] == 5
    done = cockpit("drill", "control", "inject", "dns-fault", "server=google", "kind=latency", "latency_s=1s")
    assert done.code == 0, done.err
    assert "authoritative servers know first" in cockpit("drill", "control", "hint").out
    report = cockpit("drill", "control", "report").out
    assert "dns-fault: server google, kind latency" in report
    assert "hint: The authoritative servers" in report


def test_the_token_is_in_no_line_that_is_printed(cockpit: Cockpit, running: Path, world: LaunchedWorld) -> None:
    assert world.profile.control is not None
    token = world.profile.control.token
    for words in (("status",), ("status", "--json"), ("report",), ("pause",), ("inject", "nonsense")):
        done = cockpit("drill", "control", *words)
        assert token not in done.out + done.err
    assert (running / "control.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("inject", "dns-fualt"), "There is no inject 'dns-fualt'; did you mean dns-fault?"),
        (("inject", "dns-heal"), "write it as dns-heal server="),
        (("inject", "dns-heal", "google"), "write FIELD=VALUE"),
        (("inject", "dns-heal", "server=a", "server=b"), "given twice"),
        (("inject", "dns-heal", "server=nobody"), "There is no name server nobody"),
        (("speed", "0"), "0"),
    ],
)
def test_what_is_outside_the_vocabulary_is_refused(
    cockpit: Cockpit, running: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = cockpit("drill", "control", *words)
    assert done.code == 64 or done.code == 1
    assert sentence in done.err


def test_without_a_drill_there_is_nothing_to_steer(cockpit: Cockpit, home: Path) -> None:
    assert cockpit("drill", "control", "status").sentence.startswith("No drill runs on this machine")


def test_a_way_in_that_others_can_read_is_not_trusted(cockpit: Cockpit, running: Path) -> None:
    (running / "control.json").chmod(0o644)
    assert "not trusted" in cockpit("drill", "control", "status").sentence


def test_the_list_begins_with_the_drill_to_begin_with(cockpit: Cockpit, home: Path) -> None:
    lines = cockpit("drill", "--list").out.splitlines()
    assert lines[1].startswith("dkim-missing")
    assert "begin here" in lines[1]


def test_the_history_shows_runs_and_trends(cockpit: Cockpit, home: Path) -> None:
    assert "No drill was run yet" in cockpit("drill", "history").out
    desk = open_desk(Settings(), Profile(), home / "cockpit.db", "mona")
    for percent in (60, 85):
        result = Result(
            scenario="zone-deletion",
            title="Zone deleted",
            type="x",
            started=desk.clock.now(),
            percent=percent,
            restored=True,
            week=1,
        )
        run = desk.practice.record(result, "# Drill report\n", ["bob"])
    desk.close()
    shown = cockpit("drill", "history").out
    assert "mona, bob" in shown
    assert "+25" in shown
    assert cockpit("drill", "history", "--report", run.uid).out.startswith("# Drill report")
    told = json.loads(cockpit("drill", "history", "--json").out)
    assert [one["result"]["percent"] for one in told["runs"]] == [60, 85]
    assert told["by_person"][0]["subject"] == "bob"


def test_the_schedule_shows_the_month_and_who_is_overdue(cockpit: Cockpit, home: Path) -> None:
    assert cockpit("drill", "register", "joined", "bob", "--on", "2026-01-05").code == 0
    shown = cockpit("drill", "schedule").out
    assert "cockpit drill load-balancer-failure" in shown
    assert "emergency response training within 30 days" in shown
    told = json.loads(cockpit("drill", "schedule", "--json").out)
    assert [slot["week"]["number"] for slot in told["month"]] == [1, 2, 3, 4]
    assert any(line.startswith("bob: ") for line in told["overdue"])
