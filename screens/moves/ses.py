"""Moves on sending by SES."""

from typing import TYPE_CHECKING

from cockpit.errors import CockpitError, Refused
from screens.bridge import Bridge
from screens.commands import Standing

if TYPE_CHECKING:
    from screens.ses import SesScreen


async def show(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to the SES screen."""
    bridge.go("ses")


async def next_account(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show the next account."""
    bridge.tell(f"Now {_screen(bridge).turn_account().removeprefix('ses:')}.", seconds=3)


async def zoom(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go near to what was measured, or back to all lines."""
    screen = _screen(bridge)
    screen.close = not screen.close
    screen.tick(screen.now)


async def check(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Ask the watch to look at the account at once."""
    target = _screen(bridge).target
    if not target:
        raise Refused("No account was looked at yet: start a watch with W on the board.")
    bridge.desk.check_now(target)
    late = "" if bridge.desk.header().watch_running else " No watch is running: start one with W on the board."
    bridge.tell(f"The watch looks at {target.removeprefix('ses:')} next.{late}", seconds=3)


async def ask(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Send a child for what the part on show needs of AWS; the screen goes on meanwhile."""
    screen = _screen(bridge)
    pane, words = screen.question
    if not pane:
        raise Refused("This part is kept up to date by the watch; f5 reads the parts Keys and Kit.")
    screen.asking(pane)
    try:
        screen.answered(pane, await bridge.desk.errands.ask(words))
    except CockpitError as error:
        screen.answered(pane, None, str(error))


def _screen(bridge: Bridge) -> "SesScreen":
    # Not before the screen is there: nobody else needs the plots.
    from screens.ses import SesScreen

    screen = bridge.main_screen()
    if not isinstance(screen, SesScreen):
        raise Refused("This works on the SES screen (7).")
    return screen


MOVES = {"ses.show": show, "ses.account": next_account, "ses.close": zoom, "ses.check": check, "ses.ask": ask}
