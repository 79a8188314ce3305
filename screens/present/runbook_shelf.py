"""Runbooks before they run: how each has done, said in a line, and what every step of one would do."""

from collections.abc import Sequence
from datetime import datetime

from cockpit.runbooks.card import RunbookCard
from cockpit.runbooks.rehearsal import Rehearsed
from cockpit.runbooks.view import RunView
from screens.present.duties import turn_words
from screens.present.lines import EMPTY, Line, Tone, line, rule, wrap
from screens.present.words import age, span_words


def card_words(card: RunbookCard, now: datetime, *, fitting: bool) -> str:
    """What a person wants to know who picks one: steps, success, time, last use, and whether it can be trusted."""
    record = card.record
    words = [f"{card.steps} steps"]
    if fitting:
        words.append("written for this alert")
    if card.turn is not None and card.turn.waits:
        words.append(turn_words(card.turn, now))
    if record.success is not None:
        words.append(f"{record.success:.0%} of {record.ended} came to the end")
    if record.median is not None:
        words.append(f"usually {span_words(record.median)}")
    words.append(f"last {age(record.last_used, now)} ago" if record.last_used is not None else "not used yet")
    if record.remarks:
        words.append(f"{record.remarks} notes that it is wrong")
    if card.review_due is not None and card.review_due < now.date():
        words.append("review overdue")
    return ", ".join(words)


def under_way_words(view: RunView, now: datetime) -> tuple[str, str]:
    """A run that can be gone on with: since when it is under way, and where it is, with what values, by whom."""
    at = f"step {view.number} of {view.total}"
    if view.current is not None:
        at = f"{at}: {view.current.title}"
    values = [value for value in view.inputs.values() if value]
    by = f"paused by {view.paused_by}" if view.paused_by else f"worked by {', '.join(view.people)}"
    return f"Go on with it ({age(view.started_at, now)} old)", " · ".join([at, by, *values])


def rehearsal_lines(steps: Sequence[Rehearsed], cells: int) -> list[Line]:
    """Every step with what it would do, what it lacks, and how it is taken back."""
    lines: list[Line] = []
    for number, step in enumerate(steps, start=1):
        lines.append(rule(f"{number} {step.kind}", cells))
        lines += wrap(step.title, cells, Tone.STRONG)
        for words in step.does:
            lines += wrap(words, cells, first=line("  "), indent=4)
        for words in step.lacks:
            lines += wrap(words, cells, Tone.WARN, first=line(("▲ ", Tone.WARN)), indent=2)
        if step.undo:
            lines += wrap(f"way back: {step.undo}", cells, Tone.MUTED, first=line("  "), indent=4)
        lines.append(EMPTY)
    return lines
