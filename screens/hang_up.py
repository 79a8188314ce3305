"""A terminal that goes away while it is written to must end the cockpit, not hold it.

Textual writes from a thread of its own. When the line is cut, that thread dies of the first failing write; the loop
then waits for ever to hand it the next frame, and no signal is looked at any more. So the file that the thread
writes to swallows what can no longer arrive, and the first loss is told as the hang-up it is.
Source: `WriterThread` and `LinuxDriver` of Textual 8.
"""

import os
import signal
from typing import IO

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver


class Outlet:
    """The terminal as a file; after the first failing write it takes everything and keeps nothing."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._gone = False

    def write(self, text: str) -> None:
        """Write, or drop what nobody can see."""
        if not self._gone:
            try:
                self._file.write(text)
            except OSError:
                self._lose()

    def flush(self) -> None:
        """Flush, or find out that nobody is there."""
        if not self._gone:
            try:
                self._file.flush()
            except OSError:
                self._lose()

    def fileno(self) -> int:
        """The descriptor of the terminal."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it is one."""
        return self._file.isatty()

    def _lose(self) -> None:
        # The kernel tells the session's leader only; a cockpit below another program would not hear of it.
        self._gone = True
        os.kill(os.getpid(), signal.SIGHUP)


class LineDriver(LinuxDriver):
    """Textual's own driver, writing through an `Outlet`."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        if self._file is not None:
            self._file = Outlet(self._file)  # type: ignore[assignment]


def surviving(driver: type[Driver]) -> type[Driver]:
    """The driver to use where Textual would use `driver`: ours instead of its own for Linux."""
    return LineDriver if driver is LinuxDriver else driver
