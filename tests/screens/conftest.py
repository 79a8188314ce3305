"""A scene per test, and an app on it that does nothing by itself."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from screens.app import CockpitApp
from tests.screens.desks import Scene

Open = Callable[..., AbstractAsyncContextManager[Pilot[int]]]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing moves on screen by itself, and colours are there unless a test takes them away."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none", raising=False)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    opened = Scene(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Scene]:
    opened = Scene(tmp_path, drill="dkim-missing")
    yield opened
    opened.close()


@asynccontextmanager
async def cockpit(scene: Scene, columns: int = 80, rows: int = 24, **options: object) -> AsyncIterator[Pilot[int]]:
    """The cockpit on a scene, painted once; the app is `pilot.app`."""
    scene.refresh()
    app = CockpitApp(scene.desk, **{"poll": False, "settle_s": 0.0, **options})  # type: ignore[arg-type]
    async with app.run_test(size=(columns, rows), notifications=True) as pilot:
        await pilot.pause()
        yield pilot
