"""Sending by SES."""

from screens.registry.model import SES, Command
from screens.registry.reasons import changes

COMMANDS: tuple[Command, ...] = (
    Command("ses.account", ("a",), "Next account", "Show the next account or region of SES.", SES, ("ses",),
            "account"),
    Command("ses.close", ("z",), "Zoom the plots", "Show the plots near to what was measured, or with all of AWS's "
            "lines.", SES, ("ses",), "zoom"),
    Command("ses.check", ("c",), "Check the account now", "Ask the watch to look at the account at once.", SES,
            ("ses",), "check now"),
    Command("ses.ask", ("f5", "ctrl+r"), "Ask AWS for keys and kit", "Read our DKIM keys, or the kit's resources.",
            SES, ("ses",), ""),
    Command("ses.simulate", ("t",), "Test bounces and complaints", "Send one mail to SES's simulator, and follow "
            "it until its recipient is suppressed.", SES, ("ses",), "mail test", changes),
    Command("ses.report", ("w",), "Write the completion report", "Write phase 7's report on one of our keys to a "
            "private file; what is not proven stays open in it.", SES, ("ses",), ""),
    Command("ses.function", ("f",), "Run a BYODKIM function", "Plan to run the manager or the notifier for one of "
            "our keys; nothing is sent before you confirm.", SES, ("ses",), "", changes),
    Command("suppression.show", ("B",), "Browse who is suppressed", "List who is not written to, on SES's list and "
            "in the table.", SES, ("ses",), "suppressed"),
    Command("suppression.read", ("f5", "ctrl+r"), "Read the lists again", "Ask SES and the table now.", SES,
            ("suppressed",), "read"),
    Command("suppression.add", ("a",), "Suppress an address", "Plan it; nothing is changed before you confirm.",
            SES, ("suppressed",), "add", changes),
    Command("suppression.remove", ("x",), "Let it be written to again", "Plan to take the address under the cursor "
            "off both lists, with a reason; the run can be undone.", SES, ("suppressed",), "remove", changes),
    Command("suppression.masks", ("m",), "Show addresses in full", "Show addresses in full, or masked again.", SES,
            ("suppressed",), "unmask"),
    Command("suppression.export", ("e",), "Export", "Write both lists to a private CSV file.", SES, ("suppressed",),
            "export"),
)  # fmt: skip
