"""What comes back of the company's own mail: the reports behind the rates that CloudWatch counts.

A drill's mail reaches nobody, so its bounces are numbers on a curve. Here some of them get a recipient, a reason
and a provider, and go to the feedback topic as SES's event publishing would send them. One bounce in ten is written
out, and every complaint; what SES suppresses by itself stands on the account's list at once.
"""

import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.drill.aws.place import Place
from cockpit.drill.aws.ses.feedback import Notify
from cockpit.drill.aws.ses.suppression import Suppressed, SuppressionList
from cockpit.drill.aws.ses.traffic import Quantity, Traffic

EVERY = timedelta(seconds=30)
"""Scenario time between two reports of a kind; one report bears many recipients."""

MOST_AT_ONCE = 50
MOST = 4_000
"""Recipients that one report bears, and that are written out in all."""

SHARES = {Quantity.BOUNCE_FRACTION: 0.1, Quantity.COMPLAINT_FRACTION: 1.0}
"""How many of a curve's mails are written out."""

_BREATH = 1.06
"""How far a curve breathes above its level by itself: nothing below that is news."""

_PROVIDERS = (
    "gmail.com",
    "outlook.com",
    "yahoo.com",
    "oldmail.example",
    "gmx.net",
    "hotmail.com",
    "closed.example",
)
_WEIGHTS = (24, 14, 10, 30, 6, 6, 10)
_REASONS = (
    ("5.1.1", "smtp; 550 5.1.1 user unknown", "NoEmail"),
    ("5.1.1", "smtp; 550 5.1.1 no such mailbox", "General"),
    ("5.4.1", "smtp; 550 5.4.1 recipient address rejected: access denied", "General"),
)


class Returns:
    """Writes out the mails that bounce or are complained about beyond what is usual."""

    def __init__(self, place: Place, traffic: Traffic, notify: Notify, listed: SuppressionList) -> None:
        self._place = place
        self._traffic = traffic
        self._notify = notify
        self._listed = listed
        self._chance = random.Random(place.account)  # noqa: S311 - names for a drill, not a secret
        self._since: datetime | None = None
        self._owed = dict.fromkeys(SHARES, 0.0)
        self._told = 0

    def tick(self, now: datetime, topic: str, source: str, configuration_set: str) -> None:
        """Tell of what came back since the last report; call often, it keeps its own pace."""
        since = self._since or now - EVERY
        if self._since is not None and now - since < EVERY:
            return
        self._since = now
        sent = self._traffic.count(None, since, now)
        for quantity, share in SHARES.items():
            usual = self._traffic.level(quantity) * _BREATH * sent
            self._owed[quantity] += share * max(0.0, self._traffic.count(quantity, since, now) - usual)
            number = min(int(self._owed[quantity]), MOST_AT_ONCE, MOST - self._told)
            if number > 0:
                self._owed[quantity] -= number
                kind = "Bounce" if quantity is Quantity.BOUNCE_FRACTION else "Complaint"
                self._notify(topic, self._report(kind, number, source, configuration_set, now), "")

    def _report(self, kind: str, number: int, source: str, configuration_set: str, now: datetime) -> str:
        addresses = [self._address() for _ in range(number)]
        for address in addresses:
            self._listed.put(Suppressed(address, kind.upper(), now))
        return report(self._place, kind, addresses, now, source, configuration_set, self._chance)

    def _address(self) -> str:
        self._told += 1
        return f"reader{self._told:04}@{self._chance.choices(_PROVIDERS, _WEIGHTS)[0]}"


def report(
    place: Place,
    kind: str,
    addresses: Sequence[str],
    at: datetime,
    source: str,
    configuration_set: str,
    chance: random.Random,
) -> str:
    """One event of SES's (`eventType`) about several recipients, as JSON; `kind` is Bounce or Complaint."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    number = f"{chance.getrandbits(64):016x}"
    body: dict[str, Any] = {"feedbackId": f"{number}-{kind.lower()}", "timestamp": stamp}
    if kind == "Bounce":
        status, code, subtype = chance.choice(_REASONS)
        failed = {"action": "failed", "status": status, "diagnosticCode": code}
        body |= {"bounceType": "Permanent", "bounceSubType": subtype}
        body["bouncedRecipients"] = [{"emailAddress": each, **failed} for each in addresses]
    else:
        body |= {"complaintSubType": None, "complaintFeedbackType": "abuse"}
        body["complainedRecipients"] = [{"emailAddress": each} for each in addresses]
    mail: Mapping[str, Any] = {
        "timestamp": stamp,
        "messageId": f"0100{number}-drill-000000",
        "source": source,
        "sendingAccountId": place.account,
        "destination": list(addresses),
        "headersTruncated": False,
        "tags": {"ses:configuration-set": [configuration_set]},
    }
    return json.dumps({"eventType": kind, kind.lower(): body, "mail": mail})
