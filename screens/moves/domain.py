"""Moves of one domain: watch it closer, its history, a runbook for it, and every record that is to be published."""

from cockpit.errors import Refused
from cockpit.health.registry import CHECKS
from screens.asking.dialogs import Read
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.runbook import start_alone
from screens.pages.domain import DomainScreen
from screens.present.history import history_page

_TITLES = {check.id: check.title for check in CHECKS}


async def watch_closer(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Watch the domain closer for an hour, or end that."""
    closer, target = bridge.desk.closer, argument or standing.domain
    if closer.until(target, bridge.desk.clock.now()) is not None:
        closer.calm(target)
        bridge.tell(f"{target} is watched as often as the others again.")
        return
    until = closer.watch(target)
    late = "" if bridge.desk.header().watch_running else " No watch is running: start one with W on the board."
    bridge.tell(f"{target} is looked at every ten seconds until {until:%H:%M}Z; w ends it.{late}")


async def show_history(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show the last day and week of every check, and every change of verdict."""
    desk, target = bridge.desk, argument or standing.domain
    view = desk.domain(target)
    if view is None:
        raise Refused(f"{target} is not watched.")
    day, week, now = desk.past.day(target), desk.past.week(target), desk.clock.now()
    await bridge.show(
        Read(f"History of {target}", lambda width: history_page(view, day, week, now, width, _TITLES))
    )


async def start_runbook(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Start a runbook in the domain's incident, opened from its alert where there is none; else by itself."""
    desk, target = bridge.desk, standing.domain
    mine = next((each for each in desk.incidents.open_incidents() if target in each.targets), None)
    if mine is None and standing.alert:
        mine = desk.incidents.open_from_alert(standing.alert, take_lead=True)
        desk.messages.acknowledged(mine.uid)
        bridge.tell(f"{mine.ref} was opened from the alert; you lead it.")
    if mine is not None:
        bridge.chosen_incident = mine.uid
        bridge.perform("runbook.start")
        return
    await start_alone(bridge, target)


async def copy_all(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Put every record that is to be published on the clipboard, a line each."""
    screen = bridge.main_screen()
    records = screen.records if isinstance(screen, DomainScreen) else ()
    if not records:
        raise Refused("No finding of this domain names a record to publish.")
    bridge.copy_to_clipboard("\n".join(records))
    bridge.tell(f"Copied: {len(records)} records, a line each.")


MOVES = {
    "domain.closer": watch_closer,
    "domain.history": show_history,
    "domain.runbook": start_runbook,
    "copy.all": copy_all,
}
