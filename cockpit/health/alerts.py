"""The bodies of health events: what the ledger is told when a verdict changes and when an alert moves."""

from collections.abc import Mapping
from typing import Any

from cockpit.clock import format_time
from cockpit.health.detail import finding_plain
from cockpit.health.hysteresis import Changed, Clear, Raise, Worsen
from cockpit.health.impact import Affected, suggest
from cockpit.health.registry import RUNBOOKS, check_named
from cockpit.health.routing import Route
from cockpit.incident.severity import SeverityProfile

STREAM = "ops"
"""The stream that all health events go to."""

CHANGED = "health.changed"
RAISED = "alert.raised"
WORSENED = "alert.worsened"
CLEARED = "alert.cleared"
ROUTED = "alert.routed"


def alert_id(target: str, check: str, event_id: str) -> str:
    """The alert's name for its whole life; the part of the event's id tells one bad patch from the next."""
    return f"{target}|{check}|{event_id[-8:]}"


def changed_body(changed: Changed) -> dict[str, Any]:
    """Body of `health.changed`."""
    seen = changed.observation
    return {
        "target": seen.target,
        "check": seen.check,
        "old": None if changed.old is None else str(changed.old),
        "new": str(seen.verdict),
        "headline": seen.headline,
        "at": format_time(seen.at),
    }


def raised_body(alert: str, raised: Raise, affected: Affected, profile: SeverityProfile) -> dict[str, Any]:
    """Body of `alert.raised`; `weight` lets a restarted watch tell worse from the same.

    `runs_out_at` is the end of a certificate, where the alert is about one.
    """
    seen = raised.observation
    kind = str(seen.evidence.get("kind") or check_named(seen.check).alert_kind)
    severity = suggest(profile, kind, seen, raised.verdict, affected)
    return {
        "alert": alert,
        "target": seen.target,
        "check": seen.check,
        "verdict": str(raised.verdict),
        "headline": seen.headline,
        "finding": None if seen.finding is None else finding_plain(seen.finding),
        "severity": severity.level,
        "severity_reason": severity.reason,
        "kind": kind,
        "runbook": RUNBOOKS.get(kind),
        "services": list(affected.services),
        "owners": list(affected.owners),
        "first_bad_at": format_time(raised.first_bad_at),
        "weight": raised.weight,
        "runs_out_at": str(seen.evidence["not_after"]) if seen.evidence.get("not_after") else None,
    }


def with_route(body: Mapping[str, Any], route: Route) -> dict[str, Any]:
    """A body of `alert.raised` with its route; the rule's severity counts where it is the higher one."""
    routed = {**body, "route": _plain(route)}
    if route.severity and route.severity < str(body.get("severity") or "P9"):
        routed.update(severity=route.severity, severity_reason=route.reason)
    return routed


def routed_body(alert: str, route: Route | None) -> dict[str, Any]:
    """Body of `alert.routed`: where an open alert goes from now on; None when no rule is true of it any more."""
    return {"alert": alert, "route": None if route is None else _plain(route)}


def route_from(plain: Any) -> Route | None:
    """The route that an event tells of."""
    if not isinstance(plain, Mapping):
        return None
    notify = plain.get("notify")
    return Route(
        str(plain.get("name", "")),
        str(plain.get("severity", "")),
        str(plain.get("condition", "")),
        tuple(str(each) for each in notify) if isinstance(notify, list | tuple) else (),
    )


def _plain(route: Route) -> dict[str, Any]:
    return {
        "name": route.name,
        "severity": route.severity,
        "condition": route.condition,
        "notify": list(route.notify),
    }


def worsened_body(worsened: Worsen) -> dict[str, Any]:
    """Body of `alert.worsened`."""
    return {
        "alert": worsened.alert,
        "verdict": str(worsened.verdict),
        "headline": worsened.observation.headline,
        "weight": worsened.weight,
    }


def cleared_body(cleared: Clear) -> dict[str, Any]:
    """Body of `alert.cleared`."""
    return {"alert": cleared.alert, "headline": cleared.observation.headline}
