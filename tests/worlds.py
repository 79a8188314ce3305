"""Drill worlds for tests of other parts: the very child process that the product starts."""

from collections.abc import Iterator
from contextlib import contextmanager

from cockpit.drill.process.launch import LaunchedWorld, launch


@contextmanager
def start_world(name: str = "all-quiet", speed: float = 20.0, seed: int = 7) -> Iterator[LaunchedWorld]:
    """Serve a bundled scenario for the length of the block; see `LaunchedWorld` for what can be done with it."""
    with launch(name, speed=speed, seed=seed, operator="mhassan") as world:
        yield world
