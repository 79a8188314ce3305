"""What a mail check may have to say, and how several such notes become one decision.

A check collects every note that its evidence supports; the worst decides, and all are kept as evidence so that
nothing is hidden behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.detail import finding_plain
from cockpit.health.model import DECISION, Finding, Observation, Verdict


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that is the case; `code` is a stable word for it, `headline` is without the check's name."""

    verdict: Verdict
    code: str
    headline: str
    finding: Finding | None = None


def note(
    verdict: Verdict, code: str, headline: str, now: str, wanted: str, fix: str, record: str | None = None
) -> Note:
    """A note with its finding."""
    return Note(verdict, code, headline, Finding(now, wanted, fix, record))


def unknown(headline: str) -> Note:
    """The note that something could not be looked at."""
    return Note(Verdict.UNKNOWN, "not-seen", headline)


def worst(notes: Sequence[Note]) -> Note | None:
    """The note that decides: the first of the worst verdict."""
    return min(notes, key=lambda each: each.verdict.rank, default=None)


def decide(
    target: str,
    check: str,
    label: str,
    notes: Sequence[Note],
    fine: str,
    at: datetime,
    *,
    took: timedelta = timedelta(),
    evidence: Mapping[str, Any] | None = None,
    otherwise: Verdict = Verdict.OK,
) -> Observation:
    """The decision over all notes; without any, `otherwise` with the headline `fine`.

    `label` begins every headline, as in `SPF: …`.
    """
    chosen = worst(notes)
    kept = {**(evidence or {}), "notes": [_plain(each) for each in notes]}
    if chosen is None:
        return Observation(target, check, DECISION, otherwise, f"{label}: {fine}", at, took, evidence=kept)
    more = sum(each.verdict in (Verdict.FAIL, Verdict.WARN) for each in notes if each is not chosen)
    aside = f"; {more} more to mend" if more else ""
    headline = f"{label}: {chosen.headline}{aside}"
    return Observation(target, check, DECISION, chosen.verdict, headline, at, took, chosen.finding, kept)


def _plain(each: Note) -> dict[str, Any]:
    finding = None if each.finding is None else finding_plain(each.finding)
    return {"verdict": str(each.verdict), "code": each.code, "headline": each.headline, "finding": finding}
