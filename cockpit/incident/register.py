"""All incidents at once: takes in every event of the ledger and knows which incident, alert and check is which."""

from datetime import datetime, timedelta

from cockpit.errors import NotFound
from cockpit.incident import fields
from cockpit.incident.alerts import Alert, alert_after, alert_raised
from cockpit.incident.fold import STREAM_PREFIX, advance
from cockpit.incident.model import Checks, Incident, Recorded
from cockpit.text import visible

MARGIN = timedelta(minutes=10)
"""How long before the beginning and after the end of an incident its domains' health still belongs to it."""

_BAD = "FAIL"
_UNKNOWN = "UNKNOWN"


class Register:
    """The fold over all streams that incidents depend on. Knows nothing of how events are stored.

    `seq` is that of the last event that any timeline could show.
    """

    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}
        self.alerts: dict[str, Alert] = {}
        self.seq = 0
        self._by_number: dict[int, str] = {}
        self._streams: dict[str, list[Recorded]] = {}
        self._alert_events: dict[str, list[Recorded]] = {}
        self._health_events: dict[str, list[Recorded]] = {}
        self._health: dict[str, dict[str, str]] = {}

    def absorb(self, event: Recorded) -> None:
        """Take in one event, in the order of the ledger; one that was seen before changes nothing."""
        if event.seq <= self.seq:
            return
        if event.stream.startswith((STREAM_PREFIX, "run/", "action/")):
            self._streams.setdefault(event.stream, []).append(event)
        elif event.kind.startswith("alert."):
            self._absorb_alert(event)
        elif event.kind == "health.changed":
            self._absorb_health(event)
        else:
            return
        if event.stream.startswith(STREAM_PREFIX):
            self._absorb_incident(event)
        self.seq = event.seq

    def _absorb_incident(self, event: Recorded) -> None:
        uid = event.stream.removeprefix(STREAM_PREFIX)
        incident = advance(self.incidents.get(uid), event)
        if incident is not None:
            self.incidents[uid] = incident
            self._by_number.setdefault(incident.number, uid)

    def _absorb_alert(self, event: Recorded) -> None:
        id_ = fields.text(event.body, "alert")
        known = self.alerts.get(id_)
        alert = alert_raised(event) if known is None else alert_after(known, event)
        if alert is not None:
            self.alerts[id_] = alert
            self._alert_events.setdefault(id_, []).append(event)

    def _absorb_health(self, event: Recorded) -> None:
        target = fields.text(event.body, "target")
        self._health.setdefault(target, {})[fields.text(event.body, "check")] = fields.text(event.body, "new")
        self._health_events.setdefault(target, []).append(event)

    def get(self, ref: int | str) -> Incident:
        """The incident of that number, `INC-42` or uid; raises NotFound."""
        incident = self.incidents.get(ref) if isinstance(ref, str) else None
        if incident is None and (number := _number(ref)) is not None and number in self._by_number:
            incident = self.incidents[self._by_number[number]]
        if incident is None:
            raise NotFound(f"There is no incident {visible(ref, limit=40)}.")
        return incident

    def alert(self, alert_id: str) -> Alert:
        """The alert of that id; raises NotFound."""
        try:
            return self.alerts[alert_id]
        except KeyError:
            raise NotFound(f"There is no alert {visible(alert_id, limit=80)}.") from None

    def for_alert(self, alert_id: str) -> Incident | None:
        """The incident that took the alert on, the newest where several did."""
        taken = [incident for incident in self.incidents.values() if alert_id in incident.alerts]
        return max(taken, key=lambda incident: incident.number, default=None)

    def open_about(self, alert: Alert) -> Incident | None:
        """The open incident that takes an alert on: of the same key, else opened by hand about target and kind."""
        found = self.open_with(alert.dedup_key)
        if found is not None:
            return found
        same = [
            each
            for each in self.incidents.values()
            if each.is_open and not each.dedup_key and each.type == alert.kind and alert.target in each.targets
        ]
        return min(same, key=lambda each: each.number, default=None)

    def open_with(self, dedup_key: str) -> Incident | None:
        """The open incident with that deduplication key."""
        if not dedup_key:
            return None
        same = [i for i in self.incidents.values() if i.is_open and i.dedup_key == dedup_key]
        return min(same, key=lambda incident: incident.number, default=None)

    def next_number(self) -> int:
        """The number that the next incident gets; only right inside the transaction that opens it."""
        return max(self._by_number, default=0) + 1

    def checks(self, incident: Incident, now: datetime) -> Checks:
        """What the incident's alerts and its domains' last changes of health say.

        An alert must have cleared, and no check of the incident's targets may fail. A check that is unknown
        counts where it raised one of the alerts; elsewhere it was unknown before and says nothing about this.
        """
        latest = {alert.label: alert for id_ in incident.alerts if (alert := self.alerts.get(id_)) is not None}
        failing = {label for label, alert in latest.items() if alert.cleared_at is None}
        unknown = set()
        seen = set(latest)
        for target in incident.targets:
            for check, verdict in self._health.get(target, {}).items():
                label = f"{target} {check}"
                seen.add(label)
                if verdict == _BAD:
                    failing.add(label)
                elif verdict == _UNKNOWN and label in latest:
                    unknown.add(label)
        return Checks(now, len(seen), tuple(sorted(failing)), tuple(sorted(unknown - failing)))

    def story(self, incident: Incident) -> list[Recorded]:
        """Every event that belongs on the incident's timeline, in the order of the ledger."""
        events = list(self._streams.get(STREAM_PREFIX + incident.uid, ()))
        for alert in incident.alerts:
            events += self._alert_events.get(alert, ())
        for run in incident.runs:
            events += self._streams.get(f"run/{run}", ())
        for action in incident.actions:
            events += self._streams.get(f"action/{action}", ())
        for target in incident.targets:
            events += _within(incident, self._health_events.get(target, []))
        return sorted(events, key=lambda event: event.seq)


def _within(incident: Incident, events: list[Recorded]) -> list[Recorded]:
    began = min(incident.detected_at, incident.onset.at if incident.onset is not None else incident.detected_at)
    ended = incident.resolved_at or incident.closed_at
    return [
        event
        for event in events
        if began - MARGIN <= event.occurred_at and (ended is None or event.occurred_at <= ended + MARGIN)
    ]


def _number(ref: int | str) -> int | None:
    if isinstance(ref, int):
        return ref
    digits = ref.strip().upper().removeprefix("INC-").removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None
