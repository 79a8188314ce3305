"""One holder at a time for what only one process may do, with a fencing number against a holder that slept.

Nothing here trusts a wall clock. A holder counts a heartbeat up; a lease may be taken over when an observer has
seen the same count twice, `patience` apart by the observer's own monotonic clock, or when the holder's process is
known to be gone. A holder that wakes up later finds that the fencing number has moved on: whoever acts under a
lease calls `check()` in the transaction that commits the intent to act.
"""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec

from storage.database import Database, Row, Transaction
from storage.errors import LeaseHeld

PATIENCE = timedelta(seconds=10)
"""How long a heartbeat must stand still before another process may take the lease."""


class Lease(msgspec.Struct, frozen=True):
    """A lease that this process got; `fencing` grows with each new holder of `name`, for ever."""

    name: str
    holder: str
    fencing: int


class LeaseRow(msgspec.Struct, frozen=True):
    """Who holds a lease now, as the database says."""

    name: str
    holder: str
    pid: int
    boot_id: str
    host: str
    fencing: int
    heartbeat: int


class _Seen(msgspec.Struct, frozen=True):
    fencing: int
    heartbeat: int
    at: float


def boot_id() -> str:
    """Names this boot of the kernel and our process-id space in it: a pid means something within both only."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():
        return ""
    return f"{boot.read_text().strip()}/{os.readlink('/proc/self/ns/pid')}"


_SELECT = "SELECT name, holder, pid, boot_id, host, fencing, heartbeat FROM lease WHERE name = ?"


class Leases:
    """The leases of one database, as one process sees them."""

    def __init__(
        self, database: Database, *, patience: timedelta = PATIENCE, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._patience_s = patience.total_seconds()
        self._monotonic = monotonic
        self._seen: dict[str, _Seen] = {}

    def acquire(self, name: str, holder: str, pid: int, boot_id: str, host: str) -> Lease:
        """Take the lease, or raise LeaseHeld naming who has it.

        Calling again later is how an observer sees a heartbeat stand still: the call that finds it unchanged for
        `patience` takes over.
        """
        with self._database.write() as own:
            rows = own.execute(_SELECT, (name,))
            fencing = rows[0][5] + 1 if rows else 1
            if rows and rows[0][1] is not None:
                now = LeaseRow(*rows[0])
                if not (_is_dead(now, boot_id, host) or self._stands_still(now)):
                    raise LeaseHeld(f"{name} is held by {now.holder} (process {now.pid} on {now.host}).")
            own.execute(
                "INSERT OR REPLACE INTO lease (name, holder, pid, boot_id, host, fencing, heartbeat)"
                " VALUES (?, ?, ?, ?, ?, ?, 0)",
                (name, holder, pid, boot_id, host, fencing),
            )
        self._seen.pop(name, None)
        return Lease(name, holder, fencing)

    def heartbeat(self, lease: Lease) -> None:
        """Show, well within PATIENCE, that the holder lives; raises LeaseHeld when the lease is no longer ours."""
        with self._database.write() as own:
            self.check(lease, own)
            own.execute("UPDATE lease SET heartbeat = heartbeat + 1 WHERE name = ?", (lease.name,))

    def release(self, lease: Lease) -> None:
        """Give the lease back; nothing happens if it is no longer ours."""
        with self._database.write() as own:
            own.execute(
                "UPDATE lease SET holder = NULL WHERE name = ? AND fencing = ?", (lease.name, lease.fencing)
            )

    def holder(self, name: str) -> LeaseRow | None:
        """Who holds the lease, or None; says nothing about whether that process still lives."""
        rows = self._database.rows(_SELECT, (name,))
        return LeaseRow(*rows[0]) if rows and rows[0][1] is not None else None

    def check(self, lease: Lease, transaction: Transaction) -> None:
        """Raise LeaseHeld unless the lease is still ours; call it in the transaction that commits an intent."""
        rows: list[Row] = transaction.execute(_SELECT, (lease.name,))
        if rows and rows[0][1] is not None and rows[0][5] == lease.fencing:
            return
        if rows and rows[0][1] is not None:
            now = LeaseRow(*rows[0])
            raise LeaseHeld(f"{lease.name} was taken over by {now.holder} (process {now.pid} on {now.host}).")
        raise LeaseHeld(f"{lease.name} is no longer held by {lease.holder}.")

    def _stands_still(self, now: LeaseRow) -> bool:
        """Whether the count is what it was `patience` ago; remembers it for the next time if not."""
        seen = self._seen.get(now.name)
        if seen is None or (seen.fencing, seen.heartbeat) != (now.fencing, now.heartbeat):
            self._seen[now.name] = _Seen(now.fencing, now.heartbeat, self._monotonic())
            return False
        return self._monotonic() - seen.at >= self._patience_s


def holder_is_alive(row: LeaseRow) -> bool:
    """Whether the holder of a lease may still live; False only when it ran here and its process is no more."""
    return not _is_dead(row, boot_id(), os.uname().nodename)


def _is_dead(now: LeaseRow, boot_id: str, host: str) -> bool:
    """Whether the holder ran where we run and its process is gone; anything else is not known."""
    if not boot_id or (now.boot_id, now.host) != (boot_id, host):
        return False
    try:
        os.kill(now.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
