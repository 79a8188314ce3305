"""Commanding an incident by keys: how many it takes, what is asked, and what is refused."""

from pathlib import Path

from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from cockpit.config.command import ContactConfig, ResolvingConfig
from cockpit.desk import Desk, open_desk
from cockpit.incident.model import State
from cockpit.profile import Profile
from screens.app import CockpitApp
from screens.asking.compose import Composer, Preview
from screens.asking.conflict import Conflict
from screens.asking.declare import Declare
from screens.asking.dialogs import Ask, Choose, Write
from screens.asking.find import Find
from screens.pages.people import PeopleScreen
from screens.pages.timeline import TimelineScreen
from screens.pages.told import ToldScreen
from tests.screens.conftest import cockpit
from tests.screens.desks import SETTINGS, Scene, troubled
from tests.screens.plain import screen_lines


def app_of(pilot: Pilot[int]) -> CockpitApp:
    assert isinstance(pilot.app, CockpitApp)
    return pilot.app


def led(scene: Scene) -> str:
    """An incident that is led from this terminal; returns its uid."""
    alert = troubled(scene)
    scene.hold_watch()
    scene.refresh()
    return scene.desk.incidents.open_from_alert(alert, take_lead=True).uid


def toasts(pilot: Pilot[int]) -> str:
    return "\n".join(notification.message for notification in pilot.app._notifications)


async def press(pilot: Pilot[int], *keys: str) -> int:
    """Press keys one after the other, and say how many they were."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    return len(keys)


def second_terminal(scene: Scene, operator: str = "jroy") -> Desk:
    """Somebody else's desk on the same file."""
    return open_desk(SETTINGS, Profile(), scene.desk.database.path, operator, read_only=False, clock=scene.clock)


async def test_a_note_takes_two_keys_beside_its_words(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene) as pilot:
        keys = await press(pilot, "n")
        pilot.app.screen.query_one("#entry", Input).value = "the registrar answers"
        keys += await press(pilot, "enter")
        assert keys == 2
        assert scene.desk.incidents.timeline(uid)[-1].text == "the registrar answers"


async def test_an_update_is_sent_with_four_keys(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        keys = await press(pilot, "u", "enter")
        composer = pilot.app.screen
        assert isinstance(composer, Composer)
        composer.query_one(TextArea).load_text("We look into delayed mail.")
        await pilot.pause()
        keys += await press(pilot, "ctrl+s", "enter")
        assert keys == 4
        update = scene.desk.incidents.get(uid).updates[-1]
        assert update.text == "We look into delayed mail."
        assert pilot.app.clipboard == update.text


async def test_the_audience_whose_clock_runs_out_first_stands_under_the_cursor(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        await press(pilot, "u")
        clocks = [one for one in scene.desk.incidents.deadlines(uid) if one.is_running and one.due]
        first = min(
            (one for one in clocks if one.name in ("customers", "partners", "executives", "management", "update")),
            key=lambda one: one.due or scene.clock.now(),
        )
        chosen = pilot.app.screen
        assert isinstance(chosen, Choose)
        assert chosen._selected == {"update": "internal"}.get(first.name, first.name)


async def test_a_field_that_is_missing_is_named_and_keeps_the_text_here(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        await press(pilot, "u", "enter")
        area = pilot.app.screen.query_one(TextArea)
        area.load_text("Impact: [impact: missing], back at [eta: missing]")
        await pilot.pause()
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, Composer)
        shown = "\n".join(screen_lines(pilot.app))
        assert "missing: impact, eta" in shown
        assert "It does not go like this" in shown
        assert not scene.desk.incidents.get(uid).updates


async def test_what_the_public_reads_says_so(scene: Scene) -> None:
    led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        await press(pilot, "u")
        pilot.app.screen.dismiss("customers")
        await pilot.pause()
        assert "PUBLIC: everybody can read this" in "\n".join(screen_lines(pilot.app))


async def test_a_role_is_handed_over_with_four_keys_at_both_ends(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        keys = await press(pilot, "h", "enter")
        assert isinstance(pilot.app.screen, Preview)
        keys += await press(pilot, "enter")
    assert scene.desk.incidents.get(uid).lead == "mhassan"
    taker = second_terminal(scene)
    taker.refresh()
    step = taker.next_step(uid)
    assert step.command == "handover.accept"
    assert "accept IC" in step.text
    theirs = CockpitApp(taker, poll=False, settle_s=0.0)
    async with theirs.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.pause()
        keys += await press(pilot, "enter")
    assert keys == 4
    assert taker.incidents.get(uid).lead == "jroy"
    taker.close()


async def test_a_task_goes_to_one_person_within_its_time_box(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        await press(pilot, "t")
        pilot.app.screen.query_one(Input).value = "15m ask the registrar"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Choose)
        pilot.app.screen.dismiss("jroy")
        await pilot.pause()
        task = scene.desk.people.team(uid).open_tasks[0]
        assert (task.title, task.to, task.minutes) == ("ask the registrar", "jroy", 15)
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, PeopleScreen)
        assert "ask the registrar" in "\n".join(screen_lines(pilot.app))
        await press(pilot, "x")
        pilot.app.screen.dismiss("heard")
        await pilot.pause()
        assert scene.desk.people.team(uid).open_tasks[0].acknowledged_at is not None


async def test_a_decision_is_objected_to_and_then_needs_words(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("people")
        await pilot.pause()
        await press(pilot, "d")
        pilot.app.screen.query_one(Input).value = "roll the zone back"
        await press(pilot, "enter", "x")
        pilot.app.screen.dismiss("object")
        await pilot.pause()
        pilot.app.screen.dismiss("it takes the new MX away")
        await pilot.pause()
        await press(pilot, "x")
        pilot.app.screen.dismiss("decide")
        await pilot.pause()
        pilot.app.screen.dismiss("")
        await pilot.pause()
        assert "say what is decided" in toasts(pilot)
        decision = next(iter(scene.desk.people.team(uid).decisions.values()))
        assert decision.is_open
        assert len(decision.objections) == 1


async def test_declaring_asks_and_says_the_severity_that_follows(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "N")
        dialog = pilot.app.screen
        assert isinstance(dialog, Declare)
        shown = "\n".join(screen_lines(pilot.app))
        assert "An incident causes or may cause" in shown
        assert "Objectives: Minimize Impact" in shown
        await press(pilot, "ctrl+s")
        assert "Say in a line what is wrong." in "\n".join(screen_lines(pilot.app))
        dialog.query_one("#title", Input).value = "Order mail is late"
        dialog.query_one("#targets", Input).value = "shop.example, pay.example"
        dialog.query_one("#answer-customers", Input).value = "many"
        await pilot.pause()
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, Declare)
        dialog.query_one("#answer-customers", Input).value = "30%"
        await pilot.pause()
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, Choose)
        await press(pilot, "enter", "enter")
        incident = scene.desk.incidents.open_incidents()[0]
        assert incident.title == "Order mail is late"
        assert incident.targets == ("shop.example", "pay.example")
        assert incident.severity == scene.desk.declaring.suggest({"customers": "30%"}).severity
        assert incident.lead == "mhassan"


async def test_resolving_shows_what_is_open_and_a_person_confirms_what_only_people_can(tmp_path: Path) -> None:
    scene = Scene(tmp_path, replace(SETTINGS, resolving=ResolvingConfig()))
    uid = led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        await press(pilot, "v")
        shown = "\n".join(screen_lines(pilot.app))
        assert "green:" in shown
        assert "run:" in shown
        pilot.app.screen.dismiss("customers")
        await pilot.pause()
        pilot.app.screen.dismiss("two customers got their mail")
        await pilot.pause()
        standing = {one.name: str(one.standing) for one in scene.desk.validations.of(uid)}
        assert standing["customers"] == "passed"
        assert isinstance(pilot.app.screen, Choose)
        pilot.app.screen.dismiss("resolve")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Ask)
        await press(pilot, "escape")
        assert scene.desk.incidents.get(uid).state is not State.RESOLVED
    scene.close()


async def test_an_escalation_names_who_is_engaged_and_shows_in_the_chain(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        await press(pilot, "E")
        for answer in ("2", "jroy", "decides on the roll back"):
            pilot.app.screen.dismiss(answer)
            await pilot.pause()
        assert scene.desk.incidents.get(uid).holder("L2") == "jroy"


async def test_a_clock_that_runs_out_rings_once_and_stands_in_the_header(scene: Scene) -> None:
    led(scene)
    async with cockpit(scene) as pilot:
        rung: list[bool] = []
        pilot.app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        app_of(pilot).second()
        assert not rung
        scene.clock.advance(3600)
        app_of(pilot).second()
        rung_then = len(rung)
        app_of(pilot).second()
        await pilot.pause()
        assert rung_then == len(rung) == 1
        assert "over" in screen_lines(pilot.app)[0]


async def test_another_terminal_on_the_same_incident_is_seen(scene: Scene) -> None:
    uid = led(scene)
    other = second_terminal(scene)
    other.terminals.show(uid)
    async with cockpit(scene) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        assert "jroy looks here too" in "\n".join(screen_lines(pilot.app))
    other.close()


async def test_who_was_told_what_when_is_a_screen(scene: Scene) -> None:
    uid = led(scene)
    scene.desk.messages.send(uid, "customers", "We look into delayed mail.", channel="hand")
    async with cockpit(scene) as pilot:
        app_of(pilot).go("told")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ToldScreen)
        shown = "\n".join(screen_lines(pilot.app))
        assert "customers" in shown
        assert "by hand" in shown
        await press(pilot, "y")
        assert pilot.app.clipboard == "We look into delayed mail."


async def test_a_template_s_lost_race_shows_both_texts(scene: Scene) -> None:
    led(scene)
    words = scene.desk.messages.words
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).perform("words.edit", "slack_update")
        await pilot.pause()
        known = words.get("slack_update")
        words.save("slack_update", known.text + "\nFrom: {{lead}}", known.version)
        pilot.app.screen.query_one(TextArea).load_text(known.text + "\nMine.")
        await pilot.pause()
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, Conflict)
        await press(pilot, "m")
        assert isinstance(pilot.app.screen, Composer)
        await press(pilot, "ctrl+s")
        assert words.get("slack_update").text.rstrip().endswith("Mine.")
        assert words.get("slack_update").version == known.version + 2


async def test_contacts_are_searched_and_only_those_of_the_severity_are_there(tmp_path: Path) -> None:
    contacts = (
        ContactConfig(name="Registrar desk", group="registrar", phone="+1 555 0200"),
        ContactConfig(name="The CEO", group="executive", phone="+1 555 0300", severities=("P0",)),
    )
    scene = Scene(tmp_path, replace(SETTINGS, contacts=contacts))
    led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        await press(pilot, "C")
        assert isinstance(pilot.app.screen, Find)
        shown = "\n".join(screen_lines(pilot.app))
        assert "Registrar desk" in shown
        assert "The CEO" not in shown
        pilot.app.screen.query_one(Input).value = "registrar"
        await press(pilot, "enter")
        assert pilot.app.clipboard == "+1 555 0200"
    scene.close()


async def test_a_case_is_filled_and_copied(scene: Scene) -> None:
    led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("incident")
        await pilot.pause()
        await press(pilot, "K")
        pilot.app.screen.dismiss("registrar delegation")
        await pilot.pause()
        await press(pilot, "enter")
        assert "shop.example" in pilot.app.clipboard


async def test_pasted_chat_keeps_its_times_and_comes_in_once(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("timeline")
        await pilot.pause()
        for _ in range(2):
            await press(pilot, "P")
            assert isinstance(pilot.app.screen, Write)
            pilot.app.screen.dismiss("[13:50] jroy: NS changed\n13:52 mhassan: by whom?")
            await pilot.pause()
        told = [one for one in scene.desk.incidents.timeline(uid) if one.kind == "chat"]
        assert [(f"{one.occurred_at:%H:%M}", one.text) for one in told] == [
            ("13:50", "jroy: NS changed"),
            ("13:52", "mhassan: by whom?"),
        ]


async def test_an_entry_s_time_is_corrected_and_the_old_one_kept(scene: Scene) -> None:
    uid = led(scene)
    scene.desk.incidents.note(uid, "the zone was changed")
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("timeline")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        entry = next(one for one in scene.desk.incidents.timeline(uid) if one.text == "the zone was changed")
        screen.entries.select(entry.id)
        await press(pilot, "E")
        pilot.app.screen.dismiss("13:40")
        await pilot.pause()
        await press(pilot, "enter")
        moved = next(one for one in scene.desk.incidents.timeline(uid) if one.id == entry.id)
        assert f"{moved.occurred_at:%H:%M}" == "13:40"
        assert moved.history[0].old_occurred_at == entry.occurred_at


async def test_a_race_for_an_entry_shows_both_texts(scene: Scene) -> None:
    uid = led(scene)
    scene.desk.incidents.note(uid, "NS chnged")
    other = second_terminal(scene)
    async with cockpit(scene, 120, 40) as pilot:
        app_of(pilot).go("timeline")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        entry = next(one for one in scene.desk.incidents.timeline(uid) if one.text == "NS chnged")
        screen.entries.select(entry.id)
        await press(pilot, "e")
        other.refresh()
        other.incidents.amend(uid, entry.id, reason="typo", text="NS changed")
        pilot.app.screen.dismiss("NS changed at the host")
        await pilot.pause()
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Conflict)
        await press(pilot, "m")
        shown = next(one for one in scene.desk.incidents.timeline(uid) if one.id == entry.id)
        assert shown.text == "NS changed at the host"
        assert len(shown.history) == 2
    other.close()


async def test_evidence_is_kept_with_its_hash(scene: Scene, tmp_path: Path) -> None:
    uid = led(scene)
    file = tmp_path / "dig.txt"
    file.write_text("shop.example. 300 IN NS ns1.shop.example.")
    kept = scene.desk.evidence.attach(uid, file, "what ns2 said")
    assert scene.desk.evidence.check(kept.sha256).read_bytes() == file.read_bytes()
    assert kept.sha256 in scene.desk.incidents.timeline(uid)[-1].text


async def test_words_are_found_everywhere_and_lead_there(scene: Scene) -> None:
    uid = led(scene)
    scene.desk.incidents.note(uid, "-2m the registrar rolled the delegation")
    async with cockpit(scene, 120, 40) as pilot:
        await press(pilot, "ctrl+f")
        pilot.app.screen.query_one(Input).value = "delegation rolled"
        await press(pilot, "enter")
        await pilot.pause()
        assert pilot.app.current_mode == "timeline"
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        assert screen.selected is not None
        assert screen.selected.text == "the registrar rolled the delegation"


async def test_a_past_incident_that_is_like_this_one_is_offered_with_the_reason(scene: Scene) -> None:
    old = scene.desk.incidents.open(
        "DKIM of shop.example is gone", severity="P2", type="dkim-missing", targets=("shop.example",)
    )
    scene.desk.incidents.move(old.uid, "closed", reason="over", code="false_positive")
    uid = led(scene)
    alike = scene.desk.search.similar(uid)
    assert [one.incident.uid for one in alike] == [old.uid]
    assert any("shop.example" in reason for reason in alike[0].because)
