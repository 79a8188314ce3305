"""Is the kit at work: what is checked after it was made, and a mail to SES's mailbox simulator from end to end.

The simulator's addresses take a label, so each test writes to an address that nobody wrote to before. What it sends
is not counted in the reputation, but it is in CloudWatch's Send, Bounce and Complaint.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.actions.aws import AwsClients, reading, sent
from cockpit.actions.contract import EffectRefused
from cockpit.actions.provision.looks import Looks
from cockpit.errors import BadInput, WorldError
from cockpit.ses.kit.plan import STREAM
from cockpit.ses.kit.resources import Kind, Names, Resource, drift
from storage.event import new_id
from storage.ledger import Draft

INTENDED = "kit.test-intended"
SETTLED = "kit.test-settled"
KINDS = ("bounce", "complaint")
SIMULATOR = "simulator.amazonses.com"
_METRICS = {"bounce": "Bounce", "complaint": "Complaint"}
_ASK_EVERY_S = 2.0


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at: `good` is None where nobody could look."""

    name: str
    good: bool | None
    says: str


def after_making(clients: AwsClients, names: Names, resources: Sequence[Resource]) -> list[Check]:
    """Table, function and subscriptions as they stand (DescribeTable, GetFunction, ListSubscriptionsByTopic)."""
    looks = Looks(clients, names)
    kinds = (Kind.TABLE, Kind.FUNCTION, Kind.PERMISSION, Kind.SUBSCRIPTION, Kind.NOTIFICATION, Kind.ALARM)
    return [_checked(looks, each) for each in resources if each.kind in kinds]


def _checked(looks: Looks, resource: Resource) -> Check:
    try:
        live = looks.look(resource)
    except WorldError as error:
        return Check(resource.key, None, str(error))
    if live is None:
        return Check(resource.key, False, "it is not there")
    if resource.kind is Kind.TABLE and live.get("status") != "ACTIVE":
        return Check(resource.key, False, f"it is {live.get('status')}")
    differs = drift(resource, live)
    told = "; ".join(f"{each.what} is {each.now or 'nothing'}, wanted {each.wanted}" for each in differs)
    return Check(resource.key, not differs, told or resource.says)


class Simulation:
    """One mail to the simulator, followed until its recipient is suppressed, and once more to see it held back."""

    def __init__(
        self,
        clients: AwsClients,
        names: Names,
        operator: str,
        append: Callable[[Sequence[Draft]], object],
        now: Callable[[], datetime],
        *,
        patience_s: float = 60.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clients = clients
        self._names = names
        self._operator = operator
        self._append = append
        self._now = now
        self._patience_s = patience_s
        self._pause = pause

    def run(self, kind: str, sender: str) -> list[Check]:
        """Send, wait for the table, try again, look at the metric, and take the test's entry out of the table.

        Raises BadInput, ReadOnly or WrongIdentity; what AWS refuses is told by the check that it fails.
        """
        if kind not in KINDS:
            raise BadInput(f"{kind[:40]!r} cannot be simulated; there are: {', '.join(KINDS)}.")
        self._clients.require_changes()
        caller = self._clients.caller()
        uid, began = new_id(), self._now()
        address = f"{kind}+{uid[-12:]}@{SIMULATOR}".lower()
        body = {"run": uid, "kind": kind, "sender": sender, "address": address, "account": caller.account}
        self._record(INTENDED, body)
        checks = self._followed(kind, sender, address, began)
        self._record(SETTLED, {**body, "checks": [msgspec.to_builtins(each) for each in checks]})
        return checks

    def _followed(self, kind: str, sender: str, address: str, began: datetime) -> list[Check]:
        checks = [self._send(sender, address)]
        if not checks[0].good:
            return checks
        there = self._wait(lambda: bool(self._reasons(address)))
        reasons = ", ".join(self._reasons(address)) if there else ""
        told = f"{address} stands in the table: {reasons}" if there else "it never came into the table"
        checks.append(Check(f"{kind} suppresses", there, told))
        checks.append(self._held_back(address))
        checks.append(self._counted(kind, began))
        if there:
            checks.append(self._cleaned(address, reasons.split(", ")))
        return checks

    def _send(self, sender: str, address: str) -> Check:
        client = self._clients.changer("sesv2", ("SendEmail",))
        words = {"Data": "Test of bounce and complaint handling"}
        error = sent(
            "The test mail",
            lambda: client.send_email(
                FromEmailAddress=sender,
                Destination={"ToAddresses": [address]},
                Content={"Simple": {"Subject": words, "Body": {"Text": words}}},
            ),
        )
        if error is None:
            return Check("mail is sent", True, f"SES took it for {address}")
        return Check("mail is sent", False if isinstance(error, EffectRefused) else None, str(error))

    def _held_back(self, address: str) -> Check:
        """What a sender that asks the table before it sends does with a second mail: nothing is sent here."""
        blocked = bool(self._reasons(address))
        return Check("a second mail is held back", blocked, "the table says no" if blocked else "it would be sent")

    def _counted(self, kind: str, began: datetime) -> Check:
        metric = _METRICS[kind]
        found = self._wait(lambda: self._sum(metric, began) > 0)
        told = (
            f"AWS/SES {metric} counts it" if found else f"AWS/SES {metric} has nothing since {began:%H:%M:%S}Z yet"
        )
        return Check("the metric appears", found or None, told)

    def _sum(self, metric: str, began: datetime) -> float:
        client = self._clients.reader("cloudwatch")
        answer = reading(
            "what was counted",
            lambda: client.get_metric_statistics(
                Namespace="AWS/SES",
                MetricName=metric,
                StartTime=began - timedelta(minutes=5),
                EndTime=self._now() + timedelta(minutes=5),
                Period=300,
                Statistics=["Sum"],
            ),
        )
        return sum(float(each["Sum"]) for each in answer.get("Datapoints", ()))

    def _cleaned(self, address: str, reasons: Sequence[str]) -> Check:
        """The test's own entry goes again, so that statistics do not count it."""
        client = self._clients.changer("dynamodb", ("DeleteItem",))
        for reason in reasons:
            key = {"email": {"S": address}, "reason": {"S": reason}}
            error = sent("The removal", lambda: client.delete_item(TableName=self._names.table, Key=key))  # noqa: B023
            if error is not None:
                return Check("the test's entry is gone", False, str(error))
        return Check("the test's entry is gone", not self._reasons(address), "taken out of the table again")

    def _reasons(self, address: str) -> list[str]:
        """Under which reasons the table has an address."""
        client = self._clients.reader("dynamodb")
        answer = reading(
            "what the table has",
            lambda: client.query(
                TableName=self._names.table,
                KeyConditionExpression="email = :email",
                ExpressionAttributeValues={":email": {"S": address}},
                ConsistentRead=True,
            ),
        )
        return sorted(str(each["reason"]["S"]) for each in answer.get("Items", ()))

    def _wait(self, true: Callable[[], bool]) -> bool:
        """Ask until it holds or patience ends."""
        ends = time.monotonic() + self._patience_s
        while not true():
            if time.monotonic() >= ends:
                return False
            self._pause(min(_ASK_EVERY_S, self._patience_s / 10))
        return True

    def _record(self, kind: str, body: dict[str, Any]) -> None:
        self._append([Draft(stream=STREAM, kind=kind, body=body, occurred_at=self._now(), actor=self._operator)])
