"""From spawn to the first live paint of the board, over a bare interpreter and over a minimal Textual app.

"Live" means read from the database in this process: a domain's name stands on the screen. All three run under a
pseudo-terminal, interleaved. `python -m tests.bench.bench_first_paint [rounds]` prints medians, best and ratios.

Our modules run from bytecode, as pip leaves them behind. Where the environment forbids to write it they would be
compiled at every start, while Textual's, which pip installed, are not.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import pytest

from tests.screens.desks import SETTINGS, Scene, all_green
from tests.screens.terminal import Terminal

MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("HELLO", markup=False)
Minimal().run()
"""
CONFIG = "domains:\n" + "".join(f"  - name: {domain.name}\n" for domain in SETTINGS.domains)


def bare() -> float:
    """Seconds of an interpreter that does nothing."""
    before = perf_counter()
    with Terminal([sys.executable, "-c", "pass"]) as terminal:
        assert terminal.wait() == 0
    return perf_counter() - before


def minimal() -> float:
    """Seconds until a Textual app with one word has painted it."""
    with Terminal([sys.executable, "-c", MINIMAL], columns=120, rows=40) as terminal:
        return terminal.wait_for(b"HELLO")


def cockpit(home: Path) -> float:
    """Seconds until the cockpit has painted a domain that it read from the database."""
    arguments = ["--config", str(home / "cockpit.yaml"), "--database", str(home / "cockpit" / "cockpit.db")]
    environment = {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
    command = [sys.executable, "-m", "cockpit", *arguments, "--as", "bench"]
    with Terminal(command, columns=120, rows=40, env=environment) as terminal:
        painted = terminal.wait_for(b"shop.example")
        terminal.send("q")
        assert terminal.wait() == 0
        return painted


def prepared(home: Path) -> Path:
    """A home with a configuration and a database that somebody watched."""
    scene = Scene(home)
    all_green(scene)
    scene.refresh()
    scene.close()
    (home / "cockpit.yaml").write_text(CONFIG, encoding="utf-8")
    return home


def main(rounds: int) -> None:
    """Print the medians and the ratios, which are taken inside each round."""
    with tempfile.TemporaryDirectory() as directory:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(directory) / "bytecode")
        home = prepared(Path(directory))
        runs: Sequence[Callable[[], float]] = (bare, minimal, lambda: cockpit(home))
        for run in runs:
            run()
        times = [[run() for run in runs] for _ in range(rounds)]
    for name, values in zip(
        ("python -c pass", "minimal Textual app", "cockpit"), zip(*times, strict=True), strict=True
    ):
        print(f"{name:<20} {statistics.median(values) * 1000:7.0f} ms  (best {min(values) * 1000:.0f})")
    best = [min(values) for values in zip(*times, strict=True)]
    for name, index in (("python -c pass", 0), ("a minimal Textual app", 1)):
        ratio = statistics.median(row[2] / row[index] for row in times)
        print(f"cockpit over {name}: {ratio:.2f}x  (best over best {best[2] / best[index]:.2f}x)")


@pytest.mark.bench
def test_the_first_paint_shows_what_the_database_holds(tmp_path: Path) -> None:
    assert cockpit(prepared(tmp_path)) > 0


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
