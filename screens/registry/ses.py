"""Sending by SES."""

from screens.registry.model import SES, Command

COMMANDS: tuple[Command, ...] = (
    Command("ses.account", ("a",), "Next account", "Show the next account or region of SES.", SES, ("ses",),
            "account"),
    Command("ses.close", ("z",), "Zoom the plots", "Show the plots near to what was measured, or with all of AWS's "
            "lines.", SES, ("ses",), "zoom"),
    Command("ses.check", ("c",), "Check the account now", "Ask the watch to look at the account at once.", SES,
            ("ses",), "check now"),
)  # fmt: skip
