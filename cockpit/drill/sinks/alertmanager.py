"""Prometheus' Alertmanager, API version 2: alerts are posted as Prometheus does, and listed for whoever asks.

`POST /api/v2/alerts` takes an array of objects with `labels`, and optionally `annotations`, `startsAt`, `endsAt`
and `generatorURL`; one with the labels of a known alert renews it. `GET /api/v2/alerts` lists what is not over.
Like a real one inside a company it asks for no token.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.sinks.answers import filled, json_answer
from cockpit.drill.sinks.contract import RETRY_AFTER_S, SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response

ALERT_LIMIT = 500

RESOLVE_AFTER = timedelta(minutes=5)
"""When an alert that was not renewed is over (`resolve_timeout`)."""


class AlertmanagerSink:
    """Remembers alerts by their labels; the oldest are forgotten."""

    def __init__(self, clock: Clock, name: str = "alertmanager") -> None:
        self.name = name
        self.token = ""
        self.path = f"/{name}"
        self._clock = clock
        self._alerts: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def owns(self, path: str) -> bool:
        """Whether a path is the API's."""
        return path.startswith(self.path + "/")

    def accept(self, request: Request) -> Response | Taken:
        """Read one call: 400 with a word for what is not as documented."""
        if request.path != f"{self.path}/api/v2/alerts":
            return json_answer(404, {"code": 404, "message": f"path {request.path} was not found"})
        if request.method == "GET":
            return json_answer(200, self.active())
        if request.method != "POST":
            return json_answer(405, {"code": 405, "message": "method not allowed"}, ("Allow", "GET,POST"))
        try:
            given = [_checked(each) for each in json.loads(request.body)]
        except (ValueError, TypeError, RecursionError) as error:
            return json_answer(400, {"code": 400, "message": str(error)[:200]})
        names = ", ".join(each["labels"]["alertname"] for each in given)
        return Taken(f"alerts: {names}", lambda: self._take(given))

    def trouble(self, kind: SinkFaultKind) -> Response:
        """429, or 503."""
        if kind is SinkFaultKind.RATE_LIMIT:
            return json_answer(429, {"message": "too many requests"}, ("Retry-After", str(RETRY_AFTER_S)))
        return json_answer(503, {"message": "service unavailable"})

    def active(self) -> list[dict[str, Any]]:
        """What is not over, as the API lists it."""
        now = self._clock.now()
        return [each for each in self._alerts.values() if datetime.fromisoformat(each["endsAt"]) > now]

    def _take(self, given: list[dict[str, Any]]) -> Response:
        now = self._clock.now()
        for each in given:
            key = hashlib.sha256(json.dumps(each["labels"], sort_keys=True).encode()).hexdigest()[:16]
            known = self._alerts.get(key)
            self._alerts[key] = {
                "fingerprint": key,
                "labels": each["labels"],
                "annotations": each.get("annotations") or {},
                "startsAt": each.get("startsAt") or (known["startsAt"] if known else now.isoformat()),
                "endsAt": each.get("endsAt") or (now + RESOLVE_AFTER).isoformat(),
                "updatedAt": now.isoformat(),
                "generatorURL": each.get("generatorURL") or "",
                "receivers": [{"name": "cockpit"}],
                "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
            }
        while len(self._alerts) > ALERT_LIMIT:
            self._alerts.popitem(last=False)
        return Response(200)


def _checked(each: Any) -> dict[str, Any]:
    """An alert as Prometheus posts it; raises ValueError."""
    labels = each.get("labels") if isinstance(each, Mapping) else None
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise ValueError("labels must be an object of texts")
    if filled(labels.get("alertname")) is None:
        raise ValueError("at least one label pair required, alertname among them")
    for name in ("startsAt", "endsAt"):
        if each.get(name) and datetime.fromisoformat(str(each[name])).tzinfo is None:
            raise ValueError(f"{name} is no RFC 3339 time")
    return dict(each)
