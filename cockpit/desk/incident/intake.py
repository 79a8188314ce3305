"""Takes over alerts of other systems: each once, cleared when they say so, routed by our own rules.

They go to a stream of their own, `sources`, because the watch clears what it does not watch itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.desk.incident.incidents import Incidents
from cockpit.errors import BadInput
from cockpit.health.alerts import with_route
from cockpit.health.routing import OpenAlert, route, rules_of
from cockpit.incident import fields
from cockpit.incident.model import Incident, Recorded
from cockpit.incident.outside import Outside, outsides, raised_body
from cockpit.incident.own_severity import chosen_profile
from cockpit.incident.severity import Answers

STREAM = "sources"
"""The stream of alerts of other systems."""

MAX_DOCUMENT = 8_000_000


class Taken(msgspec.Struct, frozen=True):
    """What became of what a source said: ids of alerts that are new, that ended, and how many were known."""

    raised: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    known: int = 0


class Intake:
    """The room through which other monitoring comes in."""

    def __init__(self, feed: Feed, incidents: Incidents, settings: Settings) -> None:
        self._feed = feed
        self._incidents = incidents
        self._settings = settings
        self._rules = rules_of(settings.alert_routing)
        self._open: dict[str, OpenAlert] = {}
        self._ended: set[str] = set()

    def absorb(self, event: Recorded) -> None:
        """Take in one event of any stream."""
        alert = fields.text(event.body, "alert")
        if event.kind == "alert.raised" and alert and event.stream == STREAM:
            self._open[alert] = _open_alert(alert, event)
        elif event.kind == "alert.cleared" and event.stream == STREAM:
            self._open.pop(alert, None)
            self._ended.add(alert)

    def read(self, text: str) -> tuple[Outside, ...]:
        """Alerts in a JSON document: an event of EventBridge, a list of them, what Alertmanager or the CLI gives.

        One document, or one per line. Raises BadInput when there is nothing in it that is understood.
        """
        if len(text) > MAX_DOCUMENT:
            raise BadInput("The document is too large; give the events in several files.")
        now = self._feed.clock.now()
        found = tuple(each for document in _documents(text) for each in outsides(document, now))
        if not found:
            raise BadInput(
                "No alert is in it; events of EventBridge (CloudWatch alarms, AWS Health), alarms of CloudWatch "
                "and alerts of Alertmanager are understood."
            )
        return found

    def take(self, alerts: Iterable[Outside], *, complete: str = "") -> Taken:
        """Record what is new and what ended; the same words again change nothing.

        `complete` names a source whose active alerts are all among them: one of its that is not has ended.
        """
        told = {each.subject: each for each in alerts}
        with self._feed.decide() as pen:
            open_now = {subject_of(alert): alert for alert in self._open}
            raised = [
                each for subject, each in told.items() if each.active and self._is_new(subject, each, open_now)
            ]
            ended = [open_now[subject] for subject, each in told.items() if not each.active and subject in open_now]
            gone = [
                alert
                for subject, alert in open_now.items()
                if complete and subject.startswith(f"{complete}|") and subject not in told
            ]
            cleared = tuple(dict.fromkeys((*ended, *gone)))
            for each in raised:
                at = min(each.started_at, pen.now)
                pen.append(STREAM, "alert.raised", self._body(each, pen.now), occurred_at=at)
            for alert in cleared:
                last = told.get(subject_of(alert))
                said = last.headline if last is not None else "no longer among its alerts"
                pen.append(STREAM, "alert.cleared", {"alert": alert, "headline": said})
        return Taken(tuple(each.alert for each in raised), cleared, len(told) - len(raised) - len(ended))

    def open_incidents(self, alerts: Sequence[str]) -> Sequence[Incident]:
        """An incident for each of these alerts, or the open one that it belongs to; each incident once."""
        found = [self._incidents.open_from_alert(alert) for alert in alerts]
        return list({incident.uid: incident for incident in found}.values())

    def taken_over(self, alerts: Iterable[Outside]) -> Sequence[str]:
        """Ids under which the active ones among these alerts are open here, whoever took them over."""
        open_now = {subject_of(alert): alert for alert in self._open}
        return [open_now[each.subject] for each in alerts if each.active and each.subject in open_now]

    def _is_new(self, subject: str, outside: Outside, open_now: Mapping[str, str]) -> bool:
        return subject not in open_now and outside.alert not in self._ended

    def _body(self, outside: Outside, now: datetime) -> dict[str, object]:
        domain = next((each for each in self._settings.domains if each.name == outside.target), None)
        services = domain.services if domain is not None else ()
        severity, reason = outside.severity, f"{outside.source} says so"
        if not severity:
            answers = Answers(services=len(services) or None, production=domain.production if domain else None)
            suggestion = chosen_profile(self._settings).suggest(answers)
            severity, reason = suggestion.severity, suggestion.reason
        body = raised_body(outside, severity, reason, tuple(services))
        mine = OpenAlert(outside.alert, outside.kind, outside.target, outside.source, "FAIL", len(services))
        found = route(self._rules, mine, self._open.values(), now)
        return body if found is None else with_route(body, found)


def subject_of(alert: str) -> str:
    """What an alert of another system is about, from its id."""
    return alert[: alert.rfind("|") + 1]


def _open_alert(alert: str, event: Recorded) -> OpenAlert:
    body = event.body
    return OpenAlert(
        alert,
        fields.text(body, "kind"),
        fields.text(body, "target"),
        fields.text(body, "check"),
        fields.text(body, "verdict"),
        len(fields.texts(body, "services")),
    )


def _documents(text: str) -> list[object]:
    try:
        return [msgspec.json.decode(text)]
    except msgspec.DecodeError:
        pass
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(msgspec.json.decode(line))
        except msgspec.DecodeError as error:
            raise BadInput(f"Line {number} is no JSON: {error}.") from None
    return found
