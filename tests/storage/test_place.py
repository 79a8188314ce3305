"""Where a ledger may lie."""

import os
from pathlib import Path

import pytest

from storage import place
from storage.database import Database
from storage.errors import Unsafe, Unwritable
from tests.storage.material import ledger_file, needs_wal

NOBODY = 65534


def test_a_file_that_others_can_read_is_refused_with_the_command_that_mends_it(path: Path) -> None:
    ledger_file(path, 1)
    path.chmod(0o640)
    with pytest.raises(Unsafe, match=f"chmod 600 {path}"):
        Database.open(path)


@needs_wal
def test_a_wal_that_others_can_read_is_refused_too(database: Database) -> None:
    database.rows("SELECT 1 FROM event")
    database.path.with_name("ledger.db-wal").chmod(0o644)
    with pytest.raises(Unsafe, match="ledger.db-wal"):
        Database.open(database.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_or_directory_of_somebody_else_is_refused(path: Path, tmp_path: Path) -> None:
    ledger_file(path, 1)
    os.chown(path, NOBODY, NOBODY)
    with pytest.raises(Unsafe, match="belongs to another user"):
        Database.open(path)
    theirs = tmp_path / "theirs"
    theirs.mkdir(0o700)
    os.chown(theirs, NOBODY, NOBODY)
    with pytest.raises(Unsafe, match="belongs to another user"):
        Database.open(theirs / "ledger.db")


def test_a_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(Unsafe, match="chmod go-w"):
        Database.open(shared / "ledger.db")


def test_hard_links_and_what_is_not_a_file_are_refused(path: Path, tmp_path: Path) -> None:
    ledger_file(path, 1)
    (tmp_path / "second.db").hardlink_to(path)
    with pytest.raises(Unsafe, match="hard links"):
        Database.open(path)
    (tmp_path / "directory.db").mkdir()
    with pytest.raises(Unsafe, match="not a regular file"):
        Database.open(tmp_path / "directory.db")


def test_a_symbolic_link_leads_to_the_real_file(path: Path, tmp_path: Path) -> None:
    ledger_file(path, 1)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    database = Database.open(link)
    assert database.path == path.resolve()
    database.close()


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse", "ceph", "lustre"])
def test_a_network_file_system_is_refused(kind: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "file_system", lambda _: kind)
    with pytest.raises(Unsafe, match="choose a local disk"):
        Database.open(path)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", ""])
def test_a_local_file_system_is_not(kind: str) -> None:
    assert not place.is_network(kind)


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs /proc")
def test_the_kernel_names_the_file_system() -> None:
    assert place.file_system(Path("/proc")) == "proc"
    assert place.file_system(Path.cwd()) not in ("", "proc")


def test_a_directory_that_cannot_be_made_is_one_sentence(path: Path) -> None:
    path.touch()
    with pytest.raises(Unwritable, match="cannot be created"):
        Database.open(path / "below" / "ledger.db")
