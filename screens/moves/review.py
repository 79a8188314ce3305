"""Moves of the post-mortem: open it, write in it, drop a fact in, export it."""

from pathlib import Path

from screens.bridge import Bridge
from screens.commands import Standing
from screens.review import ReviewScreen


async def open_review(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Open the incident's post-mortem, filled from the record the first time."""
    uid = argument or standing.incident
    bridge.chosen_incident = uid
    if not bridge.desk.read_only:
        bridge.desk.reviews.open_for(uid)
    bridge.go("review")


def _screen(bridge: Bridge) -> ReviewScreen | None:
    screen = bridge.main_screen()
    return screen if isinstance(screen, ReviewScreen) else None


async def edit(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Put the cursor into the text."""
    if screen := _screen(bridge):
        screen.edit()


async def insert_fact(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Drop the selected fact in."""
    if screen := _screen(bridge):
        screen.insert_fact()


async def export(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Write the post-mortem to a Markdown file in the working directory."""
    if screen := _screen(bridge):
        screen.save()
    path = bridge.desk.reviews.export(standing.incident, Path.cwd())
    bridge.tell(f"Written: {path}")


MOVES = {
    "review.open": open_review,
    "review.edit": edit,
    "review.fact": insert_fact,
    "review.export": export,
}
