"""What can be told without leaving the machine: versions, SQLite, files, disk, terminal."""

import os
import sys
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from cockpit import __version__
from cockpit.config import load_settings, settings_from
from cockpit.doctor.diagnosis import Diagnosis, Patient, ill, passed_over, poor, well
from cockpit.errors import CockpitError
from cockpit.profile import Profile
from cockpit.text import visible
from storage.database import Database
from storage.errors import StorageError
from storage.opening import wal_is_safe

FREE_BYTES_NEEDED = 64 * 1024 * 1024
"""Below this the last events of a long night might not fit."""

_LIBRARIES = ("textual", "boto3", "dnspython", "httpx", "cryptography", "sqlite-utils", "msgspec", "click")


def examine_machine(patient: Patient) -> list[Diagnosis]:
    """Everything about the machine itself; opens no socket and writes nothing."""
    return [
        versions(),
        sqlite(),
        database_files(patient.database),
        free_space(patient.database),
        configuration(patient.config, patient.profile),
        terminal_size(patient.terminal),
        terminal_text(patient),
        terminal_colour(patient),
    ]


def versions() -> Diagnosis:
    """Whether every library is installed, and which version."""
    found, missing = [], []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    python = ".".join(map(str, sys.version_info[:3]))
    sentence = f"cockpit {__version__} on Python {python}; {', '.join(found)}"
    if missing:
        return ill("versions", f"Missing: {', '.join(missing)}.", "Install again: pip install incident-cockpit")
    return well("versions", f"{sentence}.")


def sqlite() -> Diagnosis:
    """Whether this SQLite may be used with its write-ahead log by several processes at once.

    Asked of a database that is made in a private temporary directory, as the cockpit would make its own.
    """
    try:
        with TemporaryDirectory(prefix="cockpit-doctor-") as directory:
            database = Database.open(Path(directory) / "probe.db")
            version, journal = database.sqlite_version, database.journal
            database.close()
    except (StorageError, OSError) as error:
        return ill("sqlite", f"A new database cannot be made: {error}", "Free space in the temporary directory.")
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    if wal_is_safe((major, minor, patch)):
        return well("sqlite", f"SQLite {version} has the WAL-reset fix; journal {journal}.")
    return poor(
        "sqlite",
        f"SQLite {version} lacks the WAL-reset fix; journal {journal} is used instead, which is slower and safe.",
        "Install a fixed build: pip install 'pysqlite3>=0.6.1'",
    )


def database_files(path: Path) -> Diagnosis:
    """Whether the database and the files beside it are the owner's alone, on a local disk, and readable."""
    if not path.exists():
        return _database_place(path)
    try:
        Database.open(path, read_only=True).close()
    except StorageError as error:
        return ill("database", str(error), "Put this right, or choose another file: --database FILE")
    if not os.access(path, os.W_OK):
        return ill(
            "database", f"{path} cannot be written.", f"chmod u+w {path}, or choose another: --database FILE"
        )
    return well("database", f"{path} is readable by its owner only, {path.stat().st_size // 1024} KiB.")


def _database_place(path: Path) -> Diagnosis:
    place = _existing(path.parent)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return ill(
            "database",
            f"{path} cannot be made: {place} is no directory we can write in.",
            "Choose another: --database FILE",
        )
    return well("database", f"{path} will be made when it is first needed.")


def _existing(path: Path) -> Path:
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))


def free_space(path: Path) -> Diagnosis:
    """Whether the disk has room for the events of a long incident."""
    place = _existing(path.parent)
    figures = os.statvfs(place)
    free = figures.f_bavail * figures.f_frsize
    sentence = f"{free // (1024 * 1024)} MiB free at {place}"
    if free < FREE_BYTES_NEEDED:
        return ill("disk", f"Only {sentence}.", "Free at least 64 MiB, or use --database on another disk.")
    return well("disk", f"{sentence}.")


def configuration(path: Path | None, profile: Profile | None = None) -> Diagnosis:
    """Whether the settings load: those in the file, or without one those that a profile brings."""
    brought = profile.settings if profile is not None else None
    if path is None and brought is None:
        return poor("config", "There is no configuration; nothing is watched yet.", "Write one: cockpit init")
    source = str(path) if path is not None else f"the profile {visible(profile.name if profile else '')}"
    try:
        settings = load_settings(path) if path is not None else settings_from(brought or {}, source)
    except CockpitError as error:
        return ill("config", str(error), f"Correct {source}.")
    source = source if path is not None else f"T{source[1:]}"
    count = len(settings.domains)
    mode = "read-only" if settings.read_only else "changes allowed"
    if not count:
        return poor("config", f"{source} names no domain; nothing is watched.", "Add a domain under domains:")
    return well("config", f"{source}: {count} domain{'s' if count > 1 else ''}, {mode}.")


def terminal_size(size: tuple[int, int] | None) -> Diagnosis:
    """Whether the cockpit has room: it is drawn for 80 columns and 24 rows at least."""
    if size is None:
        return passed_over("terminal", "Standard output is no terminal; its size is not known.")
    columns, rows = size
    if columns < 80 or rows < 24:
        return poor("terminal", f"The terminal has {columns}x{rows} cells.", "Enlarge it to 80x24 or more.")
    return well("terminal", f"The terminal has {columns}x{rows} cells.")


def terminal_text(patient: Patient) -> Diagnosis:
    """Whether glyphs and names from all over the world can be drawn."""
    if patient.encoding.lower().replace("-", "") == "utf8":
        return well("text", "Text is UTF-8.")
    return poor("text", f"Text is {patient.encoding or 'of unknown encoding'}.", "export LANG=C.UTF-8")


def terminal_colour(patient: Patient) -> Diagnosis:
    """How many colours there are; each state is also a glyph and a word."""
    if patient.environ.get("NO_COLOR"):
        return well("colour", "NO_COLOR is set; states are told apart by glyph and word.")
    if patient.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return well("colour", "The terminal has 24-bit colour.")
    term = patient.environ.get("TERM", "")
    if term in ("", "dumb"):
        return poor("colour", f"TERM is {term or 'not set'}.", "export TERM=xterm-256color")
    return well("colour", f"TERM is {term}.")
