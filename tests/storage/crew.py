"""Child processes that write to a ledger and may be killed: a small fork server, its jobs, and strace beside them.

A job reports each acknowledged event with one write(2) to a pipe, after the append has returned; what was reported
must be found in the ledger whatever happened to the process. Forking from a server that has no connection open
costs a few milliseconds, so a test can afford hundreds of deaths.
"""

import ctypes
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.documents import Documents
from storage.errors import CockpitError, EditConflict, Unwritable
from storage.leases import Leases, boot_id
from storage.ledger import Ledger
from tests.storage.material import NOON, draft, noon

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
_PR_SET_PTRACER = 0x59616D61
Report = dict[str, Any]


class Crew:
    """The parent's side: starts jobs, lets them go, hears their reports, waits for their end."""

    def __enter__(self) -> "Crew":
        self._ear, mouth = os.pipe()
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.storage.crew", str(mouth)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            pass_fds=[mouth],
        )
        os.close(mouth)
        self._heard = b""
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(PATIENCE_S)
        self._server.stdout.close()
        os.close(self._ear)

    def start(self, job: str, **arguments: object) -> int:
        """Fork a job that waits for `go()`; return its pid."""
        return int(self._ask({"job": job, "arguments": arguments}))

    def go(self, *pids: int) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGUSR1)

    def kill(self, *pids: int) -> None:
        """End jobs of ours with SIGKILL and collect them."""
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            self.wait(pid)

    def wait(self, pid: int) -> int:
        """The job's exit code; minus the signal's number if one ended it."""
        return int(self._ask({"wait": pid}))

    def run(self, job: str, **arguments: object) -> tuple[int, list[Report]]:
        """Run one job to its end; return its exit code and its reports."""
        pid = self.start(job, **arguments)
        self.go(pid)
        code = self.wait(pid)
        return code, [report for report in self.heard() if report["pid"] == pid]

    def hear(self) -> Report:
        """The next report; waits for it."""
        while b"\n" not in self._heard:
            assert self._listen(PATIENCE_S), "no job reported anything in time"
        line, _, self._heard = self._heard.partition(b"\n")
        report: Report = json.loads(line)
        return report

    def heard(self) -> list[Report]:
        """All reports that are there already."""
        while self._listen(0):
            pass
        lines, self._heard = self._heard.splitlines(), b""
        return [json.loads(line) for line in lines]

    def _listen(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self._ear], [], [], timeout_s)
        if not ready:
            return False
        data = os.read(self._ear, 1 << 16)
        self._heard += data
        return bool(data)

    def _ask(self, command: Report) -> str:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(command) + "\n")
        self._server.stdin.flush()
        return self._server.stdout.readline()

    @contextmanager
    def traced(self, pid: int, *options: str, output: str = os.devnull) -> Iterator[None]:
        """Attach strace to a job before it is let go, and let it go; wait for strace's end after the block."""
        command = ["strace", "-p", str(pid), "-o", output, *options]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            attached = tracer.stderr.readline()
            if "attached" not in attached:
                self.kill(pid)
                pytest.skip(f"strace cannot attach here: {attached.strip()}")
            self.go(pid)
            yield
            tracer.stderr.read()


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


# The children's side.

Tell = Callable[..., None]


def _append(
    tell: Tell, *, path: str, count: int = 0, pragmas: tuple[str, ...] = (), close: bool = True, group: int = 1
) -> None:
    """Append `count` groups of notes (0: until killed), reporting each event after it was acknowledged."""
    database = Database.open(Path(path))
    for pragma in pragmas:
        database.rows(f"PRAGMA {pragma}")
    ledger = Ledger(database, noon)
    number = 0
    while not count or number < count:
        number += 1
        for event in ledger.append([draft(f"note {number} " + "x" * 200) for _ in range(group)]):
            tell(ack=event.id)
    if close:
        database.close()


def _open(tell: Tell, *, path: str) -> None:
    Database.open(Path(path)).close()
    tell(opened=True)


def _back_up(tell: Tell, *, path: str, target: str) -> None:
    database = Database.open(Path(path))
    database.backup(Path(target))
    tell(done=True)
    database.close()


def _fill(tell: Tell, *, path: str, limit: int = 0, runtime: str = "", attempts: int = 2_000) -> None:
    """Append until the disk refuses, then once more; report acknowledgements and both sentences."""
    database = Database.open(Path(path))
    ledger = Ledger(database, noon)
    if runtime:
        os.environ["XDG_RUNTIME_DIR"] = runtime
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    refused = 0
    for number in range(attempts):
        one = draft(f"note {number} " + "x" * 500)
        try:
            ledger.append([one])
        except Unwritable as error:
            tell(refused=str(error), id=one.id)
            refused += 1
            if refused == 2:
                return
        else:
            tell(ack=one.id)


def _save(tell: Tell, *, path: str, document: str, text: str) -> None:
    database = Database.open(Path(path))
    try:
        saved = Documents(database).save(document, text, text, NOON, 1)
        tell(saved=saved.revision)
    except EditConflict as conflict:
        tell(mine=conflict.mine, theirs=conflict.theirs)
    finally:
        database.close()


def _hold(tell: Tell, *, path: str) -> None:
    """Take the lease `watch` and hold it until killed."""
    database = Database.open(Path(path))
    lease = Leases(database).acquire("watch", "first", os.getpid(), boot_id(), "bastion")
    tell(fencing=lease.fencing)
    signal.pause()


_JOBS: dict[str, Callable[..., None]] = {
    "append": _append,
    "open": _open,
    "back_up": _back_up,
    "fill": _fill,
    "save": _save,
    "hold": _hold,
}


def _work(command: Report, mouth: int) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
    signal.sigwait({signal.SIGUSR1})

    def tell(**report: object) -> None:
        os.write(mouth, json.dumps({"pid": os.getpid(), **report}).encode() + b"\n")

    try:
        _JOBS[command["job"]](tell, **command["arguments"])
    except CockpitError as error:
        tell(error=str(error), type=type(error).__name__)
        return 1
    return 0


def _serve(mouth: int) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            try:
                os._exit(_work(command, mouth))
            finally:
                os._exit(99)
        print(pid, flush=True)


if __name__ == "__main__":
    # What a migration imports is imported before the first fork, so that each job does not do it again.
    import sqlite_utils.migrations  # noqa: F401

    _serve(int(sys.argv[1]))
