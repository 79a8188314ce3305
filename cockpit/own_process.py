"""How our own program and modules are called as children, and what of a process is not left behind."""

import ctypes
import os
import resource
import sys
from pathlib import Path

_PR_SET_DUMPABLE = 4


def leave_no_core() -> None:
    """Let this process die without a core, which would hold keys, and let nobody of our own user look into it.

    The limit alone does not hold where a program collects cores (core(5)): prctl(2) PR_SET_DUMPABLE does. Children
    may leave one again if the hard limit lets them.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


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
