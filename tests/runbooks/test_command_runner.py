"""Command steps as real processes: output kept, nothing left behind, nothing run twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.clock import SystemClock
from cockpit.runbooks.command_runner import main
from cockpit.runbooks.format import parse
from cockpit.runbooks.machine import MAX_OUTPUT, fold, stream_of
from cockpit.runbooks.run import Run, StepState
from storage.database import Database
from storage.ledger import Draft, Ledger

TEXT = "# T\n\n## Do\n\n```command\ntrue\n```\n\n## Then\n\nx\n"


class Ledgered:
    """A database with one run whose command step has just begun."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database.open(path)
        self.ledger = Ledger(self.database, SystemClock().now)

    def append(self, kind: str, body: dict[str, Any]) -> None:
        now = SystemClock().now()
        draft = Draft(stream=stream_of("r"), kind=kind, body=body, occurred_at=now, actor="mhassan")
        self.ledger.append([draft])

    def begin(self, *argv: list[str], timeout_s: float = 20.0, **detail: Any) -> None:
        book = parse(TEXT, "t.md")
        self.append(
            "run.started",
            {"runbook": "t", "source": "t.md", "text": book.text, "sha256": book.sha256, "inputs": {}},
        )
        self.append(
            "step.started",
            {"step": "do", "attempt": 1, "argv": [list(each) for each in argv], "timeout_s": timeout_s, **detail},
        )

    def run(self) -> Run:
        found = fold("r", self.ledger.stream(stream_of("r")))
        assert found is not None
        return found

    def arguments(self) -> list[str]:
        return ["--database", str(self.path), "--run", "r", "--step", "do", "--attempt", "1"]

    def start(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "cockpit.runbooks.command_runner", *self.arguments()]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def until(self, condition: Callable[[Run], bool]) -> Run:
        for _ in range(500):
            run = self.run()
            if condition(run):
                return run
            threading.Event().wait(0.02)
        raise AssertionError(self.run().of("do"))


@pytest.fixture
def ledgered(tmp_path: Path) -> Iterator[Ledgered]:
    made = Ledgered(tmp_path / "cockpit" / "cockpit.db")
    yield made
    made.database.close()


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_and_outcome_are_journalled(ledgered: Ledgered) -> None:
    ledgered.begin(["printf", "%s\\n", "a;b", "$(x)"], ["true"])
    assert main(ledgered.arguments()) == 0
    progress = ledgered.run().of("do")
    assert progress.state is StepState.DONE
    assert "a;b\n$(x)\n" in progress.output
    assert "$ true" in progress.output


def test_a_failing_command_stops_the_step_with_its_exit_status(ledgered: Ledgered) -> None:
    ledgered.begin(["sh", "-c", "echo oh; exit 7"], ["touch", "never"])
    assert main(ledgered.arguments()) == 0
    progress = ledgered.run().of("do")
    assert progress.state is StepState.FAILED
    assert progress.said == "sh ended with exit status 7."
    assert "never" not in progress.output


def test_a_missing_tool_is_told_with_what_to_do(ledgered: Ledgered) -> None:
    ledgered.begin(["no-such-tool-here", "x"])
    assert main(ledgered.arguments()) == 0
    assert ledgered.run().of("do").said.startswith("no-such-tool-here is not installed here. Install it")


def test_a_command_that_takes_too_long_is_ended_with_what_it_started(ledgered: Ledgered, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, pathlib;"
        f"c = subprocess.Popen(['cat', '/dev/zero'], stdout=subprocess.DEVNULL);"
        f"pathlib.Path({str(note)!r}).write_text(str(c.pid)); c.wait()"
    )
    ledgered.begin(_python(code), timeout_s=1.0)
    assert main(ledgered.arguments()) == 0
    assert "did not end in time" in ledgered.run().of("do").said
    _await_gone(int(note.read_text()))


def test_skipping_the_step_ends_the_command(ledgered: Ledgered) -> None:
    ledgered.begin(_python("import sys,threading; print('up', flush=True); threading.Event().wait(60)"))
    child = ledgered.start()
    ledgered.until(lambda run: "up" in run.of("do").output)
    ledgered.append("step.skipped", {"step": "do", "reason": "enough"})
    assert child.wait(15) == 0
    assert ledgered.run().of("do").state is StepState.SKIPPED
    child.communicate()


def test_a_second_process_for_the_same_attempt_runs_nothing(ledgered: Ledgered, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    code = f"open({str(marks)!r}, 'a').write('x'); import threading; threading.Event().wait(1)"
    ledgered.begin(_python(code))
    children = [ledgered.start(), ledgered.start()]
    assert sorted(child.wait(20) for child in children) == [0, 3]
    assert marks.read_text() == "x"
    for child in children:
        child.communicate()


def test_after_kill_9_the_output_so_far_is_kept_and_nothing_runs_again(ledgered: Ledgered, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    code = (
        f"import threading; open({str(marks)!r}, 'a').write('x');"
        "print('half', flush=True); threading.Event().wait(5)"
    )
    ledgered.begin(_python(code))
    child = ledgered.start()
    ledgered.until(lambda run: "half" in run.of("do").output)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    progress = ledgered.run().of("do")
    assert progress.state is StepState.RUNNING
    assert "half" in progress.output
    assert marks.read_text() == "x"


def test_a_flood_of_output_is_bounded(ledgered: Ledgered) -> None:
    ledgered.begin(_python("import sys\nfor _ in range(20000): sys.stdout.write('y' * 999 + '\\n')"))
    assert main(ledgered.arguments()) == 0
    progress = ledgered.run().of("do")
    assert progress.state is StepState.DONE
    assert len(progress.output) <= MAX_OUTPUT
    assert "more bytes were not kept" in progress.output


def test_the_environment_is_cut_to_what_commands_need(ledgered: Ledgered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_TEST_SECRET", "do-not-pass-on")
    ledgered.begin(["env"])
    assert main(ledgered.arguments()) == 0
    assert "do-not-pass-on" not in ledgered.run().of("do").output


def _await_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return
        threading.Event().wait(0.02)
    raise AssertionError(f"process {pid} is still there")
