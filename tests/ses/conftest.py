"""A drill world for SES, made once."""

from collections.abc import Iterator

import pytest

from cockpit.drill.launch import LaunchedWorld
from tests.worlds import start_world


@pytest.fixture(scope="package")
def world() -> Iterator[LaunchedWorld]:
    """A healthy world at twenty-fold speed."""
    with start_world() as world:
        yield world
