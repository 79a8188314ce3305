"""Calling out by keys: what came of a call, a case at AWS Support, and who decides about what."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.config.command import ContactConfig
from cockpit.desk import open_desk
from cockpit.errors import Refused
from cockpit.profile import Profile
from screens.asking.compose import Preview
from screens.asking.dialogs import Choose, Confirm, Read
from screens.asking.find import Find
from screens.widgets.rows import Rows
from tests.screens.conftest import cockpit
from tests.screens.desks import SETTINGS, Scene, plan_for, planned, troubled
from tests.screens.plain import screen_lines


def led(scene: Scene) -> str:
    alert = troubled(scene)
    scene.hold_watch()
    scene.refresh()
    return scene.desk.incidents.open_from_alert(alert, take_lead=True).uid


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


def shown(pilot: Pilot[int]) -> str:
    return "\n".join(screen_lines(pilot.app))


def told(scene: Scene, uid: str) -> list[str]:
    return [entry.text for entry in scene.desk.incidents.timeline(uid) if entry.kind == "contact"]


async def test_what_came_of_a_call_is_on_the_timeline(tmp_path: Path) -> None:
    contacts = (ContactConfig(name="Registrar desk", group="registrar", phone="+1 555 0200"),)
    scene = Scene(tmp_path, replace(SETTINGS, contacts=contacts))
    uid = led(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "2", "C", "enter", "down", "down", "enter")
        assert pilot.app.clipboard == "+1 555 0200"
    assert told(scene, uid) == ["Registrar desk called (+1 555 0200): no answer"]
    scene.close()


@pytest.mark.parametrize(("plan", "ends"), [("business", "opened"), ("basic", "not opened")])
async def test_a_case_at_aws_is_recorded_before_and_after(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, plan: str, ends: str
) -> None:
    sent: list[str] = []

    def open_case(profile: Profile, text: str, severity: str) -> str:
        sent.append(severity)
        assert told(scene, uid)[-1] == f"opening a case at AWS Support, severity {severity}"
        if plan == "basic":
            raise Refused("The account's support plan has no API for cases; open it by hand with this text.")
        return "case-4471"

    monkeypatch.setattr("cockpit.comms.aws_support.open_case", open_case)
    monkeypatch.setattr("asyncio.to_thread", _at_once)
    uid = led(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "2", "K")
        pilot.app.screen.dismiss("aws")
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = "look at the account's sending"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Preview)
        await press(pilot, "enter", "down", "enter")
        assert "sending" in pilot.app.clipboard
    assert len(sent) == 1
    assert told(scene, uid)[-1].startswith(
        "case case-4471 opened" if ends == "opened" else "case at AWS Support not"
    )


async def _at_once(function: object, *arguments: object) -> object:
    assert callable(function)
    return function(*arguments)


async def test_the_matrices_stand_on_screen_with_the_ruling_for_this_incident(scene: Scene) -> None:
    uid = led(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "2", "O")
        dialog = pilot.app.screen
        assert isinstance(dialog, Find)
        assert len(dialog.query_one(Rows).shown) == 12
        dialog.query_one(Input).value = "dnssec"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Read)
        assert "needs the approval of SL (Security review)" in shown(pilot)
        assert "SL  open: a on the incident gives it" in shown(pilot)
        await press(pilot, "escape")
        scene.desk.incidents.assign(uid, "SL", "kblake")
        await press(pilot, "O")
        pilot.app.screen.query_one(Input).value = "dnssec"
        await press(pilot, "enter")
        assert "SL  kblake" in shown(pilot)


async def test_a_plan_that_waits_for_somebody_else_stands_first(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = scene.desk.actions.get(planned(scene, led(scene)))
    waiting = replace(view, approvals_missing=1, may_approve=("kblake",), approval_why="Security review")
    monkeypatch.setattr("cockpit.desk.remedies.approvals.Approvals.waiting", lambda self: [waiting])
    async with cockpit(scene) as pilot:
        await press(pilot, "2", "O")
        first = pilot.app.screen.query_one(Rows).shown[0]
        assert first.name == view.code_to_approve
        await press(pilot, "enter")
        assert "+ origin: EXTERNAL, selector s2026b" in shown(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, Choose)
        await press(pilot, "down", "enter")
        assert pilot.app.clipboard == f"cockpit approve {view.code_to_approve}"


async def test_somebody_elses_plan_is_signed_from_the_screen_after_one_more_question(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    incident = led(scene)
    scene.desk.keys = tmp_path / "keys"
    theirs = open_desk(SETTINGS, scene.desk.profile, scene.desk.database.path, "jroy", clock=scene.clock)
    theirs.actions._spawn = scene.spawned.append  # type: ignore[assignment]
    uid = theirs.actions.request("ses.byodkim", {"domain": "shop.example", "selector": "s2026b"}, incident=incident)
    theirs.close()
    plan = plan_for(scene)
    body = {"plan": plan.to_json(), "plan_hash": plan.hash, "approvals": 1, "approval_why": "Security review"}
    scene.event(f"action/{uid}", "action.planned", body, actor="runner")
    scene.refresh()
    async with cockpit(scene) as pilot:
        await press(pilot, "2", "O", "enter", "escape", "down", "down", "enter")
        assert isinstance(pilot.app.screen, Confirm)
        await press(pilot, "enter")
        assert scene.desk.actions.get(uid).approvals_missing == 1, "Cancel has the cursor"
        await press(pilot, "O", "enter", "escape", "down", "down", "enter", "right", "enter")
        signed = scene.desk.actions.get(uid)
        assert (signed.approvals_missing, signed.approved_by) == (0, ("mhassan",))
    scene.close()
