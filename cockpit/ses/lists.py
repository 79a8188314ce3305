"""ses.suppression: whether the places that suppress agree, and what happens when one cannot be asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.health.failures import unknown
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict
from cockpit.ses.suppression import Difference, Entry, difference, masked

CHECK = "ses.suppression"
SHOWN = 50


def judge_lists(
    reading: Reading, reported: Sequence[Entry], *, fails_open: bool, at: datetime
) -> list[Observation]:
    """The decision from `on_list` and `in_table` (entries), `table_failure` and `reasons`.

    A table that cannot be read is FAIL where senders fail open: they write to everybody then, and nobody notices.
    """
    if reading.failure is not None:
        return [unknown(reading, CHECK, at)]
    seen = reading.seen
    on_list, in_table = _entries(seen.get("on_list", ())), _entries(seen.get("in_table", ()))
    failure = str(seen.get("table_failure") or "")
    parted = difference(on_list, in_table if not failure else on_list, reported)
    evidence: dict[str, Any] = {
        "kind": "ses-watching",
        "list_number": len({each.address for each in on_list}),
        "table_number": None if failure else len({each.address for each in in_table}),
        "reasons": list(seen.get("reasons", ())),
        "fails_open": fails_open,
        "risk": bool(failure and fails_open),
        "cut": bool(seen.get("cut")),
        **_told(parted, hidden=bool(failure or seen.get("cut"))),
    }
    if failure:
        return [_unread(reading, failure, fails_open, evidence, at)]
    counts = f"{evidence['list_number']} on SES's list, {evidence['table_number']} in the table"
    if seen.get("cut"):
        return [_decision(reading, Verdict.INFO, f"{counts}, not all were read", at, evidence)]
    if parted.only_feedback:
        finding = Finding(
            f"{len(parted.only_feedback)} addresses bounced for good or complained, and are suppressed nowhere.",
            "Every such address is on SES's list or in the table.",
            "Add them: cockpit suppression import; and find out why the function that should do so does not.",
        )
        headline = f"{len(parted.only_feedback)} reported addresses are suppressed nowhere; {counts}"
        return [_decision(reading, Verdict.WARN, headline, at, evidence, finding)]
    apart = len(parted.only_list) + len(parted.only_table)
    verdict = Verdict.INFO if apart else Verdict.OK
    return [_decision(reading, verdict, f"{counts}{f', {apart} in one only' if apart else ''}", at, evidence)]


def _unread(
    reading: Reading, failure: str, fails_open: bool, evidence: Mapping[str, Any], at: datetime
) -> Observation:
    if not fails_open:
        headline = f"the suppression table cannot be read: {failure}"
        return _decision(reading, Verdict.UNKNOWN, headline, at, evidence)
    finding = Finding(
        f"The suppression table cannot be read ({failure}), and senders send when they cannot ask it.",
        "A table that answers, or senders that hold mail back when it does not.",
        "Mend the table or the permission to read it. Until then only SES's own list protects the account.",
    )
    headline = f"senders fail open and the suppression table cannot be read: {failure}"
    return _decision(reading, Verdict.FAIL, headline, at, evidence, finding)


def _told(parted: Difference, *, hidden: bool) -> dict[str, Any]:
    """The difference as counts and some masked addresses; None where one side was not seen whole."""
    told: dict[str, Any] = {}
    for name in ("only_list", "only_table", "only_feedback"):
        addresses = getattr(parted, name)
        told[name] = (
            None if hidden else {"number": len(addresses), "some": [masked(each) for each in addresses[:SHOWN]]}
        )
    return told


def _entries(rows: Sequence[Any]) -> list[Entry]:
    return [each if isinstance(each, Entry) else Entry(*each) for each in rows]


def _decision(
    reading: Reading,
    verdict: Verdict,
    headline: str,
    at: datetime,
    evidence: Mapping[str, Any],
    finding: Finding | None = None,
) -> Observation:
    return Observation(reading.target, CHECK, DECISION, verdict, headline, at, reading.took, finding, evidence)
