"""A runbook as it is offered: what it is for, when its owner has to read it again, and how it has done here."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median

import msgspec

from cockpit.runbooks.model import Input, Runbook
from cockpit.runbooks.run import Run, RunStatus
from cockpit.runbooks.turn import Turn, turn_of


class Record(msgspec.Struct, frozen=True):
    """How a runbook has done here: runs that ended, the fraction that came to its end, and how long those took.

    `remarks` counts notes that it was wrong, made about the text as it is now. None is "never".
    """

    ended: int = 0
    success: float | None = None
    median: timedelta | None = None
    last_used: datetime | None = None
    remarks: int = 0


class RunbookCard(msgspec.Struct, frozen=True):
    """A runbook as it is offered; `review_due` is None where nobody said when it was read last."""

    id: str
    title: str
    alerts: tuple[str, ...]
    inputs: tuple[Input, ...]
    steps: int
    problems: int
    owner: str
    reviewed: str
    source: str
    review_due: date | None = None
    record: Record = Record()
    turn: Turn | None = None


def card_of(book: Runbook, runs: Sequence[Run] = (), now: datetime | None = None) -> RunbookCard:
    """The runbook as it is offered, with what its runs say; `now` also tells when it is due."""
    problems = sum(problem.level == "error" for problem in book.problems)
    return RunbookCard(
        book.id,
        book.title,
        book.alerts,
        book.inputs,
        len(book.steps),
        problems,
        book.owner,
        book.reviewed,
        book.source,
        review_due(book),
        record_of(book, runs),
        turn_of(book, runs, now) if now is not None else None,
    )


def review_due(book: Runbook) -> date | None:
    """The day by which its owner reads it again; None when `reviewed` is no date."""
    try:
        return (datetime.strptime(book.reviewed, "%Y-%m-%d").replace(tzinfo=UTC) + book.review_every).date()
    except (ValueError, OverflowError):
        return None


def record_of(book: Runbook, runs: Sequence[Run]) -> Record:
    """What the runs of this book amount to; a run that still goes on counts for its last use only."""
    mine = [run for run in runs if run.runbook.id == book.id]
    ended = [run for run in mine if run.ended_at is not None]
    good = [run for run in ended if run.status is RunStatus.FINISHED]
    took = [(run.ended_at - run.started_at).total_seconds() for run in good if run.ended_at is not None]
    return Record(
        ended=len(ended),
        success=len(good) / len(ended) if ended else None,
        median=timedelta(seconds=median(took)) if took else None,
        last_used=max((run.started_at for run in mine), default=None),
        remarks=sum(len(run.remarks) for run in mine if run.runbook.sha256 == book.sha256),
    )
