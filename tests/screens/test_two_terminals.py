"""Two cockpits on one file, each on its own terminal: who is there, what the other writes, and an edit race."""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import pytest

from cockpit.config import Settings
from cockpit.config.settings import DomainConfig
from cockpit.desk import Desk, open_desk
from cockpit.profile import Profile
from screens.app import CockpitApp
from tests.screens.terminal import Terminal

PROMISED_S = 0.25
"""Within this a terminal sees what another one wrote."""
PATIENCE_S = 10
"""How long a busy machine may take before the test fails."""
SEQUENCES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


def sit(path: Path, name: str) -> Desk:
    """A desk with a real clock on the file."""
    return open_desk(Settings(domains=(DomainConfig("shop.example"),)), Profile(), path, name, read_only=False)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The file's third user, who opened the incident and looks at the file from outside."""
    opened = sit(tmp_path / "cockpit.db", "fay")
    uid = opened.incidents.open("Mail is late", severity="P2").uid
    opened.reviews.open_for(uid)
    yield opened
    opened.close()


def written(terminal: Terminal, since: int = 0) -> str:
    """What the terminal was sent, without colours and positions."""
    text = SEQUENCES.sub(b" ", bytes(terminal.output[since:])).decode("utf-8", "replace")
    return " ".join(text.split())


def shows(terminal: Terminal, words: str, since: int = 0) -> None:
    terminal.wait_until(lambda: words in written(terminal, since), repr(words), timeout_s=PATIENCE_S)


def test_two_terminals_see_each_other_and_settle_a_race(desk: Desk, tmp_path: Path) -> None:
    with ExitStack() as stack:
        command = [sys.executable, "-m", "tests.screens.test_two_terminals", str(tmp_path / "cockpit.db")]
        mona, ayumi = (stack.enter_context(Terminal([*command, name])) for name in ("mona", "ayumi"))
        for terminal in (mona, ayumi):
            shows(terminal, "Incidents 1 open")
            terminal.send("2")
            shows(terminal, "Timeline")
        shows(mona, "ayumi looks here too")
        shows(ayumi, "mona looks here too")
        _a_note_is_seen(mona, ayumi)
        _a_race_is_settled(desk, mona, ayumi)
        mark = len(ayumi.output)
        ayumi.send("\x1b")
        shows(ayumi, "━ Sections", mark)
        mark = len(mona.output)
        ayumi.send("q")
        ayumi.wait()
        mona.wait_until(lambda: _gone(desk, "ayumi"), "ayumi leaves", timeout_s=PATIENCE_S)
        assert "ayumi looks here too" not in written(mona, mark)


def _a_note_is_seen(mona: Terminal, ayumi: Terminal) -> None:
    mark = len(mona.output)
    mona.send("n")
    shows(mona, "writes: -10m", mark)
    mona.send("the zone is back")
    shows(mona, "the zone is back", mark)
    own, mark, before = len(mona.output), len(ayumi.output), perf_counter()
    mona.send("\r")
    shows(ayumi, "the zone is back", mark)
    took = perf_counter() - before
    print(f"a note reaches the other terminal in {took * 1000:.0f} ms; promised are {PROMISED_S * 1000:.0f}")
    shows(mona, "the zone is back", own)
    mark = len(mona.output)
    mona.send("\x1b")
    shows(mona, "the zone is back", mark)


def _a_race_is_settled(desk: Desk, mona: Terminal, ayumi: Terminal) -> None:
    """Both write into one post-mortem at once; whoever is second sees both texts and keeps them."""
    marks = {}
    for terminal in (mona, ayumi):
        marks[terminal] = len(terminal.output)
        terminal.send("5")
        shows(terminal, "Incident summary", marks[terminal])
        terminal.send("e")
        shows(terminal, "━ Post-mortem", marks[terminal])
    mona.send("Monas-words")
    ayumi.send("Ayumis-words")
    second: list[Terminal] = []

    def one_is_second() -> bool:
        for terminal in (mona, ayumi):
            terminal.drain()
            if "Somebody else saved meanwhile" in written(terminal, marks[terminal]):
                second.append(terminal)
        return bool(second)

    mona.wait_until(one_is_second, "the race is noticed", timeout_s=PATIENCE_S)
    second[0].send("b")
    uid = desk.incidents.all()[0].uid

    def both_are_kept() -> bool:
        for terminal in (mona, ayumi):
            terminal.drain()
        text = desk.reviews.text(uid)
        return "Monas-words" in text and "Ayumis-words" in text

    mona.wait_until(both_are_kept, "both texts are kept", timeout_s=PATIENCE_S)


def _gone(desk: Desk, name: str) -> bool:
    desk.refresh()
    return all(here.person != name for here in desk.terminals.others())


if __name__ == "__main__":
    CockpitApp(sit(Path(sys.argv[1]), sys.argv[2])).run()
