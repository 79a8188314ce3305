"""What the shared options amount to: settings, profile, database and operator of one command."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.errors import BadInput, ConfigError
from cockpit.paths import Places, places
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.config import Settings
    from cockpit.desk import Desk
    from cockpit.profile import Profile


class Given:
    """The shared options as they were given; None is "not given"."""

    def __init__(
        self,
        *,
        config: str | None = None,
        database: str | None = None,
        profile: str | None = None,
        operator: str | None = None,
        read_only: bool = False,
    ) -> None:
        self.config = config
        self.database = database
        self.profile = profile
        self.operator = operator
        self.read_only = read_only


class Session:
    """One command's view of the options, each worked out when it is first needed."""

    def __init__(self, given: Given | None = None) -> None:
        self.given = given or Given()

    @cached_property
    def places(self) -> Places:
        """Where files live on this machine."""
        return places(os.environ)

    @cached_property
    def config_path(self) -> Path | None:
        """The configuration file that is read: the one given, else the usual one if it is there."""
        if self.given.config is not None:
            return Path(self.given.config)
        return self.places.config if self.places.config.exists() else None

    @cached_property
    def given_profile(self) -> "Profile | None":
        """The profile that `--profile` names, or None for production as configured."""
        source = self.given.profile
        if source is None:
            return None
        from cockpit.profile import load_profile

        return load_profile(_profile_line() if source == "-" else Path(source))

    @cached_property
    def own_config(self) -> Path | None:
        """The configuration file that settings come from; None where the profile brings them, or nobody does."""
        brings = self.given_profile is not None and self.given_profile.settings is not None
        return None if brings and self.given.config is None else self.config_path

    @cached_property
    def settings(self) -> "Settings":
        """The settings: a configuration that was given, else what the profile brings, else the usual file."""
        from cockpit.config import Settings, load_settings, settings_from

        if self.own_config is not None:
            return load_settings(self.own_config, self.places.cache)
        profile = self.given_profile
        if profile is None or profile.settings is None:
            return Settings()
        return settings_from(profile.settings, f"The settings in profile {profile.name!r}")

    @cached_property
    def profile(self) -> "Profile":
        """How the outside is reached."""
        if self.given_profile is not None:
            return self.given_profile
        from cockpit.config import profile_from

        return profile_from(self.settings)

    @property
    def profile_line(self) -> bytes | None:
        """A given profile as one JSON line, to hand to a child over its standard input; None for production."""
        if self.given_profile is None:
            return None
        import msgspec

        return msgspec.json.encode(self.given_profile) + b"\n"

    @property
    def watch_arguments(self) -> list[str]:
        """What a watch on the same database and configuration is called with."""
        config = ["--config", str(self.own_config)] if self.own_config is not None else []
        return ["--database", str(self.database), "--as", self.operator, *config]

    def log(self, name: str) -> Path:
        """The file that a child's complaints go to."""
        return self.places.logs / f"{name}.log"

    @property
    def database(self) -> Path:
        """The database file."""
        return Path(self.given.database) if self.given.database is not None else self.places.database

    @cached_property
    def operator(self) -> str:
        """Who sits here: `--as`, else the person behind sudo, else the login name."""
        name = self.given.operator or os.environ.get("SUDO_USER") or _login_name()
        if visible(name, limit=64) != name or not name.strip() or any(letter.isspace() for letter in name):
            raise BadInput("--as takes one short name without spaces or control characters.")
        return name

    @property
    def keys(self) -> Path:
        """The folder with the operator's own key, by which they approve."""
        return self.places.config.parent / "keys"

    @property
    def read_only(self) -> bool:
        """Whether nothing outside may be changed."""
        return self.given.read_only or self.settings.read_only

    @contextmanager
    def desk(self, *, reading: bool = False) -> Iterator["Desk"]:
        """The desk, open for the length of the block; for `reading`, also where nothing can be written."""
        from cockpit.desk import open_desk

        desk = open_desk(
            self.settings,
            self.profile,
            self.database,
            self.operator,
            read_only=self.read_only,
            reading=reading,
            keys=self.keys,
        )
        try:
            yield desk
        finally:
            desk.close()


def _login_name() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid{os.getuid()}"


def _profile_line() -> bytes:
    """The profile on standard input: its first line when that is a whole one, else all of the input.

    A served world prints one line and keeps the pipe open, so waiting for the end would be waiting for ever.
    """
    first = sys.stdin.buffer.readline()
    if not first.strip():
        raise ConfigError("There is no profile on standard input; expected one JSON line.")
    return first if first.rstrip().endswith(b"}") else first + sys.stdin.buffer.read()
