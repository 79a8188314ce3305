"""Where a cockpit was left: screen, incident, domain and what the board listed, to open there again."""

import msgspec

from storage.database import Database
from storage.errors import StorageError
from storage.ui_state import UiState

_KEY = "place:"


class Place(msgspec.Struct, frozen=True):
    """A place in the cockpit; empty means the board as it is at first."""

    screen: str = "board"
    incident: str = ""
    run: str = ""
    action: str = ""
    domain: str = ""
    filter: str = ""
    sort: str = "worst"
    group: str = ""
    row: str = ""
    theme: str = ""


class Places:
    """The place of one operator in one database; losing it costs nothing but a few keys."""

    def __init__(self, database: Database, operator: str) -> None:
        self._state = UiState(database)
        self._key = f"{_KEY}{operator}"
        self._left: Place | None = None

    def last(self) -> Place:
        """Where it was left; the board when that is not known or cannot be read."""
        try:
            text = self._state.get(self._key)
            return msgspec.json.decode(text, type=Place) if text else Place()
        except (StorageError, msgspec.DecodeError):
            return Place()

    def leave(self, place: Place) -> None:
        """Remember a place, if it is another one than before; a database that takes nothing is let be."""
        if place == self._left:
            return
        try:
            self._state.put(self._key, msgspec.json.encode(place).decode())
        except StorageError:
            return
        self._left = place
