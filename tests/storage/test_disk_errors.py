"""A disk that is full or returns errors: nothing acknowledged is lost, nothing is retried, drafts are kept."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import Damaged, StorageError, Unwritable
from storage.ledger import Draft, Ledger
from storage.spill import spill, spilled
from tests.storage.crew import Crew, Report, needs_strace
from tests.storage.material import draft, ledger_file, needs_wal, noon

WRITES = "pwrite64"
SYNCS = "fsync,fdatasync"


# SQLite ignores an error from the sync of the directory that follows the first sync of a new WAL (the second sync
# here), and the writes before the ninth make its shared-memory file while the database is opened.


def check_refusal(path: Path, reports: list[Report]) -> None:
    """Two refusals, the second because of the first; acknowledged is in the ledger; refused can be appended."""
    refused = [report for report in reports if "refused" in report]
    assert len(refused) == 2, reports
    assert "writes no more" in refused[1]["refused"]
    assert all("kept in" in report["refused"] for report in refused)
    database = Database.open(path)
    ledger = Ledger(database, noon)
    acknowledged = {report["ack"] for report in reports if "ack" in report}
    present = {event.id for event in ledger.since(0)}
    assert acknowledged <= present
    assert ledger.verify().ok
    for side_file in ledger.spilled():
        ledger.reappend(side_file)
    assert {report["id"] for report in refused} <= {event.id for event in ledger.since(0)}
    assert ledger.spilled() == []
    assert ledger.verify().ok
    database.close()


@pytest.mark.peer
@needs_strace
@pytest.mark.parametrize(
    "injection",
    [f"{WRITES}:error=ENOSPC:when={n}+" for n in (9, 10, 12, 15)]
    + [f"{WRITES}:error=EIO:when={n}" for n in (9, 11, 14)]
    + [f"{SYNCS}:error=EIO:when={n}" for n in (1, 3, 4)],
)
def test_an_injected_disk_error_stops_the_writer_and_loses_nothing(
    injection: str, path: Path, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path.parent))
    ledger_file(path, 5)
    calls = injection.split(":")[0]
    pid = crew.start("fill", path=str(path), runtime=str(path.parent), attempts=40)
    with crew.traced(pid, "-e", f"trace={calls}", "-e", f"inject={injection}"):
        assert crew.wait(pid) == 0
    check_refusal(path, crew.heard())


@pytest.mark.peer
@needs_strace
@pytest.mark.parametrize("when", ["1+", "8"])
@needs_wal
def test_a_disk_error_while_opening_is_one_sentence(when: str, path: Path, crew: Crew) -> None:
    ledger_file(path, 5)
    pid = crew.start("open", path=str(path))
    with crew.traced(pid, "-e", "trace=pwrite64", "-e", f"inject=pwrite64:error=ENOSPC:when={when}"):
        assert crew.wait(pid) == 1
    (report,) = crew.heard()
    assert report["type"] == "Unwritable"
    assert str(path) in report["error"]


def test_a_file_size_limit_stops_the_writer_and_loses_nothing(path: Path, crew: Crew) -> None:
    ledger_file(path, 5)
    pid = crew.start("fill", path=str(path), limit=200_000, runtime=str(path.parent))
    crew.go(pid)
    reports = [crew.hear()]
    while sum("refused" in report for report in reports) < 2:
        reports.append(crew.hear())
    assert crew.wait(pid) == 0
    assert len(reports) > 5
    check_refusal(path, reports)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small tmpfs needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=800k,mode=0700", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_loses_nothing_and_keeps_the_drafts_elsewhere(
    small_disk: Path, tmp_path: Path, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_disk / "ledger.db"
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    pid = crew.start("fill", path=str(path), runtime=str(runtime))
    crew.go(pid)
    reports = [crew.hear()]
    while sum("refused" in report for report in reports) < 2:
        reports.append(crew.hear())
    assert crew.wait(pid) == 0
    assert "is full" in reports[-2]["refused"]
    assert list(runtime.glob("*.jsonl")) or list(small_disk.glob("*.jsonl"))
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    check_refusal(path, reports)


def test_a_read_only_directory_is_refused_in_one_sentence(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes into read-only directories")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(Unwritable, match="cannot be created"):
        Database.open(locked / "ledger.db")


@needs_wal
def test_a_read_only_file_system_is_refused_in_one_sentence(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    ledger_file(path, 2)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Unwritable, match="read-only|cannot be opened"):
        Database.open(path)
    with pytest.raises(Unwritable, match="Read-only file system"):
        Database.open(small_disk / "other.db")


def mounted_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def test_evidence_on_a_read_only_medium_is_verified_whoever_wrote_it(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    ledger_file(path, 3)
    os.chown(path, 65534, 65534)
    path.chmod(0o644)
    mounted_read_only(small_disk)
    for database in (Database.open(path, read_only=True), Database.open_as_can_be(path)):
        found = Ledger(database, noon).verify()
        assert (found.ok, found.events) == (True, 3)
        with pytest.raises(StorageError), database.write():
            pytest.fail("a transaction was begun")
        database.close()


@needs_wal
def test_a_full_disk_can_still_be_read_and_says_so_to_who_writes(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    ledger_file(path, 2)
    (small_disk / "filler").write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize))
    with pytest.raises(Unwritable, match=r"is full\.$"):
        Database.open(path)
    database = Database.open_as_can_be(path)
    assert Ledger(database, noon).verify().events == 2
    with pytest.raises(Unwritable, match="is full"):
        Ledger(database, noon).append([draft()])
    database.close()
    (small_disk / "filler").unlink()
    database = Database.open_as_can_be(path)
    assert database.failure is None
    Ledger(database, noon).append([draft()])
    database.close()


@needs_wal
def test_changes_that_lie_beside_a_file_on_a_read_only_medium_are_not_left_out_in_silence(small_disk: Path) -> None:
    path = small_disk / "ledger.db"
    ledger_file(path, 2)
    path.with_name("ledger.db-wal").write_bytes(b"x" * 64)
    path.with_name("ledger.db-wal").chmod(0o600)
    mounted_read_only(small_disk)
    with pytest.raises(Unwritable, match="ledger.db-wal beside it holds changes too: copy both"):
        Database.open(path, read_only=True)
    with pytest.raises(Unwritable, match="copy both"):
        Database.open_as_can_be(path)


def test_what_can_be_written_or_is_not_there_is_opened_as_always(path: Path) -> None:
    database = Database.open_as_can_be(path)
    assert not database.read_only
    database.close()
    with pytest.raises(Unwritable, match="cannot be created"):
        Database.open_as_can_be(path / "below" / "ledger.db")


def fail_after_append(database: Database, ledger: Ledger, *drafts: Draft) -> None:
    with database.write() as transaction:
        ledger.append(drafts, transaction)
        raise Unwritable("The disk is full.")


def test_side_files_away_from_home_are_told_apart_by_the_ledger_they_belong_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    one, other = tmp_path / "gone" / "ledger.db", tmp_path / "ledger.db"
    kept = spill(one, ["{}"])
    assert kept is not None
    assert kept.parent == runtime
    assert spilled(one) == [kept]
    assert spilled(other) == []


def test_a_side_file_is_private_and_is_retired_once_appended(database: Database, ledger: Ledger) -> None:
    first, second = draft("first"), draft("second")
    ledger.append([first])
    with pytest.raises(Unwritable, match="kept in"), database.write(keep=["{}"]):
        raise Unwritable("The disk is full.")
    (side_file,) = ledger.spilled()
    assert side_file.stat().st_mode & 0o777 == 0o600
    side_file.unlink()
    with pytest.raises(Unwritable, match="2 entries kept in"):
        fail_after_append(database, ledger, first, second)
    (side_file,) = ledger.spilled()
    assert [event.id for event in ledger.reappend(side_file)] == [first.id, second.id]
    assert [event.id for event in ledger.since(0)] == [first.id, second.id]
    assert ledger.spilled() == []


def test_an_unreadable_line_in_a_side_file_is_named_and_the_others_are_appended(
    database: Database, ledger: Ledger
) -> None:
    kept = draft("kept")
    with pytest.raises(Unwritable):
        fail_after_append(database, ledger, kept)
    (side_file,) = ledger.spilled()
    side_file.write_text(side_file.read_text() + '{"id": "torn')
    with pytest.raises(Damaged, match="line 2"):
        ledger.reappend(side_file)
    assert ledger.find(kept.id) is not None
    assert ledger.spilled() == [side_file]
