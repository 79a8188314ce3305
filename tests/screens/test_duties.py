"""What is overdue stands on the board with its key: practice, and verifying everything by hand."""

from datetime import timedelta

from cockpit.health.model import Verdict
from screens.app import CockpitApp
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene, all_green
from tests.screens.plain import screen_lines


def toasts(app: CockpitApp) -> str:
    return " ".join(each.message for each in app._notifications)


async def test_overdue_practice_stands_on_the_board_with_its_key(scene: Scene) -> None:
    all_green(scene)
    scene.desk.practice.joined("jroy", scene.clock.now() - timedelta(days=200))
    async with cockpit(scene) as pilot:
        app = pilot.app
        assert isinstance(app, CockpitApp)
        app.read_duties()
        app.refresh_now()
        await pilot.pause()
        assert any("▲ d practice overdue" in line for line in screen_lines(app))


async def test_a_checklist_that_is_due_stands_on_the_board_and_on_the_next_line(scene: Scene) -> None:
    all_green(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        app = pilot.app
        assert isinstance(app, CockpitApp)
        app.read_duties()
        app.refresh_now()
        await pilot.pause()
        seen = "\n".join(screen_lines(app))
        assert "▲ t Daily SES check: due every" in seen, seen
        assert "Next ⏎ work “Daily SES check”" in seen
        await pilot.press("enter")
        await pilot.pause()
        assert app.current_mode == "runbook"
        assert not any("Daily SES check: due" in line for line in screen_lines(app))
        app.go("board")
        await pilot.pause()
        assert not any("t Daily SES" in line for line in screen_lines(app))


async def test_one_key_verifies_everything_and_what_came_out_is_told(scene: Scene) -> None:
    all_green(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        app = pilot.app
        assert isinstance(app, CockpitApp)
        app.read_duties()
        app.refresh_now()
        await pilot.pause()
        assert any("▲ V all checks were never verified" in line for line in screen_lines(app))
        app.perform("verify.all")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert any("verifies everything" in line for line in screen_lines(app))
        app.perform("verify.all")
        await app.workers.wait_for_complete()
        assert "began that already" in toasts(app)
        scene.clock.advance(60)
        scene.again()
        scene.saw("shop.example", "mail.dkim", Verdict.FAIL, "gone", ago=0)
        scene.refresh()
        app.second()
        await pilot.pause()
        assert "1 failing" in toasts(app)
        assert not any("verif" in line for line in screen_lines(app)[:20])
        last = scene.desk.verification.last()
        assert last is not None
        assert last.by == scene.desk.operator


async def test_a_drill_has_no_duties(drill: Scene) -> None:
    all_green(drill)
    async with cockpit(drill) as pilot:
        assert isinstance(pilot.app, CockpitApp)
        pilot.app.read_duties()
        assert not pilot.app.duties.verification
