"""The other terminals on this file: who sits there, and which incident they look at."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from cockpit.clock import Clock
from storage.database import Database
from storage.leases import LeaseRow, boot_id, holder_is_alive
from storage.presence import Presence

BEAT_EVERY = timedelta(seconds=15)
"""How often a terminal shows itself."""

GONE_AFTER = 3 * BEAT_EVERY
"""A terminal that has not shown itself for this long is gone."""


class Here(msgspec.Struct, frozen=True):
    """One terminal as it last showed itself; `incident` is the uid of what it looks at, or empty."""

    person: str
    host: str
    pid: int
    boot: str
    at: datetime
    incident: str = ""
    terminal: str = ""


class Terminals:
    """Shows this terminal to the others, and them to it."""

    def __init__(self, database: Database, operator: str, clock: Clock) -> None:
        self._presence = Presence(database)
        self._operator = operator
        self._clock = clock
        self._terminal = uuid4().hex[:12]
        self._shown: Here | None = None

    def show(self, incident: str = "") -> bool:
        """Show that this terminal is here; writes only when a beat is due or the incident is another one."""
        now = self._clock.now()
        shown = self._shown
        if shown is not None and shown.incident == incident and now - shown.at < BEAT_EVERY:
            return False
        here = Here(self._operator, os.uname().nodename, os.getpid(), boot_id(), now, incident, self._terminal)
        self._presence.show(self._terminal, msgspec.json.encode(here).decode())
        self._shown = here
        return True

    def leave(self) -> None:
        """Say goodbye."""
        self._presence.leave(self._terminal)
        self._shown = None

    def others(self, incident: str = "") -> Sequence[Here]:
        """Everybody else who is there now, by name; with `incident`, only those who look at it."""
        found = [here for here in self._all() if here.terminal != self._terminal]
        return sorted(
            (here for here in found if not incident or here.incident == incident), key=lambda here: here.person
        )

    def _all(self) -> Sequence[Here]:
        now, found = self._clock.now(), []
        for text in self._presence.all().values():
            try:
                here = msgspec.json.decode(text, type=Here)
            except msgspec.DecodeError:
                continue
            if now - here.at <= GONE_AFTER and holder_is_alive(_row(here)):
                found.append(here)
        return found


def _row(here: Here) -> LeaseRow:
    return LeaseRow("terminal", here.person, here.pid, here.boot, here.host, 0, 0)
