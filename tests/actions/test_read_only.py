"""A read-only cockpit: every key on every screen, and each remedy asked for, and nothing reaches the world."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.actions.journal import ActionState
from cockpit.actions.registry import CARDS
from cockpit.actions.runner import carry
from cockpit.config import settings_from
from cockpit.desk import Desk, open_desk
from cockpit.errors import CockpitError
from screens.app import CockpitApp
from screens.commands import REGISTRY
from tests.actions.asked import ASKED
from tests.actions.conftest import DOMAIN, LOOKS, SELECTOR, LocalWorld
from tests.actions.dns.conftest import _one_session

__all__ = ["_one_session"]
SCREENS = {"1": "board", "2": "incident", "4": "timeline", "5": "review", "6": "action"}
"""The main screens by the key that shows each; a runbook that was never begun has none."""

LEAVES = {"q"}
"""The keys that end the cockpit."""


class Watched:
    """A read-only desk on the world, its runners in threads, and what the world saw being changed."""

    def __init__(self, folder: Path, world: LocalWorld) -> None:
        self.world = world
        self.threads: list[threading.Thread] = []
        settings = settings_from(world.profile.settings or {}, "the test's profile")
        self.path = folder / "cockpit" / "cockpit.db"
        self.desk: Desk = open_desk(settings, world.profile, self.path, "mhassan", read_only=True)
        self.desk.actions._spawn = self._spawn
        self.desk.runbooks._spawn = lambda _: None
        self.calls = len(world.changes())
        self.records = self._records()

    def _spawn(self, arguments: Sequence[str]) -> None:
        assert "--read-only" in arguments
        uid = arguments[arguments.index("--run") + 1]
        thread = threading.Thread(
            target=carry, args=(self.path, uid, self.world.profile, "mhassan"), kwargs={"read_only": True}
        )
        self.threads.append(thread)
        thread.start()

    def _records(self) -> object:
        zones = self.world.world.zones
        return self.world.do(lambda: {zone: list(zones.records(zone)) for zone in zones.names()})

    def planned(self, remedy: str, parameters: dict[str, str]) -> ActionState:
        uid = self.desk.actions.request(remedy, parameters)
        for _ in range(LOOKS):
            self.desk.refresh()
            state = self.desk.actions.get(uid).state
            if state is not ActionState.REQUESTED:
                return state
            threading.Event().wait(0.02)
        raise AssertionError("never planned")

    def untouched(self) -> bool:
        return self.world.changes()[self.calls :] == [] and self._records() == self.records

    def close(self) -> None:
        for view in self.desk.actions.running():
            if view.can_cancel:
                self.desk.actions.cancel(view.uid, "the test is over")
        for thread in self.threads:
            thread.join(20)
        self.desk.close()


@pytest.fixture
def watched(tmp_path: Path, world: LocalWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.chdir(tmp_path)  # the key that exports writes into the working directory
    made = Watched(tmp_path, world)
    yield made
    made.close()


REMEDIES = (
    ("ses.byodkim", {"domain": DOMAIN, "selector": SELECTOR}),
    *ASKED.items(),
)


def test_each_remedy_can_be_planned_or_refused_and_none_be_applied(watched: Watched) -> None:
    states = {remedy: watched.planned(remedy, parameters) for remedy, parameters in REMEDIES}
    assert {"ses.pause", "cert.renew", "alarms.off", "lambda.invoke", "dns.publish"} <= {
        remedy for remedy, state in states.items() if state is ActionState.PLANNED
    }
    assert set(states) == set(CARDS)
    for view in watched.desk.actions.running():
        with pytest.raises(CockpitError, match="read-only"):
            watched.desk.actions.confirm(view.uid, view.phrase)
    assert watched.untouched()


async def test_every_key_on_every_screen_changes_nothing_outside(watched: Watched) -> None:
    assert watched.planned(*REMEDIES[0]) is ActionState.PLANNED
    incident = watched.desk.incidents.open("DKIM", severity="P1", reason="drill", targets=[DOMAIN], take_lead=True)
    action = watched.desk.actions.running()[0]
    watched.desk.incidents.link(incident.uid, action=action.uid)
    app = CockpitApp(watched.desk, poll=False, settle_s=0.0)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        for screen, name in SCREENS.items():
            keys = sorted({key for each in REGISTRY if not each.where or name in each.where for key in each.keys})
            assert len(keys) > 10
            await pilot.press(screen)
            shown = app.screen
            for key in (key for key in keys if key not in LEAVES):
                if app.screen is not shown:
                    await pilot.press(screen)
                await _press(app, pilot, key)
    assert watched.untouched()
    assert watched.desk.actions.get(action.uid).confirmed_by == ""


async def _press(app: CockpitApp, pilot: Pilot[int], *keys: str) -> None:
    """Press keys on a main screen; a dialog that a key opened is closed again."""
    below = len(app.screen_stack)
    await pilot.press(*keys)
    for _ in range(3):
        if len(app.screen_stack) > below or isinstance(app.focused, Input):
            await pilot.press("escape")
