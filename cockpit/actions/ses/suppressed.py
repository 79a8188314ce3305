"""`ses.suppress` and `ses.unsuppress`: one address, several, or a file of them, on SES's list and in the table.

Each address in each place is one request of its own, so a run that stops half-way is taken back address by
address. What there is and what is sent is the business of `cockpit.actions.ses.suppression`.

Parameters: `addresses` (separated by blanks or commas, or `@FILE` with CSV or JSON as SES exports it), `reason`,
`place`.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from cockpit.actions.aws_remedy import AwsRemedy, Intention
from cockpit.actions.cards import Access
from cockpit.actions.contract import Line, Plan, PlanRefused, PlanStep, Request
from cockpit.actions.ses.suppression import LIST_CALLS, TABLE_CALLS, SuppressionChanges
from cockpit.actions.ses.suppression_plan import Change, Place, Wish, planned
from cockpit.errors import BadInput
from cockpit.ses.suppression import checked_address, masked, take_in

MOST = 100
"""Addresses that one run changes; longer lists go through `cockpit suppression import`."""

_MOST_OCTETS = 1_000_000
_LIST, _TABLE = "SES's list", "the table"


class Suppressed(AwsRemedy):
    """Suppress addresses, or let them be written to again."""

    sends = {"sesv2": LIST_CALLS, "dynamodb": TABLE_CALLS}
    reads = {"sesv2": ("GetSuppressedDestination",), "dynamodb": ("Query",)}

    def __init__(self, request: Request, access: Access, *, on: bool) -> None:
        super().__init__(request, access)
        self._on = on
        self._table = str(request.scope.get("suppression_table") or "")
        self._reason = request.parameters.get("reason") or "BOUNCE"
        place = request.parameters.get("place") or "both"
        if place == "table" and not self._table:
            raise PlanRefused("BAD_PARAMETER", "No suppression table is configured (ses.suppression_table).")
        self._places = [each for each in Place if place in (each.value, "both")]
        if not self._table:
            self._places = [Place.LIST]
        self._changes = SuppressionChanges(
            access.clients,
            self._table,
            "cockpit",
            lambda drafts: None,
            lambda: datetime.now(UTC),
            speed=access.profile.speed,
            pause=time.sleep,
        )

    def intend(self, now: datetime) -> Intention:
        """The changes that lead from what the places have to what is wished."""
        wishes = self._wishes()
        changes = [each for wish in wishes for each in planned(wish, self._changes.there(wish.address, wish.place))]
        if not changes:
            told = "suppressed already" if self._on else "not suppressed"
            raise PlanRefused("NOTHING_TO_DO", f"{_counted(len(wishes), 'entry', 'entries')}: {told}.")
        steps = tuple(_step(each) for each in changes)
        back = tuple(_step(_turned(each)) for each in changes)
        verb = "suppress" if self._on else "let be written to"
        lines = tuple(
            Line(
                "+" if each.adds else "-",
                _LIST if each.place is Place.LIST else _TABLE,
                f"{masked(each.address)} {each.reason.lower()}",
                "removed again" if each.adds else "listed again, with the time of the undo",
            )
            for each in changes
        )
        return Intention(
            title=f"{verb} {_counted(len({each.address for each in changes}), 'address', 'addresses')}",
            before={_key(each): each.before for each in changes},
            desired={_key(each): each.after for each in changes},
            diff=lines,
            steps=steps,
            way_back=back,
            undo="yes: address by address, each with its former reason; the time of listing is a new one",
            message=f"As wished: {_counted(len(changes), 'entry', 'entries')}",
            reach=f"mail to {_counted(len(wishes), 'entry', 'entries')}, from every domain of the account",
            checks=("each entry by a fresh client",),
        )

    def live(self, plan: Plan, purpose: str) -> dict[str, Any]:
        """The reason under which each place has each address, empty for none."""
        found = {}
        for step in (*plan.steps, *plan.way_back):
            change = msgspec.convert(step.request, Change)
            if _key(change) not in found:
                found[_key(change)] = self._reason_of(change)
        return found

    def deliver(self, plan: Plan, step: PlanStep) -> str:
        """Send one entry."""
        outcome = self._changes.transmit(msgspec.convert(step.request, Change))
        if outcome is not None:
            raise outcome
        return f"AWS accepted it: {step.says}"

    def _reason_of(self, change: Change) -> str:
        there = self._changes.there(change.address, change.place)
        if change.place is Place.LIST:
            return there[0].reason if there else ""
        return change.stored_reason if any(each.reason == change.stored_reason for each in there) else ""

    def _wishes(self) -> Sequence[Wish]:
        addresses = self._addresses()
        if len(addresses) > MOST:
            raise PlanRefused(
                "TOO_MANY", f"{len(addresses)} addresses: use `cockpit suppression import` for those."
            )
        reason = self._reason if self._on else ""
        return [Wish(address, place, reason) for address in addresses for place in self._places]

    def _addresses(self) -> list[str]:
        given = self.asked["addresses"]
        file = given.removeprefix("@")
        try:
            if given.startswith("@"):
                taken = take_in(Path(file).expanduser().read_bytes()[:_MOST_OCTETS].decode("utf-8", "replace"))
                if taken.problems:
                    raise PlanRefused("BAD_PARAMETER", f"{file}: {taken.problems[0]}")
                return list(dict.fromkeys(each.address for each in taken.entries))
            return [checked_address(each) for each in given.replace(",", " ").split()]
        except OSError as error:
            raise PlanRefused("BAD_PARAMETER", f"{file} cannot be read: {error.strerror}.") from None
        except BadInput as error:
            raise PlanRefused("BAD_PARAMETER", str(error)) from None


def _key(change: Change) -> str:
    """What a refusal names the entry by: masked, and still one name for each address."""
    address = f"{masked(change.address)} #{sha256(change.address.encode()).hexdigest()[:8]}"
    if change.place is Place.LIST:
        return f"{address} on {_LIST}"
    return f"{address} in {_TABLE} ({change.stored_reason})"


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _turned(change: Change) -> Change:
    return msgspec.structs.replace(change, before=change.after, after=change.before)


def _step(change: Change) -> PlanStep:
    service = "sesv2" if change.place is Place.LIST else "dynamodb"
    names = {"sesv2": LIST_CALLS, "dynamodb": TABLE_CALLS}[service]
    return PlanStep(
        f"{service}:{names[0] if change.adds else names[1]}",
        f"{'list' if change.adds else 'remove'} {masked(change.address)}",
        {_key(change): change.before},
        {_key(change): change.after},
        msgspec.to_builtins(change),
    )
