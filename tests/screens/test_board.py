"""The board's list: filter words, order, groups, and states that have words."""

from textual.widgets import Input

from cockpit.desk.views import Changes, DomainRow
from cockpit.health.model import Verdict
from screens.app import CockpitApp
from screens.pages.dashboard import Board
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene, troubled
from tests.screens.plain import screen_lines


def board(app: object) -> Board:
    assert isinstance(app, CockpitApp)
    screen = app.screen
    assert isinstance(screen, Board)
    return screen


def listed(app: object) -> list[str]:
    return [row.target for row in board(app).domains.shown if isinstance(row, DomainRow)]


async def test_filter_words_are_understood_and_unknown_ones_named(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        await pilot.press("slash")
        board(pilot.app).query_one("#filter", Input).value = "fail owner:web"
        await pilot.pause()
        assert listed(pilot.app) == ["shop.example"]
        board(pilot.app).query_one("#filter", Input).value = "ownr:web"
        await pilot.pause()
        assert len(listed(pilot.app)) == 6
        assert any("ownr: is not a filter word" in line for line in screen_lines(pilot.app))
        board(pilot.app).query_one("#filter", Input).value = "nowhere"
        await pilot.pause()
        assert any("No domain passes “nowhere”" in line for line in screen_lines(pilot.app))


async def test_a_group_folds_under_its_head_and_opens_again(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        await pilot.press("b")
        shown = len(board(pilot.app).domains.shown)
        await pilot.press("space")
        folded = len(board(pilot.app).domains.shown)
        assert folded < shown
        await pilot.press("o")
        assert len(board(pilot.app).domains.shown) == shown
        await pilot.press("j", "space")
        assert len(board(pilot.app).domains.shown) == folded


async def test_the_cursor_stays_on_the_worst_until_it_is_moved(scene: Scene) -> None:
    scene.clock.advance(1)
    async with cockpit(scene) as pilot:
        assert board(pilot.app).standing().domain == "admin.example"
        troubled(scene)
        scene.refresh()
        board(pilot.app).draw(None)
        assert board(pilot.app).standing().domain == "shop.example"
        await pilot.press("j", "k")
        scene.clock.advance(3600)
        board(pilot.app).draw(None)
        assert board(pilot.app).standing().domain == "shop.example"


async def test_values_that_are_too_old_are_said_to_be_and_how_to_get_new_ones(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        scene.clock.advance(86_400)
        board(pilot.app).draw(None)
        await pilot.pause()
        shown = "\n".join(screen_lines(pilot.app))
        assert "no domain has data" in shown
        assert "●" not in shown.split("─ SES")[0].split("Domains")[1]


async def test_a_watch_that_starts_is_awaited_before_it_is_missed(scene: Scene) -> None:
    async with cockpit(scene, ensure_watch=lambda: None) as pilot:
        await pilot.pause()
        shown = screen_lines(pilot.app)
        assert any("the watch starts" in line for line in shown[:1])
        assert any("first answers come within seconds" in line for line in shown)
        scene.clock.advance(9)
        board(pilot.app).draw(None)
        await pilot.pause()
        shown = screen_lines(pilot.app)
        assert any("nobody is probing" in line for line in shown[:1])
        assert any("start the watch" in line for line in shown)


async def test_an_account_that_was_not_seen_yet_is_not_called_unconfigured(scene: Scene) -> None:
    async with cockpit(scene) as pilot:
        assert any("The SES account was not" in line for line in screen_lines(pilot.app))


async def test_a_long_list_rests_between_changes_and_catches_up(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        shown = board(pilot.app)
        shown._rest_until = scene.clock.monotonic() + 2
        scene.saw("admin.example", "dns.resolution", Verdict.FAIL, "DNS: gone", ago=0)
        scene.refresh()
        shown.draw(Changes(domains=frozenset({"admin.example"})))
        assert "admin.example" not in listed(pilot.app)[:1]
        scene.clock.advance(3)
        shown.tick(scene.clock.now())
        assert listed(pilot.app)[0] == "admin.example"
