"""Moves on the list of who is not written to: read it, suppress, let through again, export."""

from typing import TYPE_CHECKING

from cockpit.errors import CockpitError, Refused
from cockpit.ses.suppression import checked_address
from screens.asking.dialogs import Ask, Choose, Option
from screens.bridge import Bridge
from screens.commands import Standing

if TYPE_CHECKING:
    from screens.pages.suppressed import SuppressedScreen

_ALL = "100000"


async def show(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to the list."""
    bridge.go("suppressed")


async def read(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Read both places now, by a child, while the screen goes on."""
    screen = _screen(bridge)
    screen.asking = True
    screen.tick(screen.now)
    try:
        answer = await bridge.desk.errands.ask(["suppression", "list", "--full", "--limit", _ALL])
    except CockpitError as error:
        screen.show_trouble(str(error))
    else:
        screen.show_people(answer)
    finally:
        screen.asking = False
        screen.tick(screen.now)


async def masks(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show addresses in full, or masked."""
    _screen(bridge).turn_masks()


async def add(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Plan to suppress an address; the plan is shown, confirmed and recorded like any other."""
    address = await bridge.ask(
        Ask("Suppress which address?", about="Mail to it is dropped from then on.", check=_wrong)
    )
    if address is None:
        return
    reasons = [
        Option("BOUNCE", "bounce", "its mailbox is gone"),
        Option("COMPLAINT", "complaint", "its owner complained"),
    ]
    reason = await bridge.ask(Choose("Why is it suppressed?", reasons))
    if reason is not None:
        _plan(bridge, "ses.suppress", {"addresses": checked_address(address), "reason": reason})


async def remove(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Plan to let the address under the cursor be written to again; says why, in the incident if there is one."""
    person = _screen(bridge).selected
    if person is None:
        raise Refused("No address is under the cursor.")
    why = await bridge.ask(Ask("Why may it be written to again?", about="The reason is recorded with the change."))
    if why is not None:
        _plan(bridge, "ses.unsuppress", {"addresses": person.address, "why": why})


async def export(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Write both places to a private CSV file beside the database."""
    moment = bridge.desk.clock.now()
    path = bridge.desk.database.path.with_name(f"suppressed-{moment:%Y%m%dT%H%M%SZ}.csv")
    answer = await bridge.desk.errands.ask(["suppression", "export", str(path)])
    bridge.tell(f"{answer['entries']} entries are in {path}; the file is yours alone.", seconds=10)


def _plan(bridge: Bridge, remedy: str, parameters: dict[str, str]) -> None:
    incident = bridge.incident()
    uid = incident.uid if incident is not None and incident.state not in ("resolved", "closed") else None
    bridge.chosen_action = bridge.desk.actions.request(remedy, parameters, incident=uid)
    bridge.go("action")


def _wrong(text: str) -> str | None:
    """What is wrong with an address."""
    try:
        checked_address(text)
    except CockpitError as error:
        return str(error)
    return None


def _screen(bridge: Bridge) -> "SuppressedScreen":
    from screens.pages.suppressed import SuppressedScreen

    screen = bridge.main_screen()
    if not isinstance(screen, SuppressedScreen):
        raise Refused("This works on the list of who is suppressed (B on the SES screen).")
    return screen


MOVES = {
    "suppression.show": show,
    "suppression.read": read,
    "suppression.masks": masks,
    "suppression.add": add,
    "suppression.remove": remove,
    "suppression.export": export,
}
