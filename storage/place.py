"""Where the database lies: only a local file system, only our own files, readable by nobody else.

WAL needs shared memory and POSIX locks that network file systems do not give (https://sqlite.org/wal.html,
https://sqlite.org/howtocorrupt.html), so those are refused before SQLite sees the file.
"""

import os
import stat
from pathlib import Path

from storage.errors import Unsafe, Unwritable

SIDE_FILES = ("-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite keeps beside the database; they hold committed rows too."""

_NETWORK = {
    "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gfs2", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs",
}  # fmt: skip


def prepare(path: Path) -> Path:
    """Create the directory (0700) and the empty file (0600) if they are missing; return the real path.

    Raises Unsafe for a place where the ledger could be lost or read by others, Unwritable where nothing can
    be created.
    """
    try:
        real = path.expanduser().resolve()
        _make_directory(real.parent)
    except OSError as error:
        raise Unwritable(f"{path.parent} cannot be created: {error.strerror}.") from error
    _inspect_directory(real.parent)
    create_private(real)
    inspect(real)
    return real


def _make_directory(directory: Path) -> None:
    """Make the directory and those above it that are missing, all of them private, as parents=True would not."""
    if directory.is_dir():
        return
    _make_directory(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)
    sync_directory(directory.parent)


def inspect(path: Path) -> None:
    """Raise Unsafe unless the database and the files beside it are ours alone.

    On a file system that is mounted read-only nobody can change them, and their owner and mode cannot be mended,
    so that evidence on such a medium can be read whoever wrote it.
    """
    for name in (path, *(path.with_name(path.name + suffix) for suffix in SIDE_FILES)):
        try:
            status = name.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Unwritable(f"{name} cannot be opened: {error.strerror}.") from error
        if not stat.S_ISREG(status.st_mode):
            raise Unsafe(f"{name} is not a regular file.")
        if not os.statvfs(name).f_flag & os.ST_RDONLY:
            _inspect_file(name, status)


def has_content(path: Path) -> bool:
    """Whether there is a file with something in it."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def create_private(path: Path) -> bool:
    """Create `path` empty with mode 0600 whatever the umask; False if it is there already.

    SQLite gives the files that it puts beside the database the mode of the database, so this one mode is enough.
    An existing database is never opened here: closing any descriptor of it would drop this process's POSIX locks.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise Unwritable(f"{path} cannot be created: {error.strerror}.") from error
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    sync_directory(path.parent)
    return True


def sync_directory(directory: Path) -> None:
    """Make new, renamed or removed names in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _inspect_directory(directory: Path) -> None:
    status = directory.stat()
    if status.st_uid not in (os.geteuid(), 0):
        raise Unsafe(f"{directory} belongs to another user (uid {status.st_uid}), who could replace the ledger.")
    if status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX:
        raise Unsafe(f"{directory} can be written by others, who could replace the ledger: chmod go-w {directory}")
    kind = file_system(directory)
    if is_network(kind):
        raise Unsafe(f"{directory} is on a network or user-space file system ({kind}); choose a local disk.")


def _inspect_file(path: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        raise Unsafe(
            f"{path} belongs to another user (uid {status.st_uid}); run as that user, or choose a new file."
        )
    if status.st_mode & 0o077:
        raise Unsafe(f"{path} can be read or written by others: chmod 600 {path}")
    if status.st_nlink > 1:
        raise Unsafe(
            f"{path} has {status.st_nlink} hard links; SQLite would lose its journal under the other name."
        )


def is_network(kind: str) -> bool:
    """Whether a file system type (as /proc/self/mountinfo names it) is remote or served by a user process."""
    return kind in _NETWORK or kind == "fuse" or kind.startswith(("fuse.", "fuseblk"))


def file_system(directory: Path) -> str:
    """The type of the file system that holds `directory`, such as `ext4`; empty where the kernel does not tell.

    The descriptor's mount id is looked up in mountinfo, which is exact where a longest-prefix match is not
    (bind mounts, overmounts, subvolumes).
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        description = Path(f"/proc/self/fdinfo/{descriptor}").read_text()
        mounts = Path("/proc/self/mountinfo").read_text()
    except FileNotFoundError:
        return ""
    finally:
        os.close(descriptor)
    ids = [line.split()[1] for line in description.splitlines() if line.startswith("mnt_id:")]
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if ids and before.split(" ", 1)[0] == ids[0]:
            return after.split(" ", 1)[0]
    return ""
