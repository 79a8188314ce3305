"""The post-mortem."""

from screens.registry.model import REVIEW, Command
from screens.registry.reasons import incident

COMMANDS: tuple[Command, ...] = (
    Command("review.edit", ("e",), "Edit the section", "Put the cursor into the text; esc leaves it.", REVIEW,
            ("review",), "edit", incident),
    Command("review.editor", ("E", "ctrl+e"), "Edit it in $EDITOR", "Give the section under the cursor to your own "
            "editor; it is stored when that ends.", REVIEW, ("review",), "", incident),
    Command("review.fact", ("f",), "Drop the fact in", "Insert the selected fact into the text.", REVIEW,
            ("review",), "insert fact", incident),
    Command("review.export", ("x",), "Export", "Write it as Markdown, HTML, JSON, CSV or a calendar file.", REVIEW,
            ("review",), "export", incident),
    Command("review.items", ("o",), "Action items of all incidents", "What is to be done, overdue first; keys "
            "there end, date, assign and add them.", REVIEW, ("review", "incident"), "actions"),
    Command("review.followups", ("F",), "Follow-up", "What is due within a day and a week, the checklist, and the "
            "monitoring to tighten.", REVIEW, ("review",), "follow-up", incident),
)  # fmt: skip
