"""The command line: parse, call the desk, print. Each command lives in the module that bears its name."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `cockpit` with the process's arguments, or with `arguments`, and leave with an exit code."""
    from cockpit.cli.outcome import guarded

    sys.exit(guarded(lambda: _run(arguments)))


def _run(arguments: Sequence[str] | None) -> int:
    from cockpit.cli.frame import root

    code = root.main(args=arguments, prog_name="cockpit", standalone_mode=False)
    return code if isinstance(code, int) else 0
