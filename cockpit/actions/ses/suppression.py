"""Changing who is suppressed: planned against what is there, confirmed by its hash, recorded before and after.

Every change is one request to one place, sent once: SES's account list (PutSuppressedDestination,
DeleteSuppressedDestination) or the organisation's table (DynamoDB PutItem, DeleteItem). What was there before is in
the plan and in the ledger, so that a run can be taken back to it.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cockpit.actions.aws import AwsClients, reading, sent
from cockpit.actions.contract import EffectRefused, EffectUnknown
from cockpit.actions.ses.suppression_plan import (
    INTENDED,
    SETTLED,
    STREAM,
    Change,
    Outcome,
    Place,
    Run,
    SuppressionPlan,
    Wish,
    planned,
)
from cockpit.errors import Refused
from cockpit.ses.suppression import Entry
from storage.event import new_id
from storage.ledger import Draft

LIST_CALLS = ("PutSuppressedDestination", "DeleteSuppressedDestination")
TABLE_CALLS = ("PutItem", "DeleteItem")
"""Calls of each place; the table's clients are made with its reading call, too."""

APART_S = 1.0
"""Seconds between two calls of one action of SES."""

AT_ONCE = 25
"""Changes that are recorded, sent and settled together."""

Append = Callable[[Sequence[Draft]], object]


class SuppressionChanges:
    """Plans and makes changes for one account; `table` is empty where there is none."""

    def __init__(
        self,
        clients: AwsClients,
        table: str,
        operator: str,
        append: Append,
        now: Callable[[], datetime],
        *,
        speed: float = 1.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clients = clients
        self._table = table
        self._operator = operator
        self._append = append
        self._now = now
        self._apart_s = APART_S / max(speed, 1.0)
        self._pause = pause
        self._asked = 0
        self._changers: dict[str, Any] = {}

    def plan(self, wishes: Sequence[Wish], why: str, *, undoes: str = "") -> SuppressionPlan:
        """What has to be changed for these wishes, against what is there now.

        Raises Refused when nothing has to be changed, WrongIdentity, ReadOnly or WorldError.
        """
        self._clients.require_changes()
        caller = self._clients.caller()
        changes = [change for wish in wishes for change in planned(wish, self.there(wish.address, wish.place))]
        if not changes:
            raise Refused("Nothing has to be changed: it is so already.")
        return SuppressionPlan(
            changes=tuple(changes),
            why=why,
            account=caller.account,
            region=self._clients.region,
            caller=caller.arn,
            made_at=self._now(),
            undoes=undoes,
        )

    def apply(self, plan: SuppressionPlan, confirmed: str) -> Run:
        """Make the changes of a plan that was confirmed by its hash; what became of each is in the run.

        A change whose place is no longer as the plan saw it is left out. Raises Refused for another hash.
        """
        if confirmed != plan.hash:
            raise Refused("This is not the plan that was confirmed; look at it again.")
        self._clients.caller()
        self._clients.require_caller(plan.account, plan.region, plan.caller)
        run, outcomes = new_id(), []
        for start in range(0, len(plan.changes), AT_ONCE):
            outcomes += self._batch(plan, run, plan.changes[start : start + AT_ONCE])
        return Run(run, tuple(outcomes))

    def _batch(self, plan: SuppressionPlan, run: str, changes: Sequence[Change]) -> list[Outcome]:
        intent = {
            "run": run,
            "why": plan.why,
            "plan": plan.hash,
            "account": plan.account,
            "region": plan.region,
            "undoes": plan.undoes,
            "changes": [msgspec.to_builtins(each) for each in changes],
        }
        self._append([self._draft(INTENDED, intent)])
        outcomes = [self._one(each) for each in changes]
        settled = {"run": run, "outcomes": [msgspec.to_builtins(each) for each in outcomes]}
        self._append([self._draft(SETTLED, settled)])
        return outcomes

    def _one(self, change: Change) -> Outcome:
        """Send one change once, and look whether it is so now."""
        if change.before != self._before(change):
            return Outcome(change, "left", "somebody changed it since the plan was made")
        error = self.transmit(change)
        if isinstance(error, EffectRefused):
            return Outcome(change, "refused", str(error))
        # A request that was answered and one whose answer was lost are told apart by looking.
        if self._before(change) == change.after:
            return Outcome(change, "done", "")
        return Outcome(change, "unknown", str(error) if error is not None else "it is not so yet")

    def transmit(self, change: Change) -> EffectRefused | EffectUnknown | None:
        """Send one change once; what became of it is a value, None for an answer of success."""
        if change.place is Place.LIST:
            self._wait()
            client = self._changer("sesv2", LIST_CALLS)
            if change.adds:
                return sent(
                    "The suppression",
                    lambda: client.put_suppressed_destination(EmailAddress=change.address, Reason=change.reason),
                )
            return sent("The removal", lambda: client.delete_suppressed_destination(EmailAddress=change.address))
        client = self._changer("dynamodb", TABLE_CALLS)
        key = {"email": {"S": change.address}, "reason": {"S": change.stored_reason}}
        if change.adds:
            item = {**key, "timestamp": {"S": self._now().isoformat()}, "added_by": {"S": self._operator}}
            return sent("The entry", lambda: client.put_item(TableName=self._table, Item=item))
        return sent("The removal", lambda: client.delete_item(TableName=self._table, Key=key))

    def _before(self, change: Change) -> str:
        """The reason under which the place has it now, as the plan wrote it; empty for not at all."""
        there = self.there(change.address, change.place)
        if change.place is Place.LIST:
            return there[0].reason if there else ""
        return change.stored_reason if any(each.reason == change.stored_reason for each in there) else ""

    def there(self, address: str, place: Place) -> list[Entry]:
        """What a place has of an address; the table's reasons are as they are written there."""
        if place is Place.LIST:
            return self._listed(address)
        if not self._table:
            raise Refused("No suppression table is configured (ses.suppression_table).")
        client = self._clients.reader("dynamodb")
        answer = reading(
            "what the table has",
            lambda: client.query(
                TableName=self._table,
                KeyConditionExpression="email = :email",
                ExpressionAttributeValues={":email": {"S": address}},
                ConsistentRead=True,
            ),
        )
        return [Entry(address, str(each["reason"]["S"])) for each in answer.get("Items", ())]

    def _listed(self, address: str) -> list[Entry]:
        client = self._clients.reader("sesv2")
        self._wait()

        def ask() -> Any:
            try:
                return client.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
            except client.exceptions.NotFoundException:
                return None

        found = reading("whether the address is suppressed", ask)
        return [] if found is None else [Entry(address, str(found["Reason"]), found.get("LastUpdateTime"))]

    def _changer(self, service: str, operations: Sequence[str]) -> Any:
        """A client that may make these changes, made once for all of a plan."""
        if service not in self._changers:
            self._changers[service] = self._clients.changer(service, operations)
        return self._changers[service]

    def _wait(self) -> None:
        """Keep to one call a second, but do not hold up the first one."""
        if self._asked:
            self._pause(self._apart_s)
        self._asked += 1

    def _draft(self, kind: str, body: dict[str, Any]) -> Draft:
        return Draft(stream=STREAM, kind=kind, body=body, occurred_at=self._now(), actor=self._operator)
