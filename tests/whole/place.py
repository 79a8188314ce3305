"""A place to work at, around a world that is served as a process of its own: database, watch, desks, command line.

The world stands still until it is told to go on, so that what is to be seen before the outage can be waited for.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cockpit.clock import SystemClock
from cockpit.config import settings_from
from cockpit.desk import Desk, open_desk
from cockpit.drill.judging.claims import claims_of
from cockpit.drill.process.launch import LaunchedWorld, launch
from cockpit.own_process import own_command, own_environment
from cockpit.profile import Profile
from storage.database import Database
from storage.ledger import Event, Ledger, Verification
from tests.whole.home import PATIENCE_S, Done, run

SPEED = 20.0
"""How many times faster than people a world goes here."""

QUICK = {
    "dns_s": 0.4,
    "tls_s": 2.0,
    "http_s": 1.0,
    "ses_identity_s": 0.5,
    "ses_account_s": 2.0,
    "ses_rates_s": 2.0,
}
"""Seconds between looks; the world's own would make a test wait."""


class Place:
    """One directory in which cockpits work on one world; the profile is the world's, looked at more often."""

    def __init__(self, folder: Path, profile: Profile) -> None:
        self.folder = folder
        self.profile = profile
        self.database = folder / "data" / "cockpit.db"
        self.profile_path = folder / "profile.json"
        self.profile_path.write_bytes(msgspec.json.encode(profile))
        self.profile_path.chmod(0o600)

    @property
    def environment(self) -> dict[str, str]:
        """What a child gets: our own installation, and nothing of the real home."""
        return {**own_environment(), "COCKPIT_HOME": str(self.folder), "NO_COLOR": "1"}

    def command(self, *arguments: str | Path, operator: str = "mhassan") -> list[str]:
        """The command line of a cockpit on this database and world."""
        shared = ["--database", str(self.database), "--profile", str(self.profile_path), "--as", operator]
        return own_command(*shared, *map(str, arguments))

    def run(self, *arguments: str | Path) -> Done:
        """Run one command to its end."""
        return run(self.command(*arguments), self.environment)

    @contextmanager
    def desk(self, operator: str = "mhassan") -> Iterator[Desk]:
        """A desk on this database, as a screen would have it."""
        settings = settings_from(self.profile.settings or {}, "the world")
        desk = open_desk(settings, self.profile, self.database, operator)
        try:
            yield desk
        finally:
            desk.close()

    @contextmanager
    def watch(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A watch as the child of a terminal; it ends with the block."""
        log = self.folder / "watch-stderr.log"
        with log.open("ab") as errors:
            child = subprocess.Popen(
                self.command("watch", "--until-eof"),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=self.environment,
                start_new_session=True,
            )
        assert child.stdin is not None
        try:
            yield child
        finally:
            child.stdin.close()
            try:
                child.wait(PATIENCE_S)
            finally:
                child.kill()
                child.wait()

    def events(self, *kinds: str) -> list[Event]:
        """What was recorded so far, of these kinds if any are named."""
        with self._ledger() as ledger:
            return [event for event in ledger.since(0) if not kinds or event.kind in kinds]

    def verified(self) -> Verification:
        """The ledger's own verdict on its chain; fails unless `cockpit verify` says the same."""
        with self._ledger() as ledger:
            found = ledger.verify()
        done = self.run("verify", "--json")
        assert (done.code == 0) is found.ok, done
        assert done.document["head"] == found.head
        return found

    @contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        database = Database.open(self.database, read_only=True)
        try:
            yield Ledger(database, SystemClock().now)
        finally:
            database.close()


@contextmanager
def served(name: str, speed: float = SPEED) -> Iterator[LaunchedWorld]:
    """A world that stands still until it is resumed, and then goes at `speed`."""
    with launch(name, seed=7, operator="mhassan") as world:
        world.pause()
        world.set_speed(speed)
        yield world


def quick(world: LaunchedWorld, speed: float = SPEED) -> Profile:
    """The world's profile, with its present speed and shorter intervals."""
    settings = {**(world.profile.settings or {}), "intervals": QUICK}
    return msgspec.structs.replace(world.profile, speed=speed, settings=settings)


def referees_word(world: LaunchedWorld, desk: Desk) -> dict[str, str]:
    """What the world's referee says of each expectation, by title: `✔ met`, `✖ missed`, …"""
    first = min((alert.at for alert in desk.alerts()), default=None)
    report = world.report(claims_of(desk.incidents.all(), first))
    rows = report.split("## Expectations")[1].split("##")[0].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("| ")]
    return {row[0]: row[2] for row in cells[1:]}


def changes_at_aws(world: LaunchedWorld) -> list[str]:
    """Every call that changed something, from the world's own log, oldest first."""
    report = world.report()
    table = report.split("## Actions")[1].split("##")[0]
    return re.findall(r"^\| [^|]+ \| (\w+ \w+[^|]*?) \| (?:right|wrong|dangerous|neutral)", table, re.MULTILINE)
