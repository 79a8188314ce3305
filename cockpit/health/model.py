"""The values that health is made of: readings from probes, observations with a verdict, findings with a fix."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

DECISION = ""
"""The vantage under which a check's decision over all vantages is kept."""


class Verdict(StrEnum):
    """What one look at the world amounts to. UNKNOWN is a state of its own: never green and never missing."""

    OK = "OK"
    INFO = "INFO"
    WARN = "WARN"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    NA = "N/A"

    @property
    def rank(self) -> int:
        """Worst first: FAIL 0, WARN 1, UNKNOWN 2, INFO 3, OK 4, N/A 5."""
        return _RANKS[self]


_RANKS = {
    Verdict.FAIL: 0,
    Verdict.WARN: 1,
    Verdict.UNKNOWN: 2,
    Verdict.INFO: 3,
    Verdict.OK: 4,
    Verdict.NA: 5,
}


class Finding(msgspec.Struct, frozen=True):
    """Three plain sentences for the operator, and the exact record to publish where there is one."""

    now: str
    wanted: str
    fix: str
    record: str | None = None


class Reading(msgspec.Struct, frozen=True):
    """What a probe saw from one vantage; `seen` is plain JSON, already through `visible()`.

    `failure` is set instead of raising when the world did not answer usefully: a short token (`timeout`,
    `servfail`, `refused`, `throttled`, `expired-credentials`, `unreachable`, …) that judges tell apart.
    `took` is how long the asking lasted.
    """

    target: str
    check: str
    vantage: str
    at: datetime
    took: timedelta
    seen: Mapping[str, Any] = msgspec.field(default_factory=dict)
    failure: str | None = None

    def judged(
        self,
        verdict: Verdict,
        headline: str,
        finding: "Finding | None" = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> "Observation":
        """This reading as an observation from the same vantage."""
        return Observation(
            self.target,
            self.check,
            self.vantage,
            verdict,
            headline,
            self.at,
            self.took,
            finding,
            evidence or {},
        )


class Observation(msgspec.Struct, frozen=True):
    """A reading with its verdict; `vantage` is `DECISION` for the check's own decision over all vantages."""

    target: str
    check: str
    vantage: str
    verdict: Verdict
    headline: str
    at: datetime
    took: timedelta = timedelta()
    finding: Finding | None = None
    evidence: Mapping[str, Any] = msgspec.field(default_factory=dict)
