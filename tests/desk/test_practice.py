"""The records of practice at a desk: kept, compared, exported, and what is due."""

from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.clock import SystemClock
from cockpit.config import Person, Settings
from cockpit.desk import Desk, open_desk
from cockpit.errors import BadInput, NotFound
from cockpit.practice.run import Result
from cockpit.profile import Profile

SETTINGS = Settings(people=(Person("mona", roles=("IC",)), Person("bob", roles=("TL",))))
REPORT = "# Drill report: Zone deleted\n\n- **Score:** 80 of 100\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_desk(SETTINGS, Profile(), tmp_path / "cockpit.db", "mona")


def result(percent: int = 80) -> Result:
    return Result(
        scenario="zone-deletion",
        title="Zone deleted",
        type="dns-failure",
        started=SystemClock().now(),
        percent=percent,
        restored=True,
        week=1,
    )


def test_a_drill_is_kept_with_its_report_and_found_by_another_terminal(desk: Desk, tmp_path: Path) -> None:
    run = desk.practice.record(result(), REPORT, ["bob", "mona", "bob"])
    other = open_desk(SETTINGS, Profile(), tmp_path / "cockpit.db", "bob")
    assert other.practice.runs() == (run,)
    assert other.practice.get(run.uid[:8]).people == ("mona", "bob")
    assert other.practice.report(run.uid) == REPORT
    other.close()


def test_the_report_is_exported_and_nothing_is_overwritten(desk: Desk, tmp_path: Path) -> None:
    run = desk.practice.record(result(), REPORT)
    first, second = desk.practice.export(run.uid, tmp_path), desk.practice.export(run.uid, tmp_path)
    assert first != second
    assert first.read_text() == REPORT
    assert first.stat().st_mode & 0o077 == 0


def test_the_second_run_is_compared_with_the_first(desk: Desk) -> None:
    first = desk.practice.record(result(60), REPORT)
    second = desk.practice.record(result(85), REPORT)
    assert desk.practice.comparison(first.uid) == ""
    assert desk.practice.comparison(second.uid).startswith("85 of 100 after 60 on ")
    assert "## Beside earlier runs" not in desk.practice.report(first.uid)
    assert "| 85 | — | — | — | this drill |" in desk.practice.report(second.uid)
    assert [trend.change for trend in desk.practice.by_scenario()] == [25]


def test_nothing_is_overdue_where_practice_was_never_recorded(desk: Desk) -> None:
    assert desk.practice.overdue() == ()
    assert desk.practice.lapsed("mona") == ()


def test_who_lapsed_is_told_when_practice_is_kept(desk: Desk) -> None:
    desk.practice.record(result(), REPORT, ["bob"])
    assert "mona: annual certification as incident commander" in desk.practice.overdue()
    assert desk.practice.lapsed("mona") == ("annual certification as incident commander",)
    assert desk.practice.lapsed("bob") == ()
    desk.practice.certified("mona", desk.clock.now())
    assert desk.practice.lapsed("mona") == ()


def test_what_is_written_down_lies_not_in_the_future(desk: Desk) -> None:
    with pytest.raises(BadInput, match="not come yet"):
        desk.practice.joined("bob", desk.clock.now() + timedelta(days=1))


def test_a_drill_that_is_not_in_the_records_is_an_error_that_says_so(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no drill"):
        desk.practice.get("nothing")
