"""Delivers what `alert_routing` says: each recipient of an alert's route is told once, over a channel that has it.

A route's recipients are words such as `page oncall-primary` or `email alerts@shop.example`. The message's id is
made of alert, route and recipient, so that several processes that see the same event send one message. What no
channel reaches is journalled as failed: a missed delivery is shown and not swallowed.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from cockpit.clock import Clock, SystemClock
from cockpit.comms.channels import ChannelSettings, Way, ways
from cockpit.comms.courier import Errand, dispatch
from cockpit.incident import fields
from cockpit.incident.alerts import Alert, alert_raised
from cockpit.incident.model import Recorded
from cockpit.profile import Profile
from storage.database import Database
from storage.ledger import Draft, Ledger

STREAM = "messages"
"""The stream of messages that belong to no incident."""

KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "page": ("pagerduty", "opsgenie", "monitoring"),
        "slack": ("slack", "slack-webhook"),
        "email": ("smtp", "ses"),
        "sms": ("sms",),
        "webhook": ("webhook",),
    }
)
"""Ways of notifying, with the kinds of channel that can go them."""

_ADDRESSED = ("slack", "smtp", "ses", "sms", "monitoring", "opsgenie")
"""Kinds that can be told by name for whom a message is; the others reach whom they were made for."""


class Recipient(msgspec.Struct, frozen=True):
    """One recipient of a route: the channel that reaches it, or why none does."""

    way: str
    name: str
    channel: Way | None
    why_not: str = ""


def recipients(notify: Iterable[str], configured: Mapping[str, Way]) -> tuple[Recipient, ...]:
    """Who is to be told, from a route's words, each once. Pure.

    A channel that has the recipient among its `names` comes first; else one that can be told by name for whom a
    message is.
    """
    found = {}
    for words in notify:
        way, _, names = words.partition(" ")
        for name in (each.strip() for each in names.split(",")):
            if name:
                found[way, name] = _recipient(way, name, configured)
    return tuple(found.values())


def _recipient(way: str, name: str, configured: Mapping[str, Way]) -> Recipient:
    named = next((each for each in configured.values() if name in each.config.names), None)
    kinds = KINDS.get(way, ())
    able = [each for each in configured.values() if each.config.kind in kinds and each.config.kind in _ADDRESSED]
    channel = named or (able[0] if able else None)
    if channel is not None:
        return Recipient(way, name, channel)
    return Recipient(way, name, None, f"no channel is configured that reaches {name} by {way}; call by hand")


class Notifier:
    """Told of events, sends couriers. Deliver from one place or from several: nobody is told twice."""

    def __init__(
        self,
        settings: ChannelSettings,
        profile: Profile,
        database_path: Path,
        *,
        send: Callable[[Errand], object] = dispatch,
        clock: Clock | None = None,
    ) -> None:
        self._ways = ways(settings)
        self._profile = profile
        self._path = database_path
        self._send = send
        self._clock = clock or SystemClock()

    def after(self, events: Iterable[Recorded], known: Mapping[str, Alert] | None = None) -> list[Recipient]:
        """Notify of every alert that was raised or routed in these events; returns whom.

        `known` are alerts that were raised before, by id: an `alert.routed` event names its alert and no more.
        """
        alerts = dict(known or {})
        told = []
        for event in events:
            alert = alert_raised(event)
            if alert is not None:
                alerts[alert.id] = alert
            elif event.kind == "alert.routed":
                alert = alerts.get(fields.text(event.body, "alert"))
            route = event.body.get("route")
            if alert is None or not isinstance(route, Mapping):
                continue
            told += self._notify(alert, fields.text(route, "name"), fields.texts(route, "notify"))
        return told

    def _notify(self, alert: Alert, route: str, notify: tuple[str, ...]) -> list[Recipient]:
        found = recipients(notify, self._ways)
        for each in found:
            id_ = hashlib.sha256(f"{alert.id}|{route}|{each.way}|{each.name}".encode()).hexdigest()[:32]
            if each.channel is None:
                self._not_delivered(id_, each, alert)
            else:
                self._send(self._errand(id_, each, each.channel, alert, route))
        return list(found)

    def _errand(self, id_: str, recipient: Recipient, way: Way, alert: Alert, route: str) -> Errand:
        addressed = way.config.kind in _ADDRESSED
        return Errand(
            database=str(self._path),
            stream=STREAM,
            actor="watch",
            text=_words(alert, route),
            way=way,
            profile=self._profile,
            audience="on-call",
            subject=f"{alert.severity} {alert.title}",
            to=(recipient.name,) if addressed else (),
            key=f"cockpit-{alert.dedup_key}",
            title=alert.title,
            severity=alert.severity,
            message=id_,
        )

    def _not_delivered(self, id_: str, recipient: Recipient, alert: Alert) -> None:
        """Journal that nothing reaches a recipient; once, whoever finds it out first."""
        now = self._clock.now()
        about = {"message": id_, "channel": recipient.way, "audience": "on-call"}
        intent = {**about, "text": _words(alert, ""), "to": [recipient.name]}
        bodies: dict[str, Mapping[str, Any]] = {
            "message.intent": intent,
            "message.failed": {**about, "reason": recipient.why_not},
        }
        drafts = [
            Draft(stream=STREAM, kind=kind, body=body, occurred_at=now, actor="watch", id=f"{id_}-{kind}")
            for kind, body in bodies.items()
        ]
        database = Database.open(self._path)
        try:
            ledger = Ledger(database, self._clock.now)
            with database.write() as transaction:
                if ledger.find(drafts[0].id) is None:
                    ledger.append(drafts, transaction)
        finally:
            database.close()


def _words(alert: Alert, route: str) -> str:
    services = f"\nServices: {', '.join(alert.services)}" if alert.services else ""
    rule = f"\nRoute: {route}" if route else ""
    return f"{alert.severity} {alert.title}\n{alert.headline}{services}{rule}"
