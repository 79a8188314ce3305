"""The public status page, in the shape of Atlassian Statuspage's REST API, version 1.

Incidents are created, updated and read under `/v1/pages/{page}/incidents`, components read and changed under
`/components`. `Authorization: OAuth KEY`. Each update is what customers would read.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.sinks.answers import bearer, filled, json_answer, json_object
from cockpit.drill.sinks.contract import SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response

INCIDENT_LIMIT = 200
UPDATE_LIMIT = 100
STATUSES = ("investigating", "identified", "monitoring", "resolved")
IMPACTS = ("none", "minor", "major", "critical")
COMPONENT_STATUSES = ("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")
COMPONENTS = ("Mail delivery", "DNS", "Website", "API")


@dataclass(slots=True)
class _Incident:
    """One incident with its updates, newest first."""

    id: str
    name: str
    status: str
    impact: str
    created_at: datetime
    components: dict[str, str]
    updates: list[dict[str, Any]] = field(default_factory=list)
    resolved_at: datetime | None = None


class StatusPageSink:
    """One page with a few components; `incidents` and `components` are what the public sees."""

    def __init__(self, clock: Clock, name: str = "status-page") -> None:
        self.name = name
        self.page = secrets.token_hex(6)
        self.token = secrets.token_urlsafe(24)
        self.path = f"/{name}"
        self.incidents: OrderedDict[str, _Incident] = OrderedDict()
        self.components = {secrets.token_hex(6): {"name": one, "status": "operational"} for one in COMPONENTS}
        self._clock = clock

    def owns(self, path: str) -> bool:
        """Whether a path is under the API's base URL."""
        return path.startswith(self.path + "/")

    def accept(self, request: Request) -> Response | Taken:
        """Read one request; what the API would not take is refused with its `error`."""
        if bearer(request, "OAuth") != self.token:
            return json_answer(401, {"error": "Could not authenticate"})
        parts = request.path.removeprefix(self.path).removesuffix(".json").strip("/").split("/")
        if parts[:2] != ["v1", "pages"] or len(parts) < 4 or parts[2] != self.page:
            return json_answer(404, {"error": "not found"})
        if parts[3] == "components":
            return self._about_components(request, parts[4:])
        if parts[3] != "incidents" or len(parts) > 5:
            return json_answer(404, {"error": "not found"})
        if len(parts) == 4:
            return self._about_incidents(request, unresolved=False)
        if parts[4] == "unresolved":
            return self._about_incidents(request, unresolved=True)
        return self._about_incident(request, parts[4])

    def trouble(self, kind: SinkFaultKind) -> Response:
        """420 beyond one request a second, or 500."""
        if kind is SinkFaultKind.RATE_LIMIT:
            return json_answer(420, {"error": "You have exceeded the rate limit"})
        return json_answer(500, {"error": "Internal server error"})

    def _about_incidents(self, request: Request, *, unresolved: bool) -> Response | Taken:
        if request.method == "GET":
            listed = [one for one in self.incidents.values() if not (unresolved and one.resolved_at)]
            return json_answer(200, [self._shown(one) for one in reversed(listed)])
        if request.method != "POST" or unresolved:
            return json_answer(405, {"error": "method not allowed"})
        given = self._given(request)
        if isinstance(given, Response):
            return given
        name = filled(given.get("name"))
        if name is None:
            return json_answer(422, {"error": ["Name can't be blank"]})
        return Taken(_said(name, given), lambda: self._create(name, given))

    def _about_incident(self, request: Request, number: str) -> Response | Taken:
        incident = self.incidents.get(number)
        if incident is None:
            return json_answer(404, {"error": "not found"})
        if request.method == "GET":
            return json_answer(200, self._shown(incident))
        if request.method not in ("PATCH", "PUT"):
            return json_answer(405, {"error": "method not allowed"})
        given = self._given(request)
        if isinstance(given, Response):
            return given
        return Taken(_said(incident.name, given), lambda: self._update(incident, given))

    def _about_components(self, request: Request, rest: list[str]) -> Response | Taken:
        if not rest and request.method == "GET":
            return json_answer(200, [{"id": number, **one} for number, one in self.components.items()])
        component = self.components.get(rest[0]) if len(rest) == 1 else None
        if component is None:
            return json_answer(404, {"error": "not found"})
        if request.method not in ("PATCH", "PUT"):
            return json_answer(200, {"id": rest[0], **component})
        body = (json_object(request) or {}).get("component")
        status = body.get("status") if isinstance(body, dict) else None
        if status not in COMPONENT_STATUSES:
            return json_answer(422, {"error": ["Status is not included in the list"]})

        def act() -> Response:
            component["status"] = status
            return json_answer(200, {"id": rest[0], **component})

        return Taken(f"{component['name']}: {status}", act)

    def _given(self, request: Request) -> Mapping[str, Any] | Response:
        """The `incident` member, checked; or the refusal."""
        body = json_object(request)
        if body is None:
            return json_answer(400, {"error": "invalid json"})
        given = body.get("incident")
        if not isinstance(given, dict):
            return json_answer(400, {"error": "incident is missing"})
        wrong = [
            f"{word.capitalize().replace('_', ' ')} is not included in the list"
            for word, allowed in (("status", STATUSES), ("impact_override", IMPACTS))
            if given.get(word) is not None and given[word] not in allowed
        ]
        components, numbers = given.get("components", {}), given.get("component_ids", [])
        if not isinstance(components, dict) or any(one not in COMPONENT_STATUSES for one in components.values()):
            wrong.append("Component status is not included in the list")
        elif not isinstance(numbers, list) or any(one not in self.components for one in map(str, numbers)):
            wrong.append("Component ids do not all belong to this page")
        elif unknown := set(components) - set(self.components):
            wrong.append(f"Component {min(unknown)} does not belong to this page")
        return json_answer(422, {"error": wrong}) if wrong else given

    def _create(self, name: str, given: Mapping[str, Any]) -> Response:
        incident = _Incident(
            id=secrets.token_hex(6),
            name=name,
            status="investigating",
            impact=given.get("impact_override") or "none",
            created_at=self._clock.now(),
            components={},
        )
        self.incidents[incident.id] = incident
        while len(self.incidents) > INCIDENT_LIMIT:
            self.incidents.popitem(last=False)
        self._change(incident, {"status": "investigating", **given})
        return json_answer(201, self._shown(incident))

    def _update(self, incident: _Incident, given: Mapping[str, Any]) -> Response:
        self._change(incident, given)
        return json_answer(200, self._shown(incident))

    def _change(self, incident: _Incident, given: Mapping[str, Any]) -> None:
        now = self._clock.now()
        incident.name = filled(given.get("name")) or incident.name
        incident.status = given.get("status") or incident.status
        incident.impact = given.get("impact_override") or incident.impact
        incident.resolved_at = (incident.resolved_at or now) if incident.status == "resolved" else None
        for number, status in given.get("components", {}).items():
            self.components[number]["status"] = status
        incident.components.update(
            dict.fromkeys(given.get("component_ids") or (), "") | given.get("components", {})
        )
        if given.get("body") or given.get("status"):
            update = {"id": secrets.token_hex(6), "status": incident.status, "body": given.get("body") or ""}
            incident.updates.insert(0, update | {"incident_id": incident.id, "created_at": now.isoformat()})
            del incident.updates[UPDATE_LIMIT:]

    def _shown(self, incident: _Incident) -> dict[str, Any]:
        return {
            "id": incident.id,
            "page_id": self.page,
            "name": incident.name,
            "status": incident.status,
            "impact": incident.impact,
            "created_at": incident.created_at.isoformat(),
            "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
            "shortlink": f"https://stspg.example/{incident.id}",
            "components": [
                {"id": number, **self.components[number]}
                for number in incident.components
                if number in self.components
            ],
            "incident_updates": incident.updates,
        }


def _said(name: str, given: Mapping[str, Any]) -> str:
    """What customers would read of it."""
    status, body = given.get("status"), filled(given.get("body"))
    head = f"{name} [{status}]" if status else name
    return f"{head}: {body}" if body else head
