"""What the screens have done for them: children in this terminal, and lines added to the configuration."""

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cockpit.cli.companion import CompanionWatch
from cockpit.cli.session import Session
from cockpit.errors import Refused, WorldError
from cockpit.launching import Launched
from cockpit.own_process import own_command, own_environment
from cockpit.paths import new_drill_directory
from cockpit.text import redact, visible

PATIENCE_S = 60.0
"""Seconds that reading the account's identities may take."""


class TerminalLauncher:
    """Does what a screen asks for, as `cockpit.launching.Launcher` says."""

    def __init__(self, session: Session, watch: CompanionWatch) -> None:
        self._session = session
        self._watch = watch

    def drills(self) -> Sequence[tuple[str, str]]:
        """The drills there are, easiest first, as (name, title)."""
        from cockpit.drill.scenario import listings

        return [(each.name, each.title) for each in listings()]

    def start_drill(self, name: str) -> Launched:
        """Run a drill in this terminal and return when it is over; the first line of its score is the sentence."""
        directory = new_drill_directory(self._session.places.drills, name, datetime.now(UTC))
        command = own_command("drill", name, "--into", str(directory), *self._session.watch_arguments)
        done = subprocess.run(command, env=own_environment(), check=False)  # noqa: S603 -- our own program
        score = directory / "score.txt"
        said = score.read_text(encoding="utf-8").strip() if score.exists() else ""
        if done.returncode != 0 or not said:
            raise WorldError(f"The drill did not reach its end; what it left behind is in {directory}.")
        return Launched(visible(said.splitlines()[0]))

    def add_domain(self, name: str) -> Launched:
        """Write one more domain into the configuration."""
        from cockpit.config.edit import add_domains

        path = self._config()
        if not add_domains(path, [name]):
            raise Refused(f"{visible(name, limit=80)} is in {path} already.")
        return Launched(f"{visible(name, limit=80)} is watched from now on; it stands in {path}.", reopen=True)

    def import_identities(self) -> Launched:
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
        return Launched(visible(done.stdout.strip(), limit=400), reopen=True)

    def start_watch(self) -> Launched:
        """Start a watch beside this terminal, unless the one that was started still lives."""
        started = self._watch.start()
        return Launched("A watch was started." if started else "The watch of this terminal runs.")

    def _config(self) -> Path:
        if self._session.own_config is None and self._session.given_profile is not None:
            raise Refused("The profile brings its own configuration; leave it, and add the domain to yours.")
        return self._session.own_config or self._session.places.config
