"""ses.bounce, ses.complaint and ses.failure: AWS's own figure and our windowed one, side by side and never mixed.

AWS counts over a "representative volume" of its own choosing, so its figure moves late in a burst and heals late;
ours is what happened in the last hour. Fractions throughout; percent only in sentences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from cockpit.health.failures import unknown
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict
from cockpit.ses.runway import History, runway

WINDOW_POINTS = 4
"""Points of 15 minutes that make the window."""

WINDOW_MAIL = 100
"""Mails below which a windowed rate says nothing."""

REPORTED = "AWS reputation"
WINDOWED = "last hour"


@dataclass(frozen=True, slots=True)
class Marks:
    """Our ladder (`warn`, `fail`) and the lines at which AWS reviews and may pause an account."""

    warn: float
    fail: float
    review: float
    pause: float


MARKS = {
    "ses.bounce": Marks(warn=0.03, fail=0.05, review=0.05, pause=0.10),
    "ses.complaint": Marks(warn=0.0005, fail=0.001, review=0.001, pause=0.005),
}

FAILURE = "ses.failure"
FAILURE_WARN = 0.05
FAILURE_FAIL = 0.10
"""Fractions of the sends that the organisation itself counts as failed."""

_SEEN = {"ses.bounce": ("bounce", "reputation_bounce"), "ses.complaint": ("complaint", "reputation_complaint")}


def judge_rates(reading: Reading, at: datetime) -> list[Observation]:
    """Per check one observation for AWS's figure, one for ours, and the decision."""
    if reading.failure is not None:
        return [unknown(reading, check, at) for check in MARKS]
    return [observation for check in MARKS for observation in _judge(reading, check, at)]


def windowed(sent: Sequence[float], bad: Sequence[float]) -> float | None:
    """The rate over the last hour's points, oldest first; None for too little mail to say."""
    mail = sum(sent[-WINDOW_POINTS:])
    return sum(bad[-WINDOW_POINTS:]) / mail if mail >= WINDOW_MAIL else None


def trend(sent: Sequence[float], bad: Sequence[float]) -> list[float]:
    """The rate of each point, oldest first; a point without mail is left out."""
    return [round(many / mail, 6) for mail, many in zip(sent, bad, strict=False) if mail > 0]


def _judge(reading: Reading, check: str, at: datetime) -> list[Observation]:
    name, reputation = _SEEN[check]
    seen, marks = reading.seen, MARKS[check]
    sent, bad = _points(seen, "send"), _points(seen, name)
    reported, ours = seen.get(reputation), windowed(sent, bad)
    evidence = {
        "kind": "ses-bounce" if check == "ses.bounce" else "ses-complaint",
        "reported": reported,
        "windowed": None if ours is None else round(ours, 6),
        "trend": trend(sent, bad),
        "mail_last_hour": sum(sent[-WINDOW_POINTS:]),
        "sent": sent,
        "bad": bad,
        "delivered": _points(seen, "delivery"),
        "rejected": _points(seen, "reject"),
        "figures": list(seen.get(f"figures_{name}", ())),
        "from": seen.get("from"),
        "lines": [marks.review, marks.pause],
        "ladder": [marks.warn, marks.fail],
        "runway": _runway(seen, sent, bad, name, marks, reported),
        "sets": {each: figures.get(name) for each, figures in (seen.get("sets") or {}).items()},
    }
    parts = [
        _unread(reading, check, at)
        if seen.get("figures_unread")
        else _part(reading, check, REPORTED, None if reported is None else float(reported), marks, at),
        _part(reading, check, WINDOWED, ours, marks, at),
    ]
    return [*parts, _decide(reading, check, name, parts, evidence, at)]


def _runway(
    seen: Mapping[str, Any],
    sent: Sequence[float],
    bad: Sequence[float],
    name: str,
    marks: Marks,
    reported: float | None,
) -> list[dict[str, Any]]:
    """What each of our marks and AWS's lines is away; the newest point is still growing, so it is left out."""
    figures = [None if each is None else float(each) for each in seen.get(f"figures_{name}", ())]
    history = History(sent[:-1], bad[:-1], figures[:-1])
    lines = sorted({marks.warn, marks.fail, marks.review, marks.pause})
    return [msgspec.to_builtins(each) for each in runway(history, lines, latest=reported)]


def judge_failures(reading: Reading, at: datetime) -> list[Observation]:
    """The organisation's own count of sends that failed; N/A where it does not count them."""
    if reading.failure is not None:
        return [unknown(reading, FAILURE, at)]
    seen = reading.seen
    good, failed = _points(seen, "own_sent"), _points(seen, "own_failed")
    suppressed = _points(seen, "own_suppressed")
    tried = sum(good[-WINDOW_POINTS:]) + sum(failed[-WINDOW_POINTS:])
    evidence: dict[str, Any] = {
        "kind": "ses-failure",
        "own": bool(seen.get("own")),
        "sent": good,
        "failed": failed,
        "suppressed": suppressed,
        "suppressed_last_hour": sum(suppressed[-WINDOW_POINTS:]),
        "from": seen.get("own_from"),
    }
    if not seen.get("own") or tried <= 0:
        counted = (
            "no mail of ours was counted in the last hour" if seen.get("own") else "nobody counts failed sends"
        )
        return [_failure(reading, Verdict.NA, counted, at, evidence)]
    rate = sum(failed[-WINDOW_POINTS:]) / tried
    evidence["fraction"] = round(rate, 6)
    headline = f"{percent(rate)} of {tried:,.0f} sends failed in the last hour"
    if rate < FAILURE_WARN:
        return [_failure(reading, Verdict.OK, headline, at, evidence)]
    finding = Finding(
        f"{headline}.",
        f"Below {percent(FAILURE_WARN)}.",
        "Read what SES answered to the sender (paused, throttled, not verified, over quota) in its own log.",
    )
    verdict = Verdict.FAIL if rate >= FAILURE_FAIL else Verdict.WARN
    return [_failure(reading, verdict, headline, at, evidence, finding)]


def _failure(
    reading: Reading,
    verdict: Verdict,
    headline: str,
    at: datetime,
    evidence: Mapping[str, Any],
    finding: Finding | None = None,
) -> Observation:
    return Observation(reading.target, FAILURE, DECISION, verdict, headline, at, reading.took, finding, evidence)


def _points(seen: Mapping[str, Any], key: str) -> list[float]:
    return [float(point) for point in seen.get(key, ())]


def _unread(reading: Reading, check: str, at: datetime) -> Observation:
    """AWS's figure where only the counts could be had: not known, which is neither good nor "no figure yet"."""
    return Observation(reading.target, check, REPORTED, Verdict.UNKNOWN, "not read", at, reading.took)


def _part(
    reading: Reading, check: str, vantage: str, rate: float | None, marks: Marks, at: datetime
) -> Observation:
    if rate is None:
        verdict, headline = Verdict.NA, "no mail to speak of" if vantage == WINDOWED else "no figure yet"
    else:
        verdict = Verdict.FAIL if rate >= marks.fail else Verdict.WARN if rate >= marks.warn else Verdict.OK
        headline = percent(rate)
    return Observation(
        reading.target, check, vantage, verdict, headline, at, reading.took, evidence={"fraction": rate}
    )


def _decide(
    reading: Reading,
    check: str,
    name: str,
    parts: Sequence[Observation],
    evidence: Mapping[str, Any],
    at: datetime,
) -> Observation:
    figures = ", ".join(f"{part.headline} ({part.vantage})" for part in parts if part.verdict is not Verdict.NA)
    if not figures:
        headline = f"no {name} figures yet: there was no mail"
        return Observation(
            reading.target, check, DECISION, Verdict.NA, headline, at, reading.took, evidence=evidence
        )
    worst = min(parts, key=lambda part: part.verdict.rank)
    quiet = (Verdict.OK, Verdict.NA, Verdict.UNKNOWN)
    finding = None if worst.verdict in quiet else _finding(check, name, worst, MARKS[check])
    headline = f"{name} rate {figures}"
    return Observation(
        reading.target, check, DECISION, worst.verdict, headline, at, reading.took, finding, evidence
    )


def _finding(check: str, name: str, worst: Observation, marks: Marks) -> Finding:
    source = (
        "by AWS's own reckoning" if worst.vantage == REPORTED else "in the last hour; AWS's own figure moves later"
    )
    fix = (
        "Find the sender or list that bounces (top bouncing domains and configuration sets), stop it, and clean it."
        if check == "ses.bounce"
        else "Find the campaign that recipients complain about, stop it, and suppress those who complained."
    )
    return Finding(
        f"The {name} rate is {worst.headline}, {source}.",
        f"Below {percent(marks.warn)}. AWS reviews accounts from {percent(marks.review)} and may pause them from "
        f"{percent(marks.pause)}.",
        fix,
    )


def percent(fraction: float) -> str:
    """A fraction as people read it: `2.31 %`, `0.04 %`, `0.0312 %`."""
    digits = 2 if fraction >= 0.001 or fraction == 0 else 3
    return f"{fraction * 100:.{digits}f} %"
