"""The plan of a change of who is suppressed, and what the ledger tells of it; without the SDK."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from cockpit.actions.contract import Line
from cockpit.errors import NotFound, Refused
from cockpit.ses.suppression import Entry, masked
from storage.ledger import Event

STREAM = "suppression"
INTENDED = "suppression.intended"
SETTLED = "suppression.settled"


class Place(StrEnum):
    """Where an address is suppressed."""

    LIST = "list"
    TABLE = "table"


class Wish(msgspec.Struct, frozen=True):
    """What somebody wants of one address in one place: `reason` to suppress it, empty to let it be written to."""

    address: str
    place: Place
    reason: str


class Change(msgspec.Struct, frozen=True):
    """One request. `before` and `after` are the reason under which the place has the address, empty for none.

    `stored_reason` is the reason as the table writes it.
    """

    address: str
    place: Place
    before: str
    after: str
    stored_reason: str = ""

    @property
    def adds(self) -> bool:
        """Whether it suppresses."""
        return bool(self.after)

    @property
    def reason(self) -> str:
        """The reason as SES writes it."""
        return self.after or self.before


class Outcome(msgspec.Struct, frozen=True):
    """What became of a change: `done`, `refused`, `unknown` or `left`, with a sentence where it is not done."""

    change: Change
    state: str
    sentence: str


class Run(msgspec.Struct, frozen=True):
    """One run of a plan."""

    id: str
    outcomes: tuple[Outcome, ...]

    def count(self, state: str) -> int:
        """How many changes came to that."""
        return sum(each.state == state for each in self.outcomes)


class SuppressionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Changes as they are shown, confirmed and made; `undoes` is the run that is taken back."""

    changes: tuple[Change, ...]
    why: str
    account: str
    region: str
    caller: str
    made_at: datetime
    undoes: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 over all that the plan would do, in canonical JSON, in hex; not over when it was made."""
        whole = {key: value for key, value in msgspec.to_builtins(self).items() if key != "made_at"}
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def lines(self, *, full: bool = False) -> list[Line]:
        """The plan as a diff; addresses are masked unless `full`."""
        return [
            Line(
                "+" if each.adds else "-",
                "SES's list" if each.place is Place.LIST else "the table",
                f"{each.address if full else masked(each.address)} {(each.after or each.before).lower()}"
                + (f" (was {each.before.lower()})" if each.before and each.after else ""),
            )
            for each in self.changes
        ]


def planned(wish: Wish, there: Sequence[Entry]) -> list[Change]:
    """The changes that lead from what a place has to what is wished; none where it is so already."""
    if wish.place is Place.LIST:
        before = there[0].reason if there else ""
        return [] if before == wish.reason else [Change(wish.address, wish.place, before, wish.reason)]
    if not wish.reason:
        return [Change(wish.address, wish.place, each.reason, "", each.reason) for each in there]
    if any(each.reason.upper() == wish.reason.upper() for each in there):
        return []
    stored = wish.reason.lower() if wish.reason.isupper() else wish.reason
    return [Change(wish.address, wish.place, "", stored, stored)]


def way_back(events: Iterable[Event], run: str) -> list[Wish]:
    """What to wish to take a run back: for each change that was made, or may have been, what was before.

    Raises NotFound for a run that is not recorded, Refused when nothing of it was done.
    """
    known, states = _told(events, run)
    if not known:
        raise NotFound(f"There is no run {run} of a suppression change.")
    # Without an outcome nobody knows what became of a change, so it is looked at like one that was made.
    undone = [each for each in reversed(known) if states.get(_key(each), "unknown") in ("done", "unknown")]
    if not undone:
        raise Refused("Nothing of that run was done, so there is nothing to take back.")
    return [Wish(each.address, each.place, each.before) for each in undone]


def _told(events: Iterable[Event], run: str) -> tuple[list[Change], dict[tuple[str, str, str], str]]:
    known: list[Change] = []
    states: dict[tuple[str, str, str], str] = {}
    for event in events:
        if event.body.get("run") != run:
            continue
        if event.kind == INTENDED:
            known += [msgspec.convert(each, Change) for each in event.body["changes"]]
        elif event.kind == SETTLED:
            for each in event.body["outcomes"]:
                outcome = msgspec.convert(each, Outcome)
                states[_key(outcome.change)] = outcome.state
    return known, states


def _key(change: Change) -> tuple[str, str, str]:
    return change.address, change.place, change.stored_reason
