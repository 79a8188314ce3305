"""dns.backup: how old the newest copy of a domain's records is, against the recovery point objective."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cockpit.clock import parse_time
from cockpit.health.model import DECISION, Finding, Observation, Verdict

CHECK = "dns.backup"

RPO = timedelta(minutes=5)
"""Recovery point objective: how old the newest copy may be (Emergency Response Procedures, objectives)."""

QUIET = "a late backup is shown, and wakes nobody"


def judge_backup(
    target: str, at: datetime, copy: Mapping[str, Any] | None, trouble: str, took: timedelta
) -> Observation:
    """The decision; `copy` is the newest one there is (`source`, `records`, `confirmed_at`), of now or of before.

    `not_whole` in it says why the zone was not copied whole, where it should have been. `trouble` says why none
    could be taken now; empty when one was.
    """
    evidence: dict[str, Any] = {"rpo_s": RPO.total_seconds(), "copies": [], "quiet": QUIET}
    if copy is None:
        # Where the name servers were never reached, nobody knows whether there is anything to keep.
        finding = _finding(target, f"There is no copy of the records of {target}: {trouble}.")
        said = f"no copy of the records was ever kept: {trouble}"
        return _decision(target, Verdict.UNKNOWN, said, at, took, evidence, finding)
    age = max(at - parse_time(str(copy["confirmed_at"])), timedelta())
    evidence.update(
        copies=[{**copy, "age_s": round(age.total_seconds())}],
        confirmed_at=copy["confirmed_at"],
        age_s=round(age.total_seconds()),
    )
    what = f"{copy['records']} record sets by {copy['source']}"
    if age > RPO:
        minutes = round(age / timedelta(minutes=1))
        said = f"the newest copy is {minutes} min old, {round(RPO / timedelta(minutes=1))} are allowed: {trouble}"
        finding = _finding(target, f"The newest copy of {target} has {what} and is {minutes} min old: {trouble}.")
        return _decision(target, Verdict.WARN, said, at, took, evidence, finding)
    aside = f"; none could be taken now: {trouble}" if trouble else ""
    if not trouble and copy.get("not_whole"):
        aside = f"; not the whole zone: {copy['not_whole']}"
    return _decision(target, Verdict.OK, f"{what}, {round(age.total_seconds())} s old{aside}", at, took, evidence)


def _finding(target: str, now: str) -> Finding:
    return Finding(
        now,
        f"A copy that is at most {round(RPO / timedelta(minutes=1))} minutes old.",
        f"Mend what keeps the name servers from being asked, or keep a copy by hand: cockpit snapshot {target}",
    )


def _decision(
    target: str,
    verdict: Verdict,
    headline: str,
    at: datetime,
    took: timedelta,
    evidence: Mapping[str, Any],
    finding: Finding | None = None,
) -> Observation:
    return Observation(target, CHECK, DECISION, verdict, headline, at, took, finding, evidence)
