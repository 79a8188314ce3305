"""What the triggers refuse, and what the chain shows when somebody went around them."""

import random
import shutil
from pathlib import Path

import pytest

from storage.database import Database, connect
from storage.errors import StorageError
from storage.ledger import Ledger, Verification
from tests.storage.material import draft, ledger_file, noon, strip_guards

FLIPS = 400
ROW = "'x', 'ops', 'note', 't', 't', 'a', 'h', '{}'"


def verified(path: Path, expected: tuple[int, str] | None = None) -> Verification:
    database = Database.open(path)
    try:
        return Ledger(database, noon).verify(expected)
    finally:
        database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body = '{}' WHERE seq = 2",
        "UPDATE event SET seq = 9 WHERE seq = 3",
        "DELETE FROM event WHERE seq = 3",
        "DELETE FROM event",
        f"INSERT INTO event SELECT 3, {ROW}, hash, 'h' FROM event WHERE seq = 3",
        f"INSERT INTO event SELECT 5, {ROW}, hash, 'h' FROM event WHERE seq = 3",
        f"INSERT INTO event SELECT 4, {ROW}, 'another', 'h'",
        f"INSERT INTO event SELECT NULL, {ROW}, hash, 'h' FROM event WHERE seq = 3",
        f"INSERT OR REPLACE INTO event SELECT 2, {ROW}, hash, 'h' FROM event WHERE seq = 1",
        f"INSERT OR REPLACE INTO event SELECT 4, id{ROW[3:]}, hash, 'h' FROM event WHERE seq = 3",
        "UPDATE OR REPLACE event SET seq = 1 WHERE seq = 2",
    ],
)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_the_triggers_refuse_every_change_but_the_next_event(statement: str, recursive: str, path: Path) -> None:
    ledger_file(path, 3)
    connection = connect(path)
    connection.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(connection.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    checked = verified(path)
    assert (checked.ok, checked.events) == (True, 3)


@pytest.mark.parametrize(
    ("statements", "first_bad", "reason"),
    [
        (['UPDATE event SET body = \'{"text":"nothing happened"}\' WHERE seq = 4'], 4, "does not match its hash"),
        (["UPDATE event SET actor = 'somebody' WHERE seq = 1"], 1, "does not match its hash"),
        (["DELETE FROM event WHERE seq = 5"], 5, "event 5 is missing"),
        (["DELETE FROM event WHERE seq IN (1, 2)"], 1, "event 1 is missing"),
        (
            ["DELETE FROM event WHERE seq = 5", "UPDATE event SET seq = seq - 1 WHERE seq > 5"],
            5,
            "does not continue",
        ),
        (
            ["UPDATE event SET seq = -seq WHERE seq IN (3, 4)", "UPDATE event SET seq = 7 + seq WHERE seq < 0"],
            3,
            "not",
        ),
        (
            [
                "DELETE FROM event WHERE seq = 8",
                "INSERT INTO event SELECT 8, 'fork', stream, kind, occurred_at, recorded_at, actor, host, body, "
                "prev, hash FROM event WHERE seq = 7",
            ],
            8,
            "does not continue",
        ),
    ],
    ids=["edit", "actor", "cut inside", "cut begin", "closed up", "reorder", "fork"],
)
def test_the_chain_shows_what_was_done_behind_the_triggers(
    statements: list[str], first_bad: int, reason: str, path: Path
) -> None:
    ledger_file(path, 8)
    strip_guards(path, *statements)
    checked = verified(path)
    assert not checked.ok
    assert checked.first_bad == first_bad
    assert checked.events == first_bad - 1
    assert reason in checked.reason


def test_a_cut_tail_shows_against_a_head_that_was_noted_elsewhere(path: Path) -> None:
    ledger_file(path, 8)
    database = Database.open(path)
    head = Ledger(database, noon).head()
    Ledger(database, noon).append([draft()])
    database.close()
    assert verified(path, head).ok
    strip_guards(path, "DELETE FROM event WHERE seq > 6")
    assert verified(path).ok
    checked = verified(path, head)
    assert not checked.ok
    assert checked.first_bad == 7
    assert "noted elsewhere" in checked.reason


def test_a_removed_or_blunted_trigger_is_reported(path: Path) -> None:
    ledger_file(path, 2)
    connection = connect(path)
    connection.execute("DROP TRIGGER event_no_delete")
    connection.execute("CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT 1; END")
    connection.close()
    checked = verified(path)
    assert not checked.ok
    assert "trigger" in checked.reason


def test_no_flipped_bit_changes_an_event_unseen(path: Path, tmp_path: Path) -> None:
    ledger_file(path, 40)
    database = Database.open(path)
    before = Ledger(database, noon).since(0)
    database.close()
    sound = path.read_bytes()
    dice = random.Random(11)
    found = 0
    for number in range(FLIPS):
        damaged = bytearray(sound)
        damaged[dice.randrange(len(sound))] ^= 1 << dice.randrange(8)
        target = tmp_path / f"flip-{number}.db"
        target.touch(0o600)
        target.write_bytes(damaged)
        try:
            database = Database.open(target)
        except StorageError:
            found += 1
            continue
        ledger = Ledger(database, noon)
        checked = ledger.verify()
        if checked.ok:
            assert ledger.since(0) == before
        else:
            assert checked.reason
            found += 1
        database.close()
        target.unlink()
    assert found > FLIPS // 20


def test_a_file_cut_short_is_reported(path: Path, tmp_path: Path) -> None:
    ledger_file(path, 400)
    target = tmp_path / "short.db"
    shutil.copy(path, target)
    with target.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    try:
        checked = verified(target)
    except StorageError:
        return
    assert not checked.ok
