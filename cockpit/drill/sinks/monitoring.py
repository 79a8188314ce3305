"""The company's own monitoring and paging services, as the emergency procedures call them with curl.

`POST /api/incidents/{id}/acknowledge` with `acknowledged_by` and `timestamp` silences an alarm; `POST /api/page`
with `role`, `incident_id` and `severity` calls somebody. Both want `Authorization: Bearer TOKEN`.
"""

import secrets
from collections import OrderedDict
from datetime import datetime

from cockpit.drill.sinks.answers import bearer, filled, json_answer, json_object
from cockpit.drill.sinks.contract import RETRY_AFTER_S, SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response

KNOWN_LIMIT = 500
SEVERITIES = ("P0", "P1", "P2", "P3")


class MonitoringSink:
    """Takes acknowledgements and pages; `acknowledged` maps an incident to who took it."""

    def __init__(self, name: str = "monitoring") -> None:
        self.name = name
        self.token = secrets.token_urlsafe(24)
        self.path = f"/{name}"
        self.acknowledged: OrderedDict[str, str] = OrderedDict()

    def owns(self, path: str) -> bool:
        """Whether a path is under the API's base URL."""
        return path.startswith(self.path + "/")

    def accept(self, request: Request) -> Response | Taken:
        """Read one request; the procedures' curl sends JSON under curl's own content type, so any type will do."""
        if bearer(request, "Bearer") != self.token:
            return json_answer(401, {"error": "unauthorized"}, ("WWW-Authenticate", "Bearer"))
        parts = request.path.removeprefix(self.path).strip("/").split("/")
        if request.method != "POST":
            return json_answer(405, {"error": "method not allowed"}, ("Allow", "POST"))
        match parts:
            case ["api", "incidents", incident, "acknowledge"] if incident:
                return self._acknowledge(request, incident)
            case ["api", "page"]:
                return _page(request)
        return json_answer(404, {"error": "not found"})

    def trouble(self, kind: SinkFaultKind) -> Response:
        """429 with Retry-After, or 503."""
        if kind is SinkFaultKind.RATE_LIMIT:
            return json_answer(429, {"error": "too many requests"}, ("Retry-After", str(RETRY_AFTER_S)))
        return json_answer(503, {"error": "unavailable"})

    def _acknowledge(self, request: Request, incident: str) -> Response | Taken:
        given = json_object(request)
        if given is None:
            return json_answer(400, {"error": "the body is no JSON object"})
        person = filled(given.get("acknowledged_by"))
        if person is None:
            return json_answer(422, {"error": "acknowledged_by is missing"})
        try:
            at = datetime.fromisoformat(str(given.get("timestamp")))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            return json_answer(422, {"error": "timestamp is not an RFC 3339 time"})

        def act() -> Response:
            self.acknowledged.setdefault(incident, person)
            while len(self.acknowledged) > KNOWN_LIMIT:
                self.acknowledged.popitem(last=False)
            return json_answer(200, {"incident": incident, "acknowledged_by": self.acknowledged[incident]})

        return Taken(f"{incident} acknowledged by {person}", act)


def _page(request: Request) -> Response | Taken:
    given = json_object(request)
    if given is None:
        return json_answer(400, {"error": "the body is no JSON object"})
    for name in ("role", "incident_id"):
        if filled(given.get(name)) is None:
            return json_answer(422, {"error": f"{name} is missing"})
    if given.get("severity") not in SEVERITIES:
        return json_answer(422, {"error": f"severity is one of {', '.join(SEVERITIES)}"})
    paged = {"page_id": secrets.token_hex(8), "role": given["role"], "status": "queued"}
    text = f"page {given['role']} for {given['incident_id']} ({given['severity']})"
    return Taken(text, lambda: json_answer(202, paged))
