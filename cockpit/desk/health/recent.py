"""The last hour of a domain in a few steps: the worst verdict in each, from changes of verdict; pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cockpit.desk.views import HistoryLine
from cockpit.health.model import Verdict

STEP = timedelta(minutes=5)
STEPS = 12

Span = tuple[datetime | None, datetime | None]
"""A stretch in which nobody looked; None is open."""

Standing = tuple[Verdict, datetime, datetime]
"""A verdict, since when it holds, and until when it may be believed: somewhat longer than the last look."""


def recent(
    history: Sequence[HistoryLine],
    standing: Mapping[str, Standing],
    gaps: Sequence[Span],
    now: datetime,
    *,
    step: timedelta = STEP,
    steps: int = STEPS,
) -> tuple[Verdict | None, ...]:
    """The worst verdict in each of the last `steps` steps, the newest last; None where nothing is known.

    `history` has the changes of verdict, oldest first. What a check was before its first known change is not made
    up, nor what was in a gap, nor what it became after nobody looked any more.
    """
    worst: list[Verdict | None] = [None] * steps
    start = now - step * steps
    for check, (verdict, since, until) in standing.items():
        if verdict is Verdict.NA:
            continue
        changes = [line for line in history if line.check == check]
        begins = [line.at for line in changes]
        states = [(at, line.new) for at, line in zip(begins, changes, strict=True)]
        if not states or states[-1][1] is not verdict:
            states.append((since, verdict))
        if changes and changes[0].old is not Verdict.UNKNOWN:
            states.insert(0, (start, changes[0].old))
        ends = [at for at, _ in states[1:]] + [min(now, until)]
        for (at, found), end in zip(states, ends, strict=True):
            _mark(worst, found, max(at, start), end, start, step)
    for _, _, until in standing.values():
        # Without one of its checks a domain is not well: what the others say is not the worst of all.
        _blank(worst, until, None, start, step, now, bad_stays=True)
    for left, right in gaps:
        _blank(worst, left, right, start, step, now)
    return tuple(worst)


def _mark(
    worst: list[Verdict | None], verdict: Verdict, left: datetime, right: datetime, start: datetime, step: timedelta
) -> None:
    if right < left or right < start:
        return
    last = len(worst) - 1
    for index in range(min(last, int((left - start) / step)), min(last, int((right - start) / step)) + 1):
        known = worst[index]
        if known is None or verdict.rank < known.rank:
            worst[index] = verdict


def _blank(
    worst: list[Verdict | None],
    left: datetime | None,
    right: datetime | None,
    start: datetime,
    step: timedelta,
    now: datetime,
    *,
    bad_stays: bool = False,
) -> None:
    """Forget the steps that lie wholly in a gap; those that fail or warn may stay."""
    for index in range(len(worst)):
        known = worst[index]
        if bad_stays and known is not None and known.rank < Verdict.UNKNOWN.rank:
            continue
        begin = start + step * index
        if (left is None or left <= begin) and (right is None or right >= min(begin + step, now)):
            worst[index] = None
