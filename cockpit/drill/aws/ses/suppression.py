"""The account-level suppression list of SES."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cockpit.drill.aws.protocol.errors import AwsError

KEPT = 10_000
REASONS = ("BOUNCE", "COMPLAINT")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """One address that SES does not send to, and the mail that brought it here, if one did."""

    address: str
    reason: str
    at: datetime
    message_id: str = ""
    feedback_id: str = ""


class SuppressionList:
    """Addresses in lower case; the newest reason for an address replaces the one before."""

    def __init__(self) -> None:
        self._entries: dict[str, Suppressed] = {}

    def put(self, entry: Suppressed) -> None:
        """Take an address in; raises AwsError for a reason that there is none of, and when the list is full."""
        if entry.reason not in REASONS or "@" not in entry.address:
            raise AwsError("BadRequestException", "The address or the reason is not valid.", 400)
        if entry.address not in self._entries and len(self._entries) >= KEPT:
            raise AwsError("LimitExceededException", f"The drill world keeps {KEPT} addresses and no more.", 400)
        self._entries[entry.address] = entry

    def get(self, address: str) -> Suppressed | None:
        """The entry of an address."""
        return self._entries.get(address.lower())

    def take(self, address: str) -> bool:
        """Take an address off; False when it was not on."""
        return self._entries.pop(address.lower(), None) is not None

    def select(self, reasons: Sequence[str], start: datetime, end: datetime) -> list[Suppressed]:
        """Entries by reason and time, in address order."""
        found = [one for one in self._entries.values() if one.reason in reasons and start <= one.at <= end]
        return sorted(found, key=lambda one: one.address)
