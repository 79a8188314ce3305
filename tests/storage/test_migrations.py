"""Bringing an older file up to date."""

from pathlib import Path

import pytest

from storage import backup, migrations
from storage.database import Database, connect
from storage.errors import Damaged, StorageError
from storage.ledger import Ledger
from storage.migrations import STEPS, Step
from tests.storage.material import draft, ledger_file, noon


def old_file(path: Path, steps: int, events: int = 4) -> list[str]:
    """A closed file as a cockpit that knew only the first `steps` migrations would have left it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(migrations, "STEPS", STEPS[:steps])
        return ledger_file(path, events)


def schema(path: Path) -> list[tuple[str, str]]:
    connection = connect(path)
    rows: list[tuple[str, str]] = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize("steps", range(1, len(STEPS)))
def test_every_older_schema_comes_up_to_date_behind_a_backup(steps: int, path: Path, tmp_path: Path) -> None:
    ids = old_file(path, steps)
    before = schema(path)
    database = Database.open(path)
    ledger = Ledger(database, noon)
    assert [event.id for event in ledger.since(0)] == ids
    assert ledger.verify().ok
    assert database.rows("PRAGMA user_version") == [(len(STEPS),)]
    ledger.append([draft()])
    database.close()
    fresh = tmp_path / "fresh.db"
    ledger_file(fresh, 1)
    assert schema(path) == schema(fresh)
    (kept,) = tmp_path.glob(f"ledger.db.schema-{steps}-*.backup")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert schema(kept) == before
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(migrations, "STEPS", STEPS[:steps])
        copied = Database.open(kept, read_only=True)
        assert [event.id for event in Ledger(copied, noon).since(0)] == ids
        copied.close()


def test_an_up_to_date_file_is_neither_migrated_nor_backed_up(path: Path, tmp_path: Path) -> None:
    ledger_file(path, 1)
    Database.open(path).close()
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.db"]


def test_a_migration_that_fails_half_way_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ledger_file(path, 3)
    before = schema(path)
    broken = (
        Step("good", ("CREATE TABLE extra (x)",)),
        Step("bad", ("CREATE TABLE more (x)", "INSERT INTO gone VALUES (1)")),
    )
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", (*STEPS, *broken))
        with pytest.raises(StorageError, match="no such table: gone"):
            Database.open(path)
    assert schema(path) == before
    database = Database.open(path)
    assert [event.id for event in Ledger(database, noon).since(0)] == ids
    database.close()


def test_without_a_backup_that_checks_out_nothing_is_migrated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_file(path, 2)
    before = schema(path)

    def refuse(*_: object) -> None:
        raise Damaged("The backup does not check out.")

    monkeypatch.setattr(backup, "_check", refuse)
    with pytest.raises(Damaged):
        Database.open(path)
    assert schema(path) == before
    assert list(path.parent.glob("*.backup")) == []


def test_an_older_file_is_not_opened_for_reading_only(path: Path) -> None:
    old_file(path, 3)
    with pytest.raises(StorageError, match="older cockpit"):
        Database.open(path, read_only=True)
