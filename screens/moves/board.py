"""Moves of the board and of a domain: look closer, ask for a look, open an incident, and fill an empty cockpit."""

from collections.abc import Callable

from cockpit.desk.health.alerts import home_of
from cockpit.errors import Refused
from cockpit.launching import Launched, Launcher
from screens.asking.dialogs import Ask, Choose, Option
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.search import offer_similar
from screens.pages.dashboard import Board


async def show_domain(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Open one domain: the named one, the one under the cursor, else the first row."""
    board = bridge.main_screen()
    if not argument and isinstance(board, Board) and board.open_line():
        return
    name = argument or standing.domain
    if not name:
        rows = bridge.desk.domains()
        name = rows[0].target if rows else ""
    if name:
        bridge.chosen_domain = name
        bridge.go("domain")


async def open_incident(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Open an incident from an alert, or go to the one that has it; you lead it."""
    incident = bridge.desk.incidents.open_from_alert(argument or standing.alert, take_lead=True)
    bridge.desk.messages.acknowledged(incident.uid)
    bridge.chosen_incident = incident.uid
    bridge.go("incident")
    offer_similar(bridge, incident.uid)


async def attach(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Give an alert to the open incident that covers it, with every other one that it covers."""
    desk = bridge.desk
    waiting = desk.incidents.open_incidents()
    asked = argument or standing.alert
    free = [line for line in desk.alerts() if line.incident is None]
    lines = [line for line in free if line.cleared_at is None or line.id == asked]
    homes = {line.id: home[0] for line in lines if (home := home_of(line, waiting)) is not None}
    incident = homes.get(asked)
    if incident is None:
        raise Refused("No open incident is about that alert; i opens one.")
    given = [line for line in lines if line.id in homes and homes[line.id].uid == incident.uid]
    for line in given:
        incident = desk.incidents.link(incident.uid, alert=line.id)
    others = sorted({line.target for line in given} - set(incident.targets))
    if others:
        desk.declaring.widen(incident.uid, targets=others)
    bridge.tell(f"{incident.ref} has {'the alert' if len(given) == 1 else f'{len(given)} alerts more'} now.")


async def filter_list(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show the filter line of this screen."""
    frame = bridge.main_screen()
    if frame is not None:
        frame.show_filter()


async def sort_list(bridge: Bridge, standing: Standing, argument: str) -> None:
    """List in the next order."""
    board = _board(bridge)
    board.table.next_sort()
    board.relist()


async def group_list(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Group by the next thing."""
    board = _board(bridge)
    board.table.next_group()
    board.relist()


async def fold_group(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Fold or unfold the group under the cursor."""
    if not _board(bridge).fold():
        raise Refused("Nothing is grouped here; b groups by owner, service, name or check.")


def _board(bridge: Bridge) -> Board:
    board = bridge.main_screen()
    if not isinstance(board, Board):
        raise Refused("That is done on the board (1).")
    return board


async def check_now(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Ask the watch for a look."""
    target = argument or standing.domain
    bridge.desk.check_now(target)
    bridge.tell(f"The watch was asked to look at {target} now.")


async def verify_all(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Look at everything, and write down who asked and when."""
    going = bridge.desk.verification.under_way()
    if going is not None:
        raise Refused(f"{going.by} began that already: {going.left} of {going.targets} are left.")
    number = bridge.desk.verification.begin()
    bridge.read_duties()
    late = "" if bridge.desk.header().watch_running else " No watch is running: W starts one."
    bridge.tell(f"Everything is being looked at, {number} in all, in your name.{late}")


async def start_watch(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Start probing when nobody does."""
    if bridge.desk.header().watch_running:
        raise Refused("A watch is running already.")
    bridge.tell(_launcher(bridge, "cockpit watch").start_watch().sentence)


async def start_drill(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Run a drill in this terminal and come back."""
    launcher = _launcher(bridge, "cockpit drill dkim-missing")
    name = argument
    if not name:
        options = [Option(drill, drill, title) for drill, title in launcher.drills()]
        about = "A drill runs the same cockpit on a simulated internet. You come back here when you leave it."
        name = await bridge.ask(Choose("Practise", options, about=about)) or ""
    if name:
        _launch(bridge, lambda: launcher.start_drill(name))


async def add_domain(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Write one more domain into the configuration."""
    launcher = _launcher(bridge, "cockpit init")
    about = "Its DNS and mail records are watched at once; hosts, services and DKIM keys are set in cockpit.yaml."
    name = argument or await bridge.ask(Ask("Add a domain", about=about, hint="shop.example"))
    if name:
        _launch(bridge, lambda: launcher.add_domain(name.strip()))


async def import_identities(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Write every identity of the SES account into the configuration."""
    _launch(bridge, _launcher(bridge, "cockpit init").import_identities)


def _launcher(bridge: Bridge, instead: str) -> Launcher:
    if bridge.launcher is None:
        raise Refused(f"This cockpit cannot do that from inside; leave it and run: {instead}")
    return bridge.launcher


def _launch(bridge: Bridge, launch: Callable[[], Launched]) -> None:
    """Do it with the terminal free, then come back; read everything again if the configuration changed."""
    with bridge.given_away():
        done = launch()
    bridge.tell(done.sentence)
    if done.reopen:
        bridge.reopen()


MOVES = {
    "domain.show": show_domain,
    "incident.open": open_incident,
    "incident.attach": attach,
    "list.filter": filter_list,
    "list.sort": sort_list,
    "list.group": group_list,
    "list.fold": fold_group,
    "check.now": check_now,
    "verify.all": verify_all,
    "watch.start": start_watch,
    "drill.start": start_drill,
    "domain.add": add_domain,
    "identities.import": import_identities,
}
