"""A generic webhook: any JSON object by POST, signed if the sender has the key (HMAC-SHA256 over the body)."""

import hashlib
import hmac
import json
import secrets

from cockpit.drill.sinks.answers import json_answer, json_object
from cockpit.drill.sinks.contract import RETRY_AFTER_S, SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response

SIGNATURE = "x-signature-256"
"""Header of a signature, as `sha256=HEX`; a request without one is taken, one with a wrong one is not."""


class WebhookSink:
    """Takes whatever a team has hooked up; `token` is the signing key."""

    def __init__(self, name: str = "webhook") -> None:
        self.name = name
        self.token = secrets.token_hex(16)
        self.path = f"/{name}/{secrets.token_urlsafe(12)}"

    def owns(self, path: str) -> bool:
        """Whether this is the webhook."""
        return path == self.path

    def accept(self, request: Request) -> Response | Taken:
        """Answer 204; 400 for what is no JSON object, 401 for a wrong signature, 415 for another type."""
        if request.method != "POST":
            return json_answer(405, {"error": "POST is what is taken here"}, ("Allow", "POST"))
        if not request.headers.get("content-type", "").startswith("application/json"):
            return json_answer(415, {"error": "application/json is what is taken here"})
        given = request.headers.get(SIGNATURE)
        due = "sha256=" + hmac.new(self.token.encode(), request.body, hashlib.sha256).hexdigest()
        if given is not None and not hmac.compare_digest(given.encode(), due.encode()):
            return json_answer(401, {"error": "the signature does not fit"})
        payload = json_object(request)
        if payload is None:
            return json_answer(400, {"error": "the body is no JSON object"})
        return Taken(json.dumps(payload, ensure_ascii=False), lambda: Response(204))

    def trouble(self, kind: SinkFaultKind) -> Response:
        """429 with Retry-After, or 500."""
        if kind is SinkFaultKind.RATE_LIMIT:
            return json_answer(429, {"error": "too many requests"}, ("Retry-After", str(RETRY_AFTER_S)))
        return json_answer(500, {"error": "internal error"})
