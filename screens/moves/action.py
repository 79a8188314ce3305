"""Moves of actions: look at a plan, stop it, plan the way back, close what a person had to look at."""

from cockpit.errors import Refused
from screens.asking.dialogs import Ask, Confirm
from screens.bridge import Bridge
from screens.commands import Standing
from screens.pages.action import ActionScreen


async def show(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to the plan or run."""
    if argument:
        bridge.chosen_action = argument
    bridge.go("action")


async def apply(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Put the cursor where the phrase is typed; nothing else applies a plan."""
    screen = bridge.main_screen()
    if isinstance(screen, ActionScreen):
        screen.type_phrase()


async def cancel(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Discard the plan, or stop the run before its next step."""
    actions = bridge.desk.actions
    view = actions.get(standing.action)
    if view.can_discard:
        actions.discard(view.uid, "not wanted")
        bridge.tell("The plan is discarded; nothing was changed.")
    elif view.can_cancel:
        words = "What was sent already is settled first; no further step is sent."
        if await bridge.confirm(Confirm("Stop the action?", [view.title, words], yes="Stop it")):
            actions.cancel(view.uid, "stopped by hand")
    else:
        raise Refused(f"The action is {view.state}: there is nothing to stop.")


async def undo(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Plan the way back; the plan is shown like any other."""
    bridge.chosen_action = bridge.desk.actions.undo(standing.action)
    bridge.go("action")


async def again(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Ask for the same once more: the world may have moved on, as when a moment that was waited for has come."""
    actions = bridge.desk.actions
    view = actions.get(standing.action)
    bridge.chosen_action = actions.request(view.remedy, view.parameters, incident=view.incident, run=view.run)
    bridge.go("action")


async def log(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show what was ever sent for the target, or the run again."""
    screen = bridge.main_screen()
    if isinstance(screen, ActionScreen):
        screen.show_log()


async def close(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Say what a person found, and end the run."""
    found = await bridge.ask(Ask("What did you find?", about="The run ends with these words."))
    if found is not None:
        bridge.desk.actions.close(standing.action, found)


MOVES = {
    "action.show": show,
    "action.apply": apply,
    "action.cancel": cancel,
    "action.undo": undo,
    "action.again": again,
    "action.log": log,
    "action.close": close,
}
