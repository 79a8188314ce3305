"""SQLite's errors, translated into the storage tree with one sentence for the operator.

Told apart by result code (https://sqlite.org/rescode.html), never by message, because messages change.
"""

import os
from pathlib import Path

from storage.errors import Damaged, StorageError, Unwritable

_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL = 5, 6, 8, 10, 11, 13
_PERM, _CANTOPEN, _PROTOCOL, _CONSTRAINT, _AUTH, _NOTADB = 3, 14, 15, 19, 23, 26
_LITTLE_ROOM = 64 * 1024
"""Free bytes under which an I/O error is put down to a full disk: SQLite reports some of those as I/O errors."""


def disk_failed(error: Exception) -> bool:
    """Whether the disk is full or returned an error, after which this connection must not write again."""
    return _primary(error) in (_IOERR, _FULL)


def is_busy(error: Exception) -> bool:
    """Whether another connection held a lock for longer than we were willing to wait."""
    return _primary(error) in (_BUSY, _LOCKED)


def nothing_can_be_written(path: Path) -> bool:
    """Whether the place of `path` takes no new file from us: read-only directory or file system, or full disk."""
    return not os.access(path.parent, os.W_OK | os.X_OK) or _room(path) < _LITTLE_ROOM


def translate(error: Exception, path: Path, *, changing: bool = True) -> StorageError:
    """Return the error to raise instead of SQLite's `error` about the database at `path`.

    `changing` is whether something was to be saved, which the sentence then says is not.
    """
    code, text = _primary(error), str(error)
    unsaved = "; the change is not saved" if changing else ""
    if code in (_BUSY, _LOCKED):
        return StorageError(f"{path} is locked by another process that does not let go{unsaved}.")
    if code == _FULL or (code == _IOERR and _room(path) < _LITTLE_ROOM):
        return Unwritable(f"The disk that holds {path} is full{unsaved}.")
    if code == _IOERR:
        name = getattr(error, "sqlite_errorname", "disk I/O error")
        doubt = "; the change is not known to be saved" if changing else ""
        return Unwritable(f"The disk that holds {path} returned an error ({name}){doubt}.")
    if code in (_READONLY, _PERM, _AUTH):
        return Unwritable(f"{path} cannot be written: the file or its directory is read-only ({text}).")
    if code in (_CANTOPEN, _PROTOCOL):
        return Unwritable(f"{path} or a file beside it cannot be opened or created; check {path.parent}.")
    if code == _NOTADB:
        return Damaged(f"{path} is not a SQLite database.")
    if code == _CORRUPT or "decode" in text:
        return Damaged(f"{path} is damaged ({text}); restore the last backup, or export what can still be read.")
    if code == _CONSTRAINT:
        return StorageError(f"{path} refused the change: {text}.")
    return StorageError(f"{path}: {text}.")


def _room(path: Path) -> int:
    """Bytes that an ordinary user may still write where `path` lies; many where nobody can tell."""
    try:
        status = os.statvfs(path.parent)
    except OSError:
        return _LITTLE_ROOM
    return status.f_bavail * status.f_frsize


def _primary(error: Exception) -> int:
    """SQLite's primary result code: the low byte of the extended one; 0 when the error carries none."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else 0
