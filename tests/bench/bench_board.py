"""Key to board with 10,000 domains over the same with ten: opening, scrolling, sorting, grouping, filter, 80x24.

The whole cockpit runs without a terminal on a database that a watch has filled; a key counts as done when the app
has nothing more to do. `python tests/bench/bench_board.py` prints milliseconds and ratios, the median of five.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

import pytest
from textual.pilot import Pilot

from cockpit.config import DomainConfig, Settings
from cockpit.health.model import Verdict
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene

MANY, FEW, ROUNDS = 10_000, 10, 5
CHECKS = ("dns.resolution", "mail.spf", "mail.dkim", "tls.certificate")
VERDICTS = (Verdict.OK, Verdict.OK, Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN)
OWNERS = ("web", "payments", "mail", "")


def filled(directory: Path, domains: int) -> Scene:
    """A desk on which every domain was looked at, a third of them not good."""
    configured = tuple(
        DomainConfig(f"d{number:05}.example", owner=OWNERS[number % len(OWNERS)]) for number in range(domains)
    )
    scene = Scene(directory, Settings(domains=configured))
    for number, domain in enumerate(configured):
        for check in CHECKS:
            verdict = VERDICTS[(number + len(check)) % len(VERDICTS)]
            scene.saw(domain.name, check, verdict, f"{check} is {verdict.value}")
    return scene


def keys(*names: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """A gesture of these keys."""

    async def press(pilot: Pilot[int]) -> None:
        for name in names:
            await pilot.press(name)
        await pilot.pause()

    return press


GESTURES = {
    "line down": keys("down"),
    "page down": keys("pagedown"),
    "last line": keys("end"),
    "first line": keys("home"),
    "sort": keys("s"),
    "group": keys("b"),
    "filter by 4 letters": keys("/", "f", "a", "i", "l", "enter"),
    "no filter": keys("/", *("backspace",) * 4, "enter"),
}


async def measured(domains: int) -> dict[str, float]:
    """Milliseconds of each gesture, the median over the rounds; `open` once."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        scene = filled(Path(place), domains)
        try:
            began = perf_counter()
            async with cockpit(scene) as pilot:
                times["open"] = [perf_counter() - began]
                for _ in range(ROUNDS):
                    for name, gesture in GESTURES.items():
                        before = perf_counter()
                        await gesture(pilot)
                        times.setdefault(name, []).append(perf_counter() - before)
        finally:
            scene.close()
    return {name: statistics.median(found) * 1000 for name, found in times.items()}


def main() -> None:
    """Print what each gesture takes."""
    few, many = asyncio.run(measured(FEW)), asyncio.run(measured(MANY))
    for name, found in many.items():
        print(
            f"{name:<20} {few[name]:8.1f} ms with {FEW}, {found:8.1f} ms with {MANY:,}: {found / few[name]:6.2f}x"
        )


@pytest.mark.bench
async def test_every_gesture_on_a_long_board_ends() -> None:
    assert set(await measured(FEW)) == {"open", *GESTURES}


if __name__ == "__main__":
    main()
