"""What the runbook's screen shows while a step waits, prints, has failed, or asks somebody, at both sizes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.screens.conftest import cockpit
from tests.screens.desks import SETTINGS, Scene
from tests.screens.plain import screen_lines
from tests.screens.test_goldens import both_sizes, go, working

BOOK = """---
id: zone-move
title: Move a zone to other servers
alerts: []
owner: platform
reviewed: 2026-11-20
inputs:
  domain: {type: domain, ask: Which domain?, from: alert.target}
---

# Move a zone to other servers

## Look at the delegation

Both old and new servers have to answer, and alike; write down the TTL of the NS records.

```command timeout=30s silent=10s retries=0
dig +noall +answer NS {{domain}}
```

## Have the move approved

The old servers are switched off an hour later; there is no way back after that.

```approve
question: Move {{domain}} to the new servers now?
of: [TL, IC]
needs: 1
expires: 30m
```

## Say which way

The registrar's page may be out of reach; then the change goes by phone and takes hours.

```decide
question: Can the registrar's page be reached?
branches:
  - answer: Yes, and I am signed in
    go: change-it-there
  - answer: No, it does not answer or does not let me in
    go: end
```

## Change it there

Put the new servers in.
"""
PRINTED = "".join(f"{{0}}. 86400 IN NS ns{n}.old.example.\n" for n in (1, 2)).format("shop.example")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A desk with a runbook of its own on the shelf."""
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "zone-move.md").write_text(BOOK)
    opened = Scene(tmp_path, replace(SETTINGS, runbook_folders=(str(folder),)))
    yield opened
    opened.close()


def begun(scene: Scene) -> str:
    """A run at its first step."""
    uid = scene.desk.start_runbook(working(scene), "zone-move")
    scene.clock.advance(12)
    return uid


def printing(scene: Scene) -> str:
    """A run whose command has printed something and goes on."""
    uid = begun(scene)
    scene.desk.runbooks.advance(uid)
    step = {"step": "look-at-the-delegation", "attempt": 1}
    scene.event(f"run/{uid}", "step.output", {**step, "text": PRINTED}, actor="runner")
    scene.clock.advance(14)
    scene.refresh()
    return uid


def failed(scene: Scene) -> str:
    """A run whose command has failed."""
    uid = printing(scene)
    reason = "dig ended with exit status 9: no server could be reached."
    body = {"step": "look-at-the-delegation", "attempt": 1, "reason": reason}
    scene.event(f"run/{uid}", "step.failed", body, actor="runner")
    scene.refresh()
    return uid


def approving(scene: Scene) -> str:
    """A run that waits for somebody's approval."""
    uid = begun(scene)
    scene.desk.runbooks.skip(uid, "looked at it by hand")
    scene.clock.advance(30)
    return uid


def deciding(scene: Scene) -> str:
    """A run that waits for an answer."""
    uid = approving(scene)
    scene.desk.runbooks.skip(uid, "the change was approved yesterday")
    return uid


@pytest.mark.parametrize(("name", "make"), [("runbook-failed", failed), ("runbook-deciding", deciding)])
async def test_a_step_that_has_failed_or_asks_says_what_can_be_done(
    scene: Scene, name: str, make: Callable[[Scene], str]
) -> None:
    make(scene)
    async with cockpit(scene) as pilot:
        await go(pilot, "runbook.show")
        await both_sizes(pilot, name)


async def test_a_command_that_runs_stands_above_its_words_and_says_how_it_is_stopped(scene: Scene) -> None:
    printing(scene)
    async with cockpit(scene) as pilot:
        await go(pilot, "runbook.show")
        shown = "\n".join(screen_lines(pilot.app))
    assert shown.index("X stops it") < shown.index("$ dig +noall") < shown.index("Both old and new")
    assert "ns2.old.example." in shown


async def test_an_approval_shows_who_until_when_and_what_they_type(scene: Scene) -> None:
    uid = approving(scene)
    async with cockpit(scene) as pilot:
        await go(pilot, "runbook.show")
        shown = "\n".join(screen_lines(pilot.app))
    assert "until 14:41 UTC" in shown
    assert f"$ cockpit approve {scene.desk.runbooks.get(uid).code_to_approve}" in shown


async def test_steps_that_were_left_out_are_not_counted_as_done(scene: Scene) -> None:
    uid = approving(scene)
    scene.desk.runbooks.abort(uid, "the owner moves it")
    async with cockpit(scene) as pilot:
        await go(pilot, "runbook.show")
        shown = " ".join(" ".join(line.split("│")[-1].split()) for line in screen_lines(pilot.app))
    assert "0 of 4 steps done, 1 left out: the owner moves it" in shown
