"""What a watch does beside probing: tells the recipients of alerts, and takes over other systems' alerts.

Both work on the ledger alone, on a connection of their own, so that neither a slow channel nor a slow source holds
up a look. What fails is logged and tried again at the next turn.
"""

import asyncio
import logging
from datetime import datetime
from pathlib import Path

from cockpit.clock import Clock
from cockpit.comms.notify import Notifier
from cockpit.config import Settings
from cockpit.desk.feed import Feed
from cockpit.desk.incident.incidents import Incidents
from cockpit.desk.incident.intake import STREAM as SOURCES
from cockpit.desk.incident.intake import Intake
from cockpit.errors import CockpitError
from cockpit.health import alerts
from cockpit.incident.alerts import Alert, alert_raised
from cockpit.probes.sources import Source, all_sources
from cockpit.profile import Profile
from storage.database import Database
from storage.ledger import Event, Ledger

TELL_S = 1.0
"""Seconds between two looks for alerts that somebody is to be told of."""

ASK_S = 60.0
"""Seconds between two times of asking other systems."""

_log = logging.getLogger("cockpit.watch")


class Neighbours:
    """Runs beside one watch until it is cancelled; does nothing where nothing is configured."""

    def __init__(
        self, settings: Settings, profile: Profile, database_path: Path, clock: Clock, operator: str
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._operator = operator
        self._path = database_path
        self._notifier = Notifier(settings, profile, database_path, clock=clock) if settings.alert_routing else None
        self._sources = all_sources(settings, profile)
        self._failures: dict[str, str] = {}

    async def run(self) -> None:
        """Tell and ask, each at its own pace."""
        if self._notifier is None and not self._sources:
            return
        database = Database.open(self._path)
        try:
            ledger = Ledger(database, self._clock.now)
            work = []
            if self._notifier is not None:
                work.append(self._tell(ledger, self._notifier))
            if self._sources:
                work.append(self._ask(Feed(database, ledger, self._clock, self._operator)))
            await asyncio.gather(*work)
        finally:
            database.close()

    async def _tell(self, ledger: Ledger, notifier: Notifier) -> None:
        """Follow the ledger from its end on; what was raised before this watch began was told by another."""
        known: dict[str, Alert] = {}
        for event in (*ledger.stream(alerts.STREAM), *ledger.stream(SOURCES)):
            _learn(known, event)
        seq = ledger.head()[0]
        while True:
            await asyncio.sleep(TELL_S)
            try:
                fresh = ledger.since(seq)
                told = notifier.after(fresh, known)
            except (CockpitError, OSError) as error:
                _log.error("Alerts wait to be told: %s", error)
                continue
            for event in fresh:
                _learn(known, event)
                seq = event.seq
            for each in told:
                _log.info("%s %s: %s", each.way, each.name, each.channel.name if each.channel else each.why_not)

    async def _ask(self, feed: Feed) -> None:
        incidents = Incidents(feed, self._settings, self._operator)
        intake = Intake(feed, incidents, self._settings)
        for room in (incidents, intake):
            feed.add(room)
        while True:
            for source in self._sources:
                await self._ask_one(source, intake, self._clock.now())
            await asyncio.sleep(ASK_S)

    async def _ask_one(self, source: Source, intake: Intake, now: datetime) -> None:
        told = await source.ask(now)
        if told.failure != self._failures.get(told.source, ""):
            self._failures[told.source] = told.failure
            _log.warning("%s: %s", told.source, told.failure or "answers again")
        if told.failure:
            return
        try:
            intake.take(told.alerts, complete=told.source if told.complete else "")
        except CockpitError as error:
            _log.error("What %s says could not be recorded: %s", told.source, error)


def _learn(known: dict[str, Alert], event: Event) -> None:
    alert = alert_raised(event)
    if alert is not None:
        known[alert.id] = alert
    elif event.kind == "alert.cleared":
        known.pop(str(event.body.get("alert")), None)
