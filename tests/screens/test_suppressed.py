"""The list of who is not written to: read by a child, masked, searched, changed by plans only."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from textual.pilot import Pilot

from cockpit.config.ses import SesConfig
from cockpit.errors import WorldError
from screens.app import CockpitApp
from tests.screens.conftest import cockpit
from tests.screens.desks import SETTINGS, Scene
from tests.screens.plain import assert_golden, screen_lines

ENTRIES = [
    {"in": "list", "address": "ann@mail.example", "reason": "BOUNCE", "at": "2026-11-20T10:00:00Z"},
    {"in": "table", "address": "ann@mail.example", "reason": "BOUNCE", "at": "2026-11-20T11:00:00Z"},
    {"in": "table", "address": "bob@old.example", "reason": "COMPLAINT", "at": None},
]


class Answers:
    """What children would answer, and what they were asked."""

    def __init__(self, answer: dict[str, Any] | None = None) -> None:
        self.answer = answer or {"entries": ENTRIES, "number": len(ENTRIES)}
        self.asked: list[Sequence[str]] = []
        self.trouble = ""

    async def ask(self, words: Sequence[str]) -> dict[str, Any]:
        self.asked.append(words)
        if self.trouble:
            raise WorldError(self.trouble)
        return {"file": words[-1], "entries": 3} if words[1] == "export" else self.answer


def answered(scene: Scene) -> Answers:
    scene.desk.settings = replace(SETTINGS, ses=SesConfig(suppression_table="ses-email-suppression-list"))
    answers = Answers()
    scene.desk.__dict__["errands"] = answers
    return answers


async def on_list(pilot: Pilot[int]) -> CockpitApp:
    app = pilot.app
    assert isinstance(app, CockpitApp)
    app.go("suppressed")
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()
    return app


def shown(app: CockpitApp) -> str:
    return "\n".join(screen_lines(app))


async def test_both_places_stand_side_by_side_masked_and_the_difference_is_marked(scene: Scene) -> None:
    answered(scene)
    async with cockpit(scene) as pilot:
        app = await on_list(pilot)
        assert "1 on SES's list · 2 in the table · 1 in one place only" in shown(app)
        assert "senders fail open" in shown(app)
        ann, bob = next(line for line in screen_lines(app) if "mail.example" in line), shown(app)
        assert "bounce     bounce" in ann
        assert "2026-11-20 11:00Z" in ann
        assert "ann@" not in bob
        assert "≠ b…@old.example" in bob
        assert_golden(app, "suppressed-80x24")
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        await pilot.pause()
        assert_golden(app, "suppressed-200x50")
        app.perform("suppression.masks")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "ann@mail.example" in shown(app)


async def test_what_was_not_read_is_not_nobody(scene: Scene) -> None:
    answered(scene).trouble = "The session is over: log in again."
    async with cockpit(scene) as pilot:
        app = await on_list(pilot)
        assert "Suppressed ? on SES's list · ? in the table" in shown(app)
        assert "not read" in shown(app)


async def test_a_search_finds_reasons_and_differences(scene: Scene) -> None:
    answered(scene)
    async with cockpit(scene) as pilot:
        app = await on_list(pilot)
        await pilot.press("slash", *"only-t")
        await pilot.pause()
        assert "old.example" in shown(app)
        assert "mail.example" not in shown(app)


async def test_a_list_that_cannot_be_read_says_why_and_keeps_what_it_had(scene: Scene) -> None:
    answers = answered(scene)
    async with cockpit(scene) as pilot:
        app = await on_list(pilot)
        answers.trouble = "The session is over: log in again."
        app.perform("suppression.read")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "✖ The session is over: log in again." in shown(app)
        assert "old.example" in shown(app)


async def test_letting_an_address_through_asks_why_and_makes_a_plan(scene: Scene) -> None:
    answered(scene)
    async with cockpit(scene) as pilot:
        app = await on_list(pilot)
        app.perform("suppression.remove")
        await pilot.pause()
        await pilot.press(*"back", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.current_mode == "action"
        run = scene.desk.actions.run_of(app.chosen_action)
        assert run.request.remedy == "ses.unsuppress"
        assert run.request.parameters["addresses"] == "ann@mail.example"
        assert run.request.parameters["why"] == "back"


async def test_the_export_goes_to_a_file_beside_the_database(scene: Scene) -> None:
    answers = answered(scene)
    async with cockpit(scene) as pilot:
        app = await on_list(pilot)
        app.perform("suppression.export")
        await app.workers.wait_for_complete()
        assert answers.asked[-1][:2] == ["suppression", "export"]
        assert str(scene.desk.database.path.parent) in answers.asked[-1][2]
