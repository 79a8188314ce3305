"""What has to be done now and then and was not: drills, training, and looking at everything by hand."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from cockpit.desk.health.verification import Due, UnderWay, Verification
from screens.present.lines import Line, Tone, cut, line
from screens.present.words import age, count, span_words

if TYPE_CHECKING:
    from cockpit.runbooks.turn import Turn


class Duties(msgspec.Struct, frozen=True):
    """What is overdue. `practice` and `checklists` have a sentence each; `verification` is one, or empty.

    `going` says that a verification is under way.
    """

    practice: tuple[str, ...] = ()
    checklists: tuple[str, ...] = ()
    verification: str = ""
    going: bool = False


def duty_lines(duties: Duties, key: Callable[[str], str], cells: int) -> Sequence[Line]:
    """A line for each kind of duty that is overdue, with the key that begins it."""
    lines = []
    if duties.practice:
        more = f" ({count(len(duties.practice), 'duty', 'duties')})" if len(duties.practice) > 1 else ""
        words = f"practice overdue{more}: {duties.practice[0]}"
        lines.append(_line(key("drill.start"), words, cells))
    if duties.checklists:
        more = f" (and {len(duties.checklists) - 1} more)" if len(duties.checklists) > 1 else ""
        lines.append(_line(key("runbook.turn"), f"{duties.checklists[0]}{more}", cells))
    if duties.verification:
        sign = (
            line(("… ", Tone.INFO)) if duties.going else line(("▲ ", Tone.WARN), (key("verify.all"), Tone.KEY), " ")
        )
        tone = Tone.INFO if duties.going else Tone.WARN
        lines.append(cut(line(*sign, (duties.verification, tone)), cells))
    return lines


def turn_words(turn: "Turn", now: datetime) -> str:
    """Since when the turn of a book is due, as a short word."""
    if turn.due_at is None:
        return f"due every {span_words(turn.every)}, never worked"
    return f"{turn.state} since {age(turn.due_at, now)}"


def overdue_words(last: Verification | None, due: Due, now: datetime) -> str:
    """Since when everything should have been verified."""
    if last is None:
        return "all checks were never verified by hand"
    every = span_words(due.every)
    return f"all checks were last verified by {last.by} {age(last.at, now)} ago; due every {every}"


def under_way_words(going: UnderWay, now: datetime) -> str:
    """How far a verification is."""
    return f"{going.by} verifies everything since {age(going.at, now)}: {going.left} of {going.targets} left"


def verified_words(done: Verification) -> str:
    """What came out of it."""
    parts = [f"{done.failing} failing" if done.failing else "", f"{done.unknown} unknown" if done.unknown else ""]
    found = ", ".join(filter(None, parts)) or "nothing wrong"
    return f"Verified by {done.by}: {count(done.targets, 'target')}, {found}."


def _line(key: str, words: str, cells: int) -> Line:
    return cut(line(("▲ ", Tone.WARN), (key, Tone.KEY), " ", (words, Tone.WARN)), cells)
