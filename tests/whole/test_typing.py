"""Keys that arrive in one packet, as they do over a bad line, mean what was typed."""

from pathlib import Path

import pytest

from cockpit.own_process import own_command
from tests.screens.terminal import Terminal
from tests.whole.home import Home

pytestmark = pytest.mark.xdist_group("whole-home")


def test_notes_that_arrive_in_one_burst_are_written_as_they_were_typed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").fill()
    typed = [f"note number {number}: D v x s A, and ⏎" for number in range(12)]
    with Terminal(own_command("--as", "mhassan"), env=home.environment) as terminal:
        terminal.wait_for(b"Next")
        terminal.send("n" + "".join(f"left out\x15{note}\r" for note in typed))
        terminal.wait_until(lambda: typed[-1] in home.notes(), "the last note")
        terminal.process.terminate()
        assert terminal.wait() == 143
    assert home.notes() == ["written before", *typed]
