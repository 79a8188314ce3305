"""What a command is, and where the operator stands when it is asked for."""

from collections.abc import Callable

import msgspec

from cockpit.desk import Desk


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


GO, BOARD, INCIDENT, RUNBOOK, ACTION, REVIEW, SES, APP = (
    "Go", "Board and domains", "Incident", "Runbook", "Action", "Post-mortem", "Sending by SES", "Cockpit",
)  # fmt: skip
"""The groups, as help and palette name them."""

ON_INCIDENT = ("incident", "timeline")
