"""Files go where the XDG specification or COCKPIT_HOME says, and only their owner can read them."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.errors import ConfigError
from cockpit.paths import new_drill_directory, places, write_private


def test_cockpit_home_keeps_everything_together(tmp_path: Path) -> None:
    found = places({"COCKPIT_HOME": str(tmp_path), "XDG_DATA_HOME": "/elsewhere"})
    assert {found.config.parent, found.database.parent, found.logs.parent, found.drills.parent} == {tmp_path}


def test_xdg_directories_are_used_and_relative_ones_are_ignored() -> None:
    found = places({"HOME": "/home/ic", "XDG_CONFIG_HOME": "/etc/xdg-ic", "XDG_DATA_HOME": "relative"})
    assert found.config == Path("/etc/xdg-ic/cockpit/cockpit.yaml")
    assert found.database == Path("/home/ic/.local/share/cockpit/cockpit.db")
    assert found.logs == Path("/home/ic/.local/state/cockpit/log")


def test_without_a_home_there_is_a_sentence_that_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match="COCKPIT_HOME"):
        places({})


def test_each_drill_gets_its_own_private_directory(tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, 14, 3, 22, tzinfo=UTC)
    first = new_drill_directory(tmp_path / "drills", "dkim-missing", now)
    second = new_drill_directory(tmp_path / "drills", "dkim-missing", now)
    assert first.name == "20261120T140322Z-dkim-missing"
    assert second.name == "20261120T140322Z-dkim-missing-2"
    assert stat.S_IMODE(first.stat().st_mode) == 0o700


def test_a_drill_name_cannot_leave_its_directory(tmp_path: Path) -> None:
    made = new_drill_directory(tmp_path, "../../etc/x\x1b", datetime(2026, 1, 1, tzinfo=UTC))
    assert made.parent == tmp_path


def test_a_private_file_is_never_overwritten_and_never_follows_a_link(tmp_path: Path) -> None:
    path = write_private(tmp_path / "profile.json", "{}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="exists already"):
        write_private(path, "other")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    with pytest.raises(ConfigError):
        write_private(link, "x")
    assert path.read_text() == "{}"
