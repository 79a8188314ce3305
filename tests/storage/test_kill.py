"""Processes that die while they write: at random, and at every single write and sync."""

import random
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from storage import migrations
from storage.database import Database
from storage.errors import StorageError
from storage.ledger import Ledger
from tests.storage.crew import Crew, needs_strace
from tests.storage.material import ledger_file, noon

KILLS = 40
SYNCS = "fsync,fdatasync"
WRITES = "pwrite64,write,ftruncate,unlink,unlinkat,rename"


def assert_nothing_lost(path: Path, acknowledged: set[str], writers: int = 1) -> int:
    """Reopen; the chain is whole, every acknowledged event is there, and at most one per writer besides."""
    database = Database.open(path)
    try:
        ledger = Ledger(database, noon)
        checked = ledger.verify()
        assert checked.ok, checked.reason
        present = {event.id for event in ledger.since(0)}
    finally:
        database.close()
    assert acknowledged <= present
    assert len(present - acknowledged) <= writers
    return len(present)


def test_two_writers_killed_again_and_again_lose_no_acknowledged_event(disk_path: Path, crew: Crew) -> None:
    path = disk_path / "ledger.db"
    dice = random.Random(20261120)
    acknowledged: set[str] = set()
    uncertain = 0
    for _ in range(KILLS // 2):
        pids = [crew.start("append", path=str(path)) for _ in range(2)]
        crew.go(*pids)
        for _ in range(dice.randint(1, 60)):
            acknowledged.add(crew.hear()["ack"])
        crew.kill(*pids)
        acknowledged.update(report["ack"] for report in crew.heard())
        uncertain += 2
        assert_nothing_lost(path, acknowledged, writers=uncertain)
    assert len(acknowledged) >= KILLS // 2


def deaths(crew: Crew, job: str, calls: str, tmp_path: Path, most: int, **arguments: object) -> list[str]:
    """Run the job once under strace; return at most `most` injections that end it, spread over all its `calls`.

    strace counts `when` for each system call by itself, so each injection names one call.
    """
    trace = tmp_path / "trace"
    pid = crew.start(job, **arguments)
    with crew.traced(pid, "-e", f"trace={calls}", output=str(trace)):
        assert crew.wait(pid) == 0
    crew.heard()
    seen: Counter[str] = Counter()
    found = []
    for name in re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE):
        seen[name] += 1
        found.append(f"inject={name}:signal=SIGKILL:when={seen[name]}")
    assert found
    return found[:: max(1, -(-len(found) // most))]


@pytest.mark.peer
@needs_strace
@pytest.mark.parametrize("calls", [SYNCS, WRITES], ids=["sync", "write"])
def test_death_at_any_write_or_sync_of_an_append_loses_nothing(calls: str, tmp_path: Path, crew: Crew) -> None:
    original = tmp_path / "original.db"
    acknowledged = set(ledger_file(original, 20))
    job = {"count": 6, "pragmas": ["wal_autocheckpoint = 8"]}
    target = tmp_path / "counted.db"
    shutil.copy(original, target)
    died = 0
    for number, death in enumerate(deaths(crew, "append", calls, tmp_path, 70, path=str(target), **job)):
        target = tmp_path / f"{calls[:5]}-{number}.db"
        shutil.copy(original, target)
        pid = crew.start("append", path=str(target), **job)
        with crew.traced(pid, "-e", f"trace={calls}", "-e", death):
            died += crew.wait(pid) == -9
        heard = {report["ack"] for report in crew.heard()}
        assert_nothing_lost(target, acknowledged | heard)
    assert died > 10


@pytest.mark.peer
@needs_strace
@pytest.mark.parametrize("calls", [SYNCS, WRITES], ids=["sync", "write"])
def test_death_at_any_point_of_a_migration_leaves_the_old_or_the_new_schema(
    calls: str, tmp_path: Path, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tmp_path / "original.db"
    monkeypatch.setattr(migrations, "STEPS", migrations.STEPS[:1])
    acknowledged = set(ledger_file(original, 10))
    monkeypatch.undo()
    counted = tmp_path / "counted.db"
    shutil.copy(original, counted)
    died = 0
    for number, death in enumerate(deaths(crew, "open", calls, tmp_path, 40, path=str(counted))):
        target = tmp_path / f"migrated-{number}.db"
        shutil.copy(original, target)
        pid = crew.start("open", path=str(target))
        with crew.traced(pid, "-e", f"trace={calls}", "-e", death):
            died += crew.wait(pid) == -9
        crew.heard()
        with pytest.MonkeyPatch.context() as old:
            old.setattr(migrations, "STEPS", migrations.STEPS[:1])
            untouched = _opens(target)
        assert untouched or _opens(target)
        assert_nothing_lost(target, acknowledged, writers=0)
        for backup in tmp_path.glob(f"{target.name}.schema-1-*.backup"):
            shutil.copy(backup, tmp_path / "backup.db")
            assert_nothing_lost(tmp_path / "backup.db", acknowledged, writers=0)
    assert died > 10


def _opens(path: Path) -> bool:
    try:
        Database.open(path).close()
    except StorageError:
        return False
    return True


@pytest.mark.peer
@needs_strace
def test_death_while_the_file_is_made_leaves_a_file_that_opens(tmp_path: Path, crew: Crew) -> None:
    calls = f"{SYNCS},{WRITES}"
    for number, death in enumerate(deaths(crew, "open", calls, tmp_path, 60, path=str(tmp_path / "counted.db"))):
        target = tmp_path / f"made-{number}.db"
        pid = crew.start("open", path=str(target))
        with crew.traced(pid, "-e", f"trace={calls}", "-e", death):
            crew.wait(pid)
        crew.heard()
        assert_nothing_lost(target, set(), writers=0)


@pytest.mark.peer
@needs_strace
def test_death_during_a_backup_leaves_no_file_under_the_backups_name(tmp_path: Path, crew: Crew) -> None:
    original = tmp_path / "ledger.db"
    acknowledged = set(ledger_file(original, 20))
    job = {"path": str(original)}
    injections = deaths(crew, "back_up", SYNCS, tmp_path, 60, **job, target=str(tmp_path / "counted.backup"))
    for number, death in enumerate(injections):
        target = tmp_path / f"copy-{number}.backup"
        pid = crew.start("back_up", **job, target=str(target))
        with crew.traced(pid, "-e", f"trace={SYNCS}", "-e", death):
            crew.wait(pid)
        done = any(report.get("done") for report in crew.heard())
        assert target.exists() or not done
        if target.exists():
            assert_nothing_lost(target, acknowledged, writers=0)
