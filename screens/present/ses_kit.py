"""The kit's resources as they stand, from what a child of ours was told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cockpit.text import visible
from screens.present.lines import EMPTY, Line, Tone, cut, line, rule, wrap
from screens.present.words import age

STATES = {
    "ok": ("●", Tone.OK),
    "absent": ("✖", Tone.FAIL),
    "drift": ("▲", Tone.WARN),
    "unknown": ("?", Tone.UNKNOWN),
}


class Asked(msgspec.Struct, frozen=True):
    """What was answered when, whether somebody is under way, and why the last one came back with nothing."""

    at: datetime | None
    answer: Any
    under_way: bool
    trouble: str


class Tested(msgspec.Struct, frozen=True):
    """A test mail to SES's simulator: `at` is None while it is followed."""

    kind: str
    at: datetime | None
    answer: Any
    trouble: str


def test_lines(test: Tested | None, now: datetime, cells: int) -> list[Line]:
    """How far a test mail came, station by station; nothing where none was sent."""
    if test is None:
        return []
    state = f"done {age(test.at, now)} ago" if test.at else "following it…"
    lines = [rule(f"Mail test: a {test.kind} of the simulator", cells, state)]
    if test.trouble:
        lines += wrap(visible(test.trouble, limit=300), cells, Tone.FAIL, indent=2, first=line(("✖ ", Tone.FAIL)))
    checks: Sequence[Mapping[str, Any]] = test.answer["checks"] if test.answer else ()
    for each in checks:
        # The kit's own resources stand below, with what differs.
        if "/" in each["name"].partition(" ")[0]:
            continue
        sign, tone = _GOOD[each["good"]]
        head = line((f"{sign} ", tone), (f"{visible(each['name'], limit=60):<28} ", Tone.STRONG))
        lines += wrap(visible(each["says"], limit=200), cells, Tone.MUTED, indent=4, first=head)
    return [*lines, EMPTY]


_GOOD = {True: ("✔", Tone.OK), False: ("✖", Tone.FAIL), None: ("?", Tone.UNKNOWN)}


def kit_lines(asked: Asked, now: datetime, cells: int) -> list[Line]:
    """The resource board: every part of the kit with its state, and line by line what differs."""
    board: Sequence[Mapping[str, Any]] = asked.answer["resources"] if asked.answer else ()
    good = sum(each["state"] == "ok" for each in board)
    lines = asked_head(
        f"Compliance kit: {good} of {len(board)} as they should be" if board else "Compliance kit",
        asked,
        now,
        cells,
    )
    for each in board:
        sign, tone = STATES[each["state"]]
        resource = each["resource"]
        name = visible(resource["name"], limit=120).rpartition(":")[2]
        head = line((f"{sign} ", tone), (f"{resource['kind']:<13}", Tone.MUTED), (f"{name:<38} ", Tone.STRONG))
        told = each["why"] or (resource["says"] if each["state"] == "ok" else each["state"])
        lines.append(
            cut(line(*head, (visible(told, limit=200), Tone.MUTED if each["state"] == "ok" else tone)), cells)
        )
        for one in each["drift"]:
            words = f"{one['what']}: {visible(one['now'], limit=120) or '–'} → {visible(one['wanted'], limit=120)}"
            lines += wrap(words, cells, Tone.WARN, indent=6, first=line("    "))
    if board and good < len(board):
        lines += wrap(
            "cockpit provision plan says what would be done, cockpit provision apply does it", cells, Tone.MUTED
        )
    return lines


def asked_head(title: str, asked: Asked, now: datetime, cells: int) -> list[Line]:
    """The title with the age of the answer, and the trouble if there was one."""
    state = "asking AWS…" if asked.under_way else f"read {age(asked.at, now)} ago" if asked.at else "f5 asks AWS"
    trouble = (
        wrap(asked.trouble, cells, Tone.FAIL, indent=2, first=line(("✖ ", Tone.FAIL))) if asked.trouble else []
    )
    return [rule(title, cells, state), *trouble]
