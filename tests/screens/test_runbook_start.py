"""Starting a runbook that is under way already: it is said, and gone on with unless a second run is meant."""

from textual.pilot import Pilot

from screens.app import CockpitApp
from screens.asking.dialogs import Choose
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene, troubled
from tests.screens.plain import screen_lines


def app_of(pilot: Pilot[int]) -> CockpitApp:
    assert isinstance(pilot.app, CockpitApp)
    return pilot.app


def begun(scene: Scene) -> tuple[str, str]:
    """An incident, and the runbook that its alert suggests under way in it."""
    scene.hold_watch()
    incident = scene.desk.incidents.open_from_alert(troubled(scene), take_lead=True).uid
    return incident, scene.desk.start_runbook(incident)


async def start_again(pilot: Pilot[int], incident: str) -> CockpitApp:
    app = app_of(pilot)
    app.chosen_incident = incident
    app.perform("runbook.start", incident)
    await pilot.pause()
    assert isinstance(app.screen, Choose)
    return app


async def test_a_runbook_that_is_under_way_is_gone_on_with(scene: Scene) -> None:
    incident, run = begun(scene)
    scene.clock.advance(125)
    async with cockpit(scene) as pilot:
        app = await start_again(pilot, incident)
        shown = "\n".join(screen_lines(app))
        assert "is under way" in shown
        assert "Go on with it (2m old)" in shown
        assert "worked by mhassan" in shown
        await pilot.press("enter")
        assert app.current_mode == "runbook"
        assert app.run_uid() == run
        assert [view.uid for view in scene.desk.runbooks.of_incident(incident)] == [run]


async def test_leaving_that_question_begins_nothing_and_a_second_run_is_meant(scene: Scene) -> None:
    incident, run = begun(scene)
    async with cockpit(scene) as pilot:
        app = await start_again(pilot, incident)
        await pilot.press("escape")
        assert len(scene.desk.runbooks.of_incident(incident)) == 1
        await start_again(pilot, incident)
        await pilot.press("j", "enter")
        await app.workers.wait_for_complete()
        runs = [view.uid for view in scene.desk.runbooks.of_incident(incident)]
        assert len(runs) == 2
        assert app.run_uid() == next(uid for uid in runs if uid != run)


def test_without_an_incident_it_is_under_way_for_the_same_target_only(scene: Scene) -> None:
    first, second = "shop.example", "pay.example"
    run = scene.desk.runbooks.start("dns-propagation", scene.desk.runbooks.prefill("dns-propagation", first))
    assert [view.uid for view in scene.desk.runbooks.under_way("dns-propagation", None, first)] == [run]
    assert not scene.desk.runbooks.under_way("dns-propagation", None, second)
    assert not scene.desk.runbooks.under_way("dns-propagation", "another", first)
