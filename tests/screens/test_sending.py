"""Words that go to persons ask whom by keys, and the team gets a channel of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import Input, TextArea

from cockpit.comms.courier import Errand
from cockpit.config.command import ChannelConfig
from screens.asking.dialogs import Ask, Choose
from tests.screens.conftest import cockpit
from tests.screens.desks import SETTINGS, Scene
from tests.screens.test_calls import led, press

CHANNELS = {
    "tickets": ChannelConfig(kind="freshdesk", audiences=("owners",)),
    "team": ChannelConfig(kind="slack", audiences=("internal",), place="general"),
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path, replace(SETTINGS, channels=CHANNELS))
    yield scene
    scene.close()


@pytest.fixture
def sent(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[Errand]:
    errands: list[Errand] = []
    monkeypatch.setattr(scene.desk.messages, "_send", errands.append)
    return errands


async def test_a_ticket_asks_for_an_address_where_none_is_known(scene: Scene, sent: list[Errand]) -> None:
    led(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "2", "u")
        pilot.app.screen.dismiss("owners")
        await pilot.pause()
        pilot.app.screen.query_one(TextArea).load_text("A record is gone.")
        await press(pilot, "ctrl+s", "enter")
        assert isinstance(pilot.app.screen, Ask)
        asked = pilot.app.screen.query_one(Input)
        asked.value = "the owner"
        await press(pilot, "enter")
        assert not sent
        asked.value = "owner@shop.example, #4711"
        await press(pilot, "enter")
    (errand,) = sent
    assert errand.to == ("owner@shop.example", "#4711")


async def test_the_team_is_called_into_a_channel_of_the_incident(scene: Scene, sent: list[Errand]) -> None:
    led(scene)
    async with cockpit(scene) as pilot:
        await press(pilot, "2")
        pilot.app.perform("team.assemble")  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Choose)
        await press(pilot, "enter")
    assert [errand.about for errand in sent] == ["channel", "open"]
    assert sent[0].subject.startswith("#incident-")
