"""One drill world for the probes of this folder: the product's own, in a process of its own."""

from collections.abc import Iterator

import pytest

from cockpit.drill.process.launch import LaunchedWorld
from tests.worlds import start_world


@pytest.fixture(scope="package")
def world() -> Iterator[LaunchedWorld]:
    with start_world() as world:
        yield world
