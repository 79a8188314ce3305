"""Kill -9 at every event of a run: it goes on where it was, no command runs twice unasked, and output is kept."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.errors import Refused
from cockpit.runbooks.run import RunStatus, StepState
from tests.runbooks.crash_driver import BOOK, Terminal, work


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The kinds of event of a run that nobody disturbs, in their order."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "book.md").write_text(BOOK)
    terminal = Terminal(folder)
    uid = work(terminal)
    assert terminal.runbooks.get(uid).status is RunStatus.FINISHED
    kinds = [event.kind for event in terminal.ledger.stream(f"run/{uid}")]
    terminal.close()
    return kinds


@pytest.fixture(scope="module")
def crashed(undisturbed: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each way to die: before and after each event."""
    folder = tmp_path_factory.mktemp("crashed")
    command = [sys.executable, "-m", "tests.runbooks.crash_driver", str(folder), str(len(undisturbed))]
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True, timeout=100)
    return folder


def _survivors(crashed: Path) -> Iterator[tuple[Path, Terminal, str]]:
    for folder in sorted(crashed.iterdir(), key=lambda path: (int(path.name.split("-")[0]), path.name)):
        terminal = Terminal(folder)
        runs = [event.stream for event in terminal.ledger.since(0) if event.kind == "run.started"]
        yield folder, terminal, runs[0].removeprefix("run/") if runs else ""
        terminal.close()


def test_a_run_goes_on_where_it_was_after_kill_9_at_any_event(crashed: Path, undisturbed: list[str]) -> None:
    places = set()
    for folder, terminal, uid in _survivors(crashed):
        if not uid:
            assert folder.name == "1-before"
            continue
        stored = [event.kind for event in terminal.ledger.stream(f"run/{uid}")]
        assert stored == undisturbed[: len(stored)], folder.name
        before = terminal.runbooks.get(uid)
        places.add(before.number)
        started = (folder / "started").read_text() if (folder / "started").exists() else ""
        _finish(terminal, uid, folder)
        assert terminal.runbooks.get(uid).status is RunStatus.FINISHED, folder.name
        after = (folder / "started").read_text()
        assert after.count("command") - started.count("command") <= 1
    assert places >= {1, 2, 3, 4, 5, 6, 7}


def _finish(terminal: Terminal, uid: str, folder: Path) -> None:
    """Do what a person does who comes back: look at each step, and confirm where it asks."""
    books = terminal.runbooks
    for _ in range(40):
        terminal.see()
        view = books.get(uid)
        if view.status is not RunStatus.ACTIVE:
            return
        assert view.current is not None
        if view.current.id == "do" and view.current.state is StepState.RUNNING:
            kept = view.output
            ran = (folder / "started").read_text().count("command") if (folder / "started").exists() else 0
            terminal.clock.advance(30)
            books.tick(terminal.clock.now())
            view = books.get(uid)
            assert view.current is not None
            assert view.current.state is StepState.FAILED
            assert "not known how far it came" in view.decided_by
            assert view.output == kept
            now = (folder / "started").read_text().count("command") if (folder / "started").exists() else 0
            assert now == ran, "ran again without being asked"
            with pytest.raises(Refused, match="not known how far"):
                books.retry(uid)
            books.skip(uid, "looked: it had done its work")
        elif view.current is not None and view.current.id == "do":
            books.advance(uid)
            terminal.command(uid, "step.done", how="command", said="ok")
        elif view.waiting:
            terminal.clock.advance(31)
            books.tick(terminal.clock.now())
        else:
            books.advance(uid, "spare.example")
