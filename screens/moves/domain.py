"""Moves of one domain: watch it closer, its history, a runbook for it, and every record that is to be published."""

from datetime import datetime, timedelta

from cockpit.config.load import duration_s
from cockpit.errors import BadInput, Refused
from cockpit.health.closer import LONGEST, SHORTEST
from cockpit.health.registry import CHECKS
from screens.asking.dialogs import Ask, Read
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.runbook import start_alone
from screens.pages.domain import DomainScreen
from screens.present.history import history_page

_CLOSER = "It is looked at every ten seconds, more resolvers are asked, and the first bad look is told."
_TITLES = {check.id: check.title for check in CHECKS}


async def watch_closer(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Watch the domain closer for as long as is asked for, an hour if nothing else is said, or end that."""
    closer, target = bridge.desk.closer, argument or standing.domain
    if closer.until(target, bridge.desk.clock.now()) is not None:
        closer.calm(target)
        bridge.tell(f"{target} is watched as often as the others again.")
        return
    question = f"Watch {target} closer for how long?"
    length = await bridge.ask(Ask(question, about=_CLOSER, value="1h", hint="30m, 1h, 48h", check=_no_length))
    if length is None:
        return
    until = closer.watch(target, timedelta(seconds=duration_s(length)))
    late = "" if bridge.desk.header().watch_running else " No watch is running: start one with W on the board."
    bridge.tell(f"{target} is looked at every ten seconds until {_moment(until, bridge)}; w ends it.{late}")


def _no_length(text: str) -> str | None:
    try:
        length = timedelta(seconds=duration_s(text))
    except (BadInput, OverflowError):
        length = timedelta()
    return None if SHORTEST <= length <= LONGEST else "Write 1m to 48h, such as 30m, 1h or 12h."


def _moment(until: datetime, bridge: Bridge) -> str:
    """A time, with its day where that is another one."""
    today = bridge.desk.clock.now().date() == until.date()
    return f"{until:%H:%M}Z" if today else f"{until:%H:%M}Z on {until:%d %B}"


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
