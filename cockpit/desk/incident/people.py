"""The people of incidents: roster, check-ins, handovers of both sides, tasks, decisions, and who may do what.

Every command is decided on the newest events and committed as events, as in `incidents`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec

from cockpit.config.settings import Person
from cockpit.desk.feed import Feed, Pen
from cockpit.desk.incident.handover import card_facts
from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.desk.incident.told import Told
from cockpit.desk.incident.words import Words
from cockpit.errors import BadInput, NotFound, Refused
from cockpit.incident import bodies
from cockpit.incident.authority import MatrixRow, Permission, decide_recovery
from cockpit.incident.entry import clean_text
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.incident.model import Incident, Recorded
from cockpit.incident.roles import CHECKIN_EVERY, Place, nag, places, title_of, titles
from cockpit.incident.team import MAX_MINUTES, CheckIn, Decision, Handover, Task, Team, advance

TASK_MINUTES = 10
"""The time box of a task that names none."""


class CheckInLine(msgspec.Struct, frozen=True):
    """One role on the check-in board; `due` is when its holder should have said the next word."""

    role: str
    title: str
    person: str
    last: CheckIn | None
    due: datetime
    overdue: bool


class People:
    """The room of people, over all incidents; `work` tells the runs and actions of one in words."""

    def __init__(
        self,
        feed: Feed,
        incidents: Incidents,
        roster: Sequence[Person],
        operator: str,
        words: Words,
        told: Told,
        facts: Callable[[Incident], Mapping[str, str]],
        work: Callable[[Incident], Sequence[str]],
    ) -> None:
        self._feed = feed
        self._incidents = incidents
        self._roster = roster
        self._operator = operator
        self._words = words
        self._told = told
        self._facts = facts
        self._work = work
        self._teams: dict[str, Team] = {}

    def absorb(self, event: Recorded) -> None:
        """Take in one event of any stream."""
        if event.stream.startswith(STREAM_PREFIX):
            uid = event.stream.removeprefix(STREAM_PREFIX)
            self._teams[uid] = advance(self._teams.get(uid, Team()), event)

    def team(self, ref: Ref) -> Team:
        """Check-ins, handovers, tasks and decisions of an incident."""
        return self._teams.get(self._incidents.get(ref).uid, Team())

    def roster(self, ref: Ref) -> Sequence[Place]:
        """Each role that is needed, asked for or held, with who has it and who would take it."""
        return places(self._incidents.get(ref), self._roster)

    def nag(self, ref: Ref) -> str:
        """The sentence that asks for a commander while a required one is missing; empty otherwise."""
        return nag(self._incidents.get(ref), self._feed.clock.now())

    def check_ins(self, ref: Ref) -> Sequence[CheckInLine]:
        """The board: every role that is held, the one that is longest overdue first."""
        incident, said, now = self._incidents.get(ref), self.team(ref).checkins, self._feed.clock.now()
        lines = []
        for held in incident.roles:
            last = said.get(held.role)
            last = last if last is not None and last.person == held.person else None
            due = (max(last.at, held.since) if last is not None else held.since) + CHECKIN_EVERY
            overdue = incident.is_open and now > due
            lines.append(CheckInLine(held.role, title_of(incident, held.role), held.person, last, due, overdue))
        return sorted(lines, key=lambda line: line.due)

    def my_roles(self, ref: Ref) -> tuple[str, ...]:
        """The roles of the person at this terminal."""
        return tuple(held.role for held in self._incidents.get(ref).roles if held.person == self._operator)

    def check_in(
        self, ref: Ref, *, role: str = "", status: str = "Active", location: str = "", actions: str = ""
    ) -> Incident:
        """Say that whoever holds a role is there; your own first role where none is named."""
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            mine = self.my_roles(ref)
            code = role.upper() or (mine[0] if mine else "")
            person = incident.holder(code)
            if person is None:
                raise Refused(f"Nobody holds {code or 'a role of yours'} in {incident.ref}.")
            body = {
                "role": code,
                "person": person,
                "status": clean_text(status, limit=60),
                "location": _optional(location, 120),
                "actions": _optional(actions, 500),
            }
            _append(pen, incident, "checkin", body)
        return self._incidents.get(incident.uid)

    def check_in_text(self, ref: Ref, role: str) -> str:
        """A role's check-in as the channel's guidelines have it."""
        incident = self._incidents.get(ref)
        said = self.team(ref).checkins.get(role.upper())
        values = {
            "role": title_of(incident, role.upper()),
            "role_status": said.status if said is not None else "",
            "location": said.location if said is not None else "",
            "actions": said.actions if said is not None else "",
        }
        return self._words.fill("role_checkin", {**self._facts(incident), **values}).text

    def card(self, ref: Ref, role: str, taker: str) -> str:
        """The handover card as it would be now."""
        incident = self._incidents.get(ref)
        code = _role(role, incident)
        now = self._feed.clock.now()
        values = card_facts(
            incident,
            code,
            (incident.holder(code) or "nobody", taker),
            self.team(ref),
            self._incidents.timeline(ref),
            self._incidents.deadlines(ref, now),
            self._incidents.checks(ref, now),
            self._told.of(incident.uid),
            self._work(incident),
            now,
        )
        return self._words.fill("handover", {**self._facts(incident), **values}).text

    def offer(self, ref: Ref, role: str, taker: str) -> Handover:
        """Offer a role to somebody, with the card; the giver holds it until the taker accepts."""
        code, taker = _role(role, self._incidents.get(ref)), clean_text(taker, limit=80)
        card = self.card(ref, code, taker)
        id_ = uuid4().hex
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            giver = incident.holder(code)
            if giver is None:
                raise Refused(f"Nobody is {title_of(incident, code)} of {incident.ref}; assign it instead.")
            if giver == taker:
                raise Refused(f"{taker} is {title_of(incident, code)} already.")
            for waiting in self.team(incident.uid).offers:
                if waiting.role == code:
                    _append(pen, incident, "handover", {"handover": waiting.id, "step": "withdrawn"})
            body = {"handover": id_, "step": "offered", "role": code, "from": giver, "to": taker, "card": card}
            _append(pen, incident, "handover", body)
        return self.team(incident.uid).handovers[id_]

    def offers_to_me(self) -> Sequence[tuple[Incident, Handover]]:
        """Handovers that wait for the person at this terminal, oldest first."""
        found = [
            (incident, offer)
            for incident in self._incidents.open_incidents()
            for offer in self.team(incident.uid).offers
            if offer.taker == self._operator
        ]
        return sorted(found, key=lambda pair: pair[1].at)

    def accept(self, ref: Ref, handover: str = "") -> Incident:
        """Take over a role that was offered to you; the one that waits, where none is named."""
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            offer = self._offer(incident, handover, taker=self._operator)
            if incident.holder(offer.role) != offer.giver:
                now = incident.holder(offer.role) or "nobody"
                raise Refused(
                    f"{title_of(incident, offer.role)} is {now} by now; {offer.giver} cannot hand it over any more."
                )
            _append(pen, incident, "handover", {"handover": offer.id, "step": "accepted"})
            _append(pen, incident, "role", bodies.role(offer.role, self._operator, known=titles(incident)))
        return self._incidents.get(incident.uid)

    def decline(self, ref: Ref, handover: str = "", *, reason: str = "") -> Incident:
        """Decline what was offered to you, or withdraw what you offered."""
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            offer = self._offer(incident, handover)
            if self._operator not in (offer.taker, offer.giver):
                raise Refused(f"That handover is between {offer.giver} and {offer.taker}.")
            step = "declined" if self._operator == offer.taker else "withdrawn"
            body = {"handover": offer.id, "step": step, "reason": _optional(reason, 200)}
            _append(pen, incident, "handover", body)
        return self._incidents.get(incident.uid)

    def give_task(self, ref: Ref, title: str, to: str, *, minutes: int = TASK_MINUTES) -> Task:
        """Ask one person to do something within a time box."""
        if not 1 <= minutes <= MAX_MINUTES:
            raise BadInput(f"A time box has between 1 and {MAX_MINUTES} minutes.")
        id_ = uuid4().hex
        body = {
            "task": id_,
            "step": "given",
            "title": clean_text(title, limit=300),
            "to": clean_text(to, limit=80),
            "minutes": minutes,
        }
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            _append(pen, incident, "task", body)
        return self.team(incident.uid).tasks[id_]

    def acknowledge_task(self, ref: Ref, task: str) -> Task:
        """Say that a task was heard."""
        return self._end_task(ref, task, "acknowledged", "")

    def finish_task(self, ref: Ref, task: str, result: str = "") -> Task:
        """Say that a task is done, and what came of it."""
        return self._end_task(ref, task, "done", result)

    def drop_task(self, ref: Ref, task: str, reason: str) -> Task:
        """Say that a task will not be done, and why."""
        return self._end_task(ref, task, "dropped", clean_text(reason, limit=300))

    def my_tasks(self) -> Sequence[tuple[Incident, Task]]:
        """Open tasks of the person at this terminal, the one that is due first in front."""
        found = [
            (incident, task)
            for incident in self._incidents.open_incidents()
            for task in self.team(incident.uid).open_tasks
            if task.to == self._operator
        ]
        return sorted(found, key=lambda pair: pair[1].due)

    def propose(self, ref: Ref, text: str) -> Decision:
        """Propose a decision: any strong objections?"""
        id_ = uuid4().hex
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            _append(pen, incident, "decision", {"decision": id_, "step": "proposed", "text": clean_text(text)})
        return self.team(incident.uid).decisions[id_]

    def object(self, ref: Ref, decision: str, reason: str) -> Decision:
        """Object strongly, with the reason."""
        return self._move_decision(ref, decision, {"step": "objected", "reason": clean_text(reason)})

    def decide(self, ref: Ref, decision: str, outcome: str = "") -> Decision:
        """Record what was decided; without words, it is done as proposed.

        With objections on record the outcome has to be said, so that nobody is passed over in silence.
        """
        words = clean_text(outcome) if outcome.strip() else ""
        return self._move_decision(ref, decision, {"step": "decided", "outcome": words})

    def withdraw(self, ref: Ref, decision: str) -> Decision:
        """Take a proposal back."""
        return self._move_decision(ref, decision, {"step": "withdrawn"})

    def permission(self, row: MatrixRow | str, ref: Ref | None = None, *, failed_tries: int = 0) -> Permission:
        """What the decision matrices say of a recovery in an incident, for the person at this terminal."""
        incident = self._incidents.get(ref) if ref is not None else None
        return decide_recovery(row, incident, failed_tries=failed_tries, operator=self._operator)

    def _offer(self, incident: Incident, handover: str, *, taker: str = "") -> Handover:
        for offer in self.team(incident.uid).offers:
            if offer.id.startswith(handover) and (not taker or offer.taker == taker):
                return offer
        whom = f" to {taker}" if taker else ""
        raise NotFound(f"No handover of {incident.ref} is offered{whom}.")

    def _end_task(self, ref: Ref, task: str, step: str, result: str) -> Task:
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            known = _found(self.team(incident.uid).tasks, task, "task", incident)
            if not known.is_open:
                raise Refused(f"That task is {known.step} already.")
            body = {"task": known.id, "step": step, "title": known.title, "result": _optional(result, 500)}
            _append(pen, incident, "task", body)
        return self.team(incident.uid).tasks[known.id]

    def _decision(self, incident: Incident, decision: str) -> Decision:
        known: Decision = _found(self.team(incident.uid).decisions, decision, "decision", incident)
        if not known.is_open:
            raise Refused(f"That was {known.step} already: {known.outcome or known.text}.")
        return known

    def _move_decision(self, ref: Ref, decision: str, body: Mapping[str, Any]) -> Decision:
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            known = self._decision(incident, decision)
            if body.get("outcome") == "":
                body = {**body, "outcome": _unopposed(known)}
            _append(pen, incident, "decision", {"decision": known.id, **body})
        return self.team(incident.uid).decisions[known.id]


def _unopposed(decision: Decision) -> str:
    """The outcome of a proposal that nobody objected to; raises BadInput where somebody did."""
    if decision.objections:
        names = ", ".join(dict.fromkeys(objection.by for objection in decision.objections))
        raise BadInput(f"{names} objected: say what is decided.")
    return "as proposed, no strong objections"


def _found(known: Mapping[str, Any], id_: str, what: str, incident: Incident) -> Any:
    """The one whose id begins with `id_`, which is how it is typed."""
    matches = [value for key, value in known.items() if id_ and key.startswith(id_)]
    if len(matches) != 1:
        raise NotFound(f"{incident.ref} has {'no such' if not matches else 'more than one such'} {what}.")
    return matches[0]


def _role(code: str, incident: Incident) -> str:
    return str(bodies.role(code, "", known=titles(incident))["role"])


def _optional(text: str, limit: int) -> str:
    return clean_text(text, limit=limit) if text.strip() else ""


def _append(pen: Pen, incident: Incident, kind: str, body: Mapping[str, Any]) -> None:
    pen.append(STREAM_PREFIX + incident.uid, f"incident.{kind}", body)
