"""`python -m cockpit.runbooks.command_runner`: runs the commands of one step, so that no terminal waits for them.

The desk records that the step began, then starts this. It runs the recorded arguments as they are, without a shell,
in a process group of their own, and journals output and outcome. When the step is skipped or the run aborted
meanwhile, the group is ended.
"""

import argparse
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from cockpit.clock import SystemClock
from cockpit.errors import CockpitError, IllegalMove, NotFound
from cockpit.runbooks.command_line import environment
from cockpit.runbooks.machine import MAX_OUTPUT, advance, command_lease, fold, stream_of
from cockpit.runbooks.output import Output
from cockpit.runbooks.run import Run, StepState
from cockpit.text import visible
from storage.database import Database
from storage.errors import LeaseHeld
from storage.leases import Lease, Leases, boot_id
from storage.ledger import Draft, Ledger

FLUSH_S = 0.3
"""How often output is written to the ledger while it comes."""

HEARTBEAT_S = 2.0
TERMINATE_S = 3.0
"""How long a command may take to end after SIGTERM before it is killed."""

_ACTOR = "command"
_PACKAGES = {
    "dig": "bind9-dnsutils",
    "nslookup": "bind9-dnsutils",
    "delv": "bind9-dnsutils",
    "host": "bind9-host",
    "aws": "awscli",
    "jq": "jq",
    "curl": "curl",
    "openssl": "openssl",
    "whois": "whois",
    "traceroute": "traceroute",
}


class _Stopped(Exception):
    """The step was skipped or the run aborted while the command ran."""


class StepRunner:
    """Runs one attempt of one command step."""

    def __init__(self, database: Database, uid: str, step: str, attempt: int) -> None:
        self._database = database
        self._clock = SystemClock()
        self._ledger = Ledger(database, self._clock.now)
        self._leases = Leases(database)
        self._uid, self._step, self._attempt = uid, step, attempt
        self._lease: Lease | None = None
        self._beaten = self._flushed = time.monotonic()
        self._version = -1
        self._pending = ""

    def run(self) -> None:
        """Run the commands and journal how they ended; raises LeaseHeld when another process runs them."""
        detail = self._running().of(self._step).detail
        name = command_lease(self._uid, self._step, self._attempt)
        self._lease = self._leases.acquire(
            name, f"command {uuid4().hex[:8]}", os.getpid(), boot_id(), os.uname().nodename
        )
        try:
            kind, body = self._all(detail)
            self._flush(force=True)
            self._append(kind, body)
        except _Stopped:
            return
        finally:
            self._leases.release(self._lease)

    def _all(self, detail: Any) -> tuple[str, dict[str, Any]]:
        deadline = time.monotonic() + float(detail["timeout_s"])
        output = Output(MAX_OUTPUT - 2_000)
        for argv in detail["argv"]:
            self._pending += f"$ {' '.join(visible(part, limit=400) for part in argv)}\n"
            try:
                status = self._one(argv, output, deadline)
            except FileNotFoundError:
                return "step.failed", {"reason": _missing(argv[0])}
            except OSError as error:
                return "step.failed", {"reason": f"{visible(argv[0])} could not be run: {error.strerror}."}
            if status is None:
                return "step.failed", {"reason": f"{visible(argv[0])} did not end in time and was stopped."}
            if status != 0:
                return "step.failed", {"reason": f"{visible(argv[0])} ended with exit status {status}."}
        return "step.done", {"how": "command", "said": "every command ended with exit status 0"}

    def _one(self, argv: Sequence[str], output: Output, deadline: float) -> int | None:
        """Run one command; its exit status, or None when the deadline passed."""
        child = subprocess.Popen(  # noqa: S603 - arguments from the runbook, shown and confirmed, never a shell
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(os.environ),
            start_new_session=True,
        )
        try:
            in_time = self._follow(child, output, deadline)
        finally:
            _end_group(child)
            self._pending += output.end()
        return child.returncode if in_time else None

    def _follow(self, child: "subprocess.Popen[bytes]", output: Output, deadline: float) -> bool:
        """Carry output over until the command has ended; False when the deadline passed first."""
        assert child.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            reading = True
            while reading or child.poll() is None:
                if time.monotonic() >= deadline:
                    return False
                if reading and selector.select(timeout=0.1):
                    raw = os.read(child.stdout.fileno(), 65_536)
                    self._pending += output.take(raw)
                    if not raw:
                        selector.unregister(child.stdout)
                        reading = False
                elif not reading:
                    time.sleep(0.02)
                elif child.poll() is not None:
                    # The command is gone; what it left running keeps the pipe open, and is not waited for.
                    reading = False
                self._keep_up()
        child.stdout.close()
        return True

    def _keep_up(self) -> None:
        """Write output, keep the lease, and see whether somebody stopped the step."""
        now = time.monotonic()
        if now - self._beaten >= HEARTBEAT_S and self._lease is not None:
            self._leases.heartbeat(self._lease)
            self._beaten = now
        if now - self._flushed >= FLUSH_S:
            self._flush(force=False)
            self._flushed = now
        version = self._database.data_version()
        if version != self._version:
            self._version = version
            self._running()

    def _running(self) -> Run:
        """The run, if our attempt still runs in it; raises _Stopped when it was stopped."""
        run = fold(self._uid, self._ledger.stream(stream_of(self._uid)))
        if run is None:
            raise NotFound(f"There is no runbook run {self._uid}.")
        progress = run.of(self._step)
        alive = run.current == self._step and progress.state is StepState.RUNNING
        if not alive or progress.attempt != self._attempt or run.ended_at is not None:
            raise _Stopped
        return run

    def _flush(self, *, force: bool) -> None:
        if self._pending and (force or self._pending.endswith("\n")):
            text, self._pending = self._pending, ""
            self._append("step.output", {"text": text})

    def _append(self, kind: str, body: dict[str, Any]) -> None:
        now = self._clock.now()
        full = {"step": self._step, "attempt": self._attempt, **body}
        draft = Draft(stream=stream_of(self._uid), kind=kind, body=full, occurred_at=now, actor=_ACTOR)
        with self._database.write() as transaction:
            run = self._running()
            try:
                advance(run, self._uid, kind, full, now, _ACTOR)
            except IllegalMove:
                raise _Stopped from None
            self._ledger.append([draft], transaction)


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    """End the command and everything it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, sign)
        except ProcessLookupError:
            break
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=TERMINATE_S)
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


def _missing(name: str) -> str:
    shown = visible(name, limit=100)
    package = _PACKAGES.get(name)
    hint = f"Install it (Debian: apt install {package})" if package else "Install it"
    return f"{shown} is not installed here. {hint}, or do the step elsewhere and skip it with the result."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 when the outcome is journalled, 3 when another has it."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.runbooks.command_runner", description=__doc__)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--run", required=True, metavar="UID")
    parser.add_argument("--step", required=True, metavar="ID")
    parser.add_argument("--attempt", type=int, required=True)
    given = parser.parse_args(arguments)
    os.umask(0o077)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        database = Database.open(given.database)
    except CockpitError as error:
        print(visible(error), file=sys.stderr)
        return 1
    try:
        StepRunner(database, given.run, given.step, given.attempt).run()
    except LeaseHeld as taken:
        print(visible(taken), file=sys.stderr)
        return 3
    except CockpitError as error:
        print(visible(error), file=sys.stderr)
        return 1
    except _Stopped:
        return 0
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
