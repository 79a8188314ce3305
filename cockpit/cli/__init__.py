"""The command line: parse, call the desk, print. Each command lives in the module that bears its name."""

import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `cockpit` with the process's arguments, or with `arguments`, and leave with an exit code."""
    # Nearly all that a start makes stays. Looking for garbage among it is a fifth of the way to the first frame,
    # so the collector rests until the command begins, and for the screen until its first frame stands.
    gc.disable()
    try:
        from cockpit.cli.outcome import guarded

        code = guarded(lambda: _run(arguments))
    finally:
        gc.enable()
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    from cockpit.cli.frame import root

    code = root.main(args=arguments, prog_name="cockpit", standalone_mode=False)
    return code if isinstance(code, int) else 0
