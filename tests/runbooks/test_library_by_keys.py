"""Books of the library worked by keys in their drills, to a repair that is verified; the keys are counted.

One is always played; the others are a drill each, and are played where LIBRARY_BY_KEYS is set.
"""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.desk import Desk
from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import Verdict
from cockpit.profile import Profile
from screens.app import CockpitApp
from tests.runbooks.playing import Play, Stage, play
from tests.runbooks.plays import PLAYS
from tests.whole.home import run, until
from tests.whole.place import Place, quick, referees_word, served
from tests.whole.test_desk_drill import all_green
from tests.whole.test_pilot_drill import Player

pytestmark = pytest.mark.xdist_group("whole")

OTHERS = ("jroy", "kblake", "atran", "dsilva")
ALWAYS = ("dnssec-wrong-ds",)
LEFT_ALONE = "Nothing was changed, because nothing of ours was broken"


def _marked(row: Play) -> object:
    opt_in = pytest.mark.skipif(
        row.drill not in ALWAYS and "LIBRARY_BY_KEYS" not in os.environ,
        reason="a drill each: set LIBRARY_BY_KEYS=1 to play them",
    )
    return pytest.param(row, id=f"{row.book}-in-{row.drill}", marks=opt_in)


def _profile(world: LaunchedWorld, row: Play) -> Profile:
    """The world's profile, looked at often, copies of zones included."""
    profile = quick(world, row.speed)
    settings = dict(profile.settings or {})
    settings["intervals"] = {**settings["intervals"], "backup_s": 1.0, "ct_s": 1.0, "lb_s": 1.0}
    if row.zones:
        settings["dns_zones"] = list(row.zones)
    return replace(profile, settings=settings)


def _backed_up(desk: Desk) -> bool:
    checks = desk.board.checks("shop.example")
    return any(check.check == "dns.backup" and check.verdict is Verdict.OK for check in checks)


@pytest.mark.parametrize("row", [_marked(row) for row in PLAYS])
async def test_a_book_is_worked_to_a_verified_repair_by_keys(
    row: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("COCKPIT_DRILL_TRAP", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    with served(row.drill, row.speed) as world:
        place = Place(tmp_path, _profile(world, row))
        asked: list[str] = []

        def others(code: str) -> None:
            for person in OTHERS:
                done = run(place.command("approve", code, "--yes", operator=person), place.environment)
                if done.code == 0:
                    asked.append(person)
                    return
            raise AssertionError(done)

        stage = Stage(world, tmp_path, others)
        stage.stand_ins()
        monkeypatch.setenv("PATH", str(stage.folder))
        with place.watch(), place.desk() as desk:
            until(lambda: desk.refresh() is not None and all_green(desk), "a green board")
            until(lambda: desk.refresh() is not None and _backed_up(desk), "a copy of the zone")
            app = CockpitApp(desk, poll=False, settle_s=0.0)
            async with app.run_test(size=(80, 24), notifications=True) as pilot:
                player = Player(app, pilot)
                world.resume()
                for happening in row.before:
                    world.inject(**happening)
                keys = await play(player, row, stage)
                print(f"KEYS {row.book} in {row.drill}: {keys}, and {', '.join(asked) or 'nobody else'}")
                print(f"     {' '.join(player.keys)}")
                assert keys <= row.most_keys
                if row.calm:
                    assert "✔ met" in referees_word(world, desk).get(LEFT_ALONE, "✔ met")
                if row.restores:
                    await player.wait(lambda: world.status()["restored"], "what the drill wants restored")
                assert world.status()["escapes"] == 0
