"""What the events of a team, of merging and of messages say to a reader of the timeline: kind, text, and noise."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cockpit.incident import fields
from cockpit.incident.model import Recorded
from cockpit.incident.roles import ROLES

Told = tuple[str, str, bool]
"""Kind of the entry, its text, and whether it is noise."""


def _checkin(event: Recorded) -> Told:
    body = event.body
    role = fields.text(body, "role")
    said = "; ".join(filter(None, (fields.text(body, key) for key in ("status", "location", "actions"))))
    return "role", f"{fields.text(body, 'title') or ROLES.get(role, role)} checked in: {said}", True


def _handover(event: Recorded) -> Told:
    body, step = event.body, fields.text(event.body, "step")
    if step == "offered":
        role = fields.text(body, "role")
        return (
            "role",
            f"{fields.text(body, 'title') or ROLES.get(role, role)} offered to {fields.text(body, 'to')}",
            False,
        )
    return "role", f"handover {step} by {event.actor}", False


def _task(event: Recorded) -> Told:
    body, step = event.body, fields.text(event.body, "step")
    title, result = fields.text(body, "title"), fields.text(body, "result")
    if step == "given":
        return "task", f"task for {fields.text(body, 'to')}, {fields.number(body, 'minutes')} min: {title}", False
    words = f"task {step}: {title}" if title else f"task {step}"
    return "task", f"{words}, {result}" if result else words, step == "acknowledged"


def _decision(event: Recorded) -> Told:
    body, step = event.body, fields.text(event.body, "step")
    match step:
        case "proposed":
            return "decision", f"proposed: {fields.text(body, 'text')} (any strong objections?)", False
        case "objected":
            return "decision", f"{event.actor} objects: {fields.text(body, 'reason')}", False
        case "decided":
            return "decision", f"decided: {fields.text(body, 'outcome')}", False
    return "decision", "proposal withdrawn", False


def _merged(event: Recorded) -> Told:
    return "state", f"took over incident {fields.text(event.body, 'ref') or fields.text(event.body, 'from')}", False


def _scope(event: Recorded) -> Told:
    more = (*fields.texts(event.body, "targets"), *fields.texts(event.body, "services"))
    return "state", f"hurt as well: {', '.join(more)}", False


def _restricted(event: Recorded) -> Told:
    reason = fields.text(event.body, "reason")
    word = "restricted" if fields.flag(event.body, "restricted") else "open to everybody again"
    return "state", f"{word}: {reason}" if reason else word, False


def _validated(event: Recorded) -> Told:
    body = event.body
    if fields.text(body, "step") == "started":
        return "check", "validation run started: every check has to stay good until it ends", False
    word = "passed" if fields.flag(body, "passed") else "not passed"
    said = fields.text(body, "said")
    return "check", f"validation {fields.text(body, 'validation')} {word}{f': {said}' if said else ''}", False


def _attempt(event: Recorded) -> Told:
    body = event.body
    return "message", f"not taken by {fields.text(body, 'channel')} yet: {fields.text(body, 'reason')}", True


def _unknown(event: Recorded) -> Told:
    body = event.body
    return (
        "message",
        f"not known whether {fields.text(body, 'channel')} took it: {fields.text(body, 'reason')}",
        False,
    )


DESCRIBERS: Mapping[str, Callable[[Recorded], Told]] = MappingProxyType(
    {
        "incident.checkin": _checkin,
        "incident.handover": _handover,
        "incident.task": _task,
        "incident.decision": _decision,
        "incident.merged": _merged,
        "incident.scope": _scope,
        "incident.restricted": _restricted,
        "incident.validated": _validated,
        "message.attempt": _attempt,
        "message.unknown": _unknown,
    }
)
