"""The remedy that runs a command, as it is offered."""

from cockpit.actions.cards import Parameter, RemedyCard, made_by
from cockpit.actions.commands.presets import CARDS as PRESETS

CARDS = (
    RemedyCard(
        name="command.run",
        title="Run a command of another tool, with a check and a way back",
        parameters={
            "target": Parameter("text", "What is changed, such as deployment/api"),
            "says": Parameter("text", "What the command does, in a sentence"),
            "apply": Parameter("command", "The command"),
            "check": Parameter("command", "A command that ends with status 0 when it is done"),
            "expect": Parameter("text", "What the check has to print", optional=True),
            "read": Parameter("command", "A command that prints the state", optional=True),
            "undo": Parameter("command", "The command that takes it back; needs read", optional=True),
        },
        target="target",
        make=made_by("commands.run_command:CommandRemedy"),
        alerts=("service-down",),
        checks=("http.health",),
    ),
    *PRESETS,
)
"""Every remedy that is a command."""
