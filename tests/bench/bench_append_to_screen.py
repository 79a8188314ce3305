"""From an append in one process to the text on another one's screen, and what an idle screen costs.

The cockpit runs under a pseudo-terminal on the incident; this process writes notes to the same database at random
moments. The reference is a program that copies lines from a pipe to a terminal of its own, measured in the same
run: what the kernel and a Python process take for the way alone. `python tests/bench/bench_append_to_screen.py`
prints milliseconds, multiples of the reference, and the share of one core that the idle screen takes.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.config import Settings
from cockpit.desk import Desk, open_desk
from cockpit.own_process import own_command, own_environment
from cockpit.profile import Profile
from tests.screens.terminal import Terminal

COPIER = "import sys\nfor line in open(sys.argv[1]): print(line, end='', flush=True)"
CALM_S = 3.0
"""Seconds after opening in which a screen settles: what it put off for its first paint, its watch's start."""


def times_of(
    write: Callable[[str], object], terminal: Terminal, count: int, pause_s: tuple[float, float]
) -> list[float]:
    """Milliseconds from just before each write until its text came out of the terminal."""
    chance, times = random.Random(11), []
    for number in range(count):
        terminal.read_for(chance.uniform(*pause_s))
        text = f"mark-{number:05}"
        mark, before = len(terminal.output), time.perf_counter()
        write(text)
        terminal.wait_for(text.encode(), since=mark)
        times.append((time.perf_counter() - before) * 1000)
    return times


def reference(folder: Path, count: int) -> list[float]:
    """The times of lines through a pipe and a terminal with a copying program in between."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    with Terminal([sys.executable, "-c", COPIER, str(pipe)]) as terminal, pipe.open("w", buffering=1) as lines:
        lines.write("ready\n")
        terminal.wait_for(b"ready")
        return times_of(lambda text: lines.write(f"{text}\n"), terminal, count, (0.001, 0.01))


class Bench:
    """A cockpit on a terminal, on an incident that another process writes to."""

    def __init__(self, desk: Desk, terminal: Terminal) -> None:
        self._desk = desk
        self._terminal = terminal
        self._incident = desk.incidents.all()[0].uid

    def appended(self, count: int) -> list[float]:
        """The times of notes at random moments, ten polls of the screen apart at most."""

        def note(text: str) -> None:
            self._desk.incidents.note(self._incident, text)

        return times_of(note, self._terminal, count, (0.02, 0.5))

    def idle_share(self, seconds: float) -> float:
        """The fraction of one core that the screen's process takes while nothing happens but the clocks."""
        before, start = self._spent_s(), time.perf_counter()
        self._terminal.read_for(seconds)
        return (self._spent_s() - before) / (time.perf_counter() - start)

    def _spent_s(self) -> float:
        """Seconds of processor time of the screen's own process (proc(5), fields 14 and 15 of stat)."""
        fields = Path(f"/proc/{self._terminal.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def opened(folder: Path, calm_s: float = CALM_S) -> Iterator[Bench]:
    """A cockpit at 80x24 on an incident with some history."""
    home = folder / "home"
    desk = open_desk(Settings(), Profile(), home / "cockpit.db", "jroy")
    incident = desk.incidents.open("Order mail is late", severity="P2", reason="a bench", take_lead=True)
    for number in range(100):
        desk.incidents.note(incident.uid, f"what was known before, line {number}")
    with Terminal(own_command("--as", "mhassan"), env={**own_environment(), "COCKPIT_HOME": str(home)}) as terminal:
        terminal.wait_for(b"Next")
        terminal.send("2")
        terminal.wait_for(b"line 99")
        terminal.read_for(calm_s)
        yield Bench(desk, terminal)
    desk.close()


def percentile(times: list[float], share: float) -> float:
    """The value below which `share` of the times lie."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def main(count: int, idle_s: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, opened(Path(directory)) as bench:
        base = reference(Path(directory), count)
        idle = bench.idle_share(idle_s)
        times = bench.appended(count)
        again = bench.idle_share(idle_s)
    for name, found in (("pipe to terminal", base), ("append to screen", times)):
        print(f"{name}: p50 {median(found):.2f} ms, p99 {percentile(found, 0.99):.2f} ms, {len(found)} lines")
    p50, p99 = median(times) / median(base), percentile(times, 0.99) / percentile(base, 0.99)
    print(f"append to screen over pipe to terminal: p50 {p50:.0f}x, p99 {p99:.0f}x")
    print(f"idle screen: {idle * 100:.2f} % of a core before, {again * 100:.2f} % after")


@pytest.mark.bench
def test_every_append_reaches_the_other_screen(tmp_path: Path) -> None:
    with opened(tmp_path, calm_s=0.0) as bench:
        assert len(bench.appended(5)) == 5
    assert len(reference(tmp_path, 5)) == 5


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3] or (100, 5)))
