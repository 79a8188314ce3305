"""A command line with a home of its own; commands run in this process and leave an exit code and two texts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.drill.process.launch import LaunchedWorld, launch


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error, without the program's name."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("cockpit: ")
        return lines[0].removeprefix("cockpit: ")


Cockpit = Callable[..., Done]


@pytest.fixture(scope="session")
def quiet_world() -> Iterator[LaunchedWorld]:
    """A world in which nothing happens by itself, twenty times as fast, for tests that change nothing in it."""
    with launch("all-quiet", speed=20.0, operator="mona") as world:
        yield world


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; nothing of the real one is seen."""
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    monkeypatch.setenv("COCKPIT_HOME", str(place))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("SUDO_USER", raising=False)
    return place


@pytest.fixture
def cockpit(home: Path, capfd: pytest.CaptureFixture[str]) -> Cockpit:
    """Runs one command line."""

    def run(*arguments: str | Path) -> Done:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, out, err)

    return run
