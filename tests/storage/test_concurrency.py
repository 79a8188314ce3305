"""Several writers of one file at once, and the control that shows why every write is IMMEDIATE."""

from pathlib import Path

import pytest

from storage.database import Database, connect
from storage.errors import StorageError
from storage.ledger import Ledger
from tests.storage.crew import Crew
from tests.storage.material import draft, ledger_file, needs_wal, noon

WRITERS = 6
EACH = 50


def test_six_processes_append_at_once_and_none_fails(disk_path: Path, crew: Crew) -> None:
    path = disk_path / "ledger.db"
    ledger_file(path, 1)
    pids = [crew.start("append", path=str(path), count=EACH) for _ in range(WRITERS)]
    crew.go(*pids)
    heard = [crew.hear() for _ in range(WRITERS * EACH)]
    assert [crew.wait(pid) for pid in pids] == [0] * WRITERS
    assert all("ack" in report for report in heard)
    database = Database.open(path)
    ledger = Ledger(database, noon)
    assert len(ledger.since(0)) == WRITERS * EACH + 1
    assert {report["ack"] for report in heard} <= {event.id for event in ledger.since(0)}
    assert ledger.verify().ok
    database.close()


@needs_wal
def test_deferred_transactions_in_the_same_order_fail_with_locked(path: Path) -> None:
    """Read, let somebody else commit, write: SQLite refuses at once, whatever the busy timeout says."""
    ledger_file(path, 1)
    one, other = connect(path), connect(path)
    one.execute("BEGIN")
    one.execute("SELECT count(*) FROM ui_state").fetchall()
    other.execute("BEGIN")
    other.execute("INSERT INTO ui_state VALUES ('a', 'b')")
    other.execute("COMMIT")
    with pytest.raises(one.OperationalError, match="locked"):
        one.execute("INSERT INTO ui_state VALUES ('c', 'd')")
    one.close()
    other.close()


def test_the_write_lock_is_taken_before_the_first_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.opening.BUSY_TIMEOUT_S", 0.05)
    other = Database.open(database.path)
    with database.write() as transaction:
        transaction.execute("SELECT count(*) FROM ui_state")
        with pytest.raises(StorageError, match="locked by another process"), other.write():
            pass
        transaction.execute("INSERT INTO ui_state VALUES ('a', 'b')")
    with other.write() as transaction:
        assert transaction.execute("SELECT * FROM ui_state") == [("a", "b")]
    other.close()


def test_readers_go_on_while_somebody_writes(database: Database, ledger: Ledger) -> None:
    reader = Database.open(database.path)
    with database.write() as transaction:
        ledger.append([draft()], transaction)
        assert Ledger(reader, noon).since(0) == []
    assert len(Ledger(reader, noon).since(0)) == 1
    reader.close()
