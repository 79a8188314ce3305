"""What stands, what would be done, and what was done: the kit's board, its plan, and the fold of its records."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cockpit.ses.kit.resources import Difference, Kind, Resource

STREAM = "kit"
INTENDED = "kit.intended"
SETTLED = "kit.settled"


class Standing(msgspec.Struct, frozen=True):
    """One resource on the board: `ok`, `absent`, `drift`, or `unknown` with the reason why it could not be read."""

    resource: Resource
    state: str
    drift: tuple[Difference, ...] = ()
    live: dict[str, Any] | None = None
    why: str = ""


class Change(msgspec.Struct, frozen=True):
    """One resource to be made, changed or taken away; `before` is what was there when the plan was made."""

    key: str
    verb: str
    says: str
    operations: tuple[str, ...]
    before: dict[str, Any] | None
    lines: tuple[str, ...] = ()


class KitPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Changes in the order in which they are sent; `left` are sentences about what nobody may change from here."""

    changes: tuple[Change, ...]
    left: tuple[str, ...]
    account: str
    region: str
    caller: str
    made_at: datetime

    @property
    def hash(self) -> str:
        """SHA-256 over what would be done, in hex; what a confirmation names. The time does not count."""
        what = [msgspec.to_builtins(self.changes), self.account, self.region]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


class Outcome(msgspec.Struct, frozen=True):
    """What became of a change: `done`, `refused`, `unknown` or `left`, with a sentence where it is not done."""

    key: str
    verb: str
    state: str
    sentence: str = ""


class Run(msgspec.Struct, frozen=True):
    """One run of a plan."""

    id: str
    outcomes: tuple[Outcome, ...]

    @property
    def done(self) -> bool:
        """Whether every change was made."""
        return all(each.state == "done" for each in self.outcomes)


def made_here(records: Iterable[tuple[str, Mapping[str, Any]]], account: str, region: str) -> set[str]:
    """The keys of what these records (kind, body) say was made in that account and is not taken away since."""
    made: set[str] = set()
    for kind, body in records:
        if kind != SETTLED or (body.get("account"), body.get("region")) != (account, region):
            continue
        for each in body.get("outcomes", ()):
            if each["state"] in ("done", "unknown") and each["verb"] == "create":
                made.add(each["key"])
            if each["state"] == "done" and each["verb"] == "delete":
                made.discard(each["key"])
    return made


def keeps_data(resource: Resource) -> bool:
    """Whether taking it away loses what nobody can make again."""
    return resource.kind in (Kind.TABLE, Kind.QUEUE)


def board_is_green(board: Sequence[Standing]) -> bool:
    """Whether everything stands as it should."""
    return all(each.state == "ok" for each in board)
