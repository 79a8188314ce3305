"""A read-only cockpit: every key on every screen, and each remedy asked for, and nothing reaches the world."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.widgets import Input, TextArea

from cockpit.actions.aws import AwsClients
from cockpit.actions.journal import ActionState
from cockpit.actions.registry import CARDS
from cockpit.actions.runner import carry
from cockpit.config import settings_from
from cockpit.desk import Desk, open_desk
from cockpit.errors import CockpitError
from screens.app import CockpitApp
from screens.asking.compose import Preview
from screens.asking.declare import Declare, Declared
from screens.asking.dialogs import Ask, Choose, Confirm, Write
from screens.asking.find import Find
from screens.commands import REGISTRY, SCREENS
from screens.keyboard import _passed
from tests.actions.asked import ASKED
from tests.actions.conftest import DOMAIN, LOOKS, SELECTOR, LocalWorld
from tests.actions.dns.conftest import _one_session

__all__ = ["_one_session"]

LEAVES = {"q", "ctrl+q", "ctrl+z"}
"""The keys that end the cockpit, or put it to sleep."""

SAID = ("because", "10", "mhassan", DOMAIN, "ann@mail.example", "https://www.shop.example")
"""What is answered to a question that has no answer of its own, the first that it takes."""


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
        self.before = self.seen()

    def _spawn(self, arguments: Sequence[str]) -> None:
        assert "--read-only" in arguments
        uid = arguments[arguments.index("--run") + 1]
        thread = threading.Thread(
            target=carry, args=(self.path, uid, self.world.profile, "mhassan"), kwargs={"read_only": True}
        )
        self.threads.append(thread)
        thread.start()

    def seen(self) -> list[object]:
        """All that came in at the world's servers and is meant to change or to tell something."""
        world = self.world.world
        found: list[object] = self.world.do(
            lambda: [
                *world.witness.calls(),
                *world.witness.record_changes(),
                *world.witness.mails(),
                *world.sinks.received,
                *world.sinks.refused,
                *world.trust.acme._books.orders.values(),
            ]
        )
        return found

    def planned(self, remedy: str, parameters: dict[str, str]) -> ActionState:
        uid = self.desk.actions.request(remedy, parameters)
        for _ in range(LOOKS):
            self.desk.refresh()
            state = self.desk.actions.get(uid).state
            if state is not ActionState.REQUESTED:
                return state
            threading.Event().wait(0.02)
        raise AssertionError("never planned")

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
    assert watched.seen() == watched.before


def test_a_change_that_did_leave_would_be_seen(watched: Watched) -> None:
    changer = AwsClients(watched.world.profile, "test").changer("sesv2", ("PutAccountSendingAttributes",))
    changer.put_account_sending_attributes(SendingEnabled=True)
    assert len(watched.seen()) == len(watched.before) + 1


class Obliging(CockpitApp):
    """A cockpit whose operator says yes to all that is asked: nothing may depend on a dialog's being left."""

    patience = 6

    async def push_screen_wait(self, screen: Any) -> Any:  # type: ignore[override]
        """Answer a dialog as soon as it comes, without painting it; what goes on asking is left in the end."""
        self.patience -= 1
        if self.patience < 0:
            return None
        match screen:
            case Confirm() | Preview():
                return True
            case Choose():
                return next((option.value for option in screen._options), None)
            case Ask():
                return next((said for said in (screen._value, *SAID) if screen._check(said) is None), None)
            case Write():
                return screen._text or "because"
            case Declare():
                return Declared("Mail is not signed", {}, (DOMAIN,))
            case Find():
                return next((found.value for found in screen._look_up("")), None)
        return None

    def go(self, screen: str) -> None:
        """Stay: each screen has its turn."""

    def go_back(self) -> None:
        """Stay."""

    def turn_to(self, screen: str) -> None:
        """Show a screen."""
        super().go(screen)

    async def press(self, key: str) -> None:
        """Take one key to its end, without waiting until it is painted."""
        self.patience = 6
        target, event = self.focused or self.screen, Key(key, None)
        self._typed.put_nowait(event)
        await self._take_keys()
        path = [target, *target.ancestors]
        for pump in (*path, *path):
            await _passed(pump)
        await self.workers.wait_for_complete([each for each in self.workers if each.group == "moves"])
        if isinstance(self.focused, Input | TextArea) and key != "escape":
            await self.press("escape")


async def test_every_key_on_every_screen_changes_nothing_outside_whatever_is_answered(watched: Watched) -> None:
    assert watched.planned(*REMEDIES[0]) is ActionState.PLANNED
    desk, pressed = watched.desk, set()
    action = desk.actions.running()[0]
    app = Obliging(desk, poll=False, settle_s=0.0)
    async with app.run_test(size=(80, 24)):
        for screen in SCREENS:
            incident = desk.incidents.open("DKIM", severity="P1", reason="drill", targets=[DOMAIN], take_lead=True)
            desk.incidents.link(incident.uid, action=action.uid)
            desk.start_runbook(incident.uid, "dkim-record-missing")
            app.chosen_domain, app.chosen_incident = DOMAIN, incident.uid
            app.turn_to(screen)
            await app.screen.wait_for_refresh()
            for key in sorted(app.screen.active_bindings.keys() - LEAVES):
                await app.press(key)
                pressed.add((screen, key))
    bound = {(screen, key) for each in REGISTRY for screen in each.where or SCREENS for key in each.keys}
    assert {(screen, key) for screen, key in bound if key not in LEAVES} <= pressed
    assert len(pressed) > 500
    assert watched.seen() == watched.before
    assert desk.actions.get(action.uid).confirmed_by == ""
