"""Side files for what the database could not take: one JSON object per line, beside the database, mode 0600."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from storage.place import sync_directory

_APPENDED = ".appended"


def spill(database: Path, lines: Sequence[str]) -> Path | None:
    """Write `lines` to a new `<db>.spill-<time>.jsonl`, synced; return its path.

    Where the database's own disk takes nothing more, the runtime directory (usually in memory) and the temporary
    directory are tried; None if all of them fail.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    data = "".join(f"{line}\n" for line in lines).encode()
    for directory, stem in _places(database):
        target = directory / f"{stem}.spill-{moment}.jsonl"
        try:
            _write(target, data)
        except OSError:
            target.unlink(missing_ok=True)
            continue
        return target
    return None


def spilled(database: Path) -> list[Path]:
    """The side files of `database` whose lines have not been appended yet, oldest first."""
    found = {
        path for directory, stem in _places(database) for path in directory.glob(f"{escape(stem)}.spill-*.jsonl")
    }
    mine = [path for path in found if path.lstat().st_uid == os.geteuid()]
    return sorted(mine, key=lambda path: path.name.partition(".spill-")[2])


def retire(path: Path) -> Path:
    """Rename a side file whose lines are all in the ledger, so that it is not offered again; nothing is deleted."""
    done = path.with_name(path.name + _APPENDED)
    os.replace(path, done)
    sync_directory(path.parent)
    return done


def _places(database: Path) -> list[tuple[Path, str]]:
    """Directories to try, with the beginning of the file's name there; away from home it tells whose it is."""
    elsewhere = f"{database.name}-{hashlib.sha256(os.fsencode(database)).hexdigest()[:12]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    away = [*([runtime] if runtime else []), tempfile.gettempdir()]
    return [(database.parent, database.name), *((Path(directory), elsewhere) for directory in away)]


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    sync_directory(path.parent)
