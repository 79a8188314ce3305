"""What the watch remembers of each check, and how a batch of observations becomes rows and events.

Everything here can be had back from the database: a watch that is killed and started again goes on where the last
committed batch left off, with the alerts that are open and without raising them again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cockpit.clock import format_time
from cockpit.config import Settings
from cockpit.health import alerts
from cockpit.health.detail import detail_text, stored_observation
from cockpit.health.hysteresis import (
    FLAP_WINDOW,
    Changed,
    Clear,
    Open,
    Policy,
    Raise,
    Track,
    Transition,
    Worsen,
    opened,
    replay,
    step,
    weight_of,
)
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.health.routing import rules_of
from cockpit.incident.own_severity import chosen_profile
from cockpit.watch.plan import affected
from cockpit.watch.records import RecordMemory
from cockpit.watch.routes import Routes
from cockpit.watch.standing import Renewed, renewals_of
from storage.event import new_id
from storage.ledger import Draft, Event, Ledger
from storage.observations import Latest, Observations, Renewal, Sample
from storage.owners import OwnerList
from storage.record_history import RecordState

ACTOR = "watch"

KEPT_EVERY = timedelta(minutes=30)
"""How often a look that found everything as it was goes into the history as well."""

SETTLED = timedelta(hours=6)
"""For how long a check must have been good for its history not to matter after a restart."""

Key = tuple[str, str]
"""Target and check."""


@dataclass(slots=True)
class Batch:
    """What is to be committed together: rows of observations, the events that they caused, and changed records."""

    samples: list[Sample] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    records: list[RecordState] = field(default_factory=list)
    renewals: list[Renewal] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.samples or self.drafts or self.records or self.renewals)

    def add(self, other: "Batch") -> None:
        """Append another batch."""
        self.samples.extend(other.samples)
        self.drafts.extend(other.drafts)
        self.records.extend(other.records)
        self.renewals.extend(other.renewals)

    def thin(self) -> None:
        """Keep the newest row of each series, and all that happened: for a database that takes nothing for long."""
        newest = {(each.target, each.check, each.vantage): each for each in self.samples}
        self.samples = list(newest.values())
        renewed = {(each.target, each.check, each.vantage): each for each in self.renewals}
        self.renewals = list(renewed.values())


class Memory:
    """The tracks of all checks; pure but for naming new events. `owners` may be set anew at any time.

    `closer` are the targets that are watched closer: one bad look is enough there, nobody waits for a second.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._policy = Policy(settings.failures_to_alert, settings.successes_to_clear)
        self._tracks: dict[Key, Track] = {}
        self._vantages: dict[Key, set[str]] = {}
        self._policies = {
            domain.name: Policy(domain.failures_to_alert, settings.successes_to_clear)
            for domain in settings.domains
            if domain.failures_to_alert is not None
        }
        self._kept_at: dict[Key, datetime] = {}
        self._routes = Routes(rules_of(settings.alert_routing), _draft)
        self.records = RecordMemory()
        self.owners: Mapping[str, OwnerList] = {}
        self.closer: frozenset[str] = frozenset()

    def open_alerts(self) -> list[str]:
        """The ids of the alerts that are open."""
        return [track.open.alert for track in self._tracks.values() if track.open is not None]

    def restore(
        self, ledger: Ledger, observations: Observations, watched: set[Key], now: datetime
    ) -> tuple[Batch, list[Observation]]:
        """Rebuild from the database; returns what is to be cleared and the decisions that stand.

        An alert whose check is no longer watched would stay open for ever, so it is cleared with those words.
        """
        events = ledger.stream(alerts.STREAM)
        self._routes.recall(events)
        still_open = _open_alerts(events)
        cleared = Batch()
        for key in [key for key in still_open if key not in watched]:
            body = {"alert": still_open.pop(key).alert, "headline": "no longer watched"}
            cleared.drafts.append(_draft(alerts.CLEARED, body, now))
        cleared.drafts = self._routes.after(cleared.drafts, None, now)
        self._tracks = {key: Track(open=alert) for key, alert in still_open.items()}
        decisions = []
        for row in observations.latest():
            key = (row.target, row.check)
            if key not in watched:
                continue
            if row.vantage != DECISION:
                self._vantages.setdefault(key, set()).add(row.vantage)
                continue
            decisions.append(stored_observation(row))
            stored = _recent(observations, row)
            self._tracks[key] = replay(
                ((Verdict(each.verdict), weight_of(stored_observation(each)), each.at) for each in stored),
                still_open.get(key),
            )
        return cleared, decisions

    def take(self, seen: Sequence[Observation]) -> Batch:
        """Take in the observations of one look."""
        batch = Batch([_sample(each) for each in seen], records=self.records.take(seen))
        for each in seen:
            if each.vantage == DECISION:
                batch.drafts.extend(self._decided(each))
        if seen:
            batch.drafts = self._routes.after(batch.drafts, {each.target for each in seen}, seen[-1].at)
        batch.samples.extend(self._vanished(seen))
        return batch

    def settled(self, target: str, check: str) -> bool:
        """Whether one more good look could change nothing: no alert is open, and none of the last looks was bad."""
        track = self._tracks.get((target, check))
        return track is not None and track.told is Verdict.OK and track.open is None and not any(track.weights)

    def renew(self, seen: Renewed) -> Batch:
        """Take in a look that found everything as it was, at a check that is settled."""
        key = (seen.target, seen.check)
        track = self._tracks[key]
        if len(track.weights) < FLAP_WINDOW:
            self._tracks[key] = replace(track, weights=(*track.weights, 0))
        self.records.renew(seen.target, seen.check, seen.at)
        kept = self._kept_at.get(key)
        keep = kept is None or seen.at - kept >= KEPT_EVERY
        if keep:
            self._kept_at[key] = seen.at
        drafts = self._routes.after([], {seen.target}, seen.at)
        return Batch(drafts=drafts, renewals=renewals_of(seen, keep=keep))

    def _decided(self, observation: Observation) -> list[Draft]:
        key = (observation.target, observation.check)
        policy = self._policies.get(observation.target, self._policy)
        if observation.target in self.closer:
            policy = replace(policy, to_raise=1)
        track, transitions = step(self._tracks.get(key, Track()), observation, policy)
        drafts = []
        for transition in transitions:
            if isinstance(transition, Raise) and observation.evidence.get("quiet"):
                # Another check tells the same and raises the alert; this one keeps a state of its own.
                continue
            draft, track = self._told(transition, track)
            drafts.append(draft)
        self._tracks[key] = track
        return drafts

    def _told(self, transition: Transition, track: Track) -> tuple[Draft, Track]:
        at = transition.observation.at
        match transition:
            case Changed():
                return _draft(alerts.CHANGED, alerts.changed_body(transition), at), track
            case Raise():
                event_id = new_id()
                seen = transition.observation
                alert = alerts.alert_id(seen.target, seen.check, event_id)
                who = affected(self._settings, seen.target, self.owners)
                body = alerts.raised_body(alert, transition, who, chosen_profile(self._settings))
                return _draft(alerts.RAISED, body, at, event_id), opened(track, alert, transition)
            case Worsen():
                return _draft(alerts.WORSENED, alerts.worsened_body(transition), at), track
            case Clear():
                return _draft(alerts.CLEARED, alerts.cleared_body(transition), at), track

    def _vanished(self, seen: Sequence[Observation]) -> list[Sample]:
        """Rows that say so where a server or address is asked no longer; UNKNOWN decisions leave them be."""
        gone: list[Sample] = []
        for decision in [each for each in seen if each.vantage == DECISION]:
            key = (decision.target, decision.check)
            now = {each.vantage for each in seen if each.check == decision.check} - {DECISION}
            if not now and decision.verdict is Verdict.UNKNOWN:
                continue
            for vantage in self._vantages.get(key, set()) - now:
                note = Observation(*key, vantage, Verdict.NA, "not asked any more", decision.at)
                gone.append(_sample(note))
            self._vantages[key] = now
        return gone


def _recent(observations: Observations, row: Latest) -> Sequence[Sample | Latest]:
    """The decisions that still matter; where one verdict has stood for long, the last of them says it all."""
    if row.verdict == Verdict.OK and row.at - row.since > SETTLED:
        return [row]
    return observations.history(row.target, row.check, DECISION, limit=FLAP_WINDOW)


def _open_alerts(events: Sequence[Event]) -> dict[Key, Open]:
    """The alerts that were raised and not cleared, by target and check."""
    found: dict[str, tuple[Key, Open]] = {}
    for event in events:
        alert = str(event.body.get("alert", ""))
        if event.kind == alerts.RAISED:
            key = (str(event.body["target"]), str(event.body["check"]))
            found[alert] = (key, _open(alert, event.body))
        elif event.kind == alerts.WORSENED and alert in found:
            found[alert] = (found[alert][0], _open(alert, event.body))
        elif event.kind == alerts.CLEARED:
            found.pop(alert, None)
    return dict(found.values())


def _open(alert: str, body: dict[str, Any]) -> Open:
    verdict = Verdict(body["verdict"])
    return Open(alert, int(body.get("weight") or (10 if verdict is Verdict.FAIL else 1)), verdict)


def _draft(kind: str, body: dict[str, Any], at: datetime, event_id: str | None = None) -> Draft:
    return Draft(
        stream=alerts.STREAM,
        kind=kind,
        body=body,
        occurred_at=at,
        actor=ACTOR,
        id=event_id or new_id(),
    )


def lifecycle_draft(kind: str, holder: str, at: datetime, last_seen: datetime | None = None) -> Draft:
    """`watch.started` or `watch.stopped`; `last_seen` is when an earlier watch saw anything last."""
    body = {"holder": holder, "at": format_time(at)}
    return _draft(kind, body | ({"last_seen": format_time(last_seen)} if last_seen is not None else {}), at)


def _sample(observation: Observation) -> Sample:
    return Sample(
        target=observation.target,
        check=observation.check,
        vantage=observation.vantage,
        verdict=str(observation.verdict),
        headline=observation.headline,
        detail=_bounded(detail_text(observation)),
        at=observation.at,
        took_ms=round(observation.took.total_seconds() * 1000),
    )


def _bounded(detail: str) -> str:
    """Keep a detail that somebody else's zone made huge out of the database."""
    if len(detail) <= 65_536:
        return detail
    return json.dumps({"evidence": {"cut": f"{len(detail)} characters of evidence were too many to keep"}})
