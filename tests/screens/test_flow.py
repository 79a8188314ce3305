"""From alert to repair by keys: what each key does, what it refuses, and what it asks first."""

from collections.abc import Sequence

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from cockpit.actions.journal import ActionState
from cockpit.errors import Refused
from cockpit.incident.model import State
from cockpit.launching import Launched
from screens.app import CockpitApp
from screens.asking.dialogs import Ask, Choose, Confirm, Write
from screens.pages.action import ActionScreen
from screens.pages.incident import IncidentScreen
from screens.pages.review import ReviewScreen
from storage.errors import Unwritable
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene, all_green, planned, troubled
from tests.screens.plain import screen_lines, style_at


def app_of(pilot: Pilot[int]) -> CockpitApp:
    assert isinstance(pilot.app, CockpitApp)
    return pilot.app


def toasts(pilot: Pilot[int]) -> list[str]:
    return [notification.message for notification in pilot.app._notifications]


async def settle(pilot: Pilot[int], command: str, argument: str = "") -> None:
    app_of(pilot).perform(command, argument)
    await pilot.pause()


async def test_enter_takes_the_next_line_from_alert_to_runbook(scene: Scene) -> None:
    all_green(scene)
    scene.hold_watch()
    scene.alert("shop.example", "mail.dkim", "DKIM gone", kind="dkim-missing", services=("shop",))
    async with cockpit(scene) as pilot:
        await pilot.press("enter")
        incident = scene.desk.incidents.open_incidents()[0]
        assert incident.lead == "mhassan"
        assert pilot.app.current_mode == "incident"
        await pilot.press("enter")
        assert pilot.app.current_mode == "runbook"
        assert scene.desk.incidents.get(incident.uid).state is State.INVESTIGATING
        assert len(scene.desk.runbooks.of_incident(incident.uid)) == 1


async def test_only_the_typed_phrase_applies_a_plan(scene: Scene) -> None:
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    action = planned(scene, uid)
    async with cockpit(scene) as pilot:
        await settle(pilot, "action.show")
        await pilot.press("enter")
        assert scene.desk.actions.get(action).state is ActionState.PLANNED
        pilot.app.screen.query_one("#phrase", Input).value = "pay.example"
        await pilot.press("enter")
        assert scene.desk.actions.get(action).state is ActionState.PLANNED
        assert any("shop.example" in toast for toast in toasts(pilot))
        pilot.app.screen.query_one("#phrase", Input).value = "shop.example"
        await pilot.press("enter")
        assert scene.desk.actions.get(action).state is ActionState.CONFIRMED
        screen = pilot.app.screen
        assert isinstance(screen, ActionScreen)
        assert not screen.query_one("#confirm").display


async def test_a_next_step_that_changed_just_now_is_not_taken(scene: Scene) -> None:
    all_green(scene)
    scene.hold_watch()
    async with cockpit(scene, settle_s=0.3) as pilot:
        scene.clock.advance(5)
        scene.alert("shop.example", "mail.dkim", "DKIM gone", kind="dkim-missing")
        app_of(pilot).poll()
        await pilot.press("enter")
        assert not scene.desk.incidents.all()
        assert toasts(pilot) == ["The next step changed just now; read it and press ⏎ again."]
        scene.clock.advance(1)
        await pilot.press("enter")
        assert scene.desk.incidents.all()


async def test_a_key_that_does_not_work_here_says_why(scene: Scene) -> None:
    async with cockpit(scene) as pilot:
        await pilot.press("2")
        assert toasts(pilot) == ["No incident is open: open one from an alert on the board (1)."]


async def test_a_line_is_an_event_before_the_cursor_returns(scene: Scene) -> None:
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    scene.clock.advance(1200)
    async with cockpit(scene) as pilot:
        await pilot.press("n")
        screen = pilot.app.screen
        assert isinstance(screen, IncidentScreen)
        await pilot.pause()
        box = screen.query_one("#entry", Input)
        assert box.has_focus
        box.value = "-10m NS changed by hosting team"
        await pilot.press("enter")
        entry = next(one for one in scene.desk.incidents.timeline(uid) if one.text == "NS changed by hosting team")
        assert (scene.clock.now() - entry.occurred_at).total_seconds() == 600
        assert box.value == ""
        box.value = "26:99 nonsense"
        await pilot.press("enter")
        assert box.value == "26:99 nonsense"
        assert toasts(pilot)


async def test_a_filter_narrows_the_board_and_escape_clears_it(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        await pilot.press("slash", "p", "a", "y")
        assert "Domains 1 of 6" in "\n".join(screen_lines(pilot.app))
        await pilot.press("escape")
        assert "Domains 6" in "\n".join(screen_lines(pilot.app))


async def test_resolving_without_green_checks_needs_a_reason(scene: Scene) -> None:
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    async with cockpit(scene) as pilot:
        await settle(pilot, "incident.show")
        await pilot.press("v")
        await pilot.press("enter")
        dialog = pilot.app.screen
        assert isinstance(dialog, Ask)
        dialog.dismiss("the customer moved to another provider")
        await pilot.pause()
        assert scene.desk.incidents.get(uid).state is State.RESOLVED


async def test_a_severity_is_chosen_with_its_criteria_in_sight(scene: Scene) -> None:
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    async with cockpit(scene, 200, 50) as pilot:
        await settle(pilot, "incident.severity")
        assert isinstance(pilot.app.screen, Choose)
        pilot.app.screen.dismiss("P0")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Ask)
        pilot.app.screen.dismiss("all mail is refused")
        await pilot.pause()
        assert scene.desk.incidents.get(uid).severity == "P0"


async def test_cancel_has_the_cursor_and_enter_alone_changes_nothing(scene: Scene) -> None:
    scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True)
    planned(scene, scene.desk.incidents.all()[0].uid)
    async with cockpit(scene) as pilot:
        await pilot.press("q")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("enter")
        assert pilot.app.is_running
        assert pilot.app.return_code is None
        await pilot.press("q", "right", "enter")
        assert pilot.app.return_code == 0


async def test_what_is_written_in_a_post_mortem_is_saved_and_another_s_text_is_shown(scene: Scene) -> None:
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    async with cockpit(scene, 120, 40) as pilot:
        await settle(pilot, "review.open")
        screen = pilot.app.screen
        assert isinstance(screen, ReviewScreen)
        area = screen.query_one(TextArea)
        area.load_text(area.text + "\nIt was the registrar.")
        await pilot.pause()
        screen.save()
        stored = scene.desk.reviews.find(uid)
        assert stored is not None
        assert stored.text.endswith("It was the registrar.")
        scene.desk.reviews.save(stored, stored.text + "\nSomebody else.", stored.revision)
        area.load_text(area.text + "\nNo, the host.")
        await pilot.pause()
        screen.save()
        await pilot.pause()
        shown = "\n".join(screen_lines(pilot.app))
        assert "Somebody else." in shown
        assert "No, the host." in shown
        await pilot.press("m")
        stored = scene.desk.reviews.find(uid)
        assert stored is not None
        assert stored.text.endswith("No, the host.")


async def test_escape_leaves_the_text_and_saves_it(scene: Scene) -> None:
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    async with cockpit(scene, 120, 40) as pilot:
        await settle(pilot, "review.open")
        await pilot.press("e", "q", "1", "escape")
        assert pilot.app.current_mode == "review"
        assert not pilot.app.screen.query_one(TextArea).has_focus
        stored = scene.desk.reviews.find(uid)
        assert stored is not None
        assert "q1" in stored.text


async def test_what_is_typed_first_stands_behind_the_title_or_in_the_section_s_first_gap(scene: Scene) -> None:
    scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True)
    async with cockpit(scene, 120, 40) as pilot:
        await settle(pilot, "review.open")
        screen = pilot.app.screen
        assert isinstance(screen, ReviewScreen)
        title = screen.area.text.split("\n")[0]
        await pilot.press("e", "enter", *"typed", "escape")
        assert screen.area.text.split("\n")[:2] == [title, "typed"]
        screen.area.load_text("# INC-1\n\n## Cause\n\n- Why: [fill: why]; when: [fill: when]\n")
        await pilot.pause()
        screen.sections.focus()
        await pilot.press("down", "e", *"fire")
        assert screen.area.text.split("\n")[4] == "- Why: fire; when: [fill: when]"
        await pilot.press("escape", "up", "e", "escape")
        screen.facts.focus()
        await pilot.pause()
        screen.insert_fact()
        assert screen.area.text.split("\n")[0] == "# INC-1"


async def test_another_terminal_s_edit_appears_when_nothing_is_unsaved(scene: Scene) -> None:
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    async with cockpit(scene, 120, 40) as pilot:
        await settle(pilot, "review.open")
        stored = scene.desk.reviews.find(uid)
        assert stored is not None
        scene.desk.reviews.save(stored, "# Quite another text", stored.revision)
        app_of(pilot).refresh_now()
        assert pilot.app.screen.query_one(TextArea).text == "# Quite another text"


async def test_y_copies_the_record_to_publish(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        await settle(pilot, "domain.show", "shop.example")
        await pilot.press("y")
        assert pilot.app.clipboard == "abc123._domainkey.shop.example. 300 IN CNAME abc123.dkim.amazonses.com."


async def test_a_database_that_fails_for_a_while_does_not_take_the_cockpit_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_green(scene)
    async with cockpit(scene) as pilot:

        def failing() -> None:
            raise Unwritable("The disk is full; nothing acknowledged was lost.")

        with monkeypatch.context() as broken:
            broken.setattr(scene.desk, "refresh", failing)
            app_of(pilot).poll()
            app_of(pilot).poll()
            app_of(pilot).second()
        await pilot.pause()
        assert toasts(pilot)[0] == "The disk is full; nothing acknowledged was lost."
        assert "Domains 6" in "\n".join(screen_lines(pilot.app))
        app_of(pilot).poll()
        assert pilot.app.is_running


async def test_the_bell_rings_once_for_a_new_grave_alert(scene: Scene) -> None:
    all_green(scene)
    async with cockpit(scene) as pilot:
        rung: list[bool] = []
        pilot.app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        scene.alert("shop.example", "mail.dkim", "DKIM gone", kind="dkim-missing", severity="P1")
        app_of(pilot).poll()
        app_of(pilot).poll()
        scene.alert("app.example", "mail.dkim", "DKIM weak", kind="dkim-missing", severity="P3")
        app_of(pilot).poll()
        assert rung == [True]


async def test_the_drill_key_runs_a_drill_in_this_terminal(scene: Scene) -> None:
    class Launching:
        started: Sequence[str] = ()

        def drills(self) -> Sequence[tuple[str, str]]:
            return [("dkim-missing", "A DKIM record vanishes")]

        def start_drill(self, name: str) -> Launched:
            self.started = [*self.started, name]
            return Launched("The drill is over.")

        def add_domain(self, name: str) -> Launched:
            raise Refused(f"{name} is watched already.")

        def import_identities(self) -> Launched:
            return Launched("3 identities are watched now.", reopen=True)

        def start_watch(self) -> Launched:
            return Launched("The watch is running.")

    launcher = Launching()
    async with cockpit(scene, launcher=launcher) as pilot:
        app_of(pilot).given_away = _nothing  # type: ignore[method-assign, assignment]
        await pilot.press("d", "enter")
        assert launcher.started == ["dkim-missing"]
        assert "The drill is over." in toasts(pilot)
        await settle(pilot, "domain.add", "shop.example")
        assert "shop.example is watched already." in toasts(pilot)


async def test_status_is_told_by_sign_word_and_colour(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene, 200, 50) as pilot:
        failing, good = style_at(pilot.app, "FAIL"), style_at(pilot.app, "OK")
        assert failing.color != good.color
        assert any("✖" in row and "FAIL" in row for row in screen_lines(pilot.app))


async def test_a_theme_can_be_changed_without_leaving(scene: Scene) -> None:
    troubled(scene)
    async with cockpit(scene) as pilot:
        before = style_at(pilot.app, "COCKPIT").bgcolor
        await pilot.press("T")
        await pilot.pause()
        assert pilot.app.theme == "light"
        assert style_at(pilot.app, "COCKPIT").bgcolor != before


def _alert(scene: Scene) -> str:
    alert = troubled(scene)
    scene.refresh()
    return alert


def _nothing() -> "_Nothing":
    return _Nothing()


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *exception: object) -> None: ...


async def test_two_presses_at_once_are_one(scene: Scene) -> None:
    scene.hold_watch()
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    async with cockpit(scene) as pilot:
        app_of(pilot).perform("runbook.start", uid)
        app_of(pilot).perform("runbook.start", uid)
        await pilot.pause()
        assert len(scene.desk.runbooks.of_incident(uid)) == 1


async def test_words_that_cannot_be_sent_are_there_to_be_corrected(scene: Scene) -> None:
    uid = scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True).uid
    async with cockpit(scene) as pilot:
        await settle(pilot, "incident.update", uid)
        assert isinstance(pilot.app.screen, Choose)
        pilot.app.screen.dismiss("internal")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Write)
        area = pilot.app.screen.query_one(TextArea)
        area.load_text("Impact: [impact: missing] and much that I typed")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Write)
        again = pilot.app.screen.query_one(TextArea)
        assert again.text == "Impact: [impact: missing] and much that I typed"
        again.load_text("Impact: mail of one shop is unsigned")
        await pilot.press("ctrl+s")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert scene.desk.incidents.get(uid).updates[-1].text == "Impact: mail of one shop is unsigned"


@pytest.mark.parametrize("name", ["incident", "timeline", "runbook", "review", "people", "told"])
async def test_a_screen_that_is_only_being_put_up_is_left_alone(scene: Scene, name: str) -> None:
    scene.desk.incidents.open_from_alert(_alert(scene), take_lead=True)
    async with cockpit(scene) as pilot:
        app = app_of(pilot)
        app.go(name)
        app.second()
        app.poll()
        assert app.standing().screen == name
        app.keep_place()
        await pilot.pause()
        assert app.main_screen() is app.screen
