"""Moves of the post-mortem: open it, write in it, drop a fact in, export it."""

from pathlib import Path
from typing import cast

from cockpit.desk.incident.reviews import Form
from screens.asking.dialogs import Choose, Option, Read
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.gate import through_gate
from screens.moves.words import editor
from screens.pages.review import ReviewScreen
from screens.present.follow_up import follow_up_lines


async def open_review(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Open the incident's post-mortem, filled from the record the first time; a resolved one passes the gate."""
    uid = argument or standing.incident
    bridge.chosen_incident = uid
    if not bridge.desk.read_only:
        if not await through_gate(bridge, bridge.desk.incidents.get(uid)):
            return
        bridge.desk.reviews.open_for(uid)
    bridge.go("review")


def _screen(bridge: Bridge) -> ReviewScreen | None:
    screen = bridge.main_screen()
    return screen if isinstance(screen, ReviewScreen) else None


async def edit(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Put the cursor into the text."""
    if screen := _screen(bridge):
        screen.edit()


async def own_editor(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Write the section under the cursor in $VISUAL or $EDITOR; it is stored when that ends."""
    if screen := _screen(bridge):
        screen.save()
        changed = screen.write_elsewhere(editor(bridge))
        bridge.tell("The section is as it was." if not changed else "The section is as you wrote it.")


async def insert_fact(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Drop the selected fact in."""
    if screen := _screen(bridge):
        screen.insert_fact()


async def export(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Write the incident to a new file in the working directory, in the form that is chosen."""
    if screen := _screen(bridge):
        screen.save()
    options = [Option(form, form, says) for form, says in _FORMS.items()]
    form = argument or await bridge.ask(Choose("Export as", options))
    if form:
        path = bridge.desk.reviews.export(standing.incident, Path.cwd(), cast(Form, form))
        bridge.tell(f"Written: {path}")


async def show_follow_ups(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show what is due within a day and a week, the monitoring to tighten, and the checklist."""
    reviews, now = bridge.desk.reviews, bridge.desk.clock.now()
    due, closer = reviews.follow_ups(standing.incident), reviews.closer_profile(standing.incident)
    await bridge.show(Read("Follow-up", lambda width: follow_up_lines(due, closer, now, width)))


_FORMS = {
    "markdown": "the post-mortem as it stands",
    "html": "the post-mortem in one file for any browser, nothing is loaded from elsewhere",
    "json": "the whole record for programs",
    "csv": "the timeline for a spreadsheet",
    "ics": "review, follow-ups and action items for a calendar",
}

MOVES = {
    "review.followups": show_follow_ups,
    "review.open": open_review,
    "review.edit": edit,
    "review.editor": own_editor,
    "review.fact": insert_fact,
    "review.export": export,
}
