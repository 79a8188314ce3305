"""A runbook of 1,000 steps beside one of 100, and a command of 100 MB beside the same into nothing.

`python tests/bench/bench_runbook.py` prints what a step and a view cost, and the ratio between the two runbooks;
how long 100 MB take through the runner, in how much memory, how much of it the ledger keeps, and how soon a stop
ends a command that prints without end. Under pytest it is played small, and only what is kept is asserted.
"""

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.clock import SystemClock
from cockpit.config import Settings
from cockpit.desk import open_desk
from cockpit.profile import Profile
from cockpit.runbooks.machine import MAX_OUTPUT, fold, stream_of
from storage.database import Database
from storage.ledger import Draft, Ledger

MB = 1_000_000


@dataclass(frozen=True)
class Worked:
    """Seconds for reading the book, for one view of the run, and for one step."""

    read_s: float
    view_s: float
    step_s: float


def work(folder: Path, steps: int, sample: int) -> Worked:
    """Start a book of so many steps at a desk and work the first of them."""
    shelf = folder / f"shelf-{steps}"
    shelf.mkdir()
    (shelf / "long.md").write_text("# Long\n\n" + "\n".join(f"## Step {n}\n\nDo {n}.\n" for n in range(steps)))
    settings = Settings(runbook_folders=(str(shelf),))
    desk = open_desk(settings, Profile(), folder / f"{steps}.db", "mona")
    try:
        begun = time.perf_counter()
        desk.runbooks.book("long")
        read_s = time.perf_counter() - begun
        uid = desk.runbooks.start("long", {})
        begun = time.perf_counter()
        for _ in range(sample):
            desk.runbooks.advance(uid)
        step_s = (time.perf_counter() - begun) / sample
        begun = time.perf_counter()
        for _ in range(sample):
            desk.runbooks.get(uid)
        return Worked(read_s, (time.perf_counter() - begun) / sample, step_s)
    finally:
        desk.close()


@dataclass(frozen=True)
class Printed:
    """Seconds through the runner, seconds into nothing, peak memory of the runner in MB, characters kept."""

    runner_s: float
    alone_s: float
    memory_mb: float
    kept: int
    state: str


def _draft(kind: str, body: dict[str, Any]) -> Draft:
    return Draft(stream=stream_of("r"), kind=kind, body=body, occurred_at=SystemClock().now(), actor="mona")


def _begin(path: Path, argv: list[str]) -> list[str]:
    """A run whose command step has just begun; returns the runner's command line."""
    from cockpit.runbooks.format import parse

    book = parse("# T\n\n## Do\n\n```command\ntrue\n```\n", "t.md")
    database = Database.open(path)
    ledger = Ledger(database, SystemClock().now)
    book_words = {"runbook": "t", "source": "t.md", "text": book.text, "sha256": book.sha256}
    started: dict[str, Any] = {**book_words, "inputs": {}}
    step: dict[str, Any] = {"step": "do", "attempt": 1, "argv": [argv], "timeout_s": 300.0}
    for kind, body in (("run.started", started), ("step.started", step)):
        ledger.append([_draft(kind, body)])
    database.close()
    runner = [sys.executable, "-m", "cockpit.runbooks.command_runner", "--database", str(path)]
    return [*runner, "--run", "r", "--step", "do", "--attempt", "1"]


def flood(folder: Path, size: int) -> Printed:
    """Let a command print so many bytes through the runner, and once into nothing."""
    argv = ["head", "-c", str(size), "/dev/zero"]
    begun = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    alone_s = time.perf_counter() - begun
    path = folder / "flood.db"
    runner = _begin(path, argv)
    begun = time.perf_counter()
    subprocess.run(runner, cwd=Path(__file__).parents[2], check=True)
    runner_s = time.perf_counter() - begun
    memory_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    database = Database.open(path)
    try:
        run = fold("r", Ledger(database, SystemClock().now).stream(stream_of("r")))
    finally:
        database.close()
    assert run is not None
    progress = run.of("do")
    return Printed(runner_s, alone_s, memory_mb, len(progress.output), progress.state)


def stop(folder: Path) -> float:
    """Seconds from the word that stops an endless command until nothing of it is left."""
    path = folder / "stop.db"
    database = Database.open(path)
    ledger = Ledger(database, SystemClock().now)
    with subprocess.Popen(_begin(path, ["cat", "/dev/zero"]), cwd=Path(__file__).parents[2]) as runner:
        while not any(event.kind == "step.output" for event in ledger.stream(stream_of("r"))):
            assert runner.poll() is None
        body = {"step": "do", "attempt": 1, "reason": "stopped", "stopped": True}
        begun = time.perf_counter()
        ledger.append([_draft("step.failed", body)])
        runner.wait()
        took = time.perf_counter() - begun
    database.close()
    return took


def test_little_is_kept_of_much(tmp_path: Path) -> None:
    work(tmp_path, 20, 5)
    printed = flood(tmp_path, MB)
    assert printed.state == "done"
    assert printed.kept <= MAX_OUTPUT


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short, long = work(folder, 100, 50), work(folder, 1_000, 50)
        for steps, worked in ((100, short), (1_000, long)):
            print(
                f"{steps:>5} steps: read {worked.read_s * 1000:.1f} ms, a view {worked.view_s * 1000:.2f} ms, "
                f"a step {worked.step_s * 1000:.2f} ms"
            )
        print(f"ratio for ten times the steps: view {long.view_s / short.view_s:.1f}, ", end="")
        print(f"step {long.step_s / short.step_s:.1f}")
        printed = flood(folder, 100 * MB)
        print(
            f"100 MB: {printed.runner_s:.2f} s through the runner, {printed.alone_s:.2f} s into nothing "
            f"(ratio {printed.runner_s / printed.alone_s:.0f}), {printed.memory_mb:.0f} MB at most, "
            f"{printed.kept:,} characters kept, {printed.state}"
        )
        print(f"stopping an endless command: {stop(folder):.2f} s")


if __name__ == "__main__":
    main()
