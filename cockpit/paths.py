"""Where files live: the XDG base directories, or everything below `COCKPIT_HOME`."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cockpit.errors import ConfigError
from cockpit.text import visible


class Places(NamedTuple):
    """The files and directories of one operator on one machine; none of them need exist yet."""

    config: Path
    database: Path
    logs: Path
    drills: Path
    cache: Path


def places(environ: Mapping[str, str]) -> Places:
    """Find the places from the environment; raises ConfigError when there is no home directory.

    `COCKPIT_HOME` keeps everything in one directory. Relative values of the XDG variables are ignored, as the
    XDG Base Directory Specification demands.
    """
    own = environ.get("COCKPIT_HOME", "")
    if own:
        root = Path(own).expanduser().absolute()
        return Places(root / "cockpit.yaml", root / "cockpit.db", root / "log", root / "drills", root / "cache")
    config = _base(environ, "XDG_CONFIG_HOME", ".config") / "cockpit"
    data = _base(environ, "XDG_DATA_HOME", ".local/share") / "cockpit"
    state = _base(environ, "XDG_STATE_HOME", ".local/state") / "cockpit"
    cache = _base(environ, "XDG_CACHE_HOME", ".cache") / "cockpit"
    return Places(config / "cockpit.yaml", data / "cockpit.db", state / "log", data / "drills", cache)


def _base(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    named = environ.get(variable, "")
    if named.startswith("/"):
        return Path(named)
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        raise ConfigError("There is no home directory: set HOME, or set COCKPIT_HOME to where files may be kept.")
    return Path(home) / fallback


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner can enter; raises ConfigError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The directory {path} cannot be made: {error.strerror}.") from None
    return path


def new_drill_directory(drills: Path, name: str, now: datetime) -> Path:
    """Make a fresh directory for one drill: `<time>-<name>`, numbered when two start in the same second."""
    private_directory(drills)
    stem = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{_file_name(name)}"
    for number in range(1, 1000):
        path = drills / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(f"The drill directory {path} cannot be made: {error.strerror}.") from None
        return path
    raise ConfigError(f"There is no free name left for a drill in {drills}.")


def write_private(path: Path, text: str) -> Path:
    """Write a new file that only its owner can read; an existing file is refused. Raises ConfigError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} exists already and is left as it is.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
    return path


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in visible(name, limit=60))
