"""Going from one main screen to the other."""

from screens.registry.model import GO, Command
from screens.registry.reasons import action, incident, run

COMMANDS: tuple[Command, ...] = (
    Command("next.take", ("enter",), "Take the next step", "Do what the Next line says.", GO),
    Command("board.show", ("1",), "Board", "Show all domains, alerts and open incidents.", GO),
    Command("incident.show", ("2",), "Incident", "Show the incident with its clocks and timeline.", GO,
            when=incident),
    Command("runbook.show", ("3",), "Runbook", "Show the runbook that is being worked through.", GO,
            when=run),
    Command("timeline.show", ("4",), "Timeline", "Show the whole timeline of the incident.", GO,
            when=incident),
    Command("review.open", ("5",), "Review", "Open the post-mortem, filled from the timeline.", GO,
            when=incident),
    Command("action.show", ("6",), "Action", "Show the newest plan or run of an action.", GO, when=action),
    Command("ses.show", ("7", "S"), "SES", "Show sending: rates and runway, stops, alarms, what came back.", GO),
    Command("back", ("escape",), "Back", "Leave this screen, or clear the filter.", GO),
)  # fmt: skip
