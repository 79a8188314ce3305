"""Start a process that outlives the terminal: own session, no standard input, its errors in a private file."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

Spawn = Callable[[Sequence[str]], None]
"""Starts `python -m <arguments>` and returns at once."""


class Launcher:
    """Starts this product's own modules in sessions of their own, and collects each as soon as it has ended."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def __call__(self, arguments: Sequence[str]) -> None:
        """Start `python -m <arguments>`."""
        error = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        try:
            child = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=error,
                start_new_session=True,
            )
        finally:
            os.close(error)
        # Until it is collected, the process id of a child that was killed looks alive to everyone.
        threading.Thread(target=child.wait, name=f"child {child.pid}", daemon=True).start()
