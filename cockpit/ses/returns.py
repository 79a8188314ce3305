"""ses.feedback: what came back in the last hour, how many are suppressed by it, and what was set aside."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cockpit.health.failures import unknown
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict
from cockpit.ses.tally import Tally

CHECK = "ses.feedback"


class Returns(msgspec.Struct, frozen=True, kw_only=True):
    """What the ingest knows: `taken` messages in this look, `aside` in the last day, `waiting` in the queue."""

    tally: Tally
    taken: int
    aside: int
    suppressed: int
    waiting: int
    sends: int
    why_aside: str = ""


def judge_feedback(reading: Reading, returns: Returns | None, at: datetime) -> list[Observation]:
    """OK, WARN for messages that had to be set aside, UNKNOWN while the queue cannot be read."""
    evidence: dict[str, Any] = {"kind": "ses-watching"}
    if returns is not None:
        evidence |= {
            "tally": msgspec.to_builtins(returns.tally),
            "aside": returns.aside,
            "suppressed": returns.suppressed,
            "waiting": returns.waiting,
            "taken": returns.taken,
            **_rates(returns),
        }
    if reading.failure is not None:
        failed = unknown(reading, CHECK, at)
        return [msgspec.structs.replace(failed, evidence={**evidence, **failed.evidence})]
    if returns is None:
        return [_decision(reading, Verdict.NA, "the watch works the queue off, and only it", at, evidence)]
    counted = returns.tally
    headline = (
        f"last hour: {counted.permanent} permanent and {counted.transient} other bounces, "
        f"{counted.complaints} complaints; {returns.suppressed} addresses suppressed"
    )
    if not returns.aside:
        return [_decision(reading, Verdict.OK, headline, at, evidence)]
    finding = Finding(
        f"{returns.aside} messages were set aside in the last day; the newest because {returns.why_aside}.",
        "Every message of the queue is feedback from SES that is signed as expected.",
        "Look at them (cockpit ses feedback --aside): somebody else writes to the queue, or SES has a new form.",
    )
    headline = f"{returns.aside} messages set aside; {headline}"
    return [_decision(reading, Verdict.WARN, headline, at, evidence, finding)]


def _rates(returns: Returns) -> Mapping[str, float | None]:
    """Rates by events alone, where the queue also brings the sends."""
    if returns.sends <= 0:
        return {"bounce_fraction": None, "complaint_fraction": None}
    return {
        "bounce_fraction": round(returns.tally.permanent / returns.sends, 6),
        "complaint_fraction": round(returns.tally.complaints / returns.sends, 6),
    }


def _decision(
    reading: Reading,
    verdict: Verdict,
    headline: str,
    at: datetime,
    evidence: Mapping[str, Any],
    finding: Finding | None = None,
) -> Observation:
    return Observation(reading.target, CHECK, DECISION, verdict, headline, at, reading.took, finding, evidence)
