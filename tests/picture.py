"""The README's picture: `python -m tests.picture` plays the first minutes of a drill and photographs its dashboard.

The world, the watch and the screen are the real ones. An incident is open and its runbook stands before the repair.
"""

import asyncio
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from cockpit.desk import Desk
from screens.app import CockpitApp
from tests.whole.home import until
from tests.whole.place import Place, served

PICTURE = Path(__file__).parent / "goldens" / "dashboard.svg"
SIZE = (120, 30)
"""Columns and rows of the terminal in the picture."""

PATIENCE_S = 60.0


def take(target: Path) -> None:
    """Play the drill until the repair is next, and write the dashboard to `target` as SVG."""
    with tempfile.TemporaryDirectory() as folder, served("dkim-missing", speed=4.0) as world:
        place = Place(Path(folder), msgspec.structs.replace(world.profile, speed=4.0))
        with place.watch(), place.desk() as desk:
            _until(desk, lambda: all(row.at is not None for row in desk.domains()), "every domain to be looked at")
            world.resume()
            _until(desk, lambda: desk.next_step().command == "incident.open", "the alert")
            incident = desk.incidents.open_from_alert(desk.next_step().argument, take_lead=True)
            desk.start_runbook(incident.uid)
            _until(desk, lambda: desk.next_step().command == "runbook.advance", "the repair")
            target.write_text(asyncio.run(_photograph(desk)), encoding="utf-8")


async def _photograph(desk: Desk) -> str:
    app = CockpitApp(desk, poll=False)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        drawn = app.export_screenshot(title="cockpit drill dkim-missing")
    return _without_fonts_from_afar(drawn)


def _without_fonts_from_afar(svg: str) -> str:
    """Textual's pictures fetch a font over the network; ours make do with what the reader has."""
    return re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)


def _until(desk: Desk, condition: Callable[[], bool], what: str) -> None:
    def met() -> bool:
        desk.refresh()
        desk.settle()
        return condition()

    until(met, what, PATIENCE_S)


if __name__ == "__main__":
    take(PICTURE)
    print(PICTURE)
