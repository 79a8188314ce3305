"""Runners are detached: a session of their own, errors in a private file, and no zombies left."""

import os
import threading
from pathlib import Path

import pytest

from cockpit.actions.launch import Launcher
from cockpit.errors import WorldError


def test_a_started_module_has_a_session_of_its_own_and_is_collected_when_it_ends(tmp_path: Path) -> None:
    log = tmp_path / "runner.log"
    Launcher(log)(
        ["cockpit.actions.runner", "--database", str(tmp_path / "x.db"), "--run", "nobody", "--profile", "none"]
    )
    collector = next(thread for thread in threading.enumerate() if thread.name.startswith("child "))
    child = int(collector.name.split()[1])
    assert os.getsid(child) == child != os.getsid(0)
    collector.join(20)
    assert not Path(f"/proc/{child}").exists()
    assert log.read_text() == "Profile none cannot be read: No such file or directory.\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_what_lies_in_the_working_directory_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cockpit", "boto3", "argparse"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('somebody else was here')")
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "runner.log"
    Launcher(log)(["cockpit.actions.runner", "--database", "x.db", "--run", "nobody", "--profile", "none"])
    next(thread for thread in threading.enumerate() if thread.name.startswith("child ")).join(20)
    assert log.read_text() == "Profile none cannot be read: No such file or directory.\n"


def test_a_log_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"No process could be started .*No such file or directory"):
        Launcher(tmp_path / "gone" / "runner.log")(["cockpit.actions.runner"])
