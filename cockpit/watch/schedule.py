"""When each job is due: spread over the interval, never twice at once, at once when somebody asks."""

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cockpit.watch.plan import Job

JITTER = 0.05
"""Fraction of the interval by which a next time may be earlier or later, so that jobs do not march in step."""

FIRST_PER_S = 50.0
"""Jobs begun per second at the start, so that a large configuration does not begin with a burst."""

KEEP_THEIR_PACE = frozenset({"issuance"})
"""Probes of a service that serves everybody: asking for a whole target does not hurry them soon after a look."""

PACED_S = 600.0
"""For how long after a look such a probe is not hurried, unless it is asked for by name."""


@dataclass(slots=True)
class _State:
    due: float
    looked: float | None = None
    running: bool = False
    again: bool = False
    urgent: bool = False


class Schedule:
    """Due times by monotonic seconds; `random` gives 0 to 1."""

    def __init__(self, jobs: Iterable[Job], now: float, random: Callable[[], float]) -> None:
        self._random = random
        self._numbers = itertools.count()
        self._heap: list[tuple[float, int, Job]] = []
        self._states: dict[Job, _State] = {}
        self._by_target: dict[str, list[Job]] = {}
        planned = list(jobs)
        for job in planned:
            spread = min(job.interval_s, len(planned) / FIRST_PER_S)
            self._states[job] = _State(now)
            self._by_target.setdefault(job.target, []).append(job)
            self._push(job, now + spread * self._random())

    def take_due(self, now: float) -> list[tuple[Job, bool]]:
        """Jobs to begin now, each with whether somebody waits for it; they count as running until `done()`."""
        taken = []
        while self._heap and self._heap[0][0] <= now:
            due, _, job = heapq.heappop(self._heap)
            state = self._states[job]
            if state.running or due != state.due:
                continue
            taken.append((job, state.urgent))
            state.running, state.urgent = True, False
        return taken

    def done(self, job: Job, now: float) -> None:
        """A job ended: its next time is an interval away, or now if somebody asked meanwhile."""
        state = self._states[job]
        state.running, state.looked = False, now
        if state.again:
            state.again, state.urgent = False, True
            self._push(job, now)
            return
        self._push(job, now + job.interval_s * (1 + JITTER * (2 * self._random() - 1)))

    def hurry(self, target: str, probes: frozenset[str] | None, now: float) -> int:
        """Make jobs of `target` due now (all of them, or those of `probes`); returns how many.

        Those that keep their pace are left out where all are meant and the last look is not long ago. A job that
        is under way runs once more, since it may have looked before whatever was to be seen happened.
        """
        jobs = [
            job
            for job in self._by_target.get(target, ())
            if (job.probe in probes if probes is not None else not self._paced(job, now))
        ]
        for job in jobs:
            state = self._states[job]
            if state.running:
                state.again = True
            else:
                state.urgent = True
                self._push(job, now)
        return len(jobs)

    def _paced(self, job: Job, now: float) -> bool:
        looked = self._states[job].looked
        return job.probe in KEEP_THEIR_PACE and looked is not None and now - looked < min(PACED_S, job.interval_s)

    def wait_s(self, now: float) -> float:
        """Seconds until something is due; 1 at most."""
        return min(1.0, max(0.0, self._heap[0][0] - now)) if self._heap else 1.0

    def _push(self, job: Job, due: float) -> None:
        self._states[job].due = due
        heapq.heappush(self._heap, (due, next(self._numbers), job))
