"""Who sits at which terminal: a short text per terminal, overwritten with every beat; losing one costs nothing."""

from storage.database import Database

_PREFIX = "here/"


class Presence:
    """The terminals that have shown themselves in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def show(self, terminal: str, text: str) -> None:
        """Say that `terminal` is there; `text` is what it says of itself."""
        with self._database.write() as own:
            own.execute("INSERT OR REPLACE INTO ui_state (key, text) VALUES (?, ?)", (f"{_PREFIX}{terminal}", text))

    def leave(self, terminal: str) -> None:
        """Forget a terminal."""
        with self._database.write() as own:
            own.execute("DELETE FROM ui_state WHERE key = ?", (f"{_PREFIX}{terminal}",))

    def all(self) -> dict[str, str]:
        """What each terminal last said, by terminal; some may be gone long since."""
        rows = self._database.rows(
            "SELECT key, text FROM ui_state WHERE key >= ? AND key < ? ORDER BY key", (_PREFIX, "here0")
        )
        return {str(key).removeprefix(_PREFIX): str(text) for key, text in rows}
