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
    Command("runbook.jump", ("J",), "Go to another step", "Choose the step to go on with.", RUNBOOK,
            ("runbook",), "", run),
    Command("runbook.pause", ("p",), "Pause, or go on", "Let nothing new begin until somebody goes on.", RUNBOOK,
            ("runbook",), "", run),
    Command("runbook.cancel", ("X",), "Stop the command", "Stop the command that runs, with all it started.",
            RUNBOOK, ("runbook",), "", run),
    Command("runbook.rehearse", ("v",), "What each step does", "Show every step with the values put in, as a dry "
            "run; nothing is done.", RUNBOOK, ("runbook",), "", run),
    Command("runbook.remark", ("W",), "The runbook is wrong here", "Leave a note at this step for the owner of the "
            "runbook.", RUNBOOK, ("runbook",), "", run),
    Command("runbook.abort", ("A",), "Stop the runbook", "Give the run up, with a reason.", RUNBOOK, ("runbook",),
            "", run),
    Command("runbook.seen", ("e",), "Show the output", "Show all that the current step printed.", RUNBOOK,
            ("runbook",), "", run),
)  # fmt: skip
