"""What the dialogs of an incident show, as text, at 80x24 and at 200x50: one scene and one app for all of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.config.command import ContactConfig
from cockpit.incident.model import State
from screens.app import CockpitApp
from screens.widgets.rows import Rows
from tests.screens.conftest import cockpit
from tests.screens.desks import SETTINGS, Scene
from tests.screens.plain import assert_golden
from tests.screens.test_goldens import working

CONTACTS = (
    ContactConfig(name="Operations on call", group="on-call", level=1, phone="+1 555 0150"),
    ContactConfig(name="Registrar desk", group="registrar", phone="+1 555 0200", note="account 4471"),
    ContactConfig(name="Mail filter support", group="vendor", phone="+1 555 0210"),
    ContactConfig(name="The CEO", group="executive", phone="+1 555 0300", severities=("P0",)),
)


async def test_the_dialogs_of_an_incident(tmp_path: Path) -> None:
    scene = Scene(tmp_path, replace(SETTINGS, contacts=CONTACTS))
    uid = working(scene)
    async with cockpit(scene) as pilot:
        app = pilot.app
        assert isinstance(app, CockpitApp)
        app.go("incident")
        await pilot.pause()

        @asynccontextmanager
        async def dialog(command: str) -> AsyncIterator[None]:
            """Open a dialog, compare it at both sizes, and leave it."""
            app.perform(command)
            await pilot.pause()
            yield
            await both(pilot, command.replace(".", "-"))
            while app.screen is not app.main_screen():
                app.screen.dismiss(None)
                await pilot.pause()

        async with dialog("incident.declare"):
            app.screen.query_one("#title", Input).value = "Order mails arrive twice"
        async with dialog("incident.update"):
            app.screen.dismiss("customers")
            await pilot.pause()
        async with dialog("search.open"):
            app.screen.query_one(Input).value = "registrar"
            await _until(pilot, lambda: len(app.screen.query_one(Rows).shown) > 0)
        async with dialog("contacts.show"):
            pass
        async with dialog("authority.show"):
            pass
        async with dialog("case.write"):
            pass
        scene.desk.reviews.open_for(uid)
        scene.desk.reviews.add_item(uid, "Pin the delegation", "jroy", scene.clock.now().date(), "short")
        async with dialog("review.items"):
            pass
        scene.desk.incidents.move(uid, State.INVESTIGATING)
        scene.desk.incidents.move(uid, State.RESOLVED, reason="the registrar put it back")
        async with dialog("review.open"):
            pass
    scene.close()


async def both(pilot: Pilot[int], name: str) -> None:
    """Compare the screen at 80x24 and at 200x50; the small size stays."""
    await pilot.pause()
    assert_golden(pilot.app, f"{name}-80x24")
    await pilot.resize_terminal(200, 50)
    await pilot.pause()
    assert_golden(pilot.app, f"{name}-200x50")
    await pilot.resize_terminal(80, 24)
    await pilot.pause()


async def _until(pilot: Pilot[int], holds: Callable[[], bool]) -> None:
    for _ in range(100):
        if holds():
            return
        await pilot.pause()
    raise AssertionError("It did not come.")
