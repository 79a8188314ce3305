"""From a job to observations: the probe that reads, and the judge that says what the readings amount to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from cockpit.clock import Clock
from cockpit.config import DomainConfig, Settings
from cockpit.errors import ConfigError
from cockpit.health import certificate, dkim, web
from cockpit.health.dkim_expected import expect
from cockpit.health.dkim_expected import questions as dkim_questions
from cockpit.health.identity import judge_identity
from cockpit.health.model import DECISION, Observation, Reading, Verdict
from cockpit.health.tls import judge_parts
from cockpit.probes.aws import AwsReader
from cockpit.probes.engine import Engine
from cockpit.probes.keys import public_key_facts
from cockpit.probes.names.answer import AUTHORITATIVE
from cockpit.probes.trust.certificates import Trust
from cockpit.probes.trust.tls import TlsProbe
from cockpit.probes.web.http import DEADLINE_S as HTTP_DEADLINE_S
from cockpit.probes.web.http import HttpProbe
from cockpit.probes.web.visits import Visit, Visits
from cockpit.profile import Profile
from cockpit.watch.around import AroundLooks
from cockpit.watch.backup import Backups
from cockpit.watch.doubt import Doubt
from cockpit.watch.hosted import hosted
from cockpit.watch.mail import MailLooks, Sending
from cockpit.watch.names import NameLooks
from cockpit.watch.plan import Job, interval_s
from cockpit.watch.ses import ACCOUNT_PROBES, SesLooks
from cockpit.watch.standing import Renewed

_PATIENCE = 1.2
"""Intervals of the page look for which a certificate look waits, to share its connection."""

_NEED_IDENTITY = ("dkim", "mail", "alignment")


class Looks:
    """Everything that looking needs, and what earlier looks have taught, such as SES's wishes."""

    def __init__(self, settings: Settings, profile: Profile, clock: Clock) -> None:
        self._settings = settings
        self._profile = profile
        self._clock = clock
        self._domains = {domain.name: domain for domain in settings.domains}
        self._engine = Engine(limits=_paces(profile))
        self._doubt = Doubt()
        self._names = NameLooks(profile, clock, self._engine, self._doubt)
        self._names.patience_s.update(
            {domain.name: domain.dns_timeout_s for domain in settings.domains if domain.dns_timeout_s}
        )
        trust = Trust(profile)
        self._visits = Visits(profile, trust)
        self._tls = TlsProbe(profile, trust, self._visits)
        self._http = HttpProbe(profile, trust, self._visits)
        self.backups = Backups(profile, self._engine, settings.dns_zones)
        self.backups.hosted = hosted(profile)
        self._around = AroundLooks(settings, profile, trust, AwsReader(profile), self.backups)
        self._caught: dict[str, dict[tuple[str, int], list[Visit]]] = {}
        self._mail = MailLooks(profile, trust, self._engine, self._doubt)
        self.ses = SesLooks(settings, profile)
        self._identities: dict[str, Mapping[str, Any]] = {}
        self._refusals: dict[str, str] = {}
        self._asked: dict[str, asyncio.Event] = {}
        self.when_identity_changes: Callable[[str], None] = _nobody

    def close(self) -> None:
        """Close the sockets that are kept open between looks."""
        self._engine.close()
        self._visits.close()
        self.ses.close()

    def ask_further(self, closer: Callable[[str], bool]) -> None:
        """Ask further resolvers too about the domains that are watched closer."""
        self._names.closer = closer

    def add(self, domain: DomainConfig) -> None:
        """Look at a domain that is not configured, as if it were."""
        self._domains[domain.name] = domain

    def recall(self, observations: Iterable[Observation]) -> None:
        """Learn what earlier looks had found, from stored decisions."""
        for seen in observations:
            self._doubt.learn([seen])
            if seen.vantage == DECISION and seen.check == "ses.identity" and seen.evidence.get("origin"):
                self._identities[seen.target] = seen.evidence
            self._mail.learn(seen)
            self._around.learn([seen])
            self.ses.learn(seen)

    def will_ask(self, jobs: Iterable[Job]) -> None:
        """Tell which identities have a job of their own, so that no other look spends a call on them."""
        self._asked = {job.target: asyncio.Event() for job in jobs if job.probe == "identity"}

    async def turn(self, job: Job, *, urgent: bool) -> None:
        """Wait until AWS may be asked, for jobs that ask AWS; for mail, until SES was asked how it sends."""
        await self.ses.turn(job, urgent=urgent)
        if job.probe in _NEED_IDENTITY and job.target in self._asked and job.target not in self._identities:
            await self._asked[job.target].wait()
        if job.probe == "issuance":
            await self._around.turn(urgent=urgent)
        if job.probe == "certificate" and not urgent:
            await self._catch(self._domain(job.target))

    async def _catch(self, domain: DomainConfig) -> None:
        """Wait for the next visits for the pages of a domain: their connections show certificates too."""
        hosts = [host for host in domain.hosts if host.path is not None]
        patience_s = interval_s("health", self._settings, domain) * _PATIENCE
        found = await asyncio.gather(*(self._visits.next_of(host.name, host.port, patience_s) for host in hosts))
        pairs = zip(hosts, found, strict=True)
        self._caught[domain.name] = {(host.name, host.port): seen for host, seen in pairs if seen}

    def hurry(self, target: str) -> None:
        """Somebody wants to know about a target now: wait for nothing that has to do with it."""
        for host in self._domain(target).hosts:
            self._visits.release(host.name, host.port)

    async def renewed(self, job: Job) -> Renewed | None:
        """What a job may be spared when every server says what it said; None when it has to be done."""
        if job.probe != "resolution":
            return None
        domain = self._domain(job.target)
        return await self._names.renewed(domain, self._dkim_records(job.target), self._clock.now())

    async def look(self, job: Job) -> list[Observation]:
        """Do one job."""
        at = self._clock.now()
        if job.probe in ACCOUNT_PROBES:
            observations = await self.ses.look(job.probe, job.target, at)
        else:
            observations = await _PROBES[job.probe](self, job.target, at)
        self._doubt.learn(observations)
        for each in observations:
            self._mail.learn(each)
            self.ses.learn(each)
        return observations

    async def _resolution(self, target: str, at: datetime) -> list[Observation]:
        return await self._names.resolution(self._domain(target), self._dkim_records(target), at)

    async def _dnssec(self, target: str, at: datetime) -> list[Observation]:
        return await self._names.dnssec(self._domain(target), at)

    def _dkim_records(self, target: str) -> tuple[tuple[str, str], ...]:
        """The DKIM records that are known to be wanted, so far."""
        own = self._domain(target).dkim
        expected = expect(target, self._identities.get(target), selector=own.selector if own else "")
        return tuple(dkim_questions(expected)[AUTHORITATIVE]) if expected is not None else ()

    async def _identity(self, target: str, at: datetime) -> list[Observation]:
        try:
            reading = await self._read_identity(target, at)
        finally:
            if target in self._asked:
                self._asked[target].set()
        observations = judge_identity(reading, self._names.serial(target), reading.at)
        known = self._identities.get(target)
        if reading.failure is None or known is None:
            return observations
        # What SES said before is kept beside the failure, so that a restart still knows which records it wants.
        before = {key: known[key] for key in _WISHES if key in known}
        return [replace(each, evidence={**before, **each.evidence}) for each in observations]

    async def _read_identity(self, target: str, at: datetime, *, urgent: bool = False) -> Reading:
        """Ask SES for an identity, and remember what it said or why it did not."""
        reading = await self.ses.identity(target, "ses.identity", at, urgent=urgent)
        if reading.failure is None:
            before = self._identities.get(target)
            self._identities[target] = reading.seen
            if before is not None and _wishes(before) != _wishes(reading.seen):
                self.when_identity_changes(target)
        else:
            self._refusals[target] = str(reading.seen.get("reason") or reading.failure)
        return reading

    async def _known_identity(self, domain: DomainConfig, at: datetime) -> Mapping[str, Any] | None:
        """What SES said of an identity; it is asked now where no job of its own does that."""
        target = domain.name
        if domain.identity and target not in self._identities and target not in self._asked:
            await self._read_identity(target, at, urgent=True)
        return self._identities.get(target)

    async def _sending(self, target: str, at: datetime) -> Sending:
        domain = self._domain(target)
        return Sending(domain, await self._known_identity(domain, at), self._refusals.get(target, ""))

    async def _mail_records(self, target: str, at: datetime) -> list[Observation]:
        return await self._mail.records(await self._sending(target, at), at)

    async def _alignment(self, target: str, at: datetime) -> list[Observation]:
        return [await self._mail.alignment(await self._sending(target, at), at)]

    async def _dkim(self, target: str, at: datetime) -> list[Observation]:
        domain = self._domain(target)
        own = domain.dkim
        identity = await self._known_identity(domain, at)
        if domain.identity and identity is None:
            headline = f"DKIM: SES has not said which records it wants ({self._refusals.get(target, 'not asked')})"
            return [dkim.not_applicable(target, at, headline, Verdict.UNKNOWN)]
        key = own.public_key if own else ""
        expected = expect(
            target,
            identity,
            selector=own.selector if own else "",
            public_key=key,
            key_sha256=str(public_key_facts(key).get("sha256", "")) if key else "",
        )
        if expected is None:
            return [dkim.not_applicable(target, at, "DKIM: SES has no signing key for this domain")]
        return await self._names.dkim(expected, at)

    async def _certificate(self, target: str, at: datetime) -> list[Observation]:
        hosts = self._domain(target).hosts
        caught = self._caught.pop(target, {})
        found = await asyncio.gather(
            *(
                self._tls.look(
                    target,
                    certificate.CHECK,
                    host.name,
                    host.port,
                    at=at,
                    path=host.path,
                    visits=caught.get((host.name, host.port)),
                )
                for host in hosts
            )
        )
        readings = [one for each in found for one in each]
        return [*certificate.judge_certificates(target, readings, at), *judge_parts(target, readings, at)]

    async def _health(self, target: str, at: datetime) -> list[Observation]:
        hosts = [(host, host.path) for host in self._domain(target).hosts if host.path is not None]
        found = await asyncio.gather(
            *(
                self._http.look(
                    target,
                    web.CHECK,
                    host.name,
                    host.port,
                    path,
                    expect_body=host.expect_body,
                    at=at,
                    deadline_s=host.timeout_s or HTTP_DEADLINE_S,
                )
                for host, path in hosts
            )
        )
        pairs = [
            (reading, web.Wanted(host.expect_status, host.expect_body, host.slow_s))
            for (host, _), readings in zip(hosts, found, strict=True)
            for reading in readings
        ]
        return web.judge_health(target, pairs, at)

    async def _targets(self, target: str, at: datetime) -> list[Observation]:
        return await self._around.targets(self._domain(target), at)

    async def _issuance(self, target: str, at: datetime) -> list[Observation]:
        return await self._around.issuance(self._domain(target), at)

    async def _backup(self, target: str, at: datetime) -> list[Observation]:
        return await self._around.backup(self._domain(target), self._identities.get(target), at)

    def _domain(self, target: str) -> DomainConfig:
        return self._domains.get(target) or DomainConfig(name=target)


def _paces(profile: Profile) -> dict[tuple[str, int], float]:
    """How often each resolver may be asked, by where it is reached."""
    found: dict[tuple[str, int], float] = {}
    for each in (*profile.resolvers, *profile.further_resolvers):
        with suppress(ConfigError, ValueError):
            found[profile.dialled(each.address, each.port)] = each.per_s
    return found


def _nobody(_: str) -> None:
    """Nobody wants to know."""


_WISHES = ("origin", "tokens", "hosted_zone", "dkim_status")
"""What of an identity decides which DKIM records are looked for, and how they are doing."""


def _wishes(identity: Mapping[str, Any]) -> list[Any]:
    return [list(value) if isinstance(value, list | tuple) else value for value in map(identity.get, _WISHES)]


_PROBES: Mapping[str, Callable[[Looks, str, datetime], Awaitable[list[Observation]]]] = {
    "resolution": Looks._resolution,
    "dnssec": Looks._dnssec,
    "identity": Looks._identity,
    "dkim": Looks._dkim,
    "mail": Looks._mail_records,
    "alignment": Looks._alignment,
    "certificate": Looks._certificate,
    "health": Looks._health,
    "targets": Looks._targets,
    "issuance": Looks._issuance,
    "backup": Looks._backup,
}
