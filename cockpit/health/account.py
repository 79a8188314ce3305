"""ses.account and ses.quota: may the account send, who stopped it if not, and how much is left of today."""

from datetime import datetime

from cockpit.health.failures import unknown
from cockpit.health.model import DECISION, Finding, Observation, Reading, Verdict

ACCOUNT = "ses.account"
QUOTA = "ses.quota"

QUOTA_WARN = 0.70
QUOTA_FAIL = 0.90
"""Fractions of the 24-hour quota."""


def judge_account(reading: Reading, at: datetime) -> list[Observation]:
    """Both decisions from one GetAccount."""
    if reading.failure is not None:
        return [unknown(reading, ACCOUNT, at), unknown(reading, QUOTA, at)]
    return [_account(reading, at), _quota(reading, at)]


def _account(reading: Reading, at: datetime) -> Observation:
    seen = reading.seen
    enforcement, sending = str(seen.get("enforcement", "")), seen.get("sending_enabled")
    case = f" (case {seen['review_case']})" if seen.get("review_case") else ""
    if enforcement == "SHUTDOWN":
        finding = Finding(
            f"AWS has paused sending for the account{case}; we cannot lift this pause.",
            "EnforcementStatus HEALTHY.",
            "Find and stop the cause, then answer the case with what was found and done. Export the suppression "
            "list: it is deleted 90 days into a pause.",
        )
        return _observation(reading, ACCOUNT, Verdict.FAIL, f"AWS paused sending (SHUTDOWN){case}", at, finding)
    if sending is False:
        finding = Finding(
            "Sending is switched off for the whole account in this region, by us: AWS says "
            f"{enforcement or 'nothing of it'}.",
            "Sending is on.",
            "Find out who switched it off and why; then switch it on again.",
        )
        return _observation(reading, ACCOUNT, Verdict.FAIL, "sending is switched off by us", at, finding)
    if enforcement == "PROBATION":
        finding = Finding(
            f"AWS has the account under review{case}: it still sends, and will be paused if nothing improves.",
            "EnforcementStatus HEALTHY.",
            "Look at the bounce and complaint rates, stop the cause, and answer the case.",
        )
        return _observation(reading, ACCOUNT, Verdict.WARN, f"under review by AWS (PROBATION){case}", at, finding)
    if enforcement not in ("HEALTHY", ""):
        headline = f"AWS reports the state {enforcement}, which is not known here"
        return _observation(reading, ACCOUNT, Verdict.WARN, headline, at)
    if seen.get("production") is False:
        asked = f"; production access was asked for{case}" if seen.get("review_status") == "PENDING" else ""
        return _observation(reading, ACCOUNT, Verdict.INFO, f"{enforcement}, in the SES sandbox{asked}", at)
    return _observation(reading, ACCOUNT, Verdict.OK, f"{enforcement}, sending on", at)


def _quota(reading: Reading, at: datetime) -> Observation:
    limit, sent = reading.seen.get("max_24_hours"), reading.seen.get("sent_24_hours")
    if limit is None or sent is None:
        return _observation(reading, QUOTA, Verdict.UNKNOWN, "AWS did not say what the quota is", at)
    if float(limit) <= 0:
        return _observation(reading, QUOTA, Verdict.NA, "the quota has no limit", at)
    used = float(sent) / float(limit)
    evidence = {"used_fraction": round(used, 4)}
    headline = f"{used:.0%} of the 24-hour quota used ({float(sent):,.0f} of {float(limit):,.0f})"
    if used < QUOTA_WARN:
        return _observation(reading, QUOTA, Verdict.OK, headline, at, evidence=evidence)
    finding = Finding(
        f"{headline}.",
        f"Below {QUOTA_WARN:.0%}.",
        "Hold back mail that can wait, and ask AWS for a higher quota; sending stops at 100 %.",
    )
    verdict = Verdict.FAIL if used >= QUOTA_FAIL else Verdict.WARN
    return _observation(reading, QUOTA, verdict, headline, at, finding, evidence)


def _observation(
    reading: Reading,
    check: str,
    verdict: Verdict,
    headline: str,
    at: datetime,
    finding: Finding | None = None,
    evidence: dict[str, float] | None = None,
) -> Observation:
    kept = {"kind": "ses-account" if check == ACCOUNT else "ses-quota", **reading.seen, **(evidence or {})}
    return Observation(reading.target, check, DECISION, verdict, headline, at, reading.took, finding, kept)
