"""What a driver needs of its surroundings: how long to wait for what, and a journal that survives it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from cockpit.actions.contract import Plan
from cockpit.actions.journal import ActionRun

VERIFY_S = 900
"""Seconds that a verification may take, unless the plan says otherwise."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the driver waits for what.

    `quiet` is how long after an unanswered request its effect may still land: connect and read time-out plus
    the service's own delay. `apart` lies between the readings that must agree. `reconcile` and `verify` end in
    the hands of a person. `poll` is the longest wait between two looks at anything.
    """

    quiet: timedelta = timedelta(seconds=67)
    apart: timedelta = timedelta(seconds=2)
    reconcile: timedelta = timedelta(hours=1)
    verify: timedelta = timedelta(seconds=VERIFY_S)
    poll: timedelta = timedelta(seconds=5)

    def at_speed(self, speed: float) -> "Patience":
        """The same patience with a world whose time runs `speed` times as fast."""
        return Patience(*(max(span / speed, timedelta(milliseconds=20)) for span in self._spans()))

    def _spans(self) -> tuple[timedelta, ...]:
        return self.quiet, self.apart, self.reconcile, self.verify, self.poll


class Journal(Protocol):
    """The run's events and the lease on its target, as the driver needs them."""

    def load(self) -> ActionRun:
        """The run as its events tell it now."""
        ...

    def append(self, kind: str, body: dict[str, Any], *, fenced: bool) -> None:
        """Admit and commit one event.

        With `fenced`, the lease is checked in the same transaction. Raises IllegalMove when the event may not
        follow, LeaseHeld when somebody else holds the lease by now.
        """
        ...

    def lock(self, target: str) -> int:
        """Take the lease on the target and return its fencing number; raises LeaseHeld."""
        ...

    def unlock(self) -> None:
        """Give the lease back."""
        ...

    def approval_flaw(self) -> str:
        """Why the approvals that the run counts do not stand, in a sentence; empty when they do."""
        ...

    def plan_of(self, uid: str) -> Plan:
        """The plan of another run, to undo it; raises NotFound."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait that long or until another process wrote; keeps the leases alive meanwhile."""
        ...
