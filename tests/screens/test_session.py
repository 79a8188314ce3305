"""The cockpit opens where it was left, unless that is gone."""

from pathlib import Path

from textual.widgets import Input

from cockpit.desk.health.table import row_of
from cockpit.desk.place import Place, Places
from screens.app import CockpitApp
from screens.pages.dashboard import Board
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene, troubled
from tests.screens.plain import screen_lines


async def leave_at(scene: Scene, place: Place) -> None:
    Places(scene.desk.database, scene.desk.operator).leave(place)


async def test_it_opens_on_the_domain_that_was_on_show(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        assert isinstance(pilot.app, CockpitApp)
        await pilot.press("o")
        pilot.app.keep_place()
    async with cockpit(scene) as pilot:
        await pilot.pause()
        assert pilot.app.current_mode == "domain"
        assert any("shop.example" in line for line in screen_lines(pilot.app)[:3])
        await pilot.press("escape")
        assert pilot.app.current_mode == "board"


async def test_the_board_lists_what_it_listed_and_keeps_its_row(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        await pilot.press("slash", *"bad", "enter", "s", "j")
        assert isinstance(pilot.app, CockpitApp)
        pilot.app.keep_place()
    async with cockpit(scene) as pilot:
        board = pilot.app.screen
        assert isinstance(board, Board)
        assert board.query_one("#filter", Input).value == "bad"
        shown = [row_of(item) for item in board.domains.shown]
        assert [row.target for row in shown if row is not None] == [
            "api.example", "news.example", "pay.example", "shop.example"
        ]  # fmt: skip
        assert board.standing().domain == "news.example"


async def test_what_is_gone_is_not_opened(scene: Scene) -> None:
    troubled(scene)
    for place in (
        Place("domain", domain="gone.example"),
        Place("incident", incident="no such incident"),
        Place("runbook", run="no such run"),
        Place("action", action="no such action"),
        Place("nowhere"),
    ):
        await leave_at(scene, place)
        async with cockpit(scene) as pilot:
            await pilot.pause()
            assert pilot.app.current_mode == "board", place


def test_a_place_that_cannot_be_read_is_the_board(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    places = Places(scene.desk.database, "mhassan")
    places.leave(Place("domain", domain="shop.example"))
    assert Places(scene.desk.database, "jroy").last() == Place()
    places._state.put("place:mhassan", "{not json")
    assert places.last() == Place()
    scene.close()
