"""Alerts as the desk knows them: raised and cleared by the watch, taken on by incidents."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from cockpit.clock import parse_time
from cockpit.desk.views import AlertLine
from cockpit.health.alerts import route_from
from cockpit.health.model import Verdict
from cockpit.incident.model import Incident
from storage.ledger import Event

KEPT_CLEARED = 200
"""Cleared alerts kept in memory for the feed; older ones stay in the ledger."""

SAME_EVENT = timedelta(minutes=30)
"""Failures of one kind that begin within this time are taken for one event."""


class Alerts:
    """A fold of `alert.*` events of the `ops` stream and of the incidents that took them."""

    def __init__(self) -> None:
        self._lines: dict[str, AlertLine] = {}
        self.changed = False

    def absorb(self, event: Event) -> None:
        """Take in one event; `changed` tells that a line is different since it was last set to False."""
        body = event.body
        match event.kind:
            case "alert.raised":
                self._lines[str(body["alert"])] = _raised(event)
            case "alert.worsened":
                self._revise(str(body["alert"]), verdict=Verdict(body["verdict"]), headline=str(body["headline"]))
            case "alert.routed" if str(body["alert"]) in self._lines:
                line = self._lines[str(body["alert"])]
                self._lines[line.id] = _routed(line, body)
            case "alert.cleared":
                self._revise(str(body["alert"]), cleared_at=event.occurred_at)
                self._forget_old()
            case "incident.opened" if body.get("alert"):
                self._revise(str(body["alert"]), incident=event.stream.removeprefix("incident/"))
            case "incident.linked" if body.get("alert"):
                self._revise(str(body["alert"]), incident=event.stream.removeprefix("incident/"))
            case _:
                return
        self.changed = True

    def lines(self) -> list[AlertLine]:
        """Open alerts first, the newest of each part first."""
        newest = sorted(self._lines.values(), key=lambda line: line.at, reverse=True)
        return sorted(newest, key=lambda line: line.cleared_at is not None)

    def open(self) -> list[AlertLine]:
        """Alerts that have not cleared, newest first."""
        return [line for line in self.lines() if line.cleared_at is None]

    def _revise(self, alert: str, **changes: object) -> None:
        line = self._lines.get(alert)
        if line is not None:
            self._lines[alert] = replace(line, **changes)

    def _forget_old(self) -> None:
        cleared = [line for line in self.lines() if line.cleared_at is not None]
        for line in cleared[KEPT_CLEARED:]:
            del self._lines[line.id]


def _raised(event: Event) -> AlertLine:
    body = event.body
    runbook = body.get("runbook")
    line = AlertLine(
        id=str(body["alert"]),
        at=event.occurred_at,
        target=str(body["target"]),
        check=str(body["check"]),
        kind=str(body.get("kind", "")),
        verdict=Verdict(body["verdict"]),
        headline=str(body["headline"]),
        severity=str(body.get("severity", "")),
        severity_reason=str(body.get("severity_reason", "")),
        runbook=str(runbook) if runbook else None,
        services=tuple(str(service) for service in body.get("services", ())),
        incident=None,
        cleared_at=None,
        first_bad_at=parse_time(body["first_bad_at"]) if body.get("first_bad_at") else None,
    )
    return _routed(line, body)


def _routed(line: AlertLine, body: Mapping[str, Any]) -> AlertLine:
    """The line with the route that an event tells of; the rule's severity counts where it is the higher one."""
    route = route_from(body.get("route"))
    if route is None:
        return replace(line, route="", notify=())
    routed = replace(line, route=route.name, notify=route.notify)
    if route.severity and route.severity < (line.severity or "P9"):
        return replace(routed, severity=route.severity, severity_reason=route.reason)
    return routed


def home_of(alert: AlertLine, incidents: Sequence[Incident]) -> tuple[Incident, str] | None:
    """The open incident that covers an alert, and why; the first of `incidents` that does so best.

    About the same domain, or one below it, counts before the same kind of failure at another domain at about the
    same time.
    """
    for incident in incidents:
        if any(alert.target == target or alert.target.endswith(f".{target}") for target in incident.targets):
            return incident, "the same domain"
    for incident in incidents:
        if alert.kind and alert.kind == incident.type and abs(alert.at - incident.opened_at) <= SAME_EVENT:
            return incident, "the same failure at the same time"
    return None
