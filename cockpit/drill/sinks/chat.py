"""A Slack incoming webhook: JSON with `text` (or `blocks`, or `attachments`) in, `ok` out."""

import json
import secrets

from cockpit.drill.sinks.answers import json_object, plain_answer
from cockpit.drill.sinks.contract import RETRY_AFTER_S, SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response


class ChatSink:
    """Takes what goes to the team's channel; the path is the secret, as with the real service."""

    def __init__(self, name: str = "chat") -> None:
        self.name = name
        self.token = secrets.token_urlsafe(18)
        self.path = f"/services/T00000DRL/B00000DRL/{self.token}"

    def owns(self, path: str) -> bool:
        """Whether this is the webhook."""
        return path == self.path

    def accept(self, request: Request) -> Response | Taken:
        """Answer as the service does: `ok`, `invalid_payload`, `no_text`, or 405."""
        if request.method != "POST":
            return plain_answer(405, "method_not_allowed")
        payload = json_object(request)
        if payload is None:
            return plain_answer(400, "invalid_payload")
        text = payload.get("text")
        if isinstance(text, str) and text.strip():
            return Taken(text, lambda: plain_answer(200, "ok"))
        rich = payload.get("blocks") or payload.get("attachments")
        if rich:
            return Taken(json.dumps(rich), lambda: plain_answer(200, "ok"))
        return plain_answer(400, "no_text")

    def trouble(self, kind: SinkFaultKind) -> Response:
        """`rollup_error`, or `rate_limited`."""
        if kind is SinkFaultKind.RATE_LIMIT:
            return plain_answer(429, "rate_limited", ("Retry-After", str(RETRY_AFTER_S)))
        return plain_answer(500, "rollup_error")
