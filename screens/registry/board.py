"""The board and one domain."""

from screens.registry.model import BOARD, Command
from screens.registry.reasons import alert, copyable, domain

COMMANDS: tuple[Command, ...] = (
    Command("domain.show", ("o", "right"), "Open the selected domain", "Show findings, every vantage and history "
            "of the domain under the cursor; folds a group.", BOARD, ("board",), "open"),
    Command("incident.open", ("i",), "Open an incident from the alert", "Open an incident, filled from the alert "
            "under the cursor or the worst one.", BOARD, ("board", "domain"), "incident", alert),
    Command("incident.attach", ("A",), "Attach the alert", "Give the alert under the cursor, and those like it, to "
            "the open incident about the same domain or failure.", BOARD, ("board", "domain"), "", alert),
    Command("list.filter", ("slash",), "Filter the list", "Show only rows that contain some text; esc clears.",
            BOARD, ("board", "timeline", "suppressed"), "filter"),
    Command("list.sort", ("s",), "Sort the domains", "Worst first, by name, longest unseen first, or by check.",
            BOARD, ("board",), "sort"),
    Command("list.group", ("b",), "Group the domains", "By owner, service, name, top-level domain or check; each "
            "head counts what is under it.", BOARD, ("board",), "group"),
    Command("list.fold", ("space",), "Fold the group", "Show the head alone, or what is under it again.", BOARD,
            ("board",), ""),
    Command("check.now", ("c",), "Check now", "Ask the watch to look at the selected domain at once.", BOARD,
            ("board", "domain"), "check now", domain),
    Command("domain.closer", ("w",), "Watch closer for a while", "Look at it every ten seconds, an hour or as "
            "long as you say; pressed again, as the others.", BOARD, ("board", "domain"), "closer", domain),
    Command("domain.runbook", ("r",), "Start a runbook for the domain", "Choose a runbook; those for its alerts "
            "stand first. Its incident is opened when there is none.", BOARD, ("domain",), "runbook", domain),
    Command("domain.history", ("h",), "History of the domain", "A day and a week of every check, and every change "
            "of verdict.", BOARD, ("board", "domain"), "history", domain),
    Command("copy.all", ("Y",), "Copy all records", "Copy every record that is to be published, as zone lines.",
            BOARD, ("domain",), "", copyable),
    Command("verify.all", ("V",), "Verify everything now", "Look at every check of every domain; who did so and "
            "when is written down.", BOARD, ("board",)),
    Command("watch.start", ("W",), "Start the watch", "Start probing when nobody does.", BOARD, ("board",)),
    Command("runbook.turn", ("t",), "Work the checklist that is due", "Start the daily or weekly check whose turn "
            "it is, or go on with it.", BOARD, ("board",), ""),
    Command("drill.start", ("d",), "Practise a drill", "Open a cockpit on a simulated outage; nothing leaves this "
            "machine.", BOARD, ("board",)),
    Command("domain.add", ("a",), "Add a domain", "Watch one more domain.", BOARD, ("board",), ""),
    Command("identities.import", ("m",), "Import SES identities", "Watch every identity of the SES account.",
            BOARD, ("board",), ""),
)  # fmt: skip
