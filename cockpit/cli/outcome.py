"""How a command ends: an exit code, and for a failure one sentence on standard error.

===== =======================================================================
code  meaning
===== =======================================================================
0     done; for `check`, everything is OK
1     refused, not found, or a check FAILs
2     `check`: something is UNKNOWN and nothing FAILs
64    the command line cannot be understood
70    a mistake inside the cockpit; the details are in a log file
74    the database cannot be read or written
78    the configuration or the profile is wrong
130   interrupted from the keyboard
===== =======================================================================
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cockpit.errors import BadInput, CockpitError, ConfigError, StorageError
from cockpit.text import redact, visible

USAGE, CRASH, STORAGE, CONFIG, INTERRUPTED = 64, 70, 74, 78, 130


def guarded(command: Callable[[], int]) -> int:
    """Run `command` and return the exit code; whatever it raises becomes one sentence."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = command()
        sys.stdout.flush()
        return code
    except CockpitError as error:
        return complain(str(error), exit_code(error))
    except KeyboardInterrupt:
        return complain("Interrupted.", INTERRUPTED)
    except BrokenPipeError:
        # The reader has seen enough; what is still buffered would raise again while the interpreter leaves.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _usage(error) or _crash(error)


def complain(sentence: str, code: int) -> int:
    """Write one sentence to standard error, without secrets or control characters; returns `code`."""
    sys.stderr.write(f"cockpit: {visible(redact(sentence))}\n")
    return code


def exit_code(error: CockpitError) -> int:
    """The exit code that tells scripts what kind of failure this was."""
    if isinstance(error, ConfigError):
        return CONFIG
    if isinstance(error, BadInput):
        return USAGE
    return STORAGE if isinstance(error, StorageError) else error.exit_code


def _usage(error: Exception) -> int:
    """The exit code for a command line that click refuses, after saying why; 0 when it is not one."""
    import click

    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        sys.stderr.write(error.format_message() + "\n")
        return USAGE
    if isinstance(error, click.Abort):
        return complain("Interrupted.", INTERRUPTED)
    if not isinstance(error, click.ClickException):
        return 0
    sentence = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    help_line = f" See: {context.command_path} --help" if context is not None else ""
    return complain(sentence + ("" if sentence.endswith((".", "?", "!")) else ".") + help_line, USAGE)


def _crash(error: Exception) -> int:
    name = type(error).__name__
    try:
        path = write_crash(error)
    except CockpitError as second:
        return complain(f"A mistake inside the cockpit ({name}); it could not be logged: {second}", CRASH)
    return complain(f"A mistake inside the cockpit ({name}); the details are in {path}.", CRASH)


def write_crash(error: BaseException) -> Path:
    """Write the traceback, without local variables and redacted, to a file of the owner's; returns its path.

    Raises ConfigError when there is no place for it.
    """
    import traceback

    from cockpit.paths import places, private_directory, write_private

    now = datetime.now(UTC)
    text = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    path = private_directory(places(os.environ).logs) / f"crash-{now:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}.log"
    return write_private(path, visible(redact(text), limit=200_000, newlines=True))
