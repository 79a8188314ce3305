"""ses.sets, ses.health and ses.advice: what else stops mail, and what AWS says of it.

There are three kinds of pause. AWS pauses the account (ses.account, SHUTDOWN: only AWS lifts it), we pause the
account (ses.account, sending off), and somebody pauses one configuration set (ses.sets).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.clock import parse_time
from cockpit.health.failures import unknown
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

SETS, HEALTH, ADVICE = "ses.sets", "ses.health", "ses.advice"

NEWS = timedelta(hours=24)
"""For how long a notification of AWS Health is news, whatever its status."""


def judge_sets(reading: Reading, at: datetime) -> list[Observation]:
    """WARN for paused sets, FAIL when every one of them is paused."""
    if reading.failure is not None:
        return [unknown(reading, SETS, at)]
    sets = list(reading.seen.get("sets", ()))
    paused = [str(each["name"]) for each in sets if each.get("sending") is False]
    evidence = {"kind": "ses-account", "sets": sets, "paused": paused, "unread": reading.seen.get("unread", 0)}
    if not sets:
        return [_decision(reading, SETS, Verdict.NA, "there are no configuration sets", at, evidence)]
    if not paused:
        return [_decision(reading, SETS, Verdict.OK, f"{len(sets)} configuration sets send", at, evidence)]
    names = ", ".join(paused[:5])
    finding = Finding(
        f"Sending is paused for {len(paused)} of {len(sets)} configuration sets: {names}.",
        "Sending is on for every set that is in use.",
        "Find out who paused it and why; this pause is ours and can be lifted (PutConfigurationSetSendingOptions).",
    )
    verdict = Verdict.FAIL if len(paused) == len(sets) else Verdict.WARN
    return [_decision(reading, SETS, verdict, f"paused by configuration set: {names}", at, evidence, finding)]


def judge_health(reading: Reading, at: datetime) -> list[Observation]:
    """WARN while AWS has an open issue with SES, and for a day after any notification, closed ones too."""
    if reading.failure is not None:
        return [unknown(reading, HEALTH, at)]
    if reading.seen.get("subscribed") is False:
        headline = "not available on your support plan"
        return [_decision(reading, HEALTH, Verdict.NA, headline, at, {"kind": "ses-account", "subscribed": False})]
    events = list(reading.seen.get("events", ()))
    current = [each for each in events if _is_current(each, at)]
    evidence = {"kind": "ses-account", "subscribed": True, "events": events, "current": len(current)}
    if not current:
        headline = f"nothing current; {len(events)} past" if events else "AWS reports no event for SES"
        return [_decision(reading, HEALTH, Verdict.OK, headline, at, evidence)]
    newest = current[0]
    says = str(newest.get("text") or newest.get("code"))
    finding = Finding(
        f"AWS Health: {says} ({newest.get('code')}, status {newest.get('status')}).",
        "No current event for SES.",
        "Read the event in AWS Health. A notification that sending was paused is always shown as closed: it is not "
        "over because of that; see the SES account.",
    )
    headline = f"AWS Health: {newest.get('code')} ({newest.get('status')})"
    return [_decision(reading, HEALTH, Verdict.WARN, headline, at, evidence, finding)]


def judge_advice(reading: Reading, at: datetime) -> list[Observation]:
    """INFO for what AWS would mend; it is AWS's opinion, and the checks here have their own."""
    if reading.failure is not None:
        return [unknown(reading, ADVICE, at)]
    advice = list(reading.seen.get("advice", ()))
    standing = [each for each in advice if each.get("status") == "OPEN"]
    evidence = {"kind": "ses-watching", "advice": advice, "more": reading.seen.get("more", 0)}
    if not standing:
        return [_decision(reading, ADVICE, Verdict.OK, "AWS recommends nothing", at, evidence)]
    first = _worst(standing)
    number = f"{len(standing)} recommendation{'s' if len(standing) != 1 else ''}"
    headline = f"{number}; {first.get('type')}: {first.get('says')}"
    return [_decision(reading, ADVICE, Verdict.INFO, headline, at, evidence)]


def _worst(advice: Sequence[Any]) -> Any:
    return min(advice, key=lambda each: (each.get("impact") != "HIGH", str(each.get("type"))))


def _is_current(event: Any, at: datetime) -> bool:
    if event.get("status") == "open" and event.get("category") in ("issue", "investigation"):
        return True
    if event.get("category") == "accountNotification":
        updated = event.get("updated") or event.get("started")
        return updated is None or at - parse_time(str(updated)) < NEWS
    return False


def _decision(
    reading: Reading,
    check: str,
    verdict: Verdict,
    headline: str,
    at: datetime,
    evidence: dict[str, Any],
    finding: Finding | None = None,
) -> Observation:
    return Observation(reading.target, check, DECISION, verdict, headline, at, reading.took, finding, evidence)
