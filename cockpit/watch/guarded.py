"""One look, whatever it does: raising, hanging or returning nonsense becomes UNKNOWN with the reason."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.detail import detail_text
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.text import redact, visible
from cockpit.watch.plan import Job

DEADLINE_S = 30.0
"""Seconds after which a look is given up; each probe has a shorter deadline of its own."""

_log = logging.getLogger("cockpit.watch")


async def guarded(
    job: Job,
    look: Callable[[Job], Awaitable[list[Observation]]],
    now: Callable[[], datetime],
    deadline_s: float = DEADLINE_S,
) -> list[Observation]:
    """What `look(job)` observed, with a decision for every check of the job; never raises but for cancellation."""
    task = asyncio.ensure_future(look(job))
    try:
        done, _ = await asyncio.wait({task}, timeout=deadline_s)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        # It is not awaited any longer: a look that also swallows its cancellation must not hold up the others.
        task.cancel()
        task.add_done_callback(_forget)
        return _unknown(job, f"gave no answer within {deadline_s:g} s", now(), deadline_s)
    if task.cancelled():
        return _unknown(job, "gave up by itself", now())
    error = task.exception()
    if error is not None:
        _log.warning("The probe %s of %s failed.", job.probe, job.target, exc_info=error)
        said = redact(visible(error, limit=200))
        return _unknown(job, f"the probe failed: {type(error).__name__}{f': {said}' if said else ''}", now())
    nonsense = _nonsense(job, task.result())
    if nonsense:
        _log.warning("The probe %s of %s returned nonsense: %s.", job.probe, job.target, nonsense)
        return _unknown(job, f"the probe returned nonsense: {nonsense}", now())
    return task.result()


def _nonsense(job: Job, result: Any) -> str:
    """What is wrong with a result, or nothing."""
    if not isinstance(result, list) or not all(isinstance(each, Observation) for each in result):
        return "not a list of observations"
    checks = {check.id for check in job.checks}
    decided = {each.check for each in result if each.vantage == DECISION}
    if any(each.target != job.target or each.check not in checks for each in result):
        return "observations of something else"
    try:
        for each in result:
            f"{each.vantage} {each.headline} {detail_text(each)}".encode()
    except (TypeError, ValueError) as error:
        return f"something that cannot be kept ({visible(error, limit=100)})"
    if decided != checks:
        return f"no decision for {', '.join(sorted(checks - decided))}"
    return ""


def _unknown(job: Job, reason: str, at: datetime, took_s: float = 0.0) -> list[Observation]:
    took = timedelta(seconds=took_s)
    return [
        Observation(
            job.target, check.id, DECISION, Verdict.UNKNOWN, reason, at, took, evidence={"failure": "probe"}
        )
        for check in job.checks
    ]


def _forget(task: "asyncio.Future[Any]") -> None:
    """Take the outcome of an abandoned look, so that nobody complains that it was never asked for."""
    if not task.cancelled():
        task.exception()
