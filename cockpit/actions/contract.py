"""What every remedy has in common: a plan that can be read, steps that are sent once, a way back, a verification.

A remedy reads the live state and returns a `Plan`. The plan is all that is ever applied: it is hashed, shown,
confirmed by that hash, and compared with the live state again before anything is sent. States are flat mappings
of plain JSON; a value of None means "could not be seen", never "is empty".
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import msgspec

from cockpit.errors import CockpitError, Refused

State = Mapping[str, Any]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a diff: `sign` is "-" for what is there now, "+" for what will be, " " for what stays.

    `undo` says how this line is taken back, where the plan as a whole does not say it well enough.
    """

    sign: str
    label: str
    text: str
    undo: str = ""


class PlanStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change, sent with exactly one request.

    `before` and `after` are the live states between which it leads. `request` is what is sent, without
    secrets; `digest` names it in the intent.
    """

    operation: str
    says: str
    before: dict[str, Any]
    after: dict[str, Any]
    request: dict[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 over operation and request, in hex."""
        return _digest([self.operation, self.request])


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A change to the world, as it will be shown, confirmed and applied.

    `way_back[i]` compensates `steps[i]`; empty means that there is no way back, and `undo` says why. With
    `rolls_back` a failed verification leads back by itself. `phrase` is what has to be typed to confirm.
    `subject` holds what the remedy needs to apply and verify, without secrets. `verify_s` is how many seconds the
    verification may take where that is not the usual quarter of an hour, as when a person has to act.
    """

    remedy: str
    title: str
    target: str
    account: str
    region: str
    caller: str
    before: dict[str, Any]
    desired: dict[str, Any]
    diff: tuple[Line, ...]
    reach: str
    undo: str
    proof: tuple[str, ...]
    checks: tuple[str, ...]
    risk: str
    steps: tuple[PlanStep, ...]
    way_back: tuple[PlanStep, ...]
    rolls_back: bool
    phrase: str
    subject: dict[str, Any]
    made_at: datetime
    expires_at: datetime
    verify_s: int = 0

    @property
    def reversible(self) -> bool:
        """Whether each step has a step that leads back."""
        return len(self.way_back) == len(self.steps)

    @property
    def hash(self) -> str:
        """SHA-256 over the whole plan in canonical JSON, in hex; what a confirmation names."""
        return _digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Plan":
        """Read a plan back; raises CockpitError when it is not one."""
        try:
            return msgspec.convert(dict(plain), cls)
        except msgspec.ValidationError as error:
            raise CockpitError(f"The recorded plan cannot be read: {error}.") from None


def _digest(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


class PlanRefused(Refused):
    """The remedy will not plan this; `code` is the token that programs tell the reasons apart by.

    `facts` are recorded with the refusal: what was seen, for a later plan to count from.
    """

    def __init__(self, code: str, sentence: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.facts = dict(facts or {})


class EffectRefused(CockpitError):
    """The service proved that the request had no effect."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class EffectUnknown(CockpitError):
    """The request was sent and nobody can say whether it had an effect."""


class Outcome(StrEnum):
    """What a verification amounts to."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"


class Verification(msgspec.Struct, frozen=True):
    """What the independent look found; `seen` goes into the result, `sentence` onto the screen."""

    outcome: Outcome
    sentence: str
    seen: dict[str, Any] = {}


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was asked for: the body of `action.requested`.

    `scope` is what the asking desk knew from its configuration: services hurt, mail per hour, buckets.
    `undoes` is the uid of the run whose plan is to be taken back.
    """

    remedy: str
    target: str
    parameters: dict[str, str]
    scope: dict[str, Any] = {}
    incident: str | None = None
    run: str | None = None
    undoes: str | None = None


class Remedy(Protocol):
    """One change that the cockpit knows how to make, for one set of parameters.

    Every method may block on the network and is called in the runner's process only.
    """

    def plan(self, now: datetime) -> Plan:
        """Read the live state and say what would be done; raises PlanRefused, WrongIdentity or WorldError."""
        ...

    def plan_undo(self, done: Plan, now: datetime) -> Plan:
        """Say how `done` would be taken back; raises like `plan`."""
        ...

    def identify(self) -> None:
        """Ask who is calling; raises WrongIdentity unless account and region are the pinned ones, or ReadOnly."""
        ...

    def read(self, plan: Plan) -> State:
        """The live state now, with the same keys as `plan.before`; raises WorldError when it cannot be read."""
        ...

    def send(self, plan: Plan, step: PlanStep) -> str:
        """Send one step in exactly one attempt and return what was answered, in a sentence.

        Raises EffectRefused when it is proven that nothing happened, EffectUnknown when it is not.
        """
        ...

    def verify(self, plan: Plan) -> Verification:
        """Look at the outcome by another path than the one that made it; raises WorldError."""
        ...

    def result(self, plan: Plan, verification: Verification, at: datetime) -> dict[str, Any]:
        """The result record of a run that succeeded."""
        ...


@runtime_checkable
class Waits(Protocol):
    """A remedy whose later steps need something of the world first, such as a certificate that has been issued."""

    def ready(self, plan: Plan, step: PlanStep) -> str:
        """What is missing before the step can be sent, in a sentence, empty for nothing; raises WorldError."""
        ...


MakeRemedy = Callable[[Request], Remedy]


class Standing(StrEnum):
    """Where the live state stands against the two ends of a step."""

    BEFORE = "before"
    AFTER = "after"
    NEITHER = "neither"
    UNCLEAR = "unclear"


def standing(live: State, before: State, after: State) -> Standing:
    """Tell the two ends of a step apart by what can be seen; a None in `live` agrees with everything."""
    old, new = agrees(live, before), agrees(live, after)
    if old is False and new is False:
        return Standing.NEITHER
    if new is True and old is not True or new is None and old is False:
        return Standing.AFTER
    if old is True and new is not True or old is None and new is False:
        return Standing.BEFORE
    return Standing.UNCLEAR


def agrees(live: State, expected: State) -> bool | None:
    """Whether `live` has every value of `expected`: True, False, or None when some could not be seen."""
    unseen = False
    for key, wanted in expected.items():
        value = live.get(key)
        if value is None and wanted is not None:
            unseen = True
        elif value != wanted:
            return False
    return None if unseen else True
