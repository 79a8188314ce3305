"""The incident, its clocks, its timeline, and starting a runbook for it."""

from screens.registry.model import INCIDENT, ON_INCIDENT, RUNBOOK, Command
from screens.registry.reasons import incident

COMMANDS: tuple[Command, ...] = (
    Command("incident.note", ("n",), "Write a note", "Write to the timeline; a time may stand first: -10m, 14:02.",
            INCIDENT, (), "note", incident),
    Command("incident.update", ("u",), "Send an update", "Write the next update for an audience.", INCIDENT,
            ON_INCIDENT, "update", incident),
    Command("incident.lead", ("l",), "Take the lead", "Become the incident commander.", INCIDENT, ON_INCIDENT,
            "lead", incident),
    Command("incident.severity", ("s",), "Change the severity", "Choose the severity, with its criteria in sight.",
            INCIDENT, ON_INCIDENT, "severity", incident),
    Command("incident.assign", ("a",), "Give somebody a role", "Choose a role, then the person.", INCIDENT,
            ON_INCIDENT, "assign", incident),
    Command("incident.move", ("m",), "Change the state", "Choose the next state of the incident.", INCIDENT,
            ON_INCIDENT, "state", incident),
    Command("incident.onset", ("c",), "Confirm the onset", "Say when the trouble really began.", INCIDENT,
            ON_INCIDENT, "", incident),
    Command("incident.snooze", ("z",), "Put a clock off", "Put off the next reminder, with a reason.", INCIDENT,
            ON_INCIDENT, "", incident),
    Command("incident.resolve", ("v",), "Resolve", "Say that the service is back; needs green checks or a reason.",
            INCIDENT, ON_INCIDENT, "resolve", incident),
    Command("entry.amend", ("e",), "Correct the entry", "Change the selected entry's text; the old one is kept.",
            INCIDENT, ("timeline",), "correct", incident),
    Command("entry.pin", ("p",), "Pin the entry", "Keep the selected entry in the narrative, or let it go.",
            INCIDENT, ("timeline",), "pin", incident),
    Command("entry.strike", ("D",), "Strike the entry out", "Mark the entry as wrong; it can still be read.",
            INCIDENT, ("timeline",), "", incident),
    Command("timeline.noise", ("h",), "Show or hide small entries", "Links, single changes and check results.",
            INCIDENT, ("timeline",), "all/less", incident),
    Command("clock.zone", ("Z",), "UTC or local time", "Show and read times in UTC, or in this terminal's zone.",
            INCIDENT, ON_INCIDENT, ""),
    Command("incident.switch", ("I",), "Switch to another incident", "Choose among all incidents.", INCIDENT),
    Command("runbook.start", ("r",), "Start a runbook", "Choose a runbook; the suggested one stands first.",
            RUNBOOK, ("incident", "timeline", "runbook"), "runbook", incident),
)  # fmt: skip
