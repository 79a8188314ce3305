"""Looking things up over all incidents: full text, and which past incidents are like one.

What a person may not read is not found either.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from cockpit.desk.incident.incidents import Incidents, Ref
from cockpit.errors import NotFound, Refused
from cockpit.incident.fold import STREAM_PREFIX
from cockpit.incident.model import Incident
from cockpit.incident.similar import Features, Likeness, alike, features
from storage.database import Database
from storage.search import Search

SOURCES: Mapping[str, str] = {
    "title": "title",
    "incident": "timeline",
    "run": "runbook",
    "action": "action",
    "message": "message",
    "postmortem": "post-mortem",
}
"""What a hit was found in, by the beginning of its stream, its kind or the kind of its document."""

_LEDGER = re.compile(r"\b(?:incident|run|action)/[0-9a-f]{32}\b|\b(?:incident|step|run|action|message)\.[a-z_]+\b")
"""How the ledger names streams and kinds, which the index holds beside the words."""

_ASKED_FOR = 6
"""How many times more hits are read than wanted, because some belong to no incident or to a restricted one."""


class Hit(msgspec.Struct, frozen=True):
    """A place in which all words were found, between ⟦ and ⟧ in `excerpt`; `entry` is an event's position."""

    incident: str
    ref: str
    title: str
    source: str
    excerpt: str
    entry: int = 0


class Similar(msgspec.Struct, frozen=True):
    """A past incident that is like another one, how much, from 0 to 1, and why in words."""

    incident: Incident
    score: float
    because: tuple[str, ...]


class SearchRoom:
    """Full text and likeness; reads only, except for the index that it brings up to date."""

    def __init__(self, database: Database, incidents: Incidents) -> None:
        self._search = Search(database)
        self._incidents = incidents
        self._features: dict[str, tuple[Incident, Features]] = {}

    def find(self, words: str, *, ref: Ref | None = None, limit: int = 50) -> Sequence[Hit]:
        """The newest places with all of `words`: titles first, then timelines, messages and post-mortems.

        With `ref`, only that incident is looked through. Nothing typed finds nothing.
        """
        wanted = words.split()
        if not wanted:
            return []
        only = self._incidents.get(ref).uid if ref is not None else ""
        hits = [] if only else self._titles(wanted)
        stream = f"{STREAM_PREFIX}{only}" if only else None
        owners = self._owners()
        for found in self._search.events(words, stream=stream, limit=limit * _ASKED_FOR):
            place, _, uid = found.stream.partition("/")
            source = "message" if found.kind.startswith("message.") else place
            incident = self._readable(uid if place == "incident" else owners.get(uid, ""))
            if incident is not None:
                hits.append(_hit(incident, source, found.excerpt, found.seq))
        for document in self._search.documents(words, limit=limit):
            incident = self._readable(document.subject)
            if incident is not None and document.kind in SOURCES and only in ("", incident.uid):
                hits.append(_hit(incident, document.kind, document.excerpt))
        return hits[:limit]

    def similar(self, ref: Ref, *, limit: int = 5) -> Sequence[Similar]:
        """Incidents that are over and are like this one, the most alike first; nothing alike gives nothing."""
        incident = self._incidents.get(ref)
        mine = self._of(incident)
        found = [
            (alike(mine, self._of(other)), other)
            for other in self._incidents.all()
            if other.uid != incident.uid and not other.is_open and other.duplicate_of is None
        ]
        liked: list[tuple[Likeness, Incident]] = [pair for pair in found if pair[0].score > 0]
        liked.sort(key=lambda pair: (-pair[0].score, -pair[1].number))
        return [Similar(other, likeness.score, likeness.because) for likeness, other in liked[:limit]]

    def _of(self, incident: Incident) -> Features:
        known = self._features.get(incident.uid)
        if known is None or known[0] is not incident:
            checks = []
            for alert in incident.alerts:
                try:
                    checks.append(self._incidents.alert(alert).check)
                except NotFound:
                    continue
            known = self._features[incident.uid] = (incident, features(incident, checks))
        return known[1]

    def _titles(self, wanted: Sequence[str]) -> list[Hit]:
        low = [word.casefold() for word in wanted]
        return [
            _hit(one, "title", f"{one.severity} {one.state}, opened {_day(one.opened_at)}")
            for one in self._incidents.all()
            if all(word in f"{one.ref} {one.title} {' '.join(one.targets)} {one.type}".casefold() for word in low)
        ]

    def _owners(self) -> Mapping[str, str]:
        return {uid: one.uid for one in self._incidents.all() for uid in (*one.runs, *one.actions)}

    def _readable(self, uid: str) -> Incident | None:
        try:
            return self._incidents.get(uid) if uid else None
        except (NotFound, Refused):
            return None


def _hit(incident: Incident, source: str, excerpt: str, entry: int = 0) -> Hit:
    """A hit with the words that a person wrote, without the ids and kinds that the ledger has before them."""
    words = _LEDGER.sub("", excerpt).strip() or excerpt
    return Hit(incident.uid, incident.ref, incident.title, SOURCES.get(source, source), words, entry)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
