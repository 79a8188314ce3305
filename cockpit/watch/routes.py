"""Keeps each open alert on its route: the rules look at all open alerts, so one that opens may move the others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cockpit.clock import parse_time
from cockpit.health import alerts
from cockpit.health.routing import OpenAlert, Route, Rule, route
from storage.ledger import Draft, Event


class Routes:
    """The open alerts with the routes they were last given; pure but for what it is told."""

    def __init__(self, rules: Sequence[Rule], draft: Callable[[str, dict[str, Any], datetime], Draft]) -> None:
        self._rules = rules
        self._draft = draft
        self._depends_on_time = any(rule.depends_on_time for rule in rules)
        self._open: dict[str, OpenAlert] = {}
        self._given: dict[str, Route | None] = {}

    def recall(self, events: Iterable[Event]) -> None:
        """Learn from the ledger which alerts are open, and where they go."""
        for event in events:
            self._fold(event.kind, event.body)
            if event.kind in (alerts.RAISED, alerts.ROUTED):
                self._given[str(event.body.get("alert"))] = alerts.route_from(event.body.get("route"))
        self._given = {alert: given for alert, given in self._given.items() if alert in self._open}

    def after(self, drafts: Sequence[Draft], targets: Iterable[str] | None, now: datetime) -> list[Draft]:
        """The drafts of one look, raised alerts with their routes, and events for alerts that go elsewhere now.

        `targets` are what was looked at: their alerts are held against the clock again. None means every alert,
        as after a start with other rules.
        """
        if not self._rules and not any(self._given.values()):
            return list(drafts)
        moved = targets is None
        for draft in drafts:
            moved = self._fold(draft.kind, draft.body) or moved
        told = [self._routed(draft, now) if draft.kind == alerts.RAISED else draft for draft in drafts]
        looked_at = set(targets or ()) if self._depends_on_time else set()
        for alert, known in self._open.items():
            if not moved and known.domain not in looked_at:
                continue
            found = route(self._rules, known, self._open.values(), now)
            if found != self._given.get(alert):
                self._given[alert] = found
                told.append(self._draft(alerts.ROUTED, alerts.routed_body(alert, found), now))
        return told

    def _routed(self, draft: Draft, now: datetime) -> Draft:
        known = self._open.get(str(draft.body["alert"]))
        if known is None:
            return draft
        found = self._given[known.alert] = route(self._rules, known, self._open.values(), now)
        return draft if found is None else msgspec.structs.replace(draft, body=alerts.with_route(draft.body, found))

    def _fold(self, kind: str, body: Mapping[str, Any]) -> bool:
        """Take in one event; whether another alert is open now, or looks otherwise."""
        alert = str(body.get("alert", ""))
        if kind == alerts.RAISED:
            ends = body.get("runs_out_at")
            self._open[alert] = OpenAlert(
                alert,
                str(body.get("kind", "")),
                str(body["target"]),
                str(body["check"]),
                str(body["verdict"]),
                len(body.get("services") or ()),
                parse_time(str(ends)) if ends else None,
            )
        elif kind == alerts.CLEARED:
            self._given.pop(alert, None)
            return self._open.pop(alert, None) is not None
        elif kind == alerts.WORSENED and alert in self._open:
            self._open[alert] = msgspec.structs.replace(self._open[alert], verdict=str(body["verdict"]))
        return kind in (alerts.RAISED, alerts.WORSENED)
