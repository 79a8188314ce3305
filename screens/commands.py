"""The one registry of what can be asked for: keys, palette, footer, help and keymap all read this table.

A command says where it works, and `when` says in a sentence why it does not work now; nothing is ever greyed
out without a reason that can be read. The commands themselves stand in `screens.registry`, a file per group.
"""

from collections.abc import Mapping

from screens.registry import action, app, board, go, incident, people, review, runbook, search, ses, words
from screens.registry.model import Command, Standing, When

__all__ = ["BY_ID", "REGISTRY", "SCREENS", "Command", "Standing", "When"]

SCREENS = (
    "board", "domain", "incident", "timeline", "runbook", "action", "review", "ses", "suppressed", "people", "told",
)  # fmt: skip
"""The screens that commands name in `where`."""

_GROUPS = (go, board, incident, people, words, search, runbook, action, review, ses, app)

REGISTRY: tuple[Command, ...] = tuple(command for group in _GROUPS for command in group.COMMANDS)

BY_ID: Mapping[str, Command] = {command.id: command for command in REGISTRY}
