"""The kit looked at, planned, made and taken away: every change recorded before it is sent, and sent once.

A run goes resource by resource. Each is looked at again before anything is sent, so a second run changes nothing
that is right already, and one that was made by somebody else meanwhile is left to them. Only what these records say
was made from here is ever taken away; the table and the queue only when that is asked for in so many words.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cockpit.actions.aws import AwsClients, sent
from cockpit.actions.contract import EffectRefused
from cockpit.actions.provision.archive import archive, digest
from cockpit.actions.provision.looks import Looks
from cockpit.actions.provision.requests import Requests, Send
from cockpit.errors import Refused, WorldError
from cockpit.ses.kit.plan import (
    INTENDED,
    SETTLED,
    STREAM,
    Change,
    KitPlan,
    Outcome,
    Run,
    Standing,
    keeps_data,
    made_here,
)
from cockpit.ses.kit.resources import Kind, Names, Resource, drift, in_order_of_removal, kit
from storage.event import Event, new_id
from storage.ledger import Draft

Append = Callable[[Sequence[Draft]], object]


class Provision:
    """One kit in one account."""

    def __init__(
        self, clients: AwsClients, names: Names, operator: str, append: Append, now: Callable[[], datetime]
    ) -> None:
        self.clients = clients
        self.names = names
        self._operator = operator
        self._append = append
        self._now = now
        code = archive()
        self._looks = Looks(clients, names)
        self._requests = Requests(names, code, self._looks)
        self.resources = kit(names, digest(code))

    def board(self) -> list[Standing]:
        """How every resource stands; one that cannot be read is unknown, and never taken for absent."""
        self.clients.caller()
        return [self._stands(each) for each in self.resources]

    def plan(self) -> KitPlan:
        """What has to be made or changed; raises Refused when nothing has, WorldError when something is unknown."""
        changes, left = [], []
        for each in self.board():
            if each.state == "unknown":
                raise WorldError(f"{each.resource.key} cannot be read, so nothing is planned: {each.why}")
            if each.state == "ok":
                continue
            sends = self._requests.towards(each.resource, each.live)
            lines = tuple(f"{one.what}: {one.now or '–'} → {one.wanted}" for one in each.drift)
            if not sends:
                left.append(f"{each.resource.key} differs ({'; '.join(lines)}), and has to be put right by hand")
                continue
            verb = "create" if each.live is None else "change"
            changes.append(_change(each.resource, verb, sends, each.live, lines))
        return self._planned(changes, left)

    def plan_removal(self, events: Iterable[Event], *, with_data: bool = False) -> KitPlan:
        """What would be taken away: what was made from here and is still there; raises like `plan`."""
        mine = made_here(((each.kind, each.body) for each in events), self.names.account, self.names.region)
        changes, left = [], []
        for resource in in_order_of_removal(self.resources):
            if resource.kind is Kind.PERMISSION:
                continue
            stands = self._stands(resource)
            if stands.state == "unknown":
                raise WorldError(f"{resource.key} cannot be read, so nothing is planned: {stands.why}")
            if stands.live is None:
                continue
            if resource.key not in mine:
                left.append(f"{resource.key} was not made from here and stays")
            elif keeps_data(resource) and not with_data:
                left.append(f"{resource.key} holds data and stays; --with-data takes it away for good")
            else:
                changes.append(_change(resource, "delete", self._requests.away(resource), stands.live, ()))
        return self._planned(changes, left)

    def apply(self, plan: KitPlan, confirmed: str) -> Run:
        """Make the changes of a plan confirmed by its hash; stops at the first that is not done."""
        if confirmed != plan.hash:
            raise Refused("This is not the plan that was confirmed; look at it again.")
        self.clients.require_changes()
        self.clients.caller()
        self.clients.require_caller(plan.account, plan.region, plan.caller)
        run, outcomes = new_id(), []
        for change in plan.changes:
            outcomes.append(self._recorded(run, plan, change))
            if outcomes[-1].state != "done":
                break
        return Run(run, tuple(outcomes))

    def _recorded(self, run: str, plan: KitPlan, change: Change) -> Outcome:
        where = {"run": run, "plan": plan.hash, "account": plan.account, "region": plan.region}
        self._append([self._draft(INTENDED, {**where, "change": msgspec.to_builtins(change)})])
        outcome = self._one(change)
        self._append([self._draft(SETTLED, {**where, "outcomes": [msgspec.to_builtins(outcome)]})])
        return outcome

    def _one(self, change: Change) -> Outcome:
        """Look, send each request once, and look again."""
        resource = next(each for each in self.resources if each.key == change.key)
        if self._looks.look(resource) != change.before:
            return Outcome(change.key, change.verb, "left", "somebody changed it since the plan was made")
        removes = change.verb == "delete"
        sends = self._requests.away(resource) if removes else self._requests.towards(resource, change.before)
        for send in sends:
            client = self.clients.changer(send.service, (send.operation,))
            error = sent(send.operation, lambda: getattr(client, send.method)(**send.parameters))  # noqa: B023
            if isinstance(error, EffectRefused):
                return Outcome(change.key, change.verb, "refused", str(error))
        # An answer that was lost and one that was given are told apart by looking.
        live = self._looks.look(resource)
        if _gone(resource, live) if removes else live is not None and not drift(resource, live):
            return Outcome(change.key, change.verb, "done")
        return Outcome(change.key, change.verb, "unknown", "it is not so yet; look at the status in a minute")

    def _stands(self, resource: Resource) -> Standing:
        try:
            live = self._looks.look(resource)
        except WorldError as error:
            return Standing(resource, "unknown", why=str(error))
        if live is None:
            return Standing(resource, "absent")
        differs = drift(resource, live)
        return Standing(resource, "drift" if differs else "ok", differs, live)

    def _planned(self, changes: Sequence[Change], left: Sequence[str]) -> KitPlan:
        if not changes:
            words = "; ".join(left)
            raise Refused(f"Nothing is to be done{f': {words}' if words else ': it is so already'}.")
        caller = self.clients.caller()
        return KitPlan(
            changes=tuple(changes),
            left=tuple(left),
            account=caller.account,
            region=self.clients.region,
            caller=caller.arn,
            made_at=self._now(),
        )

    def _draft(self, kind: str, body: dict[str, Any]) -> Draft:
        return Draft(stream=STREAM, kind=kind, body=body, occurred_at=self._now(), actor=self._operator)


def _change(
    resource: Resource, verb: str, sends: Sequence[Send], live: dict[str, Any] | None, lines: tuple[str, ...]
) -> Change:
    operations = tuple(f"{each.service}:{each.operation}" for each in sends)
    return Change(resource.key, verb, resource.says, operations, live, lines)


def _gone(resource: Resource, live: dict[str, Any] | None) -> bool:
    """Whether nothing of it is left; an identity that reports nowhere is still there itself."""
    if resource.kind is Kind.NOTIFICATION:
        return not any((live or {}).values())
    return live is None or live.get("status") == "DELETING"
