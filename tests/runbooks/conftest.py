"""A desk's runbooks on a real database, with a clock that is moved by hand and a shelf that a test fills."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.config.settings import Person, Settings
from cockpit.desk.feed import Feed
from cockpit.desk.runbooks import Runbooks
from cockpit.profile import Profile
from cockpit.runbooks.run import Run
from cockpit.runbooks.view import RunView
from storage.database import Database
from storage.ledger import Ledger
from storage.observations import Observations
from tests.desk.conftest import ManualClock
from tests.desk.test_actions import Bench

PEOPLE = Settings(people=(Person("jroy", roles=("SL",)), Person("ana", roles=("IC",)), Person("li")))


class Desk(Bench):
    """Any number of terminals on one database; commands that would be started are only noted."""

    def __init__(self, database: Database, ledger: Ledger, clock: ManualClock, folder: Path) -> None:
        super().__init__(database, ledger, clock)
        self.observations = Observations(database)
        self.commands: list[list[str]] = []
        self.folder = folder
        self.feeds: list[Feed] = []
        self.mine = self.terminal("mhassan")

    def terminal(self, operator: str, profile: Profile | None = None, *, read_only: bool = False) -> Runbooks:
        """A terminal that somebody else sits at; it sees all that was written so far."""
        feed = Feed(self.database, self.ledger, self.clock, operator)
        runbooks = Runbooks(
            feed,
            self.observations,
            self.actions,
            PEOPLE,
            self.database.path,
            operator,
            folders=[self.folder],
            spawn=lambda arguments: self.commands.append(list(arguments)),
            monotonic=self.clock.monotonic,
            profile=profile,
            read_only=read_only,
            holds=lambda incident, role: "li" if role == "TL" else "",
            keys=self.database.path.parent / "keys",
        )
        feed.add(runbooks)
        self.feeds.append(feed)
        self.sync()
        return runbooks

    def sync(self) -> None:
        """Let every terminal take in what the others wrote."""
        for feed in self.feeds:
            feed.catch_up()

    def write(self, name: str, text: str) -> str:
        """Put a runbook on the shelf; its id is its name."""
        (self.folder / f"{name}.md").write_text(text)
        return name

    def start(self, text: str, **inputs: str) -> str:
        """Start a run of this text."""
        terminal = self.terminal("mhassan")
        self.mine = terminal
        return terminal.start(self.write("book", text), inputs)

    def view(self, uid: str) -> RunView:
        """The run now."""
        self.sync()
        return self.mine.get(uid)

    def at(self, uid: str) -> str:
        """The id of the current step; empty at the end."""
        current = self.view(uid).current
        return current.id if current is not None else ""

    def run(self, uid: str) -> Run:
        """The fold itself."""
        self.sync()
        return self.mine._runs.get(uid)

    def pass_time(self, seconds: float) -> None:
        """Let time pass and the desk tick."""
        self.clock.advance(seconds)
        self.sync()
        self.mine.tick(self.clock.now())

    def end(self, uid: str, kind: str = "step.done", **body: object) -> None:
        """Let the command that runs end."""
        step = self.run(uid).current
        self.tell_run(uid, kind, {"step": step, "attempt": self.run(uid).of(step or "").attempt, **body})
        self.mine.tick(self.clock.now())

    def tell_run(self, uid: str, kind: str, body: dict[str, object]) -> None:
        """Append an event as a runner would."""
        from storage.ledger import Draft

        draft = Draft(stream=f"run/{uid}", kind=kind, body=body, occurred_at=self.clock.now(), actor="command")
        self.ledger.append([draft])
        self.sync()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "cockpit" / "cockpit.db")
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database, clock: ManualClock, tmp_path: Path) -> Desk:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return Desk(database, Ledger(database, clock.now, host="bastion"), clock, folder)
