"""The one registry of what can be asked for: keys, palette, footer, help and keymap all read this table.

A command says where it works, and `when` says in a sentence why it does not work now; nothing is ever greyed
out without a reason that can be read.
"""

from collections.abc import Callable, Mapping

import msgspec

from cockpit.desk import Desk

SCREENS = ("board", "domain", "incident", "timeline", "runbook", "action", "review")
"""The screens that commands name in `where`."""


class Standing(msgspec.Struct, frozen=True):
    """Where the operator stands: the screen, and what is selected there; empty means nothing."""

    desk: Desk
    screen: str
    domain: str = ""
    alert: str = ""
    incident: str = ""
    run: str = ""
    action: str = ""
    copyable: str = ""


When = Callable[[Standing], str | None]


class Command(msgspec.Struct, frozen=True):
    """One thing that can be asked for.

    `keys` are Textual's names. `hint` is its word in the footer, empty for none. `where` names the screens it
    works on; empty means all. `when` returns the reason why it does not work now, or None.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    where: tuple[str, ...] = ()
    hint: str = ""
    when: When = lambda standing: None

    def works_on(self, screen: str) -> bool:
        """Whether the command belongs to that screen at all."""
        return not self.where or screen in self.where


def _incident(standing: Standing) -> str | None:
    return None if standing.incident else "No incident is open: open one from an alert on the board (1)."


def _run(standing: Standing) -> str | None:
    return None if standing.run else "No runbook is running: start one with r on the incident (2)."


def _action(standing: Standing) -> str | None:
    return None if standing.action else "No action was planned yet: a runbook's action step does that."


def _action_can(able: str, reason: str) -> When:
    """A command that the action on show allows only at times; `able` names the view's flag."""

    def when(standing: Standing) -> str | None:
        missing = _action(standing)
        if missing is not None:
            return missing
        return None if getattr(standing.desk.actions.get(standing.action), able) else reason

    return when


def _confirm(standing: Standing) -> str | None:
    if standing.desk.read_only:
        return "This cockpit was started read-only: plans can be looked at, not applied."
    return _action_can("can_confirm", "No plan waits to be confirmed.")(standing)


def _alert(standing: Standing) -> str | None:
    return None if standing.alert else "There is no alert that waits for an incident."


def _domain(standing: Standing) -> str | None:
    return None if standing.domain else "No domain is selected."


def _copyable(standing: Standing) -> str | None:
    return None if standing.copyable else "There is nothing to copy here."


_GO, _BOARD, _INCIDENT, _RUNBOOK, _ACTION, _REVIEW, _APP = (
    "Go", "Board and domains", "Incident", "Runbook", "Action", "Post-mortem", "Cockpit",
)  # fmt: skip
_ON_INCIDENT = ("incident", "timeline")

REGISTRY: tuple[Command, ...] = (
    Command("next.take", ("enter",), "Take the next step", "Do what the Next line says.", _GO),
    Command("board.show", ("1",), "Board", "Show all domains, alerts and open incidents.", _GO),
    Command("incident.show", ("2",), "Incident", "Show the incident with its clocks and timeline.", _GO,
            when=_incident),
    Command("runbook.show", ("3",), "Runbook", "Show the runbook that is being worked through.", _GO,
            when=_run),
    Command("timeline.show", ("4",), "Timeline", "Show the whole timeline of the incident.", _GO,
            when=_incident),
    Command("review.open", ("5",), "Review", "Open the post-mortem, filled from the timeline.", _GO,
            when=_incident),
    Command("action.show", ("6",), "Action", "Show the newest plan or run of an action.", _GO, when=_action),
    Command("back", ("escape",), "Back", "Leave this screen, or clear the filter.", _GO),

    Command("domain.show", ("o", "right"), "Open the selected domain", "Show findings, every vantage and history "
            "of the domain under the cursor.", _BOARD, ("board",), "open", _domain),
    Command("incident.open", ("i",), "Open an incident from the alert", "Open an incident, filled from the alert "
            "under the cursor or the worst one.", _BOARD, ("board", "domain"), "incident", _alert),
    Command("list.filter", ("slash",), "Filter the list", "Show only rows that contain some text; esc clears.",
            _BOARD, ("board", "timeline"), "filter"),
    Command("check.now", ("c",), "Check now", "Ask the watch to look at the selected domain at once.", _BOARD,
            ("board", "domain"), "check now", _domain),
    Command("watch.start", ("w",), "Start the watch", "Start probing when nobody does.", _BOARD, ("board",)),
    Command("drill.start", ("d",), "Practise a drill", "Open a cockpit on a simulated outage; nothing leaves this "
            "machine.", _BOARD, ("board",)),
    Command("domain.add", ("a",), "Add a domain", "Watch one more domain.", _BOARD, ("board",), ""),
    Command("identities.import", ("m",), "Import SES identities", "Watch every identity of the SES account.",
            _BOARD, ("board",), ""),

    Command("incident.note", ("n",), "Write a note", "Write to the timeline; a time may stand first: -10m, 14:02.",
            _INCIDENT, (), "note", _incident),
    Command("incident.update", ("u",), "Send an update", "Write the next update for an audience.", _INCIDENT,
            _ON_INCIDENT, "update", _incident),
    Command("incident.lead", ("l",), "Take the lead", "Become the incident commander.", _INCIDENT, _ON_INCIDENT,
            "lead", _incident),
    Command("incident.severity", ("s",), "Change the severity", "Choose the severity, with its criteria in sight.",
            _INCIDENT, _ON_INCIDENT, "severity", _incident),
    Command("incident.assign", ("a",), "Give somebody a role", "Choose a role, then the person.", _INCIDENT,
            _ON_INCIDENT, "assign", _incident),
    Command("incident.move", ("m",), "Change the state", "Choose the next state of the incident.", _INCIDENT,
            _ON_INCIDENT, "state", _incident),
    Command("incident.onset", ("c",), "Confirm the onset", "Say when the trouble really began.", _INCIDENT,
            _ON_INCIDENT, "", _incident),
    Command("incident.snooze", ("z",), "Put a clock off", "Put off the next reminder, with a reason.", _INCIDENT,
            _ON_INCIDENT, "", _incident),
    Command("incident.resolve", ("v",), "Resolve", "Say that the service is back; needs green checks or a reason.",
            _INCIDENT, _ON_INCIDENT, "resolve", _incident),
    Command("entry.amend", ("e",), "Correct the entry", "Change the selected entry's text; the old one is kept.",
            _INCIDENT, ("timeline",), "correct", _incident),
    Command("entry.pin", ("p",), "Pin the entry", "Keep the selected entry in the narrative, or let it go.",
            _INCIDENT, ("timeline",), "pin", _incident),
    Command("entry.strike", ("D",), "Strike the entry out", "Mark the entry as wrong; it can still be read.",
            _INCIDENT, ("timeline",), "", _incident),
    Command("timeline.noise", ("h",), "Show or hide small entries", "Links, single changes and check results.",
            _INCIDENT, ("timeline",), "all/less", _incident),
    Command("clock.zone", ("Z",), "UTC or local time", "Show and read times in UTC, or in this terminal's zone.",
            _INCIDENT, _ON_INCIDENT, ""),
    Command("incident.switch", ("I",), "Switch to another incident", "Choose among all incidents.", _INCIDENT),
    Command("runbook.start", ("r",), "Start a runbook", "Choose a runbook; the suggested one stands first.",
            _RUNBOOK, ("incident", "timeline", "runbook"), "runbook", _incident),

    Command("runbook.advance", ("x",), "Do the current step", "Run, check or confirm the current step.", _RUNBOOK,
            ("runbook",), "do", _run),
    Command("runbook.skip", ("s",), "Skip the step", "Go on without the step, with a reason.", _RUNBOOK,
            ("runbook",), "skip", _run),
    Command("runbook.back", ("b",), "Go back a step", "Return to the step before.", _RUNBOOK, ("runbook",), "back",
            _run),
    Command("runbook.abort", ("A",), "Stop the runbook", "Give the run up, with a reason.", _RUNBOOK, ("runbook",),
            "", _run),
    Command("runbook.seen", ("e",), "Show the output", "Show all that the current step printed.", _RUNBOOK,
            ("runbook",), "", _run),

    Command("action.apply", ("t",), "Type the confirmation", "Put the cursor where the phrase is typed.", _ACTION,
            ("action",), "type to apply", _confirm),
    Command("action.cancel", ("X",), "Cancel", "Discard the plan, or stop at the next step's edge.", _ACTION,
            ("action",), "cancel", _action_can("can_cancel", "The action has ended: there is nothing to stop.")),
    Command("action.undo", ("U",), "Plan the way back", "Plan how to undo what was applied.", _ACTION,
            ("action",), "undo", _action_can("can_undo", "There is nothing to undo, or no way back.")),
    Command("action.close", ("C",), "Close after a look", "Say what a person found, when the run needs one.",
            _ACTION, ("action",), "", _action_can("waits_for_person", "The run does not wait for a person.")),

    Command("review.edit", ("e",), "Edit the section", "Put the cursor into the text; esc leaves it.", _REVIEW,
            ("review",), "edit", _incident),
    Command("review.fact", ("f",), "Drop the fact in", "Insert the selected fact into the text.", _REVIEW,
            ("review",), "insert fact", _incident),
    Command("review.export", ("x",), "Export", "Write the post-mortem to a Markdown file.", _REVIEW, ("review",),
            "export", _incident),

    Command("palette.open", ("colon", "ctrl+p"), "All commands", "Type a part of any command's name.", _APP,
            (), ""),
    Command("help.show", ("question_mark", "f1"), "Help", "Show what each key does here.", _APP),
    Command("copy", ("y",), "Copy", "Copy the record, row or text in question to your clipboard (OSC 52).", _APP,
            (), "copy", _copyable),
    Command("theme.next", ("T",), "Next theme", "Dark, light, and both in high contrast.", _APP),
    Command("suspend", ("ctrl+z",), "Suspend", "Go back to the shell; `fg` returns.", _APP),
    Command("quit", ("q",), "Quit", "Leave; asks when something is unsaved or under way.", _APP),
)  # fmt: skip

BY_ID: Mapping[str, Command] = {command.id: command for command in REGISTRY}
