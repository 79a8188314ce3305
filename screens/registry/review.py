"""The post-mortem."""

from screens.registry.model import REVIEW, Command
from screens.registry.reasons import incident

COMMANDS: tuple[Command, ...] = (
    Command("review.edit", ("e",), "Edit the section", "Put the cursor into the text; esc leaves it.", REVIEW,
            ("review",), "edit", incident),
    Command("review.fact", ("f",), "Drop the fact in", "Insert the selected fact into the text.", REVIEW,
            ("review",), "insert fact", incident),
    Command("review.export", ("x",), "Export", "Write the post-mortem to a Markdown file.", REVIEW, ("review",),
            "export", incident),
)  # fmt: skip
