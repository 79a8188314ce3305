"""The looks around a domain: its targets behind load balancers, new certificates in the logs, its backup."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cockpit.config import DomainConfig, Settings
from cockpit.health.model import DECISION, Observation
from cockpit.health.targets import CHECK as TARGETS
from cockpit.health.targets import judge_targets
from cockpit.health.tls import issuance
from cockpit.probes.aws import AwsReader
from cockpit.probes.pace import ROUTINE, URGENT, Pace
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.trust.issuance import read_issuance
from cockpit.probes.trust.logged import ask_issuer
from cockpit.probes.web.targets import read_targets
from cockpit.profile import Profile
from cockpit.watch.backup import Backups

ASKED_ABOUT = 5
"""Certificates by others whose issuer is asked in one look."""

SEARCH_EVERY_S = 2.0
"""Seconds between two looks into the transparency logs, of all domains together: the search serves everybody."""


class AroundLooks:
    """Looks at what stands around a domain, and remembers which certificates were seen."""

    def __init__(
        self, settings: Settings, profile: Profile, trust: Trust, aws: AwsReader, backups: Backups
    ) -> None:
        self._profile = profile
        self._trust = trust
        self._aws = aws
        self._backups = backups
        chosen = settings.certificate_transparency
        self._allowed = issuance.Allowed(chosen.issuers, chosen.accepted)
        self._seen: dict[str, issuance.Memory] = {}
        self._searches = Pace(SEARCH_EVERY_S / max(profile.speed, 1.0))

    def learn(self, observations: Iterable[Observation]) -> None:
        """Take in decisions of this run or of an earlier one."""
        for each in observations:
            if each.vantage != DECISION:
                continue
            self._backups.learn(each)
            if each.check == issuance.CHECK and (known := issuance.memory_of(each.evidence)) is not None:
                self._seen[each.target] = known

    async def turn(self, *, urgent: bool) -> None:
        """Wait until the transparency logs may be searched again, where a search on the net is configured."""
        if (self._profile.ct_search or "").startswith(("http://", "https://")):
            await self._searches.turn(URGENT if urgent else ROUTINE)

    async def targets(self, domain: DomainConfig, at: datetime) -> list[Observation]:
        """The check lb.targets."""
        readings = await read_targets(self._aws, domain.name, TARGETS, domain.load_balancers, at=at)
        return judge_targets(domain.name, readings, at)

    async def issuance(self, domain: DomainConfig, at: datetime) -> list[Observation]:
        """The check tls.issuance."""
        source = self._profile.ct_search
        if not source:
            return [issuance.not_watched(domain.name, at)]
        reading = await read_issuance(self._profile, self._trust, domain.name, issuance.CHECK, source, at=at)
        memory = self._seen.get(domain.name)
        for each in issuance.to_ask_about(reading, self._allowed, memory, at)[:ASKED_ABOUT]:
            each["revocation"] = await ask_issuer(self._profile, self._trust, source, each, at)
        return [issuance.judge_issuance(reading, self._allowed, memory, at)]

    async def backup(
        self, domain: DomainConfig, identity: Mapping[str, Any] | None, at: datetime
    ) -> list[Observation]:
        """The check dns.backup."""
        return [await self._backups.look(domain, identity, at)]
