"""The pager, in the shape of PagerDuty's Events API, version 2: `POST /v2/enqueue`, the routing key in the body."""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from cockpit.drill.sinks.answers import filled, json_answer, json_object
from cockpit.drill.sinks.contract import SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response

ALERT_LIMIT = 500
SUMMARY_LIMIT = 1024
BODY_LIMIT = 512 * 1024
DEDUP_LIMIT = 255
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")


class PagerSink:
    """One service's integration; `alerts` maps each deduplication key to what was last said of it."""

    def __init__(self, name: str = "pager") -> None:
        self.name = name
        self.token = secrets.token_hex(16)
        self.path = f"/{name}"
        self.alerts: OrderedDict[str, str] = OrderedDict()

    def owns(self, path: str) -> bool:
        """Whether a path is under the API's base URL."""
        return path.startswith(self.path + "/")

    def accept(self, request: Request) -> Response | Taken:
        """Read one event; a bad one is refused with every reason."""
        if request.path != f"{self.path}/v2/enqueue":
            return Response(404)
        if request.method != "POST":
            return Response(405, (("Allow", "POST"),))
        if len(request.body) > BODY_LIMIT:
            return Response(413)
        event = json_object(request)
        if event is None:
            return _invalid(["JSON could not be parsed"])
        if wrong := self._wrong_with(event):
            return _invalid(wrong)
        action = event["event_action"]
        key = event.get("dedup_key") or secrets.token_hex(16)
        payload = event.get("payload")
        summary = payload.get("summary", "") if isinstance(payload, dict) else ""
        text = f"{action} {key}: {summary}".rstrip(": ")
        return Taken(text, lambda: self._take(key, action))

    def trouble(self, kind: SinkFaultKind) -> Response:
        """429 without a hint how long, or 500."""
        return Response(429 if kind is SinkFaultKind.RATE_LIMIT else 500)

    def _take(self, key: str, action: str) -> Response:
        # Acknowledging or resolving what was never triggered is taken as well, and changes nothing.
        if action == "trigger" or key in self.alerts:
            self.alerts[key] = action
            self.alerts.move_to_end(key)
        while len(self.alerts) > ALERT_LIMIT:
            self.alerts.popitem(last=False)
        return json_answer(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _wrong_with(self, event: Mapping[str, Any]) -> list[str]:
        wrong = []
        routing_key, action, key = (event.get(name) for name in ("routing_key", "event_action", "dedup_key"))
        if not isinstance(routing_key, str) or len(routing_key) != len(self.token):
            wrong.append("Length of 'routing_key' is incorrect (should be 32 characters)")
        elif routing_key != self.token:
            wrong.append("'routing_key' is invalid")
        if action not in ACTIONS:
            wrong.append("'event_action' is missing or blank" if not action else "'event_action' is invalid")
        if key is not None and (not isinstance(key, str) or len(key) > DEDUP_LIMIT):
            wrong.append(f"'dedup_key' is longer than {DEDUP_LIMIT} characters")
        if action in ("acknowledge", "resolve") and not key:
            wrong.append("'dedup_key' is missing or blank")
        return wrong + _wrong_with_payload(event.get("payload")) if action == "trigger" else wrong


def _wrong_with_payload(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    wrong = [
        f"'payload.{name}' is missing or blank"
        for name in ("summary", "source")
        if filled(payload.get(name)) is None
    ]
    if payload.get("severity") not in SEVERITIES:
        wrong.append("'payload.severity' is invalid (must be one of the following: " + ", ".join(SEVERITIES) + ")")
    if len(str(payload.get("summary", ""))) > SUMMARY_LIMIT:
        wrong.append(f"'payload.summary' is longer than {SUMMARY_LIMIT} characters")
    return wrong


def _invalid(wrong: list[str]) -> Response:
    return json_answer(400, {"status": "invalid event", "message": "Event object is invalid", "errors": wrong})
