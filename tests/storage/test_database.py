"""Opening, the version gate, transactions, reads, backups."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage import opening
from storage.database import VERSION, Database, connect
from storage.errors import Damaged, NewerSchema, StorageError, Unsafe, Unwritable
from storage.ledger import Ledger
from storage.opening import wal_is_safe
from storage.ui_state import UiState
from tests.storage.crew import ROOT, Crew
from tests.storage.material import draft, ledger_file, needs_wal, noon


@needs_wal
def test_a_new_database_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = Database.open(tmp_path / "new" / "deep" / "ledger.db")
        Ledger(database, noon).append([draft()])
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    modes = {file.suffix: file.stat().st_mode & 0o777 for file in database.path.parent.iterdir()}
    assert modes == {".db": 0o600, ".db-wal": 0o600, ".db-shm": 0o600}
    database.close()


def test_the_connection_is_set_up_to_keep_what_it_acknowledges(database: Database) -> None:
    wal = wal_is_safe(VERSION)
    assert database.journal == ("wal" if wal else "delete")
    assert database.rows("PRAGMA synchronous") == [(2 if wal else 3,)]
    assert database.rows("PRAGMA foreign_keys") == [(1,)]
    assert database.rows("PRAGMA recursive_triggers") == [(1,)]
    assert database.rows("PRAGMA trusted_schema") == [(0,)]


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_only_builds_without_the_wal_reset_fault_may_use_wal(version: tuple[int, int, int], safe: bool) -> None:
    assert wal_is_safe(version) is safe


@pytest.fixture
def unfixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "wal_is_safe", lambda _: False)


@pytest.mark.usefixtures("unfixed")
def test_an_unfixed_build_makes_a_file_without_wal_and_syncs_the_directory(path: Path) -> None:
    database = Database.open(path)
    assert database.journal == "delete"
    assert database.rows("PRAGMA synchronous") == [(3,)]
    database.close()


def test_an_unfixed_build_takes_a_file_out_of_wal_and_a_fixed_one_leaves_it_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ledger_file(path, 3)
    with monkeypatch.context() as patched:
        patched.setattr(opening, "wal_is_safe", lambda _: False)
        database = Database.open(path)
        assert database.journal == "delete"
        database.close()
    database = Database.open(path)
    assert database.journal == "delete"
    assert database.rows("PRAGMA synchronous") == [(3,)]
    assert [event.id for event in Ledger(database, noon).since(0)] == ids
    database.close()


@needs_wal
def test_an_unfixed_build_refuses_a_file_that_is_open_elsewhere_in_wal(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.rows("SELECT count(*) FROM event")
    monkeypatch.setattr(opening, "wal_is_safe", lambda _: False)
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_S", 0.1)
    with pytest.raises(Unsafe, match="install pysqlite3"):
        Database.open(database.path)


def test_a_newer_schema_is_refused_for_writing_and_for_reading(path: Path) -> None:
    ledger_file(path, 1)
    connection = connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(NewerSchema, match="newer cockpit"):
            Database.open(path, read_only=read_only)


def test_another_programs_database_is_refused(path: Path) -> None:
    path.touch(0o600)
    connection = connect(path)
    connection.execute("CREATE TABLE precious (x)")
    connection.close()
    with pytest.raises(StorageError, match="another program"):
        Database.open(path)
    connection = connect(path)
    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("precious",)]
    connection.close()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.touch(0o600)
    path.write_text("cockpit notes, written by hand\n" * 100)
    with pytest.raises(Damaged, match="not a SQLite database"):
        Database.open(path)


def test_reading_only_never_creates_never_migrates_and_never_writes(path: Path) -> None:
    with pytest.raises(StorageError, match="no ledger at"):
        Database.open(path, read_only=True)
    assert not path.exists()
    ids = ledger_file(path, 2)
    database = Database.open(path, read_only=True)
    ledger = Ledger(database, noon)
    assert [event.id for event in ledger.since(0)] == ids
    with pytest.raises(StorageError, match="for reading only"):
        ledger.append([draft()])
    with pytest.raises(Unwritable):
        database.rows("DELETE FROM ui_state")
    assert ledger.spilled() == []
    database.close()


def test_an_error_in_the_block_undoes_all_of_it(database: Database, ledger: Ledger) -> None:
    def fail() -> None:
        with database.write() as transaction:
            ledger.append([draft()], transaction)
            transaction.execute("INSERT INTO ui_state VALUES ('a', 'b')")
            raise KeyError("a mistake")

    with pytest.raises(KeyError):
        fail()
    assert ledger.head()[0] == 0
    assert UiState(database).get("a") is None
    ledger.append([draft()])
    assert ledger.head()[0] == 1


def test_an_error_of_sqlite_becomes_a_sentence(database: Database) -> None:
    with pytest.raises(StorageError, match="no such table"):
        database.rows("SELECT * FROM nowhere")
    with pytest.raises(StorageError, match="no such table"), database.write() as transaction:
        transaction.executemany("INSERT INTO nowhere VALUES (?)", [(1,)])


def test_a_second_transaction_inside_the_first_is_refused_and_the_first_goes_on(database: Database) -> None:
    with database.write() as transaction:
        with pytest.raises(StorageError, match="open already"), database.write():
            pass
        transaction.execute("INSERT INTO ui_state VALUES ('a', 'b')")
    assert UiState(database).get("a") == "b"


def test_a_transaction_that_has_ended_takes_nothing_more(database: Database) -> None:
    with database.write() as transaction:
        pass
    with pytest.raises(StorageError, match="has ended"):
        transaction.execute("INSERT INTO ui_state VALUES ('a', 'b')")
    with pytest.raises(StorageError, match="has ended"):
        transaction.executemany("INSERT INTO ui_state VALUES ('a', 'b')", [()])
    assert UiState(database).get("a") is None


def test_the_data_version_moves_when_somebody_else_commits_and_only_then(
    database: Database, ledger: Ledger
) -> None:
    other = Database.open(database.path)
    before = other.data_version()
    assert other.data_version() == before
    ledger.append([draft()])
    changed = other.data_version()
    assert changed != before
    UiState(other).put("mine", "own writes do not count")
    assert other.data_version() == changed
    other.close()


def test_a_backup_holds_everything_and_is_private(database: Database, ledger: Ledger, tmp_path: Path) -> None:
    events = ledger.append([draft(str(number)) for number in range(30)])
    target = tmp_path / "copy.db"
    database.backup(target)
    assert target.stat().st_mode & 0o777 == 0o600
    copied = Database.open(target, read_only=True)
    assert Ledger(copied, noon).since(0) == events
    copied.close()
    assert [file.name for file in tmp_path.iterdir() if "partial" in file.name] == []
    with pytest.raises(Unwritable, match="never overwrites"):
        database.backup(target)


def test_a_checkpoint_brings_the_wal_back_into_the_file(database: Database, ledger: Ledger) -> None:
    ledger.append([draft(str(number)) for number in range(30)])
    assert database.checkpoint()


def test_a_connection_is_not_used_by_a_forked_child(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with pytest.raises(StorageError, match="before a fork"), database.write():
        pass


def test_several_processes_may_make_the_same_file_at_once(path: Path, crew: Crew) -> None:
    pids = [crew.start("open", path=str(path)) for _ in range(6)]
    crew.go(*pids)
    assert [crew.wait(pid) for pid in pids] == [0] * 6
    assert sum("opened" in report for report in crew.heard()) == 6


LIBRARIES = """
import sys
from pathlib import Path
from storage.database import VERSION, Database
from storage.group_commit import Writer
Database.open(Path(sys.argv[1])).close()
mapped = {line.split()[-1] for line in open("/proc/self/maps") if "sqlite" in line.rsplit("/", 1)[-1]}
print(*sorted(mapped), sep="\\n")
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_one_sqlite_library_is_loaded_even_after_a_migration(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIBRARIES, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    libraries = done.stdout.split()
    assert len([name for name in libraries if "_sqlite3" in name]) == 1
    if any("pysqlite3" in name for name in libraries):
        assert len(libraries) == 1


def test_opening_an_existing_file_does_not_import_sqlite_utils(path: Path) -> None:
    ledger_file(path, 1)
    code = (
        "import sys; from pathlib import Path; import storage.ledger, storage.documents, storage.search; "
        "from storage.database import VERSION, Database; Database.open(Path(sys.argv[1])); "
        "print('sqlite_utils' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
