"""Children that answer for the network: their JSON comes back, and what they cannot do is one sentence."""

from pathlib import Path

import pytest

from cockpit.errors import WorldError
from tests.screens.desks import Scene


async def test_a_child_answers_with_its_json_and_with_the_desk_s_own_settings(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    answer = await scene.desk.errands.ask(["status"])
    assert "shop.example" in str(answer)
    scene.close()


async def test_what_a_child_cannot_do_is_its_own_sentence(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    with pytest.raises(WorldError, match="No SES account was looked at yet"):
        await scene.desk.errands.ask(["ses", "status"])
    scene.close()
