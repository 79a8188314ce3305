"""The lifecycle as data: which moves are legal, what each asks for, and a refusal that says what is allowed.

Forward among the working states any step may be skipped: the commander of a short incident should not press
five keys to say what happened. Backward, a reason is needed. Resolving needs green checks or an override with
a reason; reopening a reason worth reading; closing early a reason code.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec

from cockpit.errors import IllegalMove
from cockpit.incident.model import DONE, WORKING, Checks, State

REOPEN_REASON_LENGTH = 10
"""Characters that a reason to reopen needs at least."""

CLOSE_CODES: Mapping[str, str] = MappingProxyType(
    {
        "duplicate": "another incident covers it",
        "false_positive": "nothing was wrong",
        "superseded": "a larger incident has taken it over",
        "external": "somebody else's, and handed over",
        "cancelled": "opened by mistake",
    }
)
"""Reason codes for closing before the incident was resolved."""


class Need(StrEnum):
    """What a move asks for."""

    NOTHING = "nothing"
    REASON = "a reason"
    REOPEN_REASON = f"a reason of {REOPEN_REASON_LENGTH} characters or more"
    CODE = "a reason code"
    CHECKS = "green checks, or an override with a reason"


def _moves() -> Mapping[State, Mapping[State, Need]]:
    table: dict[State, dict[State, Need]] = {state: {} for state in State}
    table[State.DETECTED] = {State.ACKNOWLEDGED: Need.NOTHING, State.CLOSED: Need.CODE}
    for here, state in enumerate(WORKING):
        for there, other in enumerate(WORKING):
            if there > here:
                table[state][other] = Need.NOTHING
            elif there < here and other is not State.ACKNOWLEDGED:
                table[state][other] = Need.REASON
        table[state][State.RESOLVED] = Need.CHECKS
        table[state][State.CLOSED] = Need.CODE
    table[State.RESOLVED] = {State.REVIEW: Need.NOTHING, State.CLOSED: Need.REASON}
    table[State.REVIEW] = {State.CLOSED: Need.NOTHING}
    for state in DONE:
        table[state][State.INVESTIGATING] = Need.REOPEN_REASON
    return MappingProxyType({state: MappingProxyType(moves) for state, moves in table.items()})


MOVES = _moves()
"""From each state, the states it may move to and what that asks for."""


def allowed(state: State) -> tuple[State, ...]:
    """The states that an incident in `state` may move to, in the order of the lifecycle."""
    return tuple(other for other in State if other in MOVES[state])


def is_legal(old: State, new: State) -> bool:
    """Whether the lifecycle has this move at all, whatever it asks for."""
    return new in MOVES[old]


class Request(msgspec.Struct, frozen=True):
    """A wish to move: `reason` in words, `code` one of `CLOSE_CODES` for an early close, `checks` as last seen.

    `waiting` is what else stands in the way of resolving or closing, a sentence each by name.
    """

    new: State
    reason: str = ""
    code: str = ""
    checks: Checks | None = None
    waiting: Mapping[str, str] = MappingProxyType({})


def decide(state: State, request: Request) -> dict[str, Any]:
    """The body of the `incident.moved` event for a legal request; raises IllegalMove with what is allowed."""
    need = MOVES[state].get(request.new)
    if need is None:
        raise IllegalMove(_refusal(state, request.new))
    reason = request.reason.strip()
    if need is Need.REASON and not reason:
        raise IllegalMove(f"Going from {state} to {request.new} needs a reason.")
    if need is Need.REOPEN_REASON and len(reason) < REOPEN_REASON_LENGTH:
        raise IllegalMove(f"Reopening needs a reason of at least {REOPEN_REASON_LENGTH} characters.")
    if need is Need.CODE and request.code not in CLOSE_CODES:
        raise IllegalMove(
            f"Closing from {state} needs a reason code ({', '.join(CLOSE_CODES)}); "
            "if the fault was real, resolve it first."
        )
    if need is not Need.CODE and request.new is State.CLOSED and request.waiting and not reason:
        raise IllegalMove(f"Not closed. {'; '.join(request.waiting.values())}. Add it, or give a reason.")
    body: dict[str, Any] = {"old": state.value, "new": request.new.value, "reason": reason}
    if need is Need.CODE:
        body["code"] = request.code
    if need is not Need.CODE and request.new is State.CLOSED and request.waiting:
        body["reason"] = f"{reason} (not on record: {', '.join(request.waiting)})"
    if need is Need.CHECKS and (request.waiting or request.checks is None or not request.checks.green):
        if not reason:
            raise IllegalMove(_not_ready(request))
        body["override"] = True
        if request.waiting:
            body["reason"] = f"{reason} (open: {', '.join(request.waiting)})"
    return body


def _refusal(old: State, new: State) -> str:
    if old == new:
        return f"The incident is already {old}."
    choices = _either([f"{state}" for state in allowed(old)])
    return f"An incident that is {old} cannot become {new}; from here it can become {choices}."


def _not_ready(request: Request) -> str:
    if request.waiting:
        return f"Not resolved. {'; '.join(request.waiting.values())}. Wait, or give a reason to override."
    checks = request.checks
    what = checks.sentence if checks is not None else "no check has been seen for this incident"
    return f"Not resolved: {what}. Wait for green, or give a reason to override."


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
