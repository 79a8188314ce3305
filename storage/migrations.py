"""The schema as a list of steps; `PRAGMA user_version` counts the steps that a file has had.

Steps are only ever added, and each expands before a later one contracts, so that a cockpit of the version before
can go on using the file. Times are RFC 3339 text in UTC with microseconds (see `storage.times`).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

APPLICATION_ID = 0x49434B50
"""Written into the file's header (`PRAGMA application_id`), so that `file` and we can tell whose it is."""


class Step(NamedTuple):
    """One migration: its name in the table of applied ones, and the statements that it runs."""

    name: str
    statements: tuple[str, ...]


def _append_only(table: str, what: str) -> tuple[str, str]:
    """Triggers that refuse UPDATE and DELETE; DELETE includes what REPLACE removes, by recursive_triggers."""
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{what}, so nothing in it is changed'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{what}, so nothing in it is deleted'); END",
    )


_LEDGER = Step(
    "ledger",
    (
        """CREATE TABLE event (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, stream TEXT NOT NULL, kind TEXT NOT NULL,
            occurred_at TEXT NOT NULL, recorded_at TEXT NOT NULL, actor TEXT NOT NULL, host TEXT NOT NULL,
            body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX event_stream ON event (stream)",
        *_append_only("event", "the ledger is append-only"),
        # A known id is refused here and not by UNIQUE alone, because REPLACE resolves UNIQUE by deleting the old
        # row, and a foreign connection need not have recursive_triggers on.
        """CREATE TRIGGER event_in_order BEFORE INSERT ON event
        WHEN NOT (
            NEW.seq = 1 + coalesce((SELECT max(seq) FROM event), 0)
            AND NEW.prev = coalesce((SELECT hash FROM event WHERE seq = NEW.seq - 1), 'genesis')
            AND NOT EXISTS (SELECT 1 FROM event WHERE id = NEW.id)
        )
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only, and this event does not follow its last one'); END""",
    ),
)

_OBSERVATIONS = Step(
    "observations",
    (
        """CREATE TABLE observation_latest (
            series INTEGER PRIMARY KEY, target TEXT NOT NULL, check_name TEXT NOT NULL, vantage TEXT NOT NULL,
            verdict TEXT NOT NULL, headline TEXT NOT NULL, detail TEXT NOT NULL, at TEXT NOT NULL,
            took_ms INTEGER NOT NULL, since TEXT NOT NULL, change INTEGER NOT NULL,
            UNIQUE (target, check_name, vantage)
        ) STRICT""",
        "CREATE INDEX observation_latest_change ON observation_latest (change)",
        """CREATE TABLE observation_history (
            id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES observation_latest (series),
            verdict TEXT NOT NULL, headline TEXT NOT NULL, detail TEXT NOT NULL, at TEXT NOT NULL,
            took_ms INTEGER NOT NULL
        ) STRICT""",
        "CREATE INDEX observation_history_series ON observation_history (series, at)",
        """CREATE TABLE probe_request (
            id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, check_name TEXT NOT NULL,
            requested_by TEXT NOT NULL, at TEXT NOT NULL
        ) STRICT""",
    ),
)

_DOCUMENTS = Step(
    "documents",
    (
        """CREATE TABLE template (
            name TEXT NOT NULL, version INTEGER NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
            author TEXT NOT NULL, at TEXT, PRIMARY KEY (name, version)
        ) STRICT""",
        """CREATE TABLE document (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, template_name TEXT NOT NULL,
            template_version INTEGER NOT NULL, UNIQUE (kind, subject)
        ) STRICT""",
        """CREATE TABLE document_revision (
            key INTEGER PRIMARY KEY, document TEXT NOT NULL REFERENCES document (id), revision INTEGER NOT NULL,
            text TEXT NOT NULL, author TEXT NOT NULL, at TEXT NOT NULL, UNIQUE (document, revision)
        ) STRICT""",
        *_append_only("template", "every version of a template is kept"),
        *_append_only("document_revision", "every revision of a document is kept"),
    ),
)

_LEASES = Step(
    "leases",
    (
        """CREATE TABLE lease (
            name TEXT PRIMARY KEY, holder TEXT, pid INTEGER NOT NULL, boot_id TEXT NOT NULL, host TEXT NOT NULL,
            fencing INTEGER NOT NULL, heartbeat INTEGER NOT NULL
        ) STRICT""",
    ),
)

_SEARCH = Step(
    "search",
    (
        "CREATE VIRTUAL TABLE event_text USING fts5 (text, tokenize = 'unicode61')",
        "CREATE VIRTUAL TABLE document_text USING fts5 (text, tokenize = 'unicode61')",
        "CREATE TABLE search_cursor (source TEXT PRIMARY KEY, indexed INTEGER NOT NULL) STRICT",
        "INSERT INTO search_cursor VALUES ('event', 0), ('document', 0)",
    ),
)

_UI_STATE = Step("ui_state", ("CREATE TABLE ui_state (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT",))

_MEMORY = Step(
    "memory",
    (
        """CREATE TABLE record_state (
            id INTEGER PRIMARY KEY, target TEXT NOT NULL, check_name TEXT NOT NULL, record TEXT NOT NULL,
            type TEXT NOT NULL, value TEXT NOT NULL, good INTEGER NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL,
            before_at TEXT
        ) STRICT""",
        "CREATE INDEX record_state_record ON record_state (target, check_name, record, type)",
        """CREATE TABLE observation_hour (
            series INTEGER NOT NULL REFERENCES observation_latest (series), hour TEXT NOT NULL,
            verdict TEXT NOT NULL, rank INTEGER NOT NULL, headline TEXT NOT NULL, at TEXT NOT NULL,
            looks INTEGER NOT NULL, PRIMARY KEY (series, hour)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX observation_hour_age ON observation_hour (hour)",
    ),
)

_SNAPSHOTS = Step(
    "snapshots",
    (
        """CREATE TABLE snapshot (
            id INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL,
            text TEXT NOT NULL, records INTEGER NOT NULL, at TEXT NOT NULL, confirmed_at TEXT NOT NULL,
            by TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX snapshot_domain ON snapshot (domain, source)",
    ),
)

_OWNERS = Step(
    "owners",
    (
        "CREATE TABLE owner_list (domain TEXT PRIMARY KEY, verified_at TEXT NOT NULL, by TEXT NOT NULL) STRICT",
        """CREATE TABLE owned_service (
            id INTEGER PRIMARY KEY, domain TEXT NOT NULL REFERENCES owner_list (domain), service TEXT NOT NULL,
            owner TEXT NOT NULL, email TEXT NOT NULL, sends_as TEXT NOT NULL, service_id TEXT NOT NULL,
            created_at TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX owned_service_domain ON owned_service (domain)",
    ),
)

_FEEDBACK = Step(
    "feedback",
    (
        """CREATE TABLE feedback (
            key INTEGER PRIMARY KEY, target TEXT NOT NULL, id TEXT NOT NULL, recipient TEXT NOT NULL,
            kind TEXT NOT NULL, subtype TEXT NOT NULL, detail TEXT NOT NULL, reason TEXT NOT NULL,
            source TEXT NOT NULL, configuration_set TEXT NOT NULL, at TEXT NOT NULL, suppress TEXT NOT NULL,
            UNIQUE (target, id, recipient)
        ) STRICT""",
        "CREATE INDEX feedback_at ON feedback (target, at)",
        """CREATE TABLE feedback_suppressed (
            target TEXT NOT NULL, address TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
            report TEXT NOT NULL, removed_at TEXT, PRIMARY KEY (target, address, reason)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE feedback_count (
            target TEXT NOT NULL, kind TEXT NOT NULL, configuration_set TEXT NOT NULL, slot TEXT NOT NULL,
            number INTEGER NOT NULL, PRIMARY KEY (target, kind, configuration_set, slot)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE feedback_aside (
            key INTEGER PRIMARY KEY, target TEXT NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
            why TEXT NOT NULL, at TEXT NOT NULL, UNIQUE (target, message_id)
        ) STRICT""",
    ),
)

LEDGER_GUARDS = tuple(sql for sql in _LEDGER.statements if sql.startswith("CREATE TRIGGER"))
"""The triggers of the ledger as they stand in sqlite_schema; one that is missing is a sign of tampering."""

STEPS: tuple[Step, ...] = (
    _LEDGER,
    _OBSERVATIONS,
    _DOCUMENTS,
    _LEASES,
    _SEARCH,
    _UI_STATE,
    _MEMORY,
    _SNAPSHOTS,
    _OWNERS,
    _FEEDBACK,
)
"""Every step, oldest first; `user_version` of a current file is their number."""


def apply(connection: Any, steps: tuple[Step, ...], build: Any) -> None:
    """Bring the file behind `connection` up to `steps`, inside the transaction that the caller has begun.

    `Migrations.apply()` opens a savepoint for each migration when a transaction is open already, and commits
    nothing itself; so one BEGIN IMMEDIATE around it makes all steps and the version number one atomic change.
    sqlite_utils is imported here because only a new or an old file needs it, and it would slow every start. `build`
    is the SQLite module behind `connection`.
    """
    with _one_build(build):
        from sqlite_utils import Database as Utilities
        from sqlite_utils.migrations import Migrations

    migrations = Migrations("cockpit")
    for step in steps:
        migrations(name=step.name)(_runner(step))
    migrations.apply(Utilities(connection, execute_plugins=False))
    connection.execute(f"PRAGMA user_version = {len(steps)}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _runner(step: Step) -> Any:
    """A function in the shape that Migrations wants; statements go one by one: executescript() would commit."""

    def run(utilities: Any) -> None:
        for statement in step.statements:
            utilities.conn.execute(statement)

    return run


@contextmanager
def _one_build(build: Any) -> Iterator[None]:
    """Let `import sqlite3` find the build in use: sqlite_utils imports it for an annotation alone.

    Without this, creating a file would map a second SQLite into the process, where a later mistake could open the
    ledger with it.
    """
    if "sqlite3" in sys.modules:
        yield
        return
    sys.modules["sqlite3"] = build
    try:
        yield
    finally:
        del sys.modules["sqlite3"]
