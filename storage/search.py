"""Full-text search over events and documents.

The index follows the ledger on demand instead of inside each append, so that appending stays cheap; a search first
catches up. Hits come newest first, by rowid: ordering by rank would read every match of a common word.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from storage.database import Database, Transaction

_CATCH_UP_ROWS = 5_000
_MARKS = ("⟦", "⟧")
"""Around each found word in an excerpt."""


@dataclass(frozen=True, slots=True)
class EventHit:
    """An event that matches; `excerpt` is the text around the match, with the words found between ⟦ and ⟧."""

    seq: int
    stream: str
    kind: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class DocumentHit:
    """A document whose newest revision matches."""

    id: str
    kind: str
    subject: str
    revision: int
    excerpt: str


class Search:
    """Search in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def catch_up(self) -> int:
        """Index what came since the last time, in short transactions; return the number of new entries.

        Does nothing on a database that is open for reading only: a search there finds what others have indexed.
        """
        if self._database.read_only:
            return 0
        total = 0
        for source, step in (("event", _index_events), ("document", _index_documents)):
            while self._behind(source):
                with self._database.write() as own:
                    done = step(own)
                total += done
                if done < _CATCH_UP_ROWS:
                    break
        return total

    def events(self, words: str, *, stream: str | None = None, limit: int = 50) -> list[EventHit]:
        """The newest `limit` events that hold all of `words` (the last one as a beginning), newest first."""
        query = _query(words)
        if not query:
            return []
        self.catch_up()
        condition, parameters = ("", []) if stream is None else (" AND e.stream = ?", [stream])
        rows = self._database.rows(
            f"""SELECT e.seq, e.stream, e.kind, snippet(event_text, 0, ?, ?, '…', 16)
            FROM event_text JOIN event e ON e.seq = event_text.rowid
            WHERE event_text MATCH ?{condition} ORDER BY event_text.rowid DESC LIMIT ?""",  # noqa: S608 - constants
            (*_MARKS, query, *parameters, limit),
        )
        return [EventHit(*row) for row in rows]

    def documents(self, words: str, *, limit: int = 50) -> list[DocumentHit]:
        """The documents whose newest revision holds all of `words`, last saved first."""
        query = _query(words)
        if not query:
            return []
        self.catch_up()
        rows = self._database.rows(
            """SELECT d.id, d.kind, d.subject, r.revision, snippet(document_text, 0, ?, ?, '…', 16)
            FROM document_text JOIN document_revision r ON r.key = document_text.rowid
                JOIN document d ON d.id = r.document
            WHERE document_text MATCH ? ORDER BY document_text.rowid DESC LIMIT ?""",
            (*_MARKS, query, limit),
        )
        return [DocumentHit(*row) for row in rows]

    def _behind(self, source: str) -> bool:
        newest = {"event": "SELECT max(seq) FROM event", "document": "SELECT max(key) FROM document_revision"}
        rows = self._database.rows(
            f"SELECT coalesce(({newest[source]}), 0) > indexed FROM search_cursor WHERE source = ?",  # noqa: S608
            (source,),
        )
        return bool(rows[0][0])


def _index_events(own: Transaction) -> int:
    rows = own.execute(
        """SELECT seq, stream, kind, actor, body FROM event
        WHERE seq > (SELECT indexed FROM search_cursor WHERE source = 'event') ORDER BY seq LIMIT ?""",
        (_CATCH_UP_ROWS,),
    )
    own.executemany(
        "INSERT INTO event_text (rowid, text) VALUES (?, ?)",
        [
            (seq, " ".join((stream, kind, actor, *_texts(json.loads(body)))))
            for seq, stream, kind, actor, body in rows
        ],
    )
    if rows:
        own.execute("UPDATE search_cursor SET indexed = ? WHERE source = 'event'", (rows[-1][0],))
    return len(rows)


def _index_documents(own: Transaction) -> int:
    """Put the newest revision of each changed document in place of the one indexed before."""
    rows = own.execute(
        """SELECT r.key, r.document, d.subject, r.text FROM document_revision r JOIN document d ON d.id = r.document
        WHERE r.key > (SELECT indexed FROM search_cursor WHERE source = 'document') ORDER BY r.key LIMIT ?""",
        (_CATCH_UP_ROWS,),
    )
    for key, document, subject, text in rows:
        own.execute(
            """DELETE FROM document_text
            WHERE rowid IN (SELECT key FROM document_revision WHERE document = ? AND key < ?)""",
            (document, key),
        )
        own.execute("INSERT INTO document_text (rowid, text) VALUES (?, ?)", (key, f"{subject} {text}"))
    if rows:
        own.execute("UPDATE search_cursor SET indexed = ? WHERE source = 'document'", (rows[-1][0],))
    return len(rows)


def _texts(value: Any) -> Iterator[str]:
    """Every piece of text and every number in a JSON value; keys are structure, not content."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _query(words: str) -> str:
    """What a person typed, as an FTS5 query: each word quoted, so that no character of it is an operator."""
    quoted = ['"' + word.replace('"', '""') + '"' for word in words.replace("\0", " ").split()]
    return f"{' '.join(quoted)}*" if quoted else ""
