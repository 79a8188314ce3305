"""mail.amazonses: the TXT record by which old SES identities prove that the domain is ours.

Identities that were verified by DKIM, as all newer ones are, have none and need none.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.mail.asking import Kind, Told
from cockpit.health.mail.notes import Note, decide, unknown
from cockpit.health.model import Observation, Verdict

CHECK = "mail.amazonses"
LABEL = "_amazonses"

_TOKEN = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}\Z")


def judge_amazonses(
    domain: str, told: Told, identity: Mapping[str, Any] | None, at: datetime, *, took: timedelta = timedelta()
) -> Observation:
    """The decision over `_amazonses.<domain>`; INFO at most, because DKIM proves the same."""
    evidence = {"kind": "domain-identity", "records": [value[:120] for value in told.values]}
    if told.kind is Kind.FAILED:
        notes = [unknown(f"{told.name} cannot be looked up: {told.reason}")]
        return decide(domain, CHECK, LABEL, notes, "", at, took=took, evidence=evidence)
    tokens = [value for value in told.values if _TOKEN.match(value)]
    if not tokens:
        verified = str((identity or {}).get("verification_status", "")) == "SUCCESS"
        said = "not there, and not needed: DKIM proves the domain" if verified else "not there"
        return decide(domain, CHECK, LABEL, [], said, at, took=took, evidence=evidence, otherwise=Verdict.NA)
    notes = []
    if identity is None:
        notes.append(
            Note(Verdict.INFO, "left-over", "a verification token, and no identity of this account is known")
        )
    fine = "1 verification token" if len(tokens) == 1 else f"{len(tokens)} verification tokens"
    return decide(domain, CHECK, LABEL, notes, fine, at, took=took, evidence=evidence)
