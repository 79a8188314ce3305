"""What the screens ask the command line to do for them, because a screen neither spawns a process nor dials out."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

REOPEN = -1
"""Returned by `run_app` when the configuration changed: open the desk again and call it once more."""


class Launched(msgspec.Struct, frozen=True):
    """How it went, in a sentence; with `reopen` the cockpit has to read its configuration again."""

    sentence: str
    reopen: bool = False


class Launcher(Protocol):
    """Called on the UI's thread while the cockpit is suspended and the terminal is free; each may block.

    Each raises a CockpitError with a sentence for the operator.
    """

    def drills(self) -> Sequence[tuple[str, str]]:
        """The drills there are, as (name, title); must not block."""
        ...

    def start_drill(self, name: str) -> Launched:
        """Run a drill in this terminal and return when it is over."""
        ...

    def add_domain(self, name: str) -> Launched:
        """Write one more domain into the configuration."""
        ...

    def import_identities(self) -> Launched:
        """Write every identity of the SES account into the configuration."""
        ...

    def start_watch(self) -> Launched:
        """Start a watch as a child when nobody holds the lease; must not block."""
        ...
