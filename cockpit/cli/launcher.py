"""What the screens have done for them: children in this terminal, and lines added to the configuration."""

import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from cockpit.cli.companion import CompanionWatch, own_command, own_environment
from cockpit.cli.session import Session
from cockpit.errors import Refused, WorldError
from cockpit.paths import new_drill_directory
from cockpit.text import redact, visible

Outcome = TypeVar("Outcome")

PATIENCE_S = 60.0
"""Seconds that reading the account's identities may take."""


class TerminalLauncher(Generic[Outcome]):
    """Does what a screen asks for. `outcome` makes the screens' own value from a sentence and `reopen`."""

    def __init__(self, session: Session, watch: CompanionWatch, outcome: Callable[[str, bool], Outcome]) -> None:
        self._session = session
        self._watch = watch
        self._outcome = outcome

    def drills(self) -> Sequence[tuple[str, str]]:
        """The drills there are, easiest first, as (name, title)."""
        from cockpit.drill.scenario import listings

        return [(each.name, each.title) for each in listings()]

    def start_drill(self, name: str) -> Outcome:
        """Run a drill in this terminal and return when it is over."""
        directory = new_drill_directory(self._session.places.drills, name, datetime.now(UTC))
        command = own_command("drill", name, "--into", str(directory), *self._session.watch_arguments)
        done = subprocess.run(command, env=own_environment(), check=False)  # noqa: S603 -- our own program
        score = directory / "score.txt"
        if done.returncode != 0 or not score.exists():
            raise WorldError(f"The drill did not reach its end; what it left behind is in {directory}.")
        return self._outcome(visible(score.read_text(encoding="utf-8").strip()), False)

    def add_domain(self, name: str) -> Outcome:
        """Write one more domain into the configuration."""
        from cockpit.config.edit import add_domains

        path = self._config()
        if not add_domains(path, [name]):
            raise Refused(f"{visible(name, limit=80)} is in {path} already.")
        return self._outcome(f"{visible(name, limit=80)} is watched from now on; it stands in {path}.", True)

    def import_identities(self) -> Outcome:
        """Write every identity of the SES account into the configuration, by a child that may use the network."""
        path = self._config()
        config = ["--config", str(path)] if path.exists() else []
        command = own_command("init", "--from-ses", "--output", str(path), *config)
        try:
            done = subprocess.run(  # noqa: S603 -- our own program
                command, env=own_environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise WorldError(f"AWS did not name its identities within {PATIENCE_S:.0f} s.") from None
        if done.returncode != 0:
            raise WorldError(visible(redact(done.stderr.strip().removeprefix("cockpit: ")), limit=400))
        return self._outcome(visible(done.stdout.strip(), limit=400), True)

    def start_watch(self) -> Outcome:
        """Start a watch beside this terminal, unless the one that was started still lives."""
        started = self._watch.start()
        return self._outcome("A watch was started." if started else "The watch of this terminal runs.", False)

    def _config(self) -> Path:
        if self._session.own_config is None and self._session.given_profile is not None:
            raise Refused("The profile brings its own configuration; leave it, and add the domain to yours.")
        return self._session.own_config or self._session.places.config
