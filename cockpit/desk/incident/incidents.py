"""Incident command at one terminal: every command is decided on the newest events and committed as events.

A command returns the incident as it then stands. It raises NotFound, BadInput, IllegalMove or Refused with a
sentence for the operator, and leaves nothing behind when it does. Two terminals that press the same key at the
same moment are put in order by the database: the second one decides on what the first one wrote.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4

import msgspec

from cockpit.clock import format_time
from cockpit.desk.feed import Feed, Pen
from cockpit.desk.incident.settings import IncidentSettings, office_hours
from cockpit.errors import BadInput, IllegalMove, NotFound, Refused
from cockpit.incident import bodies
from cockpit.incident.alerts import Alert
from cockpit.incident.deadlines import Deadline, deadlines
from cockpit.incident.entry import clean_text, parse_entry
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.incident.lifecycle import Request, decide
from cockpit.incident.metrics import Metric, metrics
from cockpit.incident.model import WORKING, Checks, Incident, Recorded, State
from cockpit.incident.own_severity import chosen_profile, own_terms
from cockpit.incident.register import Register
from cockpit.incident.roles import title_of, titles
from cockpit.incident.timeline import Entry, told_on
from storage.errors import EditConflict

Ref = int | str
"""How an incident is named: its number, `INC-42` or its uid."""

_LINKS = ("run", "action", "alert", "document", "incident")


class Incidents:
    """The room of incidents: a fold of the ledger, and the commands that add to it."""

    def __init__(self, feed: Feed, settings: IncidentSettings, operator: str) -> None:
        self._feed = feed
        self._settings = settings
        self._operator = operator
        self._register = Register()
        self.hours = office_hours(settings.office_hours)
        self._told: dict[str, tuple[int, Sequence[Recorded], tuple[Entry, ...]]] = {}
        self.gates: dict[State, Callable[[str], Mapping[str, str]]] = {}

    def absorb(self, event: Recorded) -> None:
        """Take in one event of any stream."""
        self._register.absorb(event)

    def get(self, ref: Ref) -> Incident:
        """The incident of that number, `INC-42` or uid; raises NotFound, and Refused for one that is restricted."""
        incident = self._register.get(ref)
        if not incident.may_read(self._operator):
            raise Refused(f"{incident.ref} is restricted; ask {incident.lead or incident.opened_by}.")
        return incident

    def all(self) -> tuple[Incident, ...]:
        """Every incident that may be read here, newest first."""
        return tuple(sorted(self._readable(), key=lambda incident: -incident.number))

    def open_incidents(self) -> tuple[Incident, ...]:
        """Incidents whose service is not back yet: worst first, then oldest first."""
        waiting = [incident for incident in self._readable() if incident.is_open]
        return tuple(sorted(waiting, key=lambda incident: (incident.severity, incident.number)))

    def alert(self, alert_id: str) -> Alert:
        """The alert of that id; raises NotFound."""
        return self._register.alert(alert_id)

    def for_alert(self, alert_id: str) -> Incident | None:
        """The incident that took the alert on, or None."""
        return self._register.for_alert(alert_id)

    def related(self, alert_id: str) -> tuple[Incident, ...]:
        """Open incidents about the alert's target, to which it could be attached."""
        target = self.alert(alert_id).target
        return tuple(incident for incident in self.open_incidents() if target in incident.targets)

    def timeline(self, ref: Ref, *, noise: bool = False) -> tuple[Entry, ...]:
        """The incident's entries by time of occurrence; noise only when asked for or pinned."""
        return tuple(entry for entry in self._entries(self.get(ref)) if noise or entry.shown)

    def deadlines(self, ref: Ref, now: datetime | None = None) -> tuple[Deadline, ...]:
        """Every clock of the incident."""
        return deadlines(self.get(ref), now or self._feed.clock.now(), self.hours)

    def metrics(self, ref: Ref, now: datetime | None = None) -> tuple[Metric, ...]:
        """TTD, TTA, TTM and TTR."""
        return metrics(self.get(ref), now or self._feed.clock.now())

    def checks(self, ref: Ref, now: datetime | None = None) -> Checks:
        """What the checks of the incident say; resolving asks for green."""
        return self._register.checks(self.get(ref), now or self._feed.clock.now())

    def open_from_alert(self, alert_id: str, *, take_lead: bool = False) -> Incident:
        """Open an incident from an alert, or return the one that has it; with `take_lead` you command it.

        An open incident about the same target and kind takes the alert on instead of a second one being opened.
        """
        with self._feed.decide() as pen:
            alert = self._register.alert(alert_id)
            known = self._register.for_alert(alert_id) or self._register.open_about(alert)
            uid = uuid4().hex if known is None else known.uid
            if known is None:
                self._open(pen, uid, bodies.opened_from(alert, chosen_profile(self._settings)))
                if alert.first_bad_at is not None:
                    source = f"first bad observation of {alert.label}"
                    body = bodies.onset(alert.first_bad_at, source, confirmed=False)
                    _append(pen, uid, "onset", body, alert.first_bad_at)
            elif alert_id not in known.alerts:
                _append(pen, uid, "linked", {"alert": alert_id})
            if take_lead:
                self._take(pen, uid, known)
        return self.get(uid)

    def open(
        self,
        title: str,
        *,
        severity: str,
        reason: str = "",
        type: str = "",
        targets: Sequence[str] = (),
        services: Sequence[str] = (),
        detected_at: datetime | None = None,
        dedup_key: str = "",
        take_lead: bool = False,
        source: str = "",
        readers: Sequence[str] | None = None,
    ) -> Incident:
        """Open an incident by hand; with a `dedup_key`, an open one that has it is returned instead.

        `source` is how it was detected (see `declare.SOURCES`). With `readers`, which may be empty, it is
        restricted: only they, whoever opens it and who gets a role in it are shown it by the cockpit.
        """
        body = bodies.opened_by_hand(
            title, severity, reason, type, targets, services, dedup_key=dedup_key, source=source, readers=readers
        )
        with self._feed.decide() as pen:
            known = self._register.open_with(dedup_key)
            uid = uuid4().hex if known is None else known.uid
            if known is None:
                detected = bodies.not_later(detected_at or pen.now, pen.now, "The detection")
                self._open(pen, uid, {**body, "detected_at": format_time(detected)})
            if take_lead:
                self._take(pen, uid, known)
        return self.get(uid)

    def acknowledge(self, ref: Ref) -> Incident:
        """Say that somebody looks at it."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            if incident.state is not State.DETECTED:
                by = incident.steps[0].by if incident.steps else "somebody"
                raise IllegalMove(f"{incident.ref} is {incident.state} already; {by} took it on.")
            _append(pen, incident.uid, "acknowledged", {})
        return self.get(incident.uid)

    def take_lead(self, ref: Ref) -> Incident:
        """Become the incident commander, and acknowledge it if nobody has."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            if incident.state is State.DETECTED:
                _append(pen, incident.uid, "acknowledged", {})
            _append(pen, incident.uid, "role", bodies.role("IC", self._operator))
        return self.get(incident.uid)

    def move(
        self, ref: Ref, new: State | str, *, reason: str = "", code: str = "", checks: Checks | None = None
    ) -> Incident:
        """Take the incident to another state; `lifecycle.MOVES` says what that asks for.

        Resolving looks at the checks (those given, else the incident's own) and records what they said. What else
        stands in the way of a state is asked of the desk's gate to it: see `validation` and `closing` beside this.
        """
        state = bodies.known_state(new)
        with self._feed.decide() as pen:
            incident = self.get(ref)
            if state is State.RESOLVED and checks is None:
                checks = self._register.checks(incident, pen.now)
            words = clean_text(reason) if reason.strip() else ""
            waiting = self.gates[state](incident.uid) if state in self.gates else {}
            body = decide(incident.state, Request(state, words, code, checks, waiting))
            if state is State.RESOLVED and checks is not None:
                _append(pen, incident.uid, "checks", bodies.checks(checks))
            _append(pen, incident.uid, "moved", body)
        return self.get(incident.uid)

    def mark_duplicate(self, ref: Ref, of: Ref, *, reason: str = "") -> Incident:
        """Close the incident as a duplicate of another one, and link both."""
        with self._feed.decide() as pen:
            incident, other = self.get(ref), self.get(of)
            if other.uid == incident.uid or other.duplicate_of is not None:
                raise Refused(f"{incident.ref} cannot be a duplicate of {other.ref}, which is one itself.")
            words = clean_text(reason) if reason.strip() else f"covered by {other.ref}"
            body = decide(incident.state, Request(State.CLOSED, words, "duplicate"))
            _append(pen, incident.uid, "duplicate", {"of": other.uid})
            _append(pen, incident.uid, "moved", body)
            _append(pen, other.uid, "linked", {"incident": incident.uid})
        return self.get(incident.uid)

    def set_severity(self, ref: Ref, severity: str, reason: str) -> Incident:
        """Change the severity, with a reason; raising it starts the clocks of the new one."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            new = bodies.known_severity(severity)
            if new == incident.severity:
                raise Refused(f"{incident.ref} is {new} already.")
            body = {"old": incident.severity, "new": new, "reason": clean_text(reason)}
            _append(pen, incident.uid, "severity", body)
        return self.get(incident.uid)

    def assign(self, ref: Ref, role: str, person: str) -> Incident:
        """Give a role (see `roles.titles`) to one person, in place of whoever holds it."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            _append(
                pen, incident.uid, "role", bodies.role(role, clean_text(person, limit=80), known=titles(incident))
            )
        return self.get(incident.uid)

    def release(self, ref: Ref, role: str) -> Incident:
        """Leave a role open again."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            person = incident.holder(role.upper())
            if person is None:
                raise Refused(f"Nobody is {title_of(incident, role.upper())} of {incident.ref}.")
            _append(pen, incident.uid, "role", bodies.role(role, person, kind="released", known=titles(incident)))
        return self.get(incident.uid)

    def note(
        self, ref: Ref, line: str, *, zone: tzinfo = UTC, at: datetime | None = None, kind: str = ""
    ) -> Incident:
        """Write down an entry line (see `cockpit.incident.entry`); with `at` or `kind`, all of it is text."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            if at is None and not kind:
                entry = parse_entry(line, pen.now, zone)
                at, kind, text = entry.occurred_at, entry.kind, entry.text
            else:
                at, kind, text = at or pen.now, kind or "note", clean_text(line)
            bodies.not_later(at, pen.now, "The entry")
            _append(pen, incident.uid, "note", {"text": text, "kind": kind}, at)
        return self.get(incident.uid)

    def amend(
        self,
        ref: Ref,
        entry_id: str,
        *,
        reason: str,
        text: str = "",
        at: datetime | None = None,
        struck: bool | None = None,
        base: int | None = None,
    ) -> Incident:
        """Correct the text or time of an entry, or strike it out; the old ones are kept.

        `base` is how many amendments the editor saw (`len(entry.history)`); if somebody amended it meanwhile,
        EditConflict carries both texts.
        """
        with self._feed.decide() as pen:
            incident = self.get(ref)
            entry = self._entry(incident, entry_id)
            if base is not None and base != len(entry.history):
                by = entry.history[-1].by if entry.history else "somebody"
                sentence = f"The entry was amended by {by} meanwhile; choose from both texts."
                mine = text or entry.text
                raise EditConflict(sentence, mine=mine, theirs=entry.text, revision=len(entry.history), author=by)
            body: dict[str, Any] = {"entry": entry_id, "reason": clean_text(reason, limit=200)}
            if text:
                body["text"] = clean_text(text)
            if at is not None:
                body["occurred_at"] = format_time(bodies.not_later(at, pen.now, "The entry"))
            if struck is not None:
                body["struck"] = struck
            if len(body) == 2:
                raise BadInput("Nothing to amend: give a text, a time, or strike it out.")
            _append(pen, incident.uid, "amended", body)
        return self.get(incident.uid)

    def pin(self, ref: Ref, entry_id: str, *, pinned: bool = True) -> Incident:
        """Keep an entry in the narrative even though it is noise, or let it go."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            self._entry(incident, entry_id)
            _append(pen, incident.uid, "pinned", {"entry": entry_id, "pinned": pinned})
        return self.get(incident.uid)

    def confirm_onset(self, ref: Ref, at: datetime | None = None, *, source: str = "") -> Incident:
        """Say when the trouble began: the proposed moment, or another one with where that is known from."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            if at is None and incident.onset is None:
                raise BadInput(f"No onset is proposed for {incident.ref}; give the time at which it began.")
            if at is None and incident.onset is not None:
                at, source = incident.onset.at, source or incident.onset.source
            assert at is not None
            if at > incident.detected_at:
                raise BadInput(f"{at:%H:%M:%S}Z lies after the detection at {incident.detected_at:%H:%M:%S}Z.")
            words = clean_text(source) if source else f"said by {self._operator}"
            _append(pen, incident.uid, "onset", bodies.onset(at, words, confirmed=True), at)
        return self.get(incident.uid)

    def record_update(
        self, ref: Ref, *, audience: str, text: str, channel: str = "", draft: bool = False
    ) -> Incident:
        """Record that an audience was told something, or keep the text as a draft."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            _append(pen, incident.uid, "update", bodies.update(audience, channel, text, draft=draft))
        return self.get(incident.uid)

    def snooze(self, ref: Ref, deadline: str, until: datetime | timedelta, reason: str) -> Incident:
        """Put a deadline off until a moment, or by a span from now, with a reason."""
        with self._feed.decide() as pen:
            incident = self.get(ref)
            moment = pen.now + until if isinstance(until, timedelta) else until
            body = bodies.snooze(deadline, moment, reason, pen.now)
            _append(pen, incident.uid, "snoozed", body)
        return self.get(incident.uid)

    def link(self, ref: Ref, **links: str) -> Incident:
        """Attach one `run`, `action`, `alert`, `document` or `incident` by id.

        Starting a runbook means investigating, and starting an action mitigating: where the incident has not
        got that far, it moves there.
        """
        if len(links) != 1 or not set(links) <= set(_LINKS):
            raise BadInput(f"Link exactly one of {', '.join(_LINKS)}.")
        ((what, id_),) = links.items()
        with self._feed.decide() as pen:
            incident = self.get(ref)
            if what == "alert":
                self._register.alert(id_)
            _append(pen, incident.uid, "linked", {what: id_})
            if what == "run":
                _advance(pen, incident, State.INVESTIGATING, "a runbook was started")
            elif what == "action":
                _advance(pen, incident, State.MITIGATING, "an action was started")
        return self.get(incident.uid)

    def _open(self, pen: Pen, uid: str, body: Mapping[str, Any]) -> None:
        number, profile = self._register.next_number(), self._settings.severity_profile
        terms = own_terms(self._settings.own_severity)
        roles = msgspec.to_builtins(dict(self._settings.roles))
        own = {**({"own_terms": terms} if terms else {}), **({"own_roles": roles} if roles else {})}
        _append(pen, uid, "opened", {**body, **own, "number": number, "profile": profile})

    def _readable(self) -> Iterator[Incident]:
        return (each for each in self._register.incidents.values() if each.may_read(self._operator))

    def _take(self, pen: Pen, uid: str, known: Incident | None) -> None:
        """Acknowledge and lead, as far as nobody else does and it is not over."""
        if known is not None and not known.is_open:
            return
        if known is None or known.state is State.DETECTED:
            _append(pen, uid, "acknowledged", {})
        if known is None or known.lead is None:
            _append(pen, uid, "role", bodies.role("IC", self._operator))

    def _entry(self, incident: Incident, entry_id: str) -> Entry:
        for entry in self._entries(incident):
            if entry.id == entry_id:
                return entry
        raise NotFound(f"{incident.ref} has no such entry.")

    def _entries(self, incident: Incident) -> tuple[Entry, ...]:
        """The whole timeline, told anew only when an event came in: a screen asks every second."""
        seq, story, entries = self._told.get(incident.uid, (-1, (), ()))
        if seq != self._register.seq:
            grown = self._register.story(incident)
            entries = told_on(story, entries, grown)
            self._told[incident.uid] = (self._register.seq, grown, entries)
        return entries


def _append(pen: Pen, uid: str, kind: str, body: Mapping[str, Any], at: datetime | None = None) -> None:
    pen.append(STREAM_PREFIX + uid, f"incident.{kind}", body, occurred_at=at)


def _advance(pen: Pen, incident: Incident, state: State, reason: str) -> None:
    if incident.state in WORKING and WORKING.index(incident.state) < WORKING.index(state):
        _append(pen, incident.uid, "moved", decide(incident.state, Request(state, reason)))
