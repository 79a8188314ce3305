"""Declaring: what an incident is, how bad this one is, and what belongs together.

Opening itself is in `incidents`; here are the questions before it, and merging, widening and restricting after it.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from cockpit.config import Settings
from cockpit.desk.feed import Feed, Pen
from cockpit.desk.health.table import Belonging
from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.errors import BadInput, Refused
from cockpit.incident.declare import DEFINITION, OBJECTIVES, QUESTIONS, SOURCES, Question, answers_from
from cockpit.incident.entry import clean_text
from cockpit.incident.fold import CARRIED, STREAM_PREFIX
from cockpit.incident.lifecycle import Request, decide
from cockpit.incident.model import DONE, Incident, State
from cockpit.incident.own_severity import chosen_profile
from cockpit.incident.severity import Level, SeverityProfile, Suggestion


class Declaration(msgspec.Struct, frozen=True):
    """Everything that is shown at declare: what an incident is, what matters, how bad is how bad."""

    profile: str
    title: str
    definition: tuple[str, ...]
    objectives: Mapping[str, str]
    levels: tuple[Level, ...]
    questions: tuple[Question, ...]
    sources: Mapping[str, str]


class Declaring:
    """The room where an incident is declared."""

    def __init__(
        self,
        feed: Feed,
        incidents: Incidents,
        settings: Settings,
        operator: str,
        belongings: Callable[[], Mapping[str, Belonging]],
    ) -> None:
        self._feed = feed
        self._incidents = incidents
        self._settings = settings
        self._operator = operator
        self._belongings = belongings

    @property
    def profile(self) -> SeverityProfile:
        """The severity profile in use, with the organisation's own levels."""
        return chosen_profile(self._settings)

    def sheet(self) -> Declaration:
        """What to read before declaring."""
        profile = self.profile
        return Declaration(profile.name, profile.title, DEFINITION, OBJECTIVES, profile.levels, QUESTIONS, SOURCES)

    def suggest(self, answers: Mapping[str, str]) -> Suggestion:
        """The severity that answers amount to, as they were typed; raises BadInput."""
        return self.profile.suggest(answers_from(answers))

    def declare(
        self,
        title: str,
        answers: Mapping[str, str],
        *,
        severity: str = "",
        reason: str = "",
        kind: str = "",
        targets: Sequence[str] = (),
        services: Sequence[str] = (),
        source: str = "internal",
        readers: Sequence[str] | None = None,
        dedup_key: str = "",
        take_lead: bool = True,
    ) -> Incident:
        """Open an incident with the severity that the answers suggest, or another one with a reason.

        A profile that would only watch and notify is not overruled silently: then a severity has to be named.
        """
        if source not in SOURCES:
            raise BadInput(f"There is no source {source!r}; known are {', '.join(SOURCES)}.")
        suggestion = self.suggest(answers)
        if not severity and not suggestion.incident_needed:
            raise Refused(
                f"No incident is asked for: {suggestion.reason}. Name a severity to open one all the same."
            )
        if severity and severity.upper() != suggestion.severity and not reason.strip():
            raise BadInput(
                f"The answers amount to {suggestion.severity} ({suggestion.reason}); say why {severity}."
            )
        incident = self._incidents.open(
            title,
            severity=severity or suggestion.severity,
            reason=reason or suggestion.reason,
            type=kind,
            targets=targets,
            services=services,
            source=source,
            readers=readers,
            dedup_key=dedup_key,
            take_lead=take_lead,
        )
        return self.fill_in(incident.uid)

    def fill_in(self, ref: Ref) -> Incident:
        """Add what is known of a new incident's domains, if nobody named services: these, and the owners."""
        incident = self._incidents.get(ref)
        if incident.services or incident.notes or not incident.targets:
            return incident
        known = self._belongings()
        there = {target: known[target] for target in incident.targets if target in known}
        services = list(dict.fromkeys(service for each in there.values() for service in each.services))
        if services:
            incident = self.widen(incident.uid, services=services)
        owners = "; ".join(f"{target}: {each.owner}" for target, each in there.items() if each.owner)
        return self._incidents.note(incident.uid, f"Owners: {owners}", kind="contact") if owners else incident

    def merge(self, ref: Ref, into: Ref, *, reason: str = "") -> Incident:
        """Let one incident take over another with its alerts, domains, runs and actions; the other is closed.

        The closed one keeps its history and says where to look; its number keeps working. Returns the one that
        goes on. Several can be merged into one, one after another.
        """
        with self._feed.decide() as pen:
            other, kept = self._incidents.get(ref), self._incidents.get(into)
            if other.uid == kept.uid:
                raise Refused("An incident cannot be merged into itself.")
            if kept.duplicate_of is not None or kept.state in DONE:
                raise Refused(f"{kept.ref} is {kept.state}; merge into one that is still worked on.")
            if other.duplicate_of is not None:
                raise Refused(f"{other.ref} was merged before.")
            if other.restricted and not kept.restricted:
                raise Refused(
                    f"{other.ref} is restricted: restrict {kept.ref}, too, or it would show what that has."
                )
            words = clean_text(reason) if reason.strip() else f"merged into {kept.ref}"
            taken = {name: list(getattr(other, name)) for name in CARRIED}
            _append(pen, kept, "merged", {"from": other.uid, "ref": other.ref, **taken})
            _append(pen, other, "duplicate", {"of": kept.uid})
            _append(pen, other, "linked", {"incident": kept.uid})
            if other.state not in DONE:
                body = decide(other.state, Request(State.CLOSED, words, "superseded"))
                _append(pen, other, "moved", body)
        return self._incidents.get(kept.uid)

    def widen(self, ref: Ref, *, targets: Sequence[str] = (), services: Sequence[str] = ()) -> Incident:
        """Say that more is hurt than was known at first."""
        body = {
            "targets": [clean_text(target, limit=253) for target in targets],
            "services": [clean_text(service, limit=200) for service in services],
        }
        if not body["targets"] and not body["services"]:
            raise BadInput("Name a domain or a service that is hurt as well.")
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            _append(pen, incident, "scope", body)
        return self._incidents.get(incident.uid)

    def restrict(self, ref: Ref, readers: Sequence[str], *, reason: str) -> Incident:
        """Show an incident only to `readers`, to who opened it and to who has a role in it.

        The cockpit keeps it from everybody else's screens and lists. Whoever can read the file can read it still.
        """
        names = [clean_text(reader, limit=80) for reader in readers]
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            keeps = dict.fromkeys((*names, self._operator))
            body = {"restricted": True, "readers": list(keeps), "reason": clean_text(reason)}
            _append(pen, incident, "restricted", body)
        return self._incidents.get(incident.uid)

    def lift(self, ref: Ref, *, reason: str) -> Incident:
        """Show a restricted incident to everybody again."""
        with self._feed.decide() as pen:
            incident = self._incidents.get(ref)
            body = {"restricted": False, "readers": [], "reason": clean_text(reason)}
            _append(pen, incident, "restricted", body)
        return self._incidents.get(incident.uid)

    def survivor(self, ref: Ref) -> Incident:
        """Where to look for an incident that was merged or is a duplicate: the one that goes on."""
        incident = self._incidents.get(ref)
        seen = {incident.uid}
        while incident.duplicate_of is not None and incident.duplicate_of not in seen:
            incident = self._incidents.get(incident.duplicate_of)
            seen.add(incident.uid)
        return incident


def _append(pen: Pen, incident: Incident, kind: str, body: Mapping[str, object]) -> None:
    pen.append(STREAM_PREFIX + incident.uid, f"incident.{kind}", body)
