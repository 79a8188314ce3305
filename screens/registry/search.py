"""Looking things up over all incidents."""

from screens.registry.model import GO, INCIDENT, ON_INCIDENT, Command
from screens.registry.reasons import incident

COMMANDS: tuple[Command, ...] = (
    Command("search.open", ("ctrl+f",), "Search everything", "Full text over incidents, timelines, messages and "
            "post-mortems.", GO),
    Command("incident.similar", ("L",), "Similar past incidents", "Those that are over and are like this one, and "
            "why.", INCIDENT, ON_INCIDENT, "", incident),
)  # fmt: skip
