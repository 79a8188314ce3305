"""How our own program and our own modules are called as children, wherever we were started from."""

import os
import sys
from pathlib import Path


def own_module(name: str, *arguments: str) -> list[str]:
    """This interpreter running the module `name` of ours.

    -P keeps modules that lie in the working directory from being taken for ours.
    """
    return [sys.executable, "-P", "-m", name, *arguments]


def own_command(*arguments: str) -> list[str]:
    """This interpreter running this program."""
    return own_module("cockpit", *arguments)


def own_environment() -> dict[str, str]:
    """Our environment, in which a child finds the same installation as we did."""
    home = str(Path(__file__).parent.parent)
    before = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (home, before)))}
