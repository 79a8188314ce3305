"""Keeps a copy of every domain's records on a timer, so that the newest is never older than the objective."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.clock import format_time
from cockpit.config import DomainConfig
from cockpit.config.dns_zone import DnsZone, zone_holding
from cockpit.config.watched import watched_names
from cockpit.errors import CockpitError, WorldError
from cockpit.health.backup import CHECK, judge_backup
from cockpit.health.model import DECISION, Observation
from cockpit.health.zone_copy import ZoneCopy
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.transport import Transport
from cockpit.probes.names.zone_copy import read_watched, transfer
from cockpit.profile import Profile

Hosted = Callable[[str], Awaitable[ZoneCopy]]
"""Copies the zone of a domain from Route 53; raises CockpitError."""

Keep = Callable[[ZoneCopy, datetime], Awaitable[datetime]]
"""Keeps a copy for good and says until when it is confirmed; raises CockpitError."""


class Backups:
    """Takes the copies; `keep` is set by whoever has a database, `hosted` by whoever may ask AWS.

    A domain whose zone is configured with a provider (`dns_zones`) is copied whole, by transfer or from Route 53;
    of any other, and where that is refused, the watched records are copied. What was kept last is remembered.
    """

    def __init__(self, profile: Profile, transport: Transport | None, zones: Sequence[DnsZone] = ()) -> None:
        self._profile = profile
        self._delegations = Delegations(profile, transport=transport)
        self._transport = transport
        self._newest: dict[str, Mapping[str, Any]] = {}
        self._zones = zones
        self.keep: Keep | None = None
        self.hosted: Hosted | None = None

    def learn(self, seen: Observation) -> None:
        """Take in what an earlier run had kept, from its stored decision."""
        copies = seen.evidence.get("copies")
        if seen.check == CHECK and seen.vantage == DECISION and copies:
            self._newest.setdefault(seen.target, copies[0])

    async def look(self, domain: DomainConfig, identity: Mapping[str, Any] | None, at: datetime) -> Observation:
        """Copy a domain's watched records, keep that, and say how old the newest copy is."""
        started, trouble = time.monotonic(), ""
        try:
            await self._copy(domain, identity, at)
        except CockpitError as error:
            trouble = str(error).rstrip(".")
        took = timedelta(seconds=time.monotonic() - started)
        return judge_backup(domain.name, at, self._newest.get(domain.name), trouble, took)

    async def _copy(self, domain: DomainConfig, identity: Mapping[str, Any] | None, at: datetime) -> None:
        copy, why_not = await self._whole(domain.name)
        if copy is None:
            names = watched_names(domain, identity)
            watched = await read_watched(
                self._profile, domain.name, names, at, delegations=self._delegations, transport=self._transport
            )
            copy = watched.copy()
        if not copy.records:
            # A zone that was emptied must not take the place of the copy that brings it back.
            raise WorldError("The name servers have none of its records, and an empty copy is no backup.")
        if self.keep is None:
            raise WorldError("There is no database here to keep it in.")
        confirmed = await self.keep(copy, at)
        self._newest[domain.name] = {
            "source": copy.source,
            "records": len(copy.records),
            "confirmed_at": format_time(confirmed),
            **({"not_whole": why_not} if why_not else {}),
        }

    async def _whole(self, name: str) -> tuple[ZoneCopy | None, str]:
        """All of the zone that holds a domain where its provider gives it away, or why it does not."""
        zone = zone_holding(name, self._zones)
        provider = zone.provider if zone is not None else ""
        try:
            if zone is not None and provider == "rfc2136":
                return await transfer(self._profile, name, zone.door(self._profile)), ""
            if provider == "route53" and self.hosted is not None:
                return await self.hosted(name), ""
        except CockpitError as error:
            return None, str(error).rstrip(".")
        return None, ""
