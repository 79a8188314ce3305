"""The timeline: one entry per event, with the time it occurred and the time it was recorded.

Editing is an amendment: the newest text and time are shown, every earlier one is kept with who changed it and
why. Noise (links, single health changes, check results) is marked, and shown when asked for or pinned.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import is_
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from cockpit.incident import fields
from cockpit.incident.model import Recorded
from cockpit.incident.roles import ROLES
from cockpit.incident.team_lines import DESCRIBERS
from cockpit.text import visible

_CHANGING = ("incident.amended", "incident.pinned")
"""Events that say nothing themselves and change what earlier ones said."""

LATE = timedelta(minutes=1)
"""An entry that was recorded this much after it occurred is marked as written down later."""


class Amendment(msgspec.Struct, frozen=True):
    """One correction: what stood there before, who changed it, when and why."""

    at: datetime
    by: str
    reason: str
    old_text: str
    old_occurred_at: datetime


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline. `id` is that of the event, and what `incident.amended` names.

    `failed` tells of something that was tried and did not succeed, so that no reader takes it for done.
    """

    id: str
    seq: int
    stream: str
    occurred_at: datetime
    recorded_at: datetime
    kind: str
    actor: str
    text: str
    noise: bool = False
    pinned: bool = False
    struck: bool = False
    failed: bool = False
    history: tuple[Amendment, ...] = ()

    @property
    def late(self) -> bool:
        """Whether it was written down noticeably after it occurred."""
        return self.recorded_at - self.occurred_at >= LATE

    @property
    def shown(self) -> bool:
        """Whether it belongs into the narrative: not noise, or pinned."""
        return self.pinned or not self.noise


class _Line(msgspec.Struct, frozen=True):
    kind: str
    text: str
    noise: bool = False


def timeline(events: Iterable[Recorded]) -> tuple[Entry, ...]:
    """Entries of `events` (of one incident and of everything linked to it), by time of occurrence.

    Amendments and pins are applied in the order of the ledger. Events that say nothing to a reader are left out.
    """
    entries: dict[str, Entry] = {}
    for event in sorted(events, key=lambda event: event.seq):
        if event.kind == "incident.amended":
            _amend(entries, event)
        elif event.kind == "incident.pinned":
            _pin(entries, event)
        elif (line := describe(event)) is not None and event.id not in entries:
            entries[event.id] = _entry(event, line)
    return tuple(sorted(entries.values(), key=_place))


def told_on(
    before: Sequence[Recorded], entries: tuple[Entry, ...], events: Sequence[Recorded]
) -> tuple[Entry, ...]:
    """The same as `timeline(events)`, quicker where `events` (by seq) only go on after `before`, told as `entries`.

    A long incident gets an entry every few seconds, and every terminal tells it anew.
    """
    fresh = events[len(before) :]
    goes_on = len(events) >= len(before) and all(map(is_, before, events))
    if not goes_on or any(event.kind in _CHANGING for event in fresh):
        return timeline(events)
    known = {entry.id for entry in entries} if fresh else set()
    grown = list(entries)
    for event in fresh:
        if (line := describe(event)) is not None and event.id not in known:
            known.add(event.id)
            insort(grown, _entry(event, line), key=_place)
    return tuple(grown)


def _place(entry: Entry) -> tuple[datetime, int]:
    return entry.occurred_at, entry.seq


def describe(event: Recorded) -> _Line | None:
    """What an event says to a reader of the timeline; None when it says nothing."""
    describer = _DESCRIBERS.get(event.kind)
    if describer is not None:
        return describer(event)
    if (teller := DESCRIBERS.get(event.kind)) is not None:
        return _Line(*teller(event))
    if event.stream.startswith("action/"):
        return _action(event)
    return _run(event) if event.stream.startswith("run/") else None


def _entry(event: Recorded, line: _Line) -> Entry:
    return Entry(
        id=event.id,
        seq=event.seq,
        stream=event.stream,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        kind=line.kind,
        actor=event.actor,
        text=visible(line.text),
        noise=line.noise,
        failed=event.kind in _FAILED,
    )


def _amend(entries: dict[str, Entry], event: Recorded) -> None:
    entry = entries.get(fields.text(event.body, "entry"))
    if entry is None:
        return
    reason = visible(fields.text(event.body, "reason"))
    change = Amendment(event.recorded_at, event.actor, reason, entry.text, entry.occurred_at)
    struck = event.body.get("struck")
    entries[entry.id] = replace(
        entry,
        text=visible(fields.text(event.body, "text")) or entry.text,
        occurred_at=fields.moment(event.body, "occurred_at") or entry.occurred_at,
        struck=struck if isinstance(struck, bool) else entry.struck,
        history=(*entry.history, change),
    )


def _pin(entries: dict[str, Entry], event: Recorded) -> None:
    entry = entries.get(fields.text(event.body, "entry"))
    if entry is not None:
        entries[entry.id] = replace(entry, pinned=event.body.get("pinned") is not False)


def _opened(event: Recorded) -> _Line:
    body = event.body
    reason = fields.text(body, "severity_reason")
    source = "opened from an alert" if fields.text(body, "alert") else "opened"
    severity = f"{fields.text(body, 'severity')} ({reason})" if reason else fields.text(body, "severity")
    return _Line("state", f"{source}: {fields.text(body, 'title')}, {severity}")


def _moved(event: Recorded) -> _Line:
    body = event.body
    text = f"{fields.text(body, 'old')} → {fields.text(body, 'new')}"
    if fields.flag(body, "override"):
        text += " without green checks"
    if code := fields.text(body, "code"):
        text += f" ({code})"
    return _Line("state", _because(text, body))


def _severity(event: Recorded) -> _Line:
    body = event.body
    return _Line("severity", _because(f"severity {fields.text(body, 'old')} → {fields.text(body, 'new')}", body))


def _role(event: Recorded) -> _Line:
    body = event.body
    role = fields.text(body, "role")
    title = fields.text(body, "title") or ROLES.get(role, role)
    if fields.text(body, "kind") == "released":
        return _Line("role", f"{title}: {fields.text(body, 'person') or 'nobody'} released")
    return _Line("role", f"{title}: {fields.text(body, 'person')}")


def _note(event: Recorded) -> _Line:
    return _Line(fields.text(event.body, "kind") or "note", fields.text(event.body, "text"))


def _onset(event: Recorded) -> _Line:
    body = event.body
    at = fields.moment(body, "at")
    when = f"{at:%Y-%m-%d %H:%M:%S}Z" if at is not None else "not known"
    word = "confirmed" if fields.flag(body, "confirmed") else "proposed"
    source = fields.text(body, "source")
    return _Line("onset", f"onset {word}: {when}, {source}" if source else f"onset {word}: {when}")


def _update(event: Recorded) -> _Line:
    body = event.body
    word = "draft for" if fields.flag(body, "draft") else "told"
    audience, channel = fields.text(body, "audience") or "nobody in particular", fields.text(body, "channel")
    by = f" by {channel}" if channel else ""
    return _Line("update", f"{word} {audience}{by}: {_first_line(fields.text(body, 'text'))}")


def _snoozed(event: Recorded) -> _Line:
    until = fields.moment(event.body, "until")
    when = f"{until:%H:%M:%S}Z" if until is not None else "later"
    return _Line("clock", _because(f"{fields.text(event.body, 'deadline')} put off until {when}", event.body))


def _linked(event: Recorded) -> _Line:
    for what in ("run", "action", "alert", "document", "incident"):
        if target := fields.text(event.body, what):
            return _Line("link", f"linked to {what} {target}", noise=True)
    return _Line("link", "linked", noise=True)


def _duplicate(event: Recorded) -> _Line:
    return _Line("state", f"duplicate of {fields.text(event.body, 'of')}")


def _checks(event: Recorded) -> _Line:
    failing, unknown = fields.texts(event.body, "failing"), fields.texts(event.body, "unknown")
    seen = fields.number(event.body, "seen")
    text = f"checks looked at: {seen}, failing {len(failing)}, not known {len(unknown)}"
    return _Line("check", text, noise=True)


def _routed(event: Recorded) -> _Line:
    route = event.body.get("route")
    if not isinstance(route, dict):
        return _Line("alert", "routed: no rule is true of it any more", noise=True)
    severity = fields.text(route, "severity")
    notify = "; ".join(fields.texts(route, "notify")) or "nobody named"
    return _Line("alert", f"routed as {fields.text(route, 'name')}{f' ({severity})' if severity else ''}: {notify}")


def _alert(event: Recorded) -> _Line:
    word = {"alert.raised": "", "alert.worsened": "worse: ", "alert.cleared": "cleared: "}.get(event.kind, "")
    target, headline = fields.text(event.body, "target"), fields.text(event.body, "headline")
    return _Line("alert", f"{word}{target} {headline}".strip() if target else f"{word}{headline}")


def _health(event: Recorded) -> _Line:
    body = event.body
    change = f"{fields.text(body, 'old')} → {fields.text(body, 'new')}"
    text = f"{fields.text(body, 'target')} {fields.text(body, 'check')} {change}: {fields.text(body, 'headline')}"
    return _Line("health", text, noise=True)


def _message(event: Recorded) -> _Line:
    body = event.body
    channel = fields.text(body, "channel")
    if event.kind == "message.sent":
        return _Line("message", f"sent to {channel}: {_first_line(fields.text(body, 'text'))}", noise=True)
    if event.kind == "message.failed":
        return _Line("message", f"not delivered to {channel}: {fields.text(body, 'reason')}")
    return _Line("message", f"sending to {channel}", noise=True)


def _run(event: Recorded) -> _Line:
    """A runbook run: where it began and ended, and what became of each step; that a step began is noise."""
    body = event.body
    step = fields.text(body, "title") or fields.text(body, "step").replace("-", " ")
    said, reason = _first_line(fields.text(body, "said")), _first_line(fields.text(body, "reason"))
    match event.kind:
        case "run.started":
            return _Line("runbook", f"runbook started: {fields.text(body, 'title')}")
        case "run.finished":
            return _Line("runbook", "runbook finished")
        case "run.aborted":
            return _Line("runbook", _because("runbook stopped", body))
        case "run.jumped":
            return _Line("runbook", f"runbook went on at: {fields.text(body, 'to').replace('-', ' ')}")
        case "step.done":
            return _Line("runbook", f"{step}: {said}" if said else f"{step}: done")
        case "step.failed":
            return _Line("runbook", f"{step}: failed, {reason}" if reason else f"{step}: failed")
        case "step.skipped":
            return _Line("runbook", f"{step}: left out, {reason}")
        case "step.approved":
            return _Line("runbook", f"{step}: approved by {fields.text(body, 'by') or event.actor}")
        case "step.rejected":
            return _Line("runbook", f"{step}: rejected by {event.actor}, {reason}")
        case "run.remarked":
            return _Line("runbook", f"{step}: the runbook was wrong here, {_first_line(fields.text(body, 'text'))}")
    return _Line("runbook", f"{event.kind.partition('.')[2]}: {step}", noise=True)


def _action(event: Recorded) -> _Line:
    """An action run tells much; a reader wants the plan, what was applied, what is in doubt and how it ended."""
    body = event.body
    step = event.kind.removeprefix("action.")
    words = step.replace("_", " ")
    plan = body.get("plan")
    said = fields.text(plan, "title") if isinstance(plan, Mapping) else ""
    said = said or next((text for key in _SENTENCES if (text := fields.text(body, key))), "")
    text = f"{words}: {_first_line(said)}" if said else words
    return _Line("action", text, noise=step not in _ACTION_NEWS)


def _acknowledged(event: Recorded) -> _Line:
    return _Line("state", "acknowledged")


def _because(text: str, body: Mapping[str, object]) -> str:
    reason = fields.text(body, "reason")
    return f"{text}: {reason}" if reason else text


def _first_line(text: str) -> str:
    first, _, rest = text.strip().partition("\n")
    return f"{first} …" if rest.strip() else first


_FAILED = frozenset(
    {
        "message.failed",
        "message.unknown",
        "step.failed",
        "step.rejected",
        "run.aborted",
        "action.refused",
        "action.unknown",
        "action.conflict",
        "action.needs_human",
    }
)
"""Kinds of events that tell of what did not succeed, or of what nobody knows whether it did."""
_SENTENCES = ("sentence", "text", "headline", "title", "reason", "summary")
_ACTION_NEWS = frozenset(
    {
        "planned",
        "confirmed",
        "applied",
        "refused",
        "unknown",
        "conflict",
        "succeeded",
        "rolling_back",
        "rolled_back",
        "needs_human",
        "closed",
        "cancelled",
    }
)
_DESCRIBERS: Mapping[str, Callable[[Recorded], _Line]] = MappingProxyType(
    {
        "incident.opened": _opened,
        "incident.acknowledged": _acknowledged,
        "incident.moved": _moved,
        "incident.severity": _severity,
        "incident.role": _role,
        "incident.note": _note,
        "incident.onset": _onset,
        "incident.update": _update,
        "incident.snoozed": _snoozed,
        "incident.linked": _linked,
        "incident.duplicate": _duplicate,
        "incident.checks": _checks,
        "alert.raised": _alert,
        "alert.worsened": _alert,
        "alert.cleared": _alert,
        "alert.routed": _routed,
        "health.changed": _health,
        "message.intent": _message,
        "message.sent": _message,
        "message.failed": _message,
    }
)
