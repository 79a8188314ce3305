"""A domain's mail records in a line: SPF, DKIM, DMARC and the SES token, each passed or not, and how many pass."""

from collections.abc import Sequence

import msgspec

from cockpit.health.mail.spf import NO_RECORD
from cockpit.health.model import DECISION, Observation, Verdict

RECORDS = (("SPF", "mail.spf"), ("DKIM", "mail.dkim"), ("DMARC", "mail.dmarc"), ("SES token", "mail.amazonses"))

_WORDS = {
    Verdict.OK: "pass",
    Verdict.INFO: "pass",
    Verdict.WARN: "warning",
    Verdict.FAIL: "fail",
    Verdict.UNKNOWN: "unknown",
    Verdict.NA: "not needed",
}


class Line(msgspec.Struct, frozen=True):
    """One record: its name, the word, and the hint that mends it, if there is something to mend."""

    record: str
    word: str
    hint: str = ""


class Summary(msgspec.Struct, frozen=True):
    """All of a domain's; `passed` of `counted` pass, those that are not needed or not there left out."""

    lines: tuple[Line, ...]
    passed: int
    counted: int

    @property
    def sentence(self) -> str:
        """As one line."""
        told = ", ".join(f"{line.record} {line.word}" for line in self.lines)
        return f"{told}: {self.passed} of {self.counted} pass"


def summary(observations: Sequence[Observation]) -> Summary | None:
    """The summary of one domain's decisions; None when none of these records was looked at."""
    decided = {each.check: each for each in observations if each.vantage == DECISION}
    lines = tuple(
        Line(record, _word(seen), seen.finding.fix if seen.finding is not None else "")
        for record, check in RECORDS
        if (seen := decided.get(check)) is not None
    )
    counted = [line for line in lines if line.word not in ("not needed", "none")]
    return Summary(lines, sum(line.word == "pass" for line in counted), len(counted)) if lines else None


def _word(seen: Observation) -> str:
    """A record that is not there and not needed by anybody who looked has passed nothing."""
    return "none" if seen.verdict is Verdict.INFO and seen.headline == NO_RECORD else _WORDS[seen.verdict]
