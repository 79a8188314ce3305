"""A generic webhook: one JSON object by POST, signed with HMAC-SHA256 where a key is given.

`Idempotency-Key` carries the message's id, so a receiver that honours it takes a repeated message once.
"""

import hashlib
import hmac
from typing import Any

from cockpit.comms.line import Line, encoded
from cockpit.comms.outcome import Letter, Outcome
from cockpit.profile import Profile
from cockpit.text import redact, visible


class Webhook:
    """Takes `url` as it is configured; `key` signs the body, empty for none."""

    safe_to_repeat = True

    def __init__(self, url: str, key: str, profile: Profile) -> None:
        self._line = Line(url, profile, "webhook", hidden=(key,))
        self._key = key

    def __repr__(self) -> str:
        return "Webhook([redacted])"

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """POST it; raises NotTaken or PerhapsTaken."""
        body: dict[str, Any] = {
            "id": letter.id,
            "incident": letter.ref,
            "severity": letter.severity,
            "state": letter.state,
            "audience": letter.audience,
            "subject": letter.headline,
            "text": redact(visible(letter.text, limit=40_000, newlines=True)),
            "to": list(letter.to),
        }
        headers = {"Idempotency-Key": letter.id}
        if self._key:
            digest = hmac.new(self._key.encode(), encoded(body), hashlib.sha256).hexdigest()
            headers["X-Signature-256"] = f"sha256={digest}"
        return self._line.judge(self._line.call("POST", "", body, headers=headers))
