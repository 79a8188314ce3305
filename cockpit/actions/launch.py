"""Start a process that outlives the terminal: own session, no standard input, its errors in a private file."""

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from cockpit.errors import WorldError
from cockpit.own_process import own_environment, own_module

Spawn = Callable[[Sequence[str]], None]
"""Starts `python -m <arguments>` and returns at once."""


class Launcher:
    """Starts this product's own modules in sessions of their own, and collects each as soon as it has ended."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def __call__(self, arguments: Sequence[str]) -> None:
        """Start `python -m <arguments>`; raises WorldError when no process or no log can be had."""
        try:
            error = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            try:
                child = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
                    own_module(*arguments),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=error,
                    env=own_environment(),
                    start_new_session=True,
                )
            finally:
                os.close(error)
        except OSError as failed:
            raise WorldError(
                f"No process could be started that carries it out ({failed.strerror}); it is recorded, and is "
                "tried again."
            ) from None
        # Until it is collected, the process id of a child that was killed looks alive to everyone.
        threading.Thread(target=child.wait, name=f"child {child.pid}", daemon=True).start()
