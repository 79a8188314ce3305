"""What to say when AWS could not be asked. None of these is green, and none says that anything is missing."""

from datetime import datetime

from cockpit.health.model import DECISION, Observation, Reading, Verdict

SENTENCES = {
    "timeout": "AWS does not answer",
    "unreachable": "AWS cannot be reached from here",
    "throttled": "AWS throttles our calls",
    "expired-credentials": "the AWS credentials have expired",
    "no-credentials": "there are no AWS credentials",
    "access-denied": "this caller may not ask",
    "wrong-account": "the credentials are for another account than the one that is pinned",
    "aws-error": "AWS answers with an error",
    "malformed": "AWS answered nothing that can be read",
}


def unknown(reading: Reading, check: str, at: datetime) -> Observation:
    """The decision UNKNOWN for a check whose reading failed, with the reason in words."""
    token = reading.failure or "malformed"
    detail = str(reading.seen.get("reason", ""))
    sentence = SENTENCES.get(token, token)
    headline = f"{sentence}: {detail}" if detail else sentence
    evidence = {"failure": token}
    return Observation(
        reading.target, check, DECISION, Verdict.UNKNOWN, headline, at, reading.took, evidence=evidence
    )
