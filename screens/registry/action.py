"""A plan and its run."""

from screens.registry.model import ACTION, Command
from screens.registry.reasons import action, action_can, confirm

COMMANDS: tuple[Command, ...] = (
    Command("action.apply", ("t",), "Type the confirmation", "Put the cursor where the phrase is typed.", ACTION,
            ("action",), "type to apply", confirm),
    Command("action.cancel", ("X",), "Cancel", "Discard the plan, or stop at the next step's edge.", ACTION,
            ("action",), "cancel", action_can("can_cancel", "The action has ended: there is nothing to stop.")),
    Command("action.again", ("r",), "Plan again", "Ask once more for a plan that was refused or not applied.",
            ACTION, ("action",), "plan again", action_can("can_repeat", "There is a plan or a run already.")),
    Command("action.undo", ("U",), "Plan the way back", "Plan how to undo what was applied.", ACTION,
            ("action",), "undo", action_can("can_undo", "There is nothing to undo, or no way back.")),
    Command("action.log", ("l",), "What was sent", "Show the exact requests that were ever sent for this target, "
            "or the run again.", ACTION, ("action",), "requests", action),
    Command("action.close", ("C",), "Close after a look", "Say what a person found, when the run needs one.",
            ACTION, ("action",), "", action_can("waits_for_person", "The run does not wait for a person.")),
)  # fmt: skip
