"""The clocks of all incidents: what the header counts down, what rings, the escalation chain, and the office."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.desk.incident.people import People
from cockpit.incident.clocks import ChainLine, Clock, breaches, call_out, chain, header, next_level, running
from cockpit.incident.declare import Phase, phase
from cockpit.incident.entry import clean_text
from cockpit.incident.model import Incident


class Office(msgspec.Struct, frozen=True):
    """Whether the office is open; `closes` or `opens` is the next change."""

    open: bool
    zone: str
    opens: datetime | None
    says: str


class Clocks:
    """Reads incidents and people; only `escalate` writes."""

    def __init__(self, incidents: Incidents, people: People, operator: str) -> None:
        self._incidents = incidents
        self._people = people
        self._operator = operator

    def of(self, ref: Ref, now: datetime) -> tuple[Clock, ...]:
        """Every running clock of one incident, the one that is due first in front."""
        incident = self._incidents.get(ref)
        return running(incident, self._incidents.deadlines(incident.uid, now), self._people.team(incident.uid), now)

    def all(self, now: datetime) -> Sequence[Clock]:
        """Every running clock of every open incident."""
        return [clock for incident in self._incidents.open_incidents() for clock in self.of(incident.uid, now)]

    def header(self, now: datetime) -> Clock | None:
        """The one clock that the header shows; None when nothing runs."""
        return header(self.all(now), now)

    def breaches(self, now: datetime) -> tuple[Clock, ...]:
        """What ran out, the latest first; ring once for each new `key`."""
        return breaches(self.all(now), now)

    def phase(self, ref: Ref) -> Phase | None:
        """The phase of the response with its steps and its end."""
        return phase(self._incidents.get(ref))

    def call_out(self, ref: Ref, now: datetime) -> str:
        """The elapsed time in words, every ten minutes another sentence."""
        return call_out(self._incidents.get(ref), now)

    def chain(self, ref: Ref, now: datetime) -> tuple[ChainLine, ...]:
        """The four levels of escalation with authority, clock and person."""
        incident = self._incidents.get(ref)
        return chain(incident, self._incidents.deadlines(incident.uid, now), now)

    def escalation_due(self, ref: Ref, now: datetime) -> str:
        """The sentence that proposes the next level; empty while the chain is on time."""
        level = next_level(self.chain(ref, now), now)
        if level is None:
            return ""
        return f"Level {level.level}, {level.title}, should be engaged by now: {level.authority}."

    def escalate(self, ref: Ref, level: int, person: str, *, reason: str = "") -> Incident:
        """Record that somebody of a level of the chain is engaged, and why."""
        incident = self._incidents.assign(ref, f"L{level}", person)
        if reason.strip():
            self._incidents.note(incident.uid, clean_text(reason), kind="contact")
        return self._incidents.get(incident.uid)

    def snooze(self, ref: Ref, name: str, minutes: int, reason: str) -> Incident:
        """Put a deadline off by minutes, with a reason; it is an event."""
        return self._incidents.snooze(ref, name, timedelta(minutes=minutes), reason)

    def office(self, now: datetime) -> Office:
        """Whether somebody is expected in the office, and where to turn when not."""
        hours = self._incidents.hours
        open_ = hours.is_open(now)
        opens = None if open_ else hours.after(now, timedelta())
        zone = str(hours.zone)
        says = (
            f"office hours, {now.astimezone(hours.zone):%H:%M} in {zone}: the support lead and the platform team"
            if open_
            else f"after hours, {now.astimezone(hours.zone):%H:%M} in {zone}: the on-call escalation"
        )
        return Office(open_, zone, opens, says)
