"""A cockpit's home without a world: commands in processes of their own, and what they wrote."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cockpit.own_process import own_command, own_environment

T = TypeVar("T")

PATIENCE_S = 30.0


def until(condition: Callable[[], T], what: str = "the condition", patience_s: float = PATIENCE_S) -> T:
    """Ask again and again until there is a true answer, and return it; fails when there is none in time."""
    end = time.monotonic() + patience_s
    pause = threading.Event()
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} never came true"
        pause.wait(0.02)
    return found


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one sentence on standard error; fails when there is more, or a traceback anywhere."""
        assert "Traceback" not in self.out + self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("cockpit: ")
        sentence = lines[0].removeprefix("cockpit: ")
        assert sentence.endswith((".", "?", "--help")), sentence
        return sentence

    @property
    def document(self) -> Any:
        """What was printed as JSON."""
        return json.loads(self.out)


def run(command: list[str], environment: dict[str, str], cwd: Path | None = None) -> Done:
    """Run a command to its end, without a terminal."""
    done = subprocess.run(
        command, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


class Home:
    """A cockpit's home with one incident and one note in it; commands may run as an ordinary user."""

    def __init__(self, folder: Path, prefix: Sequence[str] = ()) -> None:
        self.folder = folder
        self.environment = {**own_environment(), "COCKPIT_HOME": str(folder), "NO_COLOR": "1", "LANG": "C.UTF-8"}
        self.environment.pop("SUDO_USER", None)
        self._prefix = list(prefix)

    def do(self, *arguments: str | Path) -> Done:
        """Run a command line to its end."""
        return run([*self._prefix, *own_command(*map(str, arguments))], self.environment)

    def fill(self) -> "Home":
        """Open the incident and write the note."""
        assert self.do("incident", "open", "Order mail is late", "--severity", "P2").code == 0
        assert self.do("incident", "note", "1", "written before").code == 0
        return self

    def notes(self) -> list[str]:
        """The notes of the incident; fails unless the chain of events is unbroken."""
        assert self.do("verify").code == 0
        entries = self.do("incident", "show", "1", "--json").document["timeline"]
        return [entry["text"] for entry in entries if entry["kind"] == "note"]


def killed(pid: int) -> None:
    """Kill -9."""
    os.kill(pid, signal.SIGKILL)
