"""Runners are detached: a session of their own, errors in a private file, and no zombies left."""

import os
import threading
from pathlib import Path

from cockpit.actions.launch import Launcher


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
