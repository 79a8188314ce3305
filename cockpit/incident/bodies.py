"""Bodies of the events that commands append, from values that are checked here; `fold` documents their fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.clock import format_time
from cockpit.errors import BadInput
from cockpit.incident.alerts import Alert
from cockpit.incident.deadlines import NOT_SNOOZED, TITLES
from cockpit.incident.entry import clean_text
from cockpit.incident.model import SEVERITIES, Checks, State
from cockpit.incident.roles import ROLES
from cockpit.incident.severity import Answers, SeverityProfile


def opened_from(alert: Alert, profile: SeverityProfile) -> dict[str, Any]:
    """What an incident takes over from the alert; a severity that is none is suggested anew."""
    severity, reason = alert.severity, alert.severity_reason
    if severity not in SEVERITIES:
        suggestion = profile.suggest(Answers(services=len(alert.services) or None))
        severity, reason = suggestion.severity, suggestion.reason
    return {
        "title": clean_text(alert.title, limit=1000),
        "type": alert.kind,
        "severity": severity,
        "severity_reason": reason,
        "targets": [alert.target],
        "services": list(alert.services),
        "dedup_key": alert.dedup_key,
        "alert": alert.id,
        "detected_at": format_time(alert.raised_at),
    }


def opened_by_hand(
    title: str,
    severity: str,
    reason: str,
    kind: str,
    targets: Sequence[str],
    services: Sequence[str],
    *,
    dedup_key: str = "",
    source: str = "",
    readers: Sequence[str] | None = None,
) -> dict[str, Any]:
    """An incident as somebody describes it; with `readers`, even none, it is restricted to them."""
    body: dict[str, Any] = {
        "title": clean_text(title, limit=200),
        "type": kind,
        "severity": known_severity(severity),
        "severity_reason": clean_text(reason) if reason else "",
        "targets": [clean_text(target, limit=253) for target in targets],
        "services": [clean_text(service, limit=200) for service in services],
        "dedup_key": dedup_key,
        "alert": None,
        "source": source,
    }
    if readers is not None:
        body["restricted"], body["readers"] = True, [clean_text(reader, limit=80) for reader in readers]
    return body


def role(code: str, person: str, kind: str = "assigned", *, known: Mapping[str, str] = ROLES) -> dict[str, Any]:
    """One role given to, or released by, one person; raises BadInput for one that is not `known`.

    The title of one that is not ours goes with it, since whoever reads the event may not know it.
    """
    code = code.upper()
    if code not in known:
        raise BadInput(f"{code!r} is not a role; known are {', '.join(known)}.")
    title = {} if known[code] == ROLES.get(code) else {"title": known[code]}
    return {"role": code, "person": person, "kind": kind, **title}


def onset(at: datetime, source: str, *, confirmed: bool) -> dict[str, Any]:
    """A proposed or confirmed beginning."""
    return {"at": format_time(at), "source": source, "confirmed": confirmed}


def checks(seen: Checks) -> dict[str, Any]:
    """What the checks said."""
    return {"seen": seen.seen, "failing": list(seen.failing), "unknown": list(seen.unknown)}


def update(audience: str, channel: str, text: str, *, draft: bool) -> dict[str, Any]:
    """What an audience was told, or will be."""
    return {
        "audience": clean_text(audience, limit=40).lower(),
        "channel": clean_text(channel, limit=40) if channel else "",
        "text": clean_text(text, limit=8000, newlines=True),
        "draft": draft,
    }


def snooze(deadline: str, until: datetime, reason: str, now: datetime) -> dict[str, Any]:
    """A deadline put off; raises BadInput for one that cannot be, and for a moment that is past."""
    if deadline not in TITLES or deadline in NOT_SNOOZED:
        choices = ", ".join(name for name in TITLES if name not in NOT_SNOOZED)
        raise BadInput(f"{deadline!r} cannot be put off; these can: {choices}.")
    if until <= now:
        raise BadInput("A deadline can only be put off into the future.")
    return {"deadline": deadline, "until": format_time(until), "reason": clean_text(reason)}


def known_severity(text: str) -> str:
    """P0 to P3 from what was typed; raises BadInput."""
    severity = text.strip().upper()
    if severity not in SEVERITIES:
        raise BadInput(f"{text!r} is not a severity; write {', '.join(SEVERITIES)}.")
    return severity


def known_state(word: State | str) -> State:
    """A state from its word; raises BadInput."""
    try:
        return State(word)
    except ValueError:
        raise BadInput(f"{word!r} is not a state; known are {', '.join(State)}.") from None


def not_later(at: datetime, now: datetime, what: str) -> datetime:
    """`at`, which lies not after `now`; raises BadInput."""
    if at > now:
        raise BadInput(f"{what} cannot lie in the future ({format_time(at)}).")
    return at
