"""Events to incident, one at a time. Total: no history, however odd, makes it raise.

Stream `incident/<uid>`; times are RFC 3339 strings; `occurred_at` of the event is when it happened.

=====================  ==================================================================================
kind                   body
=====================  ==================================================================================
incident.opened        number, title, type, severity, severity_reason, profile, targets, services, dedup_key,
                       alert (id or null), detected_at, source, restricted, readers, own_terms, own_roles
incident.acknowledged  (empty); detected becomes acknowledged
incident.moved         old, new, reason; `code` for an early close, `override` when resolved without green checks
incident.severity      old, new, reason
incident.role          role, person, kind: assigned | released
incident.note          text, kind (see `entry.KINDS`)
incident.amended       entry (event id), reason; text and/or occurred_at are the new values, struck crosses it out
incident.pinned        entry (event id), pinned
incident.onset         at, source, confirmed; a proposal never replaces a confirmation
incident.update        audience, channel, text, draft
incident.snoozed       deadline (see `deadlines`), until, reason
incident.linked        exactly one of run, action, alert, document, incident: id
incident.duplicate     of (uid of the incident that covers this one)
incident.merged        from (uid of the incident that was taken in), with its alerts, targets, services, runs,
                       actions, documents
incident.scope         targets, services that are hurt as well
incident.restricted    restricted, readers, reason
incident.checks        seen, failing, unknown (lists of "target check")
=====================  ==================================================================================

Unknown kinds are ignored. Moves that the lifecycle does not have are not made; they are counted in
`Incident.anomalies`, which the review shows. What moved twice, or was amended, keeps its latest value.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from cockpit.incident import fields
from cockpit.incident.lifecycle import is_legal
from cockpit.incident.model import (
    DONE,
    WORKING,
    Assignment,
    Checks,
    Incident,
    Onset,
    Recorded,
    SeverityChange,
    Snooze,
    State,
    Step,
    Update,
)

STREAM_PREFIX = "incident/"
"""Streams of incidents begin with this; the uid follows."""

CARRIED = ("alerts", "targets", "services", "runs", "actions", "documents")
"""What one incident takes over from another that is merged into it."""


def fold(events: Iterable[Recorded]) -> Incident | None:
    """The incident after all of `events` of its stream, or None when it was never opened."""
    incident: Incident | None = None
    for event in events:
        incident = advance(incident, event)
    return incident


def advance(incident: Incident | None, event: Recorded) -> Incident | None:
    """The incident after one more event, given once and in order; other streams and unknown kinds do nothing."""
    if not event.stream.startswith(STREAM_PREFIX):
        return incident
    if incident is None:
        return _opened(event) if event.kind == "incident.opened" else None
    step = _STEPS.get(event.kind)
    if step is None or event.stream != STREAM_PREFIX + incident.uid:
        return incident
    return step(incident, event)


def _opened(event: Recorded) -> Incident:
    body = event.body
    alert = fields.text(body, "alert")
    severity = fields.text(body, "severity")
    return Incident(
        uid=event.stream.removeprefix(STREAM_PREFIX),
        number=fields.number(body, "number"),
        title=fields.text(body, "title") or "untitled",
        type=fields.text(body, "type"),
        severity=severity,
        severity_reason=fields.text(body, "severity_reason"),
        profile=fields.text(body, "profile"),
        state=State.DETECTED,
        opened_at=event.occurred_at,
        opened_by=event.actor,
        opened_event=event.id,
        detected_at=fields.moment(body, "detected_at") or event.occurred_at,
        dedup_key=fields.text(body, "dedup_key"),
        targets=fields.texts(body, "targets"),
        services=fields.texts(body, "services"),
        alerts=(alert,) if alert else (),
        restricted=fields.flag(body, "restricted"),
        readers=fields.texts(body, "readers"),
        source=fields.text(body, "source") or ("alert" if alert else "person"),
        own_terms=_own_terms(body.get("own_terms")),
        own_roles=_own_roles(body.get("own_roles")),
    )


def _own_roles(plain: object) -> tuple[tuple[str, str, tuple[str, ...] | None], ...]:
    """Code, title and severities of each role in `{"LEG": {"title": "Legal counsel", "required": ["P0"]}}`."""
    roles = plain.items() if isinstance(plain, Mapping) else ()
    return tuple(
        (code, fields.text(role, "title"), None if role.get("required") is None else fields.texts(role, "required"))
        for code, role in roles
        if isinstance(code, str) and isinstance(role, Mapping)
    )


def _own_terms(plain: object) -> tuple[tuple[str, str, float], ...]:
    """Severity, deadline and seconds of each clock in `{"P1": {"update": 900}}`; what is no number is left out."""
    levels = plain.items() if isinstance(plain, Mapping) else ()
    return tuple(
        (severity, name, float(seconds))
        for severity, terms in levels
        if isinstance(severity, str) and isinstance(terms, Mapping)
        for name, seconds in terms.items()
        if isinstance(name, str)
        and isinstance(seconds, int | float)
        and not isinstance(seconds, bool)
        and 0 < seconds <= 31 * 86_400
    )


def _acknowledged(incident: Incident, event: Recorded) -> Incident:
    if incident.state is not State.DETECTED:
        return replace(incident, anomalies=incident.anomalies + 1)
    step = Step(event.id, State.DETECTED, State.ACKNOWLEDGED, event.occurred_at, "", event.actor)
    return _stepped(incident, step)


def _moved(incident: Incident, event: Recorded) -> Incident:
    new = _state(fields.text(event.body, "new"))
    if new is None or not is_legal(incident.state, new):
        return replace(incident, anomalies=incident.anomalies + 1)
    body = event.body
    step = Step(
        event.id,
        incident.state,
        new,
        event.occurred_at,
        fields.text(body, "reason"),
        event.actor,
        fields.text(body, "code"),
    )
    return _stepped(incident, step)


def _state(word: str) -> State | None:
    try:
        return State(word)
    except ValueError:
        return None


def _stepped(incident: Incident, step: Step) -> Incident:
    return _milestones(replace(incident, state=step.new, steps=(*incident.steps, step)))


def _milestones(incident: Incident) -> Incident:
    """The milestones of the last round, from the steps in the order in which they were recorded."""
    acknowledged = mitigated = resolved = closed = None
    code = ""
    reopened = 0
    for step in incident.steps:
        if acknowledged is None and step.new in WORKING:
            acknowledged = step.at
        if step.reopens:
            reopened += 1
            mitigated = resolved = closed = None
            code = ""
        elif step.new is State.MONITORING:
            mitigated = step.at
        elif step.new in WORKING:
            mitigated = None
        elif step.new is State.RESOLVED:
            resolved = step.at
            mitigated = mitigated or step.at
        elif step.new is State.CLOSED:
            closed = step.at
            code = "" if step.old in DONE else step.code
    return replace(
        incident,
        acknowledged_at=acknowledged,
        mitigated_at=mitigated,
        resolved_at=resolved,
        closed_at=closed,
        close_code=code,
        reopened=reopened,
    )


def _severity(incident: Incident, event: Recorded) -> Incident:
    new = fields.text(event.body, "new")
    if not new or new == incident.severity:
        return incident
    reason = fields.text(event.body, "reason")
    change = SeverityChange(event.occurred_at, incident.severity, new, reason, event.actor)
    return replace(incident, severity=new, severity_reason=reason, severities=(*incident.severities, change))


def _role(incident: Incident, event: Recorded) -> Incident:
    role, person = fields.text(event.body, "role"), fields.text(event.body, "person")
    if not role:
        return incident
    others = tuple(assignment for assignment in incident.roles if assignment.role != role)
    if fields.text(event.body, "kind") == "released":
        held = incident.holder(role)
        return replace(incident, roles=others) if person in ("", held) else incident
    if not person:
        return incident
    return replace(incident, roles=(*others, Assignment(role, person, event.occurred_at)))


def _note(incident: Incident, event: Recorded) -> Incident:
    return replace(incident, notes=incident.notes + 1)


def _amended(incident: Incident, event: Recorded) -> Incident:
    """A corrected time moves the milestone or message that it belongs to; texts matter to the timeline only."""
    entry, at = fields.text(event.body, "entry"), fields.moment(event.body, "occurred_at")
    if at is None:
        return incident
    if entry == incident.opened_event:
        return replace(incident, opened_at=at)
    steps = tuple(replace(step, at=at) if step.event == entry else step for step in incident.steps)
    updates = tuple(replace(update, at=at) if update.event == entry else update for update in incident.updates)
    return _last_update(_milestones(replace(incident, steps=steps, updates=updates)))


def _onset(incident: Incident, event: Recorded) -> Incident:
    at = fields.moment(event.body, "at")
    confirmed = fields.flag(event.body, "confirmed")
    if at is None or (incident.onset is not None and incident.onset.confirmed and not confirmed):
        return incident
    return replace(incident, onset=Onset(at, fields.text(event.body, "source"), confirmed))


def _update(incident: Incident, event: Recorded) -> Incident:
    body = event.body
    update = Update(
        event.id,
        event.occurred_at,
        fields.text(body, "audience"),
        fields.text(body, "channel"),
        fields.text(body, "text"),
        fields.flag(body, "draft"),
        event.actor,
    )
    return _last_update(replace(incident, updates=(*incident.updates, update)))


def _last_update(incident: Incident) -> Incident:
    sent = [update.at for update in incident.updates if not update.draft]
    return replace(incident, last_update_at=max(sent, default=None))


def _snoozed(incident: Incident, event: Recorded) -> Incident:
    deadline, until = fields.text(event.body, "deadline"), fields.moment(event.body, "until")
    if not deadline or until is None:
        return incident
    snooze = Snooze(deadline, until, fields.text(event.body, "reason"), event.occurred_at, event.actor)
    return replace(incident, snoozes=(*incident.snoozes, snooze))


def _linked(incident: Incident, event: Recorded) -> Incident:
    body = event.body
    return replace(
        incident,
        runs=_with(incident.runs, fields.text(body, "run")),
        actions=_with(incident.actions, fields.text(body, "action")),
        alerts=_with(incident.alerts, fields.text(body, "alert")),
        documents=_with(incident.documents, fields.text(body, "document")),
        related=_with(incident.related, fields.text(body, "incident")),
    )


def _with(ids: tuple[str, ...], new: str) -> tuple[str, ...]:
    return ids if not new or new in ids else (*ids, new)


def _duplicate(incident: Incident, event: Recorded) -> Incident:
    of = fields.text(event.body, "of")
    return replace(incident, duplicate_of=of) if of and of != incident.uid else incident


def _merged(incident: Incident, event: Recorded) -> Incident:
    """What another incident had is this one's from now on; its own history stays where it is."""
    body, other = event.body, fields.text(event.body, "from")
    if not other or other == incident.uid or other in incident.merged:
        return incident
    return replace(
        incident,
        merged=(*incident.merged, other),
        related=_with(incident.related, other),
        **{name: _all(getattr(incident, name), fields.texts(body, name)) for name in CARRIED},
    )


def _scope(incident: Incident, event: Recorded) -> Incident:
    return replace(
        incident,
        targets=_all(incident.targets, fields.texts(event.body, "targets")),
        services=_all(incident.services, fields.texts(event.body, "services")),
    )


def _all(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))


def _restricted(incident: Incident, event: Recorded) -> Incident:
    readers = fields.texts(event.body, "readers")
    return replace(incident, restricted=fields.flag(event.body, "restricted"), readers=readers)


def _checks(incident: Incident, event: Recorded) -> Incident:
    body = event.body
    checks = Checks(
        event.occurred_at,
        fields.number(body, "seen"),
        fields.texts(body, "failing"),
        fields.texts(body, "unknown"),
    )
    return replace(incident, checks=checks)


_STEPS: MappingProxyType[str, Callable[[Incident, Recorded], Incident]] = MappingProxyType(
    {
        "incident.acknowledged": _acknowledged,
        "incident.moved": _moved,
        "incident.severity": _severity,
        "incident.role": _role,
        "incident.note": _note,
        "incident.amended": _amended,
        "incident.onset": _onset,
        "incident.update": _update,
        "incident.snoozed": _snoozed,
        "incident.linked": _linked,
        "incident.duplicate": _duplicate,
        "incident.checks": _checks,
        "incident.merged": _merged,
        "incident.scope": _scope,
        "incident.restricted": _restricted,
    }
)
