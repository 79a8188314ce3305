"""`python -m cockpit.runbooks.command_runner`: runs the commands of one step, so that no terminal waits for them.

The desk records that the step began, then starts this. It runs the recorded arguments as they are, without a shell,
in a process group of their own, and journals output and outcome. When the step is skipped or the run aborted
meanwhile, the group is ended.
"""

import argparse
import hashlib
import os
import selectors
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from cockpit.clock import SystemClock
from cockpit.errors import BadInput, CockpitError, IllegalMove, NotFound
from cockpit.runbooks.child import Child
from cockpit.runbooks.command_line import environment
from cockpit.runbooks.extract import extracted
from cockpit.runbooks.fence import FENCED_BY, ISOLATED_BY
from cockpit.runbooks.inputs import fill
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

LOOK_S = 0.1
"""How long output, or the end, is waited for before the lease and a stop are seen to again."""

HEARTBEAT_S = 2.0
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
        self._pending = self._kept = ""
        self._title = ""

    def run(self) -> None:
        """Run the commands and journal how they ended; raises LeaseHeld when another process runs them."""
        run = self._running()
        detail = run.of(self._step).detail
        step = run.runbook.step(self._step)
        self._title = visible(fill(step.title, run.values), limit=200) if step is not None else ""
        name = command_lease(self._uid, self._step, self._attempt)
        self._lease = self._leases.acquire(
            name, f"command {uuid4().hex[:8]}", os.getpid(), boot_id(), os.uname().nodename
        )
        try:
            kind, body = self._all(detail)
            self._flush()
            self._append(kind, body)
        except _Stopped:
            return
        finally:
            self._leases.release(self._lease)

    def _all(self, detail: Any) -> tuple[str, dict[str, Any]]:
        reason = _unfenced(detail)
        if reason:
            return "step.failed", {"reason": reason}
        deadline = time.monotonic() + float(detail["timeout_s"])
        output = Output(MAX_OUTPUT - 2_000)
        for argv in detail["argv"]:
            self._say(f"$ {' '.join(visible(part, limit=2_000, newlines=True) for part in argv)}\n")
            try:
                status = self._one(argv, detail, output, deadline)
            except FileNotFoundError:
                return "step.failed", {"reason": _missing(argv[0]), **self._evidence(output)}
            except OSError as error:
                return "step.failed", {"reason": f"{visible(argv[0])} could not be run: {error.strerror}."}
            if status is None:
                reason = f"{visible(argv[0])} did not end in time and was stopped."
                return "step.failed", {"reason": reason, **self._evidence(output)}
            if status != 0:
                reason = f"{visible(argv[0])} ended with exit status {status}."
                return "step.failed", {"reason": reason, **self._evidence(output)}
        try:
            values = extracted(output.printed, detail.get("outputs") or ())
        except BadInput as error:
            return "step.failed", {"reason": str(error), **self._evidence(output)}
        evidence = self._evidence(output)
        learned = "".join(f"; {name} is {value}" for name, value in values.items())
        said = f"exit status 0, {output.total:,} bytes, sha256 {evidence['sha256'][:12]}{learned}"
        return "step.done", {"how": "command", "said": said, "values": values, **evidence}

    def _evidence(self, output: Output) -> dict[str, Any]:
        """What proves the output: how much there was, and the hash of what is kept of it in the ledger."""
        text = (self._kept + self._pending)[:MAX_OUTPUT]
        return {"bytes": output.total, "sha256": hashlib.sha256(text.encode()).hexdigest()}

    def _say(self, text: str) -> None:
        self._pending += text

    def _one(self, argv: Sequence[str], detail: Any, output: Output, deadline: float) -> int | None:
        """Run one command; its exit status, or None when the deadline passed."""
        given = {str(name): str(value) for name, value in (detail.get("values") or {}).items()}
        child = Child(argv, {**environment(os.environ), **given}, tty=bool(detail.get("tty")))
        try:
            in_time = self._follow(child, output, deadline)
            status = child.poll()
        finally:
            child.end()
            self._say(output.end())
        return status if in_time else None

    def _follow(self, child: Child, output: Output, deadline: float) -> bool:
        """Carry output over until the command has ended; False when the deadline passed first."""
        with selectors.DefaultSelector() as selector:
            selector.register(child.output, selectors.EVENT_READ)
            reading = True
            while reading or child.poll() is None:
                if time.monotonic() >= deadline:
                    return False
                if reading and selector.select(timeout=LOOK_S):
                    raw = child.read()
                    self._say(output.take(raw))
                    if not raw:
                        selector.unregister(child.output)
                        reading = False
                elif not reading:
                    child.wait(LOOK_S)
                elif child.poll() is not None:
                    # The command is gone; what it left running keeps the pipe open, and is not waited for.
                    reading = False
                self._keep_up()
        return True

    def _keep_up(self) -> None:
        """Write output, keep the lease, and see whether somebody stopped the step."""
        now = time.monotonic()
        if now - self._beaten >= HEARTBEAT_S and self._lease is not None:
            self._leases.heartbeat(self._lease)
            self._beaten = now
        if now - self._flushed >= FLUSH_S:
            self._flush()
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

    def _flush(self) -> None:
        if self._pending:
            text, self._pending = self._pending, ""
            self._kept = (self._kept + text)[:MAX_OUTPUT]
            self._append("step.output", {"text": text})

    def _append(self, kind: str, body: dict[str, Any]) -> None:
        now = self._clock.now()
        full = {"step": self._step, "attempt": self._attempt, "title": self._title, **body}
        draft = Draft(stream=stream_of(self._uid), kind=kind, body=full, occurred_at=now, actor=_ACTOR)
        with self._database.write() as transaction:
            run = self._running()
            try:
                advance(run, self._uid, kind, full, now, _ACTOR)
            except IllegalMove:
                raise _Stopped from None
            self._ledger.append([draft], transaction)


def _unfenced(detail: Any) -> str:
    """Why the command is not run: its desk was inside a drill's fence, and this process is not."""
    if not detail.get("fenced") or os.environ.get(FENCED_BY) or os.environ.get(ISOLATED_BY) == "1":
        return ""
    return "The drill's fence is gone: nothing was run."


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
