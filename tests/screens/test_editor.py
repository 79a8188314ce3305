"""The operator's own editor, on a real terminal that is given away and taken back; and what goes wrong with it."""

import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.errors import Refused
from screens.asking.conflict import Conflict
from screens.moves.words import editor
from screens.pages.review import ReviewScreen
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene, troubled
from tests.screens.plain import screen_lines
from tests.screens.terminal import Terminal


def script(folder: Path, body: str) -> Path:
    """An editor that does one thing and ends."""
    path = folder / "editor"
    path.write_text(f"#!{sys.executable}\nimport pathlib, sys\npath = pathlib.Path(sys.argv[-1])\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_terminal_is_given_to_the_editor_and_taken_back(tmp_path: Path) -> None:
    body = 'print("THE-EDITOR-HAS-IT")\npath.write_text(path.read_text() + "Written-elsewhere.\\n")'
    own = script(tmp_path, body)
    argv = [sys.executable, "-m", "tests.screens.stage", "troubled", str(tmp_path / "home")]
    with Terminal(argv, env={"VISUAL": "", "EDITOR": str(own)}) as terminal:
        terminal.wait_for(b"Domains")
        terminal.send("i")
        terminal.wait_for(b"opened from an alert")
        terminal.send("5")
        terminal.wait_for(b"Incident summary")
        terminal.send("E")
        terminal.wait_for(b"THE-EDITOR-HAS-IT")
        terminal.wait_for(b"Written-elsewhere.")
        own.unlink()
        terminal.send("E")
        terminal.wait_for(b"cannot be started")
        terminal.send("q")
        assert terminal.wait() == 0


async def reviewing(scene: Scene) -> str:
    alert = troubled(scene)
    scene.hold_watch()
    scene.refresh()
    uid = scene.desk.incidents.open_from_alert(alert, take_lead=True).uid
    scene.desk.reviews.open_for(uid)
    return uid


async def test_somebody_who_saved_while_the_editor_was_open_is_not_written_over(scene: Scene) -> None:
    uid = await reviewing(scene)
    async with cockpit(scene, 120, 40) as pilot:
        pilot.app.go("review")  # type: ignore[attr-defined]
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, ReviewScreen)
        stored = scene.desk.reviews.find(uid)
        assert stored is not None

        def edit(text: str) -> str:
            scene.desk.reviews.save(stored, stored.text + "\nTheirs, saved meanwhile.", stored.revision)
            return text + "\nMine, from the editor.\n"

        assert screen.write_elsewhere(edit)
        await pilot.pause()
        assert isinstance(pilot.app.screen, Conflict)
        shown = "\n".join(screen_lines(pilot.app))
        assert "Mine, from the editor." in shown
        assert "Theirs, saved meanwhile." in shown


class Given:
    """As much of a bridge as an editor needs: a terminal that is always free."""

    @contextmanager
    def given_away(self) -> Iterator[None]:
        yield


@pytest.mark.parametrize(
    ("body", "word"),
    [("sys.exit(3)", "ended with code 3; the text is as it was"), (None, "cannot be started: No such file")],
)
def test_an_editor_that_fails_says_so_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str | None, word: str
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script(tmp_path, body) if body else tmp_path / "nowhere"))
    edit: Callable[[str], str] = editor(Given())  # type: ignore[arg-type]
    with pytest.raises(Refused, match=word):
        edit("text")
