"""The record by keys: what failed looks failed, the gate before a review, and what a review decides."""

from datetime import UTC

from textual.pilot import Pilot

from cockpit.incident.model import State
from screens.app import CockpitApp
from screens.dialogs import Ask, Choose
from screens.present.incident import entry_line
from screens.present.lines import plain
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene, troubled
from tests.screens.plain import screen_lines


def app_of(pilot: Pilot[int]) -> CockpitApp:
    assert isinstance(pilot.app, CockpitApp)
    return pilot.app


def shown(pilot: Pilot[int]) -> str:
    return "\n".join(screen_lines(pilot.app))


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def perform(pilot: Pilot[int], command: str, argument: str = "") -> None:
    app_of(pilot).perform(command, argument)
    await pilot.pause()


def resolved(scene: Scene) -> str:
    """An incident that was resolved, with an onset that nobody confirmed; returns its uid."""
    alert = troubled(scene)
    scene.hold_watch()
    scene.refresh()
    incidents = scene.desk.incidents
    uid = incidents.open_from_alert(alert, take_lead=True).uid
    scene.clock.advance(300)
    incidents.move(uid, State.INVESTIGATING)
    incidents.move(uid, State.RESOLVED, reason="the registrar put the zone back")
    return uid


async def test_what_failed_is_not_drawn_as_done(scene: Scene) -> None:
    uid = resolved(scene)
    scene.event(f"incident/{uid}", "message.failed", {"channel": "tickets", "reason": "no address"})
    scene.event(f"incident/{uid}", "message.sent", {"channel": "chat", "text": "we look"})
    scene.refresh()
    entries = {entry.text: entry for entry in scene.desk.incidents.timeline(uid, noise=True)}
    lines = {text: plain(entry_line(entry, scene.clock.now(), 80, UTC)) for text, entry in entries.items()}
    assert "✖ not delivered" in lines["not delivered to tickets: no address"]
    assert "✔ sent to chat" in lines["sent to chat: we look"]


async def test_a_review_waits_behind_its_gate_and_one_key_confirms_the_onset(scene: Scene) -> None:
    uid = resolved(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "5")
        assert isinstance(pilot.app.screen, Choose)
        assert "The onset is not confirmed." in shown(pilot)
        assert scene.desk.reviews.find(uid) is None
        await press(pilot, "enter")
        assert pilot.app.current_mode == "review"
        incident = scene.desk.incidents.get(uid)
        assert incident.state is State.REVIEW
        assert incident.onset is not None
        assert incident.onset.confirmed


async def test_the_gate_is_overridden_by_a_reason_that_is_recorded(scene: Scene) -> None:
    uid = resolved(scene)
    async with cockpit(scene) as pilot:
        await perform(pilot, "review.open")
        pilot.app.screen.dismiss("go on")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Ask)
        pilot.app.screen.dismiss("nobody will ever know when it began")
        await pilot.pause()
        assert pilot.app.current_mode == "review"
    last = scene.desk.incidents.timeline(uid)[-1]
    assert "resolved → review: nobody will ever know when it began (The onset is not confirmed.)" in last.text


async def test_one_may_write_before_the_record_is_consistent(scene: Scene) -> None:
    uid = resolved(scene)
    async with cockpit(scene) as pilot:
        await perform(pilot, "review.open")
        pilot.app.screen.dismiss("write")
        await pilot.pause()
        assert pilot.app.current_mode == "review"
    assert scene.desk.incidents.get(uid).state is State.RESOLVED
    assert scene.desk.reviews.find(uid) is not None


async def test_the_footer_names_what_a_commander_reaches_for(scene: Scene) -> None:
    resolved(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "2")
        assert "n note  u update  r runbook  h hand over" in screen_lines(pilot.app)[-1]
