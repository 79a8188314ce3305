"""Start a world as a child that cannot outlive its parent, and talk to its control door.

The child ends when its standard input closes, which the kernel sees to even when the parent is killed. Importing
this module loads nothing of the network.
"""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from cockpit.drill.process.door import Door
from cockpit.errors import WorldError
from cockpit.own_process import own_environment, own_module
from cockpit.profile import Profile, load_profile

READY_WITHIN_S = 15.0
"""Seconds that a world gets until its profile; it needs half a second on an idle machine."""
PATIENCE_S = 3.0
LINE_LIMIT = 1_000_000


class LaunchedWorld(Door):
    """A running world and its control door. A context manager: leaving it ends the child."""

    def __init__(self, child: "subprocess.Popen[bytes]", profile_line: bytes, ready_after_s: float) -> None:
        self.profile: Profile = load_profile(profile_line)
        super().__init__(self.profile.control)
        self.profile_line = profile_line
        self.ready_after_s = ready_after_s
        """Seconds from the start of the process to its profile."""
        self._child = child

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._child.poll() is None

    def close(self) -> None:
        """End the world: close its standard input, and insist if that is not enough."""
        _end(self._child)

    def _trouble(self) -> str:
        return f"its process {'still runs' if self.alive else 'has ended'}"


def launch(name: str, *, speed: float = 1.0, seed: int = 0, operator: str = "operator") -> LaunchedWorld:
    """Start the world of a bundled scenario; raises WorldError, in the child's own words when it has some.

    `speed` is scenario seconds per second, `seed` lays the same tokens again, `operator` is the session name of
    the drill's AWS caller.
    """
    command = own_module("cockpit.drill.process.serve", name)
    command += ["--speed", f"{speed:g}", "--seed", str(seed), "--operator", operator]
    began = time.monotonic()
    try:
        child = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own arguments
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=own_environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise WorldError(f"The drill world cannot be started: {error.strerror}.") from None
    try:
        line = _first_line(child, began + READY_WITHIN_S)
        return LaunchedWorld(child, line, time.monotonic() - began)
    except BaseException:
        _end(child)
        raise


@contextmanager
def relayed(profile: Profile) -> Iterator[None]:
    """Serve the profile's named addresses on their real ports, inside an isolated network; raises WorldError."""
    relay = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own arguments
        own_module("cockpit.drill.fences.relay"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=own_environment(),
        start_new_session=True,
    )
    try:
        assert relay.stdin is not None
        relay.stdin.write(json.dumps(profile.dial).encode() + b"\n")
        relay.stdin.flush()
        _first_line(relay, time.monotonic() + READY_WITHIN_S)
        yield
    finally:
        _end(relay)


def _first_line(child: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    """Read up to the first line feed, and no longer than the deadline allows."""
    assert child.stdout is not None
    descriptor = child.stdout.fileno()
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise WorldError(f"The drill world was not ready within {READY_WITHIN_S:g} seconds.")
        octets = os.read(descriptor, 65536)
        if not octets:
            raise WorldError(_last_words(child))
        line += octets
        if len(line) > LINE_LIMIT:
            raise WorldError("The drill world answered with something that is not a profile.")
    return line


def _last_words(child: "subprocess.Popen[bytes]") -> str:
    assert child.stderr is not None
    child.wait(PATIENCE_S)
    said = child.stderr.read(4096).decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else f"The drill world ended at once with code {child.returncode}."


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Close the child's standard input, which is its sign to leave, wait, and kill it if it stays."""
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
