"""AWS that takes an hour for every answer: keys are answered meanwhile, and nothing of it stays green on screen."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.health.model import Observation
from cockpit.probes.aws import AwsReader
from cockpit.watch.ses import SesLooks
from screens.present.lines import Tone
from screens.present.ses import state_lines
from tests.screens.conftest import cockpit
from tests.screens.desks import ACCOUNT, Scene
from tests.screens.plain import screen_lines
from tests.screens.ses_scene import Answers
from tests.ses.test_watching import settings

PARTS = ("account", "rates", "sets", "alarms", "aws_health", "advice")
FEWEST = 3
"""Keys that are answered at least before AWS is given up; a screen that waits for AWS answers one, at its end."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    opened = Scene(tmp_path)
    opened.clock.moment = datetime.now(UTC)
    opened.desk.__dict__["errands"] = Answers()
    yield opened
    opened.close()


async def look(looks: SesLooks, scene: Scene) -> None:
    """One look at everything, recorded as a watch would."""
    found = await asyncio.gather(*(looks.look(part, ACCOUNT, datetime.now(UTC)) for part in PARTS))
    for each in (one for seen in found for one in seen):
        tell(scene, each)
    samples, scene._samples = scene._samples, []
    scene.observations.put(samples)


def tell(scene: Scene, each: Observation) -> None:
    evidence = dict(each.evidence)
    scene.saw(each.target, each.check, each.verdict, each.headline, vantage=each.vantage, ago=1, evidence=evidence)


def tones(scene: Scene) -> set[Tone]:
    return {tone for line in state_lines(scene.desk.sending.status(), 80) for _, tone in line}


async def test_a_slow_aws_freezes_no_screen_and_leaves_nothing_green(world: LaunchedWorld, scene: Scene) -> None:
    looks = SesLooks(settings(world), world.profile)
    looks.calls(ACCOUNT)._reader = AwsReader(world.profile, patience_s=0.5)
    await look(looks, scene)
    scene.refresh()
    assert Tone.OK in tones(scene)
    async with cockpit(scene) as pilot:
        pilot.app.go("ses")  # type: ignore[attr-defined]
        await pilot.pause()
        world.inject(do="aws-fault", kind="latency", delay_s=3600)
        try:
            asking, answered = asyncio.create_task(look(looks, scene)), 0
            while not asking.done():
                await pilot.press("tab")
                await pilot.pause(0.01)
                answered += 1
            await asking
        finally:
            world.inject(do="aws-heal")
        pilot.app.poll()  # type: ignore[attr-defined]
        await pilot.pause()
        assert answered >= FEWEST
        assert Tone.OK not in tones(scene)
        title = screen_lines(pilot.app)[1]
        assert title.startswith("?"), title
        assert "AWS does not answer" in title
