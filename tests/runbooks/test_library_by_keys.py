"""Books of the library worked by keys in their drills, to a repair that is verified; the keys are counted."""

import os
from pathlib import Path

import pytest

from screens.app import CockpitApp
from tests.runbooks.playing import Play, play
from tests.whole.home import run, until
from tests.whole.place import Place, quick, served
from tests.whole.test_desk_drill import all_green
from tests.whole.test_pilot_drill import Player

pytestmark = [
    pytest.mark.xdist_group("whole"),
    pytest.mark.skipif(
        "LIBRARY_BY_KEYS" not in os.environ, reason="a drill each: set LIBRARY_BY_KEYS=1 to play them"
    ),
]

PLAYS = (
    Play(
        drill="dnssec-wrong-ds",
        book="dnssec-failure",
        target="pay.example",
        most_keys=25,
        answers=("The DS names no key",),
    ),
)
"""A row for each book whose remedy there is; "DKIM record missing" is played in `tests/whole`."""


@pytest.mark.parametrize("row", PLAYS, ids=lambda row: row.book)
async def test_a_book_is_worked_to_a_verified_repair_by_keys(
    row: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("COCKPIT_DRILL_TRAP", "http://127.0.0.1:9")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)
    with served(row.drill) as world:
        place = Place(tmp_path, quick(world))

        def second(code: str) -> None:
            done = run(place.command("approve", code, "--yes", operator="kblake"), place.environment)
            assert done.code == 0, done

        with place.watch(), place.desk() as desk:
            until(lambda: desk.refresh() is not None and all_green(desk), "a green board")
            app = CockpitApp(desk, poll=False, settle_s=0.0)
            async with app.run_test(size=(80, 24), notifications=True) as pilot:
                player = Player(app, pilot)
                world.resume()
                keys = await play(player, row, second)
                print(f"{row.book} in {row.drill}: {keys} keys from alert to verified repair")
                assert keys <= row.most_keys
                assert world.status()["restored"]
                assert world.status()["escapes"] == 0
