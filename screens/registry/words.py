"""Words for the people who wait, and whom to call."""

from screens.registry.model import INCIDENT, Command
from screens.registry.reasons import incident

_HERE = ("incident", "told")

COMMANDS: tuple[Command, ...] = (
    Command("told.show", ("w",), "Who was told what", "Every message with when, to whom, and what became of it.",
            INCIDENT, ("incident", "people"), "told", incident),
    Command("told.resend", ("x",), "Send it once more", "The selected message, by the same channel or another one.",
            INCIDENT, ("told",), "send again", incident),
    Command("words.edit", ("W",), "Edit a template", "Every version is kept; somebody else's edit is shown.",
            INCIDENT, _HERE, ""),
    Command("contacts.show", ("C",), "Contacts", "Whom to call at this severity; works offline.", INCIDENT,
            ("incident", "people", "told"), "contacts", incident),
    Command("case.write", ("K",), "Write a case", "For the registrar, a cloud or a vendor, filled from live data.",
            INCIDENT, ("incident", "people", "told"), "", incident),
    Command("team.assemble", ("A",), "Assemble the team", "Call the roles that are open, by chat and pager.",
            INCIDENT, ("incident", "people"), "", incident),
)  # fmt: skip
