"""What a screen wants to find again: small texts by key. Losing one costs nothing but a scroll position."""

from storage.database import Database


class UiState:
    """The remembered screen state of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> str | None:
        """The text under `key`, or None."""
        rows = self._database.rows("SELECT text FROM ui_state WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def put(self, key: str, text: str) -> None:
        """Remember `text` under `key`."""
        with self._database.write() as own:
            own.execute("INSERT OR REPLACE INTO ui_state (key, text) VALUES (?, ?)", (key, text))
