"""The people of an incident, and what steers it."""

from screens.registry.model import INCIDENT, Command
from screens.registry.reasons import incident

_HERE = ("incident", "people")

COMMANDS: tuple[Command, ...] = (
    Command("handover.offer", ("h",), "Hand over", "Offer your role to somebody, with a card of how it stands.",
            INCIDENT, _HERE, "hand over", incident),
    Command("task.give", ("t",), "Give a task", "One thing, one person, one time box.", INCIDENT, _HERE, "task",
            incident),
    Command("people.show", ("p",), "People", "Handovers, tasks, decisions, roles with check-ins, the escalation "
            "chain.", INCIDENT, ("incident",), "people", incident),
    Command("people.act", ("x",), "Act on the selected", "Accept, acknowledge, finish, object, decide, check in.",
            INCIDENT, ("people",), "act", incident),
    Command("decision.propose", ("d",), "Propose a decision", "Ask for strong objections, then record the outcome.",
            INCIDENT, _HERE, "decision", incident),
    Command("role.checkin", ("i",), "Check in", "Say that you are there and what you do.", INCIDENT, _HERE, "",
            incident),
    Command("handover.accept", ("H",), "Accept a handover", "Take over the role that was offered to you.", INCIDENT,
            (), ""),
    Command("incident.escalate", ("E",), "Escalate", "Engage a level of the chain; its authority is shown.",
            INCIDENT, _HERE, "", incident),
    Command("authority.show", ("O",), "Who decides, who approves", "The recovery decision "
            "matrices with the ruling for you in this incident, and plans that wait.",
            INCIDENT, (*_HERE, "timeline", "action"), "", incident),
    Command("incident.declare", ("N",), "Declare an incident", "By questions; definition and criteria are shown.",
            INCIDENT),
    Command("incident.merge", ("M",), "Merge into another incident", "The other one goes on; this one is closed.",
            INCIDENT, ("incident",), "", incident),
    Command("incident.restrict", ("R",), "Restrict, or lift it", "Show the incident to a few only.", INCIDENT,
            ("incident",), "", incident),
    Command("incident.widen", ("plus",), "More is hurt", "Add domains and services to the incident.", INCIDENT,
            ("incident",), "", incident),
)  # fmt: skip
