"""Keeps the leases of a runner alive while it is busy: a long look at the network must not look like a death.

A process that is stopped has no pulse either, which is what an observer shall see.
"""

import threading
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType

from storage.database import Database
from storage.errors import LeaseHeld, StorageError
from storage.leases import Lease, Leases

HEARTBEAT_S = 2.0
"""How often the leases are kept alive; well within the patience of `storage.leases`."""


class Pulse:
    """Counts up the heartbeat of what `held()` names, every two seconds, on a connection of its own."""

    def __init__(self, path: Path, held: Callable[[], Collection[Lease]]) -> None:
        self._path = path
        self._held = held
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        # Most runs are over before the first beat, and need no second connection.
        while not self._over.wait(HEARTBEAT_S):
            try:
                self._once()
            except LeaseHeld:
                # Whoever appends or sends next finds that out by itself.
                return
            except StorageError:
                # The database is busy or full for now; a lease that runs out over it is safe.
                continue

    def _once(self) -> None:
        database = Database.open(self._path)
        try:
            leases = Leases(database)
            for lease in self._held():
                leases.heartbeat(lease)
        finally:
            database.close()
