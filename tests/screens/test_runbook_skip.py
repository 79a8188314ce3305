"""Leaving a step out: a plan that waits is said first, because its phrase may be typed on the wrong screen."""

from textual.pilot import Pilot

from cockpit.runbooks.model import Kind
from cockpit.runbooks.view import StepView
from screens.app import CockpitApp
from screens.asking.dialogs import Ask, Confirm
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene, planned, troubled


def current(scene: Scene, run: str) -> StepView:
    step = scene.desk.runbooks.get(run).current
    assert step is not None
    return step


def at_a_waiting_plan(scene: Scene) -> str:
    """A run whose current step asked for a plan that nobody has confirmed yet; its uid."""
    scene.hold_watch()
    incident = scene.desk.incidents.open_from_alert(troubled(scene), take_lead=True).uid
    run = scene.desk.start_runbook(incident)
    while (step := current(scene, run)).kind is not Kind.ACTION:
        scene.desk.runbooks.skip(run, "seen already", step=step.id)
    action = planned(scene, incident)
    started = {"step": step.id, "attempt": 1, "action": action, "how": "person"}
    scene.event(f"run/{run}", "step.started", started, actor="mhassan")
    scene.refresh()
    return run


async def on_runbook(pilot: Pilot[int], run: str) -> CockpitApp:
    app = pilot.app
    assert isinstance(app, CockpitApp)
    app.chosen_run = run
    app.perform("runbook.show", run)
    await pilot.pause()
    return app


async def test_a_phrase_typed_on_the_runbook_leaves_no_step_out(scene: Scene) -> None:
    run = at_a_waiting_plan(scene)
    before = current(scene, run).id
    async with cockpit(scene) as pilot:
        app = await on_runbook(pilot, run)
        await pilot.press("s")
        assert isinstance(app.screen, Confirm)
        await pilot.press("h", "o", "p", "enter")
        await app.workers.wait_for_complete()
        assert current(scene, run).id == before


async def test_a_step_with_a_waiting_plan_is_left_out_when_that_is_meant(scene: Scene) -> None:
    run = at_a_waiting_plan(scene)
    before = current(scene, run).id
    async with cockpit(scene) as pilot:
        app = await on_runbook(pilot, run)
        await pilot.press("s")
        await pilot.press("right", "enter")
        assert isinstance(app.screen, Ask)
        await pilot.press(*"by hand", "enter")
        await app.workers.wait_for_complete()
        assert current(scene, run).id != before
