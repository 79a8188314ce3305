"""Another pager, in the shape of Opsgenie's Alert API: alerts are made, acknowledged, annotated and closed.

`Authorization: GenieKey KEY`. Requests are taken for processing; `GET /v2/alerts/requests/{id}` tells the outcome.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from cockpit.drill.sinks.answers import bearer, filled, json_answer, json_object
from cockpit.drill.sinks.contract import RETRY_AFTER_S, SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response

ALERT_LIMIT = 500
MESSAGE_LIMIT = 130
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
WORDS = {"acknowledge": "acknowledged", "close": "closed", "notes": "", "unacknowledge": "open"}
"""What may be done to an alert, and the state that it is in then; a note changes none."""


class OpsgenieSink:
    """One API integration; `alerts` maps each alias to its alert."""

    def __init__(self, name: str = "opsgenie") -> None:
        self.name = name
        self.token = secrets.token_hex(18)
        self.path = f"/{name}"
        self.alerts: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._requests: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def owns(self, path: str) -> bool:
        """Whether a path is under the API's base URL."""
        return path.startswith(self.path + "/")

    def accept(self, request: Request) -> Response | Taken:
        """Read one request; a bad one is refused with what is wrong in each field."""
        if bearer(request, "GenieKey") != self.token:
            return _answer(401, "Could not authenticate")
        parts = request.path.removeprefix(self.path).strip("/").split("/")
        if parts[:2] != ["v2", "alerts"]:
            return _answer(404, "There is no such resource")
        match request.method, parts[2:]:
            case "POST", []:
                return self._open(request)
            case "GET", ["requests", number] if number in self._requests:
                return json_answer(200, {"data": self._requests[number], "took": 0.01, "requestId": number})
            case "GET", [alias] if self._found(request, alias) is not None:
                return json_answer(200, {"data": self._found(request, alias), "took": 0.01, "requestId": _number()})
            case "POST", [alias, word] if word in WORDS:
                return self._move(request, alias, word)
        return _answer(404, "Alert does not exist")

    def trouble(self, kind: SinkFaultKind) -> Response:
        """429 with a wait, or 500."""
        if kind is SinkFaultKind.RATE_LIMIT:
            return _answer(
                429, "You are making too many requests!", ("X-RateLimit-Period-In-Sec", str(RETRY_AFTER_S))
            )
        return _answer(500, "Internal Server Error")

    def _open(self, request: Request) -> Response | Taken:
        given = json_object(request)
        if given is None:
            return _answer(422, "Request body is not processable. Please check the errors.")
        message = filled(given.get("message"))
        wrong = {}
        if message is None:
            wrong["message"] = "Message can not be empty."
        if given.get("priority", "P3") not in PRIORITIES:
            wrong["priority"] = "should be one of [ P1, P2, P3, P4, P5 ]"
        if wrong or message is None:
            return _unprocessable(wrong)
        return Taken(message, lambda: self._keep(given, message))

    def _keep(self, given: Mapping[str, Any], message: str) -> Response:
        number = _number()
        alias = filled(given.get("alias")) or number
        known = self.alerts.get(alias)
        if known is not None and known["status"] != "closed":
            known["count"] += 1
        else:
            self.alerts[alias] = {
                "id": number,
                "alias": alias,
                "message": message[:MESSAGE_LIMIT],
                "priority": given.get("priority", "P3"),
                "status": "open",
                "acknowledged": False,
                "count": 1,
                "notes": [],
            }
        while len(self.alerts) > ALERT_LIMIT:
            self.alerts.popitem(last=False)
        return self._processed("Created alert", alias)

    def _move(self, request: Request, alias: str, word: str) -> Response | Taken:
        given = json_object(request) if request.body else {}
        if given is None:
            return _answer(422, "Request body is not processable. Please check the errors.")
        note = filled(given.get("note"))
        if word == "notes" and note is None:
            return _unprocessable({"note": "Note can not be empty."})

        def act() -> Response:
            alert = self._found(request, alias)
            if alert is None:
                return self._processed("Alert does not exist", alias, success=False)
            alert["notes"] = [*alert["notes"], *([note] if note else [])][-ALERT_LIMIT:]
            if state := WORDS[word]:
                alert["status"] = "closed" if state == "closed" else "open"
                alert["acknowledged"] = state == "acknowledged"
            return self._processed(f"{word} done", alias)

        return Taken(f"{word} {alias}" + (f": {note}" if note else ""), act)

    def _found(self, request: Request, number: str) -> dict[str, Any] | None:
        """An alert by its id or, where `identifierType=alias` says so, by its alias."""
        if dict(request.query).get("identifierType") == "alias":
            return self.alerts.get(number)
        return next((one for one in self.alerts.values() if one["id"] == number), None)

    def _processed(self, status: str, alias: str, *, success: bool = True) -> Response:
        number = _number()
        self._requests[number] = {"success": success, "isSuccess": success, "status": status, "alias": alias}
        while len(self._requests) > ALERT_LIMIT:
            self._requests.popitem(last=False)
        taken = {"result": "Request will be processed", "took": 0.01, "requestId": number}
        return json_answer(202, taken)


def _number() -> str:
    return secrets.token_hex(16)


def _answer(status: int, message: str, *headers: tuple[str, str]) -> Response:
    return json_answer(status, {"message": message, "took": 0.0, "requestId": _number()}, *headers)


def _unprocessable(wrong: Mapping[str, str]) -> Response:
    message = "Request body is not processable. Please check the errors."
    return json_answer(422, {"message": message, "errors": dict(wrong), "took": 0.0, "requestId": _number()})
