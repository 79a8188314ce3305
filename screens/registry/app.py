"""The cockpit itself: palette, help, copying, leaving."""

from screens.registry.model import APP, Command
from screens.registry.reasons import copyable

COMMANDS: tuple[Command, ...] = (
    Command("palette.open", ("colon", "ctrl+p"), "All commands", "Type a part of any command's name.", APP,
            (), ""),
    Command("help.show", ("question_mark", "f1"), "Help", "Show what each key does here.", APP),
    Command("copy", ("y",), "Copy", "Copy the record, row or text in question to your clipboard (OSC 52).", APP,
            (), "copy", copyable),
    Command("theme.next", ("T",), "Next theme", "Dark, light, and both in high contrast.", APP),
    Command("suspend", ("ctrl+z",), "Suspend", "Go back to the shell; `fg` returns.", APP),
    Command("quit", ("q",), "Quit", "Leave; asks when something is unsaved or under way.", APP),
)  # fmt: skip
