"""The watch that a terminal brings along: a child that ends when its standard input closes.

The child outlives neither the terminal nor a crash of it, because the kernel closes the pipe in either case. It
writes what it has to say to a log file of the owner's.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cockpit.errors import ConfigError
from cockpit.paths import private_directory

PATIENCE_S = 5.0
"""Seconds that the child gets to finish what it is writing."""


@contextmanager
def companion_watch(
    database: Path, log: Path, *, config: Path | None, profile: bytes | None, operator: str
) -> Iterator[None]:
    """Run `cockpit watch --until-eof` beside the block.

    `profile`, one JSON line, goes through the child's standard input and never through its arguments, because it
    may carry a token. Raises ConfigError when the log cannot be opened or no process be started.
    """
    command = [*_python(), "watch", "--until-eof", "--database", str(database), "--as", operator]
    if config is not None:
        command += ["--config", str(config)]
    if profile is not None:
        command += ["--profile", "-"]
    child = _start(command, log)
    assert child.stdin is not None
    try:
        if profile is not None:
            child.stdin.write(profile)
            child.stdin.flush()
        yield
    finally:
        _end(child)


def _python() -> list[str]:
    """This interpreter on this installation: -P keeps the working directory from being imported."""
    return [sys.executable, "-P", "-m", "cockpit"]


def _start(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    private_directory(log.parent)
    home = str(Path(__file__).parent.parent.parent)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")])),
    }
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"The log {log} cannot be written: {error.strerror}.") from None
    try:
        return subprocess.Popen(  # noqa: S603 -- our own interpreter and our own arguments
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=descriptor,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise ConfigError(f"The watch cannot be started: {error.strerror}.") from None
    finally:
        os.close(descriptor)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Close the pipe, wait for the child to leave, and end it if it does not."""
    if child.stdin is not None:
        with suppress(BrokenPipeError):
            child.stdin.close()
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.terminate()
        try:
            child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
