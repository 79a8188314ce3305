"""A drill's fence around a terminal that joins it: what this process starts finds the drill, and no way out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from cockpit.profile import Profile
from cockpit.runbooks.fence import FENCED_BY, ISOLATED_BY


@contextmanager
def behind_the_fence(profile: Profile, folder: Path) -> Iterator[None]:
    """Put the fence of the profile's drill around everything that is started in the block.

    Without a trap in the profile, or behind a fence already, nothing is changed. Watchmen and the drill's
    certificates are written into a new place in `folder`: each terminal has its own, and it stays, because what was
    started here may go on after the terminal.
    """
    there = os.environ.get(FENCED_BY) or os.environ.get(ISOLATED_BY) == "1"
    if there or not profile.loopback_only or profile.trap is None:
        yield
        return
    from cockpit.drill.fences.surroundings import around, fenced, surroundings
    from cockpit.paths import private_directory

    place = Path(mkdtemp(dir=private_directory(folder)))
    with around(fenced(surroundings(os.environ, profile, profile.trap, place), place)):
        yield
