"""What a command's runner leaves behind when it is killed (nothing), and what else it can do: terminals, values."""

import hashlib
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from cockpit.errors import BadInput
from cockpit.runbooks.command_runner import main
from cockpit.runbooks.extract import extracted
from cockpit.runbooks.run import StepState
from tests.runbooks.test_command_runner import Ledgered


@pytest.fixture
def ledgered(tmp_path: Path) -> Ledgered:
    return Ledgered(tmp_path / "cockpit" / "cockpit.db")


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's death signal is Linux'")
def test_a_killed_runner_leaves_neither_the_command_nor_what_it_started(ledgered: Ledgered, tmp_path: Path) -> None:
    note = tmp_path / "pids"
    code = (
        "import os, pathlib, subprocess, threading;"
        "c = subprocess.Popen(['sleep', '300']);"
        f"pathlib.Path({str(note)!r}).write_text(f'{{os.getpid()}} {{c.pid}}');"
        "print('up', flush=True); threading.Event().wait(300)"
    )
    ledgered.begin([sys.executable, "-c", code], timeout_s=300)
    runner = ledgered.start()
    ledgered.until(lambda run: "up" in run.of("do").output)
    pids = [int(pid) for pid in note.read_text().split()]
    runner.send_signal(signal.SIGKILL)
    runner.communicate()
    deadline = time.monotonic() + 15
    while not all(map(_gone, pids)):
        assert time.monotonic() < deadline, pids
        threading.Event().wait(0.02)
    assert "up" in ledgered.run().of("do").output
    ledgered.database.close()


def test_a_command_may_have_a_terminal_and_its_sequences_are_made_visible(ledgered: Ledgered) -> None:
    code = "import sys; print(sys.stdout.isatty(), sys.stdin.isatty()); print('\\x1b[31mred\\x1b[0m\\rbar')"
    ledgered.begin([sys.executable, "-c", code], tty=True)
    assert main(ledgered.arguments()) == 0
    progress = ledgered.run().of("do")
    assert progress.state is StepState.DONE, progress.said
    assert "True True\n" in progress.output
    assert "\\u{1b}[31mred" in progress.output
    assert "\x1b" not in progress.output
    ledgered.database.close()


def test_values_come_out_of_the_output_and_the_output_is_proved_by_its_hash(ledgered: Ledgered) -> None:
    outputs = [["zone", "json", "Zones[0].Name", "domain"], ["ttl", "regex", r'"TTL": (\d+)', "number"]]
    text = '{"Zones": [{"Name": "shop.example", "TTL": 300}]}'
    ledgered.begin(["printf", "%s\\n", text], outputs=outputs)
    assert main(ledgered.arguments()) == 0
    run = ledgered.run()
    assert run.values == {"zone": "shop.example", "ttl": "300"}
    (done,) = [event for event in ledgered.ledger.stream("run/r") if event.kind == "step.done"]
    assert done.body["sha256"] == hashlib.sha256(run.of("do").output.encode()).hexdigest()
    assert done.body["bytes"] == len(text) + 1
    assert "zone is shop.example" in run.of("do").said
    ledgered.database.close()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (["a", "json", "b[3]", "text"], "nothing fits"),
        (["a", "regex", "(no such)", "text"], "nothing fits"),
        (["a", "json", "b[0]", "domain"], "not a domain"),
    ],
)
def test_an_output_that_is_not_there_or_of_another_type_fails_the_step(wanted: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        extracted('{"b": ["-x"]}', [wanted])
    with pytest.raises(BadInput, match="not JSON"):
        extracted("no", [["a", "json", "b", "text"]])


def test_a_shell_block_finds_its_values_in_its_environment(ledgered: Ledgered) -> None:
    script = 'printf "%s|" "${RUNBOOK_domain}" | tr a-z A-Z'
    ledgered.begin(["bash", "-c", script, "bash"], values={"RUNBOOK_domain": "shop; touch x"})
    assert main(ledgered.arguments()) == 0
    assert "SHOP; TOUCH X|" in ledgered.run().of("do").output
    ledgered.database.close()


def test_a_command_that_needs_the_fence_is_not_run_without_it(
    ledgered: Ledgered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("COCKPIT_DRILL_TRAP", raising=False)
    monkeypatch.delenv("COCKPIT_DRILL_ISOLATED", raising=False)
    ledgered.begin(["touch", str(tmp_path / "x")], fenced=True)
    assert main(ledgered.arguments()) == 0
    assert "fence is gone" in ledgered.run().of("do").said
    assert not (tmp_path / "x").exists()
    ledgered.database.close()


def test_a_hundred_megabytes_stay_bounded_and_can_be_stopped(ledgered: Ledgered) -> None:
    code = "import sys\nfor _ in range(100): sys.stdout.write(('y' * 999 + '\\n') * 1000)"
    ledgered.begin([sys.executable, "-c", code])
    before = time.monotonic()
    assert main(ledgered.arguments()) == 0
    assert time.monotonic() - before < 30
    run = ledgered.run()
    assert "100,000,000 bytes" in run.of("do").said
    events = list(ledgered.ledger.stream("run/r"))
    assert len(events) < 20
    assert sum(len(str(event.body.get("text", ""))) for event in events if event.kind == "step.output") < 80_000
    ledgered.database.close()


def test_an_endless_flood_stops_when_the_step_is_cancelled(ledgered: Ledgered) -> None:
    ledgered.begin(["yes", "y" * 500], timeout_s=300)
    runner = ledgered.start()
    ledgered.until(lambda run: len(run.of("do").output) > 50_000)
    body = {"step": "do", "attempt": 1, "reason": "stopped by mhassan", "stopped": True}
    ledgered.append("step.failed", body)
    assert runner.wait(15) == 0
    assert ledgered.run().of("do").stopped
    runner.communicate()
    ledgered.database.close()
