"""Moves that work on every screen: going from one to the other, copying, help, themes, leaving."""

from screens.asking.dialogs import Confirm, Read
from screens.asking.palette import Palette
from screens.bridge import Bridge
from screens.commands import Standing
from screens.keys import display
from screens.present.guide import help_lines
from screens.themes import THEMES


async def show_board(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to the board."""
    bridge.go("board")


async def show_incident(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to the incident, to the one of that uid when it is named."""
    if argument:
        bridge.chosen_incident = argument
    bridge.go("incident")


async def show_timeline(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to the timeline."""
    bridge.go("timeline")


async def back(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Leave the filter or the text, else the screen."""
    frame = bridge.main_screen()
    if frame is not None and frame.leave():
        return
    bridge.go_back()


async def open_palette(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Choose among all commands."""
    chosen = await bridge.ask(Palette(standing, bridge.keys))
    if chosen is not None:
        bridge.perform(chosen)


async def show_help(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Explain the keys of this screen."""

    def names(command_id: str) -> str:
        return " ".join(display(key) for key in bridge.keys.keys(command_id))

    await bridge.show(Read("Help", lambda width: help_lines(standing.screen, names, width)))


async def copy(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Put the text in question on the clipboard of the operator's own terminal."""
    text = argument or standing.copyable
    bridge.copy_to_clipboard(text)
    first = text.splitlines()[0] if text else ""
    bridge.tell(f"Copied: {first}")


async def next_theme(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go round the themes."""
    names = list(THEMES)
    bridge.theme = names[(names.index(bridge.theme) + 1) % len(names)] if bridge.theme in names else names[0]
    bridge.tell(f"Theme: {bridge.theme}")


async def suspend(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Give the terminal back to the shell."""
    bridge.action_suspend_process()


async def leave(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Quit; ask first when something is unsaved or under way."""
    pending = bridge.pending()
    if pending:
        question = Confirm("Leave the cockpit?", pending, yes="Leave")
        if not await bridge.confirm(question):
            return
    bridge.exit(0)


MOVES = {
    "board.show": show_board,
    "incident.show": show_incident,
    "timeline.show": show_timeline,
    "back": back,
    "palette.open": open_palette,
    "help.show": show_help,
    "copy": copy,
    "theme.next": next_theme,
    "suspend": suspend,
    "quit": leave,
}
