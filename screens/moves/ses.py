"""Moves on sending by SES."""

import json
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError, Refused
from cockpit.ses.estate.functions import DKIM_MANAGER, DNS_NOTIFIER, UPDATE
from cockpit.ses.suppression import checked_address
from screens.asking.dialogs import Ask, Choose, Confirm, Option
from screens.bridge import Bridge
from screens.commands import Standing

if TYPE_CHECKING:
    from screens.pages.ses import SesScreen

_PATIENCE_S = 240.0
"""Seconds that a test mail is followed; SES and CloudWatch take their time."""


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


async def simulate(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Send one mail to SES's simulator after a question, and show how far its bounce or complaint came."""
    screen = _screen(bridge)
    kinds = [
        Option("bounce", "a bounce", "a permanent one; its recipient is suppressed"),
        Option("complaint", "a complaint", "its recipient is suppressed"),
    ]
    about = "One mail goes to a new address of SES's mailbox simulator. It counts against the quota, not the rates."
    kind = await bridge.ask(Choose("Test what?", kinds, about=about))
    if kind is None:
        return
    first = next((each.name for each in bridge.desk.settings.domains if each.identity), "")
    asked = Ask("Who sends it?", about="An address of a verified identity.", value=f"ops@{first}", check=_wrong)
    sender = await bridge.ask(asked)
    if sender is None:
        return
    sentences = [
        f"From {checked_address(sender)} to {kind}+…@simulator.amazonses.com, once.",
        "It is followed to the suppression table, and the entry it leaves there is taken out again.",
        "The test and what came of it are recorded.",
    ]
    if not await bridge.confirm(Confirm(f"Send a test mail for a {kind}?", sentences, yes="Send it")):
        return
    screen.testing(kind)
    words = ["provision", "check", "--simulate", kind, "--sender", checked_address(sender)]
    try:
        screen.tested(kind, await bridge.desk.errands.ask(words, patience_s=_PATIENCE_S))
    except CockpitError as error:
        screen.tested(kind, None, str(error))


async def report(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Write the completion report of phase 7 beside the database; what is not proven stays open in it."""
    domain, selector = await _key(bridge, "Report on which key?")
    if not domain:
        return
    moment = bridge.desk.clock.now()
    path = bridge.desk.database.path.with_name(f"phase-7-{domain}-{moment:%Y%m%dT%H%M%SZ}.md")
    words = ["estate", "report", domain, "--selector", selector, "--output", str(path)]
    answer = await bridge.desk.errands.ask(words)
    left = sum(item["done"] is not True for item in answer["checklist"])
    how = "all six items are proven" if not left else f"{left} of {len(answer['checklist'])} items are open in it"
    bridge.tell(f"The report on {domain} is in {path}: {how}.", seconds=15)


async def function(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Plan to run the manager or the notifier for a key; the plan is shown, confirmed and recorded as any other."""
    domain, selector = await _key(bridge, "Run a function for which key?")
    if not domain:
        return
    offered = [
        Option(DNS_NOTIFIER, "the notifier", f"mails the record of {domain} to whoever edits the zone"),
        Option(DKIM_MANAGER, "the manager", f"phase 7: lets SES sign for {domain} with {selector}"),
    ]
    name = await bridge.ask(Choose("Run which function?", offered, about=f"For {domain}, selector {selector}."))
    if name is None:
        return
    payload = {"domain": domain}
    if name == DKIM_MANAGER:
        payload |= {"action": UPDATE, "selector": selector}
    incident = bridge.incident()
    uid = incident.uid if incident is not None and incident.state not in ("resolved", "closed") else None
    parameters = {"function": name, "payload": json.dumps(payload)}
    bridge.chosen_action = bridge.desk.actions.request("lambda.invoke", parameters, incident=uid)
    bridge.go("action")


async def _key(bridge: Bridge, question: str) -> tuple[str, str]:
    """The key that is meant, as (domain, selector): the only one, or one that is chosen; empty if none was."""
    screen = _screen(bridge)
    keys = screen.keys
    if not keys:
        screen.show_pane("keys")
        raise Refused("Our keys are read first; press the key again when they stand here.")
    if len(keys) == 1:
        return keys[0]
    options = [Option(str(number), domain, selector) for number, (domain, selector) in enumerate(keys)]
    chosen = await bridge.ask(Choose(question, options))
    return keys[int(chosen)] if chosen is not None else ("", "")


def _wrong(text: str) -> str | None:
    """What is wrong with a sender's address."""
    try:
        checked_address(text)
    except CockpitError as error:
        return str(error)
    return None


def _screen(bridge: Bridge) -> "SesScreen":
    # Not before the screen is there: nobody else needs the plots.
    from screens.pages.ses import SesScreen

    screen = bridge.main_screen()
    if not isinstance(screen, SesScreen):
        raise Refused("This works on the SES screen (7).")
    return screen


MOVES = {
    "ses.show": show,
    "ses.account": next_account,
    "ses.close": zoom,
    "ses.check": check,
    "ses.ask": ask,
    "ses.simulate": simulate,
    "ses.report": report,
    "ses.function": function,
}
