"""A run of a runbook."""

from screens.registry.model import RUNBOOK, Command
from screens.registry.reasons import run

COMMANDS: tuple[Command, ...] = (
    Command("runbook.advance", ("x",), "Do the current step", "Run, check or confirm the current step.", RUNBOOK,
            ("runbook",), "do", run),
    Command("runbook.skip", ("s",), "Skip the step", "Go on without the step, with a reason.", RUNBOOK,
            ("runbook",), "skip", run),
    Command("runbook.back", ("b",), "Go back a step", "Return to the step before.", RUNBOOK, ("runbook",), "back",
            run),
    Command("runbook.abort", ("A",), "Stop the runbook", "Give the run up, with a reason.", RUNBOOK, ("runbook",),
            "", run),
    Command("runbook.seen", ("e",), "Show the output", "Show all that the current step printed.", RUNBOOK,
            ("runbook",), "", run),
)  # fmt: skip
