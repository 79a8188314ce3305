"""A drill world for the watch, and a place for its database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.drill.process.launch import LaunchedWorld
from tests.worlds import start_world


@pytest.fixture(scope="package")
def world() -> Iterator[LaunchedWorld]:
    """A healthy world at twenty-fold speed, so that what resolvers remember lasts three seconds."""
    with start_world() as world:
        yield world


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "home" / "cockpit.db"
