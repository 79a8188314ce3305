"""The record by keys: what failed looks failed, the gate before a review, and what a review decides."""

from datetime import UTC

from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.incident.model import State
from screens.app import CockpitApp
from screens.asking.dialogs import Ask, Choose
from screens.present.incident import entry_line
from screens.present.lines import plain
from screens.widgets.rows import Rows
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


async def test_a_message_that_did_not_arrive_stands_in_the_head_of_its_incident(scene: Scene) -> None:
    uid = resolved(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "2")
        assert "not delivered" not in shown(pilot)
        body = {"message": "m1", "channel": "tickets", "audience": "owners", "text": "your records"}
        scene.event(f"incident/{uid}", "message.intent", body)
        scene.event(f"incident/{uid}", "message.failed", {**body, "reason": "no address"})
        app_of(pilot).poll()
        await pilot.pause()
        assert "✖ 1 message not delivered: w shows which" in shown(pilot)


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


async def test_a_run_stands_in_one_row_and_opens(scene: Scene) -> None:
    uid = resolved(scene)
    run = scene.desk.start_runbook(uid)
    steps = scene.desk.runbooks.get(run).steps
    for step, said in zip(steps, ("Seen", "Compared", "Published"), strict=False):
        scene.event(f"run/{run}", "step.started", {"step": step.id, "attempt": 1}, actor="mhassan")
        body = {"step": step.id, "title": step.title, "attempt": 1, "said": said}
        scene.event(f"run/{run}", "step.done", body, actor="mhassan")
    body = {"step": steps[3].id, "title": "See", "attempt": 1, "reason": "still gone"}
    scene.event(f"run/{run}", "step.failed", body, actor="mhassan")
    scene.refresh()
    async with cockpit(scene, 100, 40) as pilot:
        await press(pilot, "4")
        before = shown(pilot)
        assert "+ DKIM record missing: 4 entries to 14:08:22Z" in before
        assert "✖ See: failed, still gone" in before
        assert ": Compared" not in before
        rows = pilot.app.screen.query_one("#entries", Rows)
        folds = [entry.id for entry in rows.shown if "4 entries" in entry.text]
        rows.select(folds[0])
        await press(pilot, "e")
        assert "choose the entry" in "\n".join(note.message for note in pilot.app._notifications)
        assert ": Compared" in shown(pilot)
        await press(pilot, "space")
        assert "4 entries" in shown(pilot)
        rows.set_filter("compared")
        assert len(rows.shown) == 1
    assert ": Compared" in scene.desk.reviews.exported(scene.desk.reviews.record(uid), "markdown")


async def test_action_items_are_added_dated_and_ended_by_keys(scene: Scene) -> None:
    uid = resolved(scene)
    reviews = scene.desk.reviews
    text = reviews.open_for(uid).text
    async with cockpit(scene) as pilot:
        await perform(pilot, "review.items")
        assert "0 open" in shown(pilot)
        await press(pilot, "a")
        pilot.app.screen.query_one(Input).value = "Alarm on | every missing CNAME"
        await press(pilot, "enter", "enter", "enter", "enter")
        (item,) = reviews.board()
        assert (item.action, item.owner, item.horizon) == ("Alarm on | every missing CNAME", "mhassan", "short")
        assert str(item.due) == "2026-12-04"
        await press(pilot, "d")
        pilot.app.screen.query_one(Input).value = "2026-11-18"
        await press(pilot, "enter")
        assert "1 open, 1 overdue" in shown(pilot)
        assert "2d late" in shown(pilot)
        await press(pilot, "x")
        assert reviews.board() == []
        assert reviews.items(uid)[0].status == "done"
        await press(pilot, "escape")
    assert len(reviews.text(uid).split("\n")) == len(text.split("\n"))


async def test_a_step_that_was_left_out_is_not_drawn_as_done(scene: Scene) -> None:
    uid = resolved(scene)
    run = scene.desk.start_runbook(uid)
    step = scene.desk.runbooks.get(run).steps[0]
    body = {"step": step.id, "title": step.title, "attempt": 1, "reason": "seen by hand"}
    scene.event(f"run/{run}", "step.skipped", body, actor="mhassan")
    scene.refresh()
    (entry,) = [one for one in scene.desk.incidents.timeline(uid) if "left out" in one.text]
    assert "» " in plain(entry_line(entry, scene.clock.now(), 80, UTC))
