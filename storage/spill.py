"""Side files for what the database could not take: one JSON object per line, beside the database, mode 0600."""

import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from storage.place import sync_directory

_APPENDED = ".appended"


def spill(database: Path, lines: Sequence[str]) -> Path | None:
    """Write `lines` to a new `<db>.spill-<time>.jsonl`, synced; return its path.

    Where the database's own disk takes nothing more, the runtime directory (usually in memory) and the temporary
    directory are tried; None if all of them fail.
    """
    name = f"{database.name}.spill-{datetime.now(UTC).strftime('%Y%m%dT%H%M%S.%fZ')}.jsonl"
    data = "".join(f"{line}\n" for line in lines).encode()
    for directory in _directories(database):
        target = directory / name
        try:
            _write(target, data)
        except OSError:
            target.unlink(missing_ok=True)
            continue
        return target
    return None


def spilled(database: Path) -> list[Path]:
    """The side files of `database` whose lines have not been appended yet, oldest first."""
    pattern = f"{database.name}.spill-*.jsonl"
    found = {path for directory in _directories(database) for path in directory.glob(pattern)}
    mine = [path for path in found if path.lstat().st_uid == os.geteuid()]
    return sorted(mine, key=lambda path: path.name)


def retire(path: Path) -> Path:
    """Rename a side file whose lines are all in the ledger, so that it is not offered again; nothing is deleted."""
    done = path.with_name(path.name + _APPENDED)
    os.replace(path, done)
    sync_directory(path.parent)
    return done


def _directories(database: Path) -> list[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [database.parent, *([Path(runtime)] if runtime else []), Path(tempfile.gettempdir())]


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    sync_directory(path.parent)
