"""The bodies of health events: what the ledger is told when a verdict changes and when an alert moves."""

from typing import Any

from cockpit.clock import format_time
from cockpit.health.detail import finding_plain
from cockpit.health.hysteresis import Changed, Clear, Raise, Worsen
from cockpit.health.impact import Affected, suggest
from cockpit.health.registry import RUNBOOKS, check_named

STREAM = "ops"
"""The stream that all health events go to."""

CHANGED = "health.changed"
RAISED = "alert.raised"
WORSENED = "alert.worsened"
CLEARED = "alert.cleared"


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


def raised_body(alert: str, raised: Raise, affected: Affected, severity_profile: str) -> dict[str, Any]:
    """Body of `alert.raised`; `weight` lets a restarted watch tell worse from the same."""
    seen = raised.observation
    kind = str(seen.evidence.get("kind") or check_named(seen.check).alert_kind)
    severity = suggest(severity_profile, kind, seen, raised.verdict, affected)
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
