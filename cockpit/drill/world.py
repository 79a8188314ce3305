"""The simulated internet of one drill: composed from a scenario, run on a clock, and its own witness."""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cockpit.drill.aws.account import Account
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.ses.identity import ASSUMPTIONS, Signature, Timings
from cockpit.drill.aws.ses.traffic import Quantity
from cockpit.drill.clock import DrillClock
from cockpit.drill.dns import DnsNetwork, has_ipv6_loopback
from cockpit.drill.estate.access import channels, keep_secrets, update_doors
from cockpit.drill.estate.baseline import (
    PreparedKey,
    add_configuration_sets,
    add_identities,
    alarms,
    easy_tokens,
    lay_zones,
    mail_levels,
    store_prepared_key,
)
from cockpit.drill.estate.company import (
    ACCOUNT,
    FURTHER_RESOLVERS,
    METRICS_NAMESPACE,
    NAME_SERVERS,
    REGION,
    REGISTRY,
    SITES,
    SPARE_CERTIFICATES,
    settings,
)
from cockpit.drill.estate.edge import Edge, store_backups
from cockpit.drill.estate.key_file import key_file
from cockpit.drill.estate.provision import provision
from cockpit.drill.fences.guard import Attempts, ProxyTrap
from cockpit.drill.happenings import Happening, Happenings, Source
from cockpit.drill.injection import apply
from cockpit.drill.judging.claims import Claims
from cockpit.drill.judging.referee import Referee, Score
from cockpit.drill.judging.report import Facts, render, result_of
from cockpit.drill.judging.witness import WorldWitness
from cockpit.drill.process.control import ControlServer
from cockpit.drill.reactions import Reactions
from cockpit.drill.scenario import Scenario
from cockpit.drill.sinks import MailSink, SinkServer, service_sinks
from cockpit.drill.trust.services import TrustServices
from cockpit.drill.vocabulary import AnyInject
from cockpit.drill.web.hosts import HostNetwork
from cockpit.drill.web.web_access import AuthorityIssuer, HostedSites
from cockpit.drill.zone_access import AuthoritativeLookup, HostedZones
from cockpit.errors import ConfigError
from cockpit.practice.run import Result
from cockpit.profile import Aws, Profile

TICK_S = 0.1
"""Seconds on the wall clock between two looks of the world at its own schedule."""

_Record = tuple[str, str, frozenset[str]]
"""Name, type and values of a record set."""


class World:
    """Everything that a drill happens in; `start`, then read `profile`, then `close`."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        speed: float = 1.0,
        seed: int = 0,
        operator: str = "operator",
        prepared: PreparedKey | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Compose the world; nothing listens yet. `operator` is the session name of the drill's AWS caller."""
        self.scenario = scenario
        self.seed = seed
        self.clock = DrillClock(speed, monotonic)
        self.happenings = Happenings(self.clock)
        self.timings = timings_from(scenario)
        self.began_at: datetime | None = None
        self._prepared = prepared or PreparedKey()
        self._lay_network(self._prepared, speed)
        self._open_account(operator)
        store_prepared_key(self.s3, self._prepared, self.clock)
        self.edge = Edge(self.hosts, self.s3)
        self.edge.put_spares(self.authority, SPARE_CERTIFICATES, self.clock.now() - timedelta(days=8))
        store_backups(self.s3, self.zones, self.clock.now() - timedelta(hours=5))
        self.sinks = SinkServer(self.clock, service_sinks(self.clock), MailSink())
        self.control = ControlServer(self)
        self.attempts = Attempts(self.clock)
        self.trap = ProxyTrap(self.attempts)
        severity_profile = str(settings()["severity_profile"])
        self.witness = WorldWitness(self)
        self.referee = Referee(scenario, self.clock, self.witness, severity_profile)
        self._pending = sorted(scenario.injects, key=lambda inject: inject.at_s)
        self._hints = list(scenario.hints)
        self._ticker: asyncio.Task[None] | None = None

    def _lay_network(self, prepared: PreparedKey, speed: float) -> None:
        """DNS and the web: zones, name servers, resolvers, certificates, hosts."""
        chance = random.Random(self.seed)  # noqa: S311 - chance for a drill, not a secret
        self.tokens = easy_tokens(chance)
        self.network = DnsNetwork(self.clock, speed=speed)
        self.trust = TrustServices(self.clock)
        self.authority = self.trust.authority
        lay_zones(self.network, self.tokens, prepared)
        self.zones = HostedZones(self.network, [f"{site.name}." for site in SITES], NAME_SERVERS)
        self._original: dict[str, frozenset[_Record]] = {}
        self.tsig = self.network.keyring.create("drill-operator", [site.name for site in SITES])
        self.registrar = self.network.keyring.create("drill-registrar", [REGISTRY])
        self._granted = {self.tsig: [site.name for site in SITES], self.registrar: [REGISTRY]}
        self.lookup = AuthoritativeLookup(self.network)
        self.hosts = HostNetwork(self.authority, self.clock)
        for site in SITES:
            for host in site.hosts:
                also = (host.address6,) if host.address6 and has_ipv6_loopback() else ()
                self.hosts.add_host(host.name, *host.addresses, *also)
        self.trust.join(self.network, self.hosts)

    def _open_account(self, operator: str) -> None:
        """AWS: mail, metrics, buckets and hosted zones behind one endpoint."""
        levels = mail_levels() | {Quantity(name): level for name, level in self.scenario.levels.items()}
        self._credentials = (f"DRILL{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        self.account = Account(
            Place(REGION, ACCOUNT),
            self.clock,
            lookup=self.lookup,
            zones=self.zones,
            timings=self.timings,
            levels=levels,
            callers={self._credentials[0]: f"arn:aws:sts::{ACCOUNT}:assumed-role/ic-remediate/{operator}"},
            publish=lambda name, key: self.network.tree.publish(f"{name}.", "TXT", f"p={key}"),
            issuer=AuthorityIssuer(self.authority, self.clock),
            sites=HostedSites(self.hosts),
            own_metrics=METRICS_NAMESPACE,
            alarms=alarms(METRICS_NAMESPACE),
        )
        self.traffic, self.mail, self.s3 = self.account.traffic, self.account.mail, self.account.s3
        self.aws = self.account.endpoint
        self.mail.max_24_hours = 5_000_000.0
        add_configuration_sets(self.mail)
        self.reactions = Reactions(self, levels)

    async def start(self) -> None:
        """Listen everywhere, and let the scenario run."""
        for part in (self.network, self.hosts, self.aws, self.sinks, self.trap, self.control):
            await part.start()
        add_identities(self.mail, self.tokens)
        provision(self.account, HostedSites(self.hosts))
        keep_secrets(self.account.secrets, (self.tsig, self.registrar), self.sinks, self.clock)
        for inject in self.scenario.baseline:
            apply(self, inject)
        self._original = {zone: _records(self.zones, zone) for zone in self.zones.names()}
        # What the account settles into by itself is no news: its alarms have looked before anybody else does.
        self.account.tick(self.clock.now())
        self.happenings.note("world", f"the drill {self.scenario.name} begins")
        self._ticker = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop the clock and stop listening."""
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        for part in (self.control, self.trap, self.sinks, self.aws, self.trust, self.hosts, self.network):
            await part.close()

    @property
    def profile(self) -> Profile:
        """How this world is reached; complete once it listens."""
        key, secret = self._credentials
        return Profile(
            kind="drill",
            name=self.scenario.name,
            resolvers=self.network.resolver_addresses,
            further_resolvers=FURTHER_RESOLVERS,
            dial=dict(self.network.dial) | self.hosts.dial,
            roots=self.network.roots,
            anchors=self.network.anchors,
            ca_pem=self.authority.ca_pem,
            ct_logs=self.trust.log_keys,
            ct_search=self.trust.search_url,
            acme=self.trust.acme_url,
            updates=update_doors(self.network, self._granted),
            trap=self.trap.url,
            aws=Aws(region=REGION, account=ACCOUNT, endpoint=self.aws.url, access_key=key, secret_key=secret),
            loopback_only=True,
            speed=self.clock.speed,
            settings=settings() | channels(self.sinks),
            control=self.control.address,
        )

    # What the facilitator may do

    def status(self) -> Mapping[str, Any]:
        """Where the drill stands: scenario seconds, speed, what comes next, and the referee's own measure."""
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "elapsed_s": round(self.clock.elapsed().total_seconds(), 1),
            "speed": self.clock.speed,
            "paused": self.clock.paused,
            "began": self.began_at is not None,
            "broken": self.referee.broken_at is not None,
            "restored": self.referee.restored(),
            "injects_left": [{"at_s": inject.at_s, "note": inject.note} for inject in self._pending],
            "hints_left": [{"after_s": hint.after_s} for hint in self._hints],
            "trap": self.trap.url,
            "sinks": self.sinks.access,
            "escapes": self.attempts.total,
            "drift": list(self.aws.calls.drift),
        }

    def pause(self) -> None:
        """Stop scenario time; the servers go on answering."""
        self.clock.pause()
        self.happenings.note("facilitator", "paused")

    def resume(self) -> None:
        """Let scenario time run again."""
        self.clock.resume()
        self.happenings.note("facilitator", "resumed")

    def set_speed(self, speed: float) -> None:
        """Change the speed of the clock and of the TTLs served from now on; raises BadInput."""
        self.clock.set_speed(speed)
        self.network.speed = speed
        self.happenings.note("facilitator", f"speed set to {speed:g}")

    def inject(self, inject: AnyInject, source: Source = "inject") -> None:
        """Make something happen now; raises BadInput or NotFound when the world has no such part."""
        apply(self, inject)
        self.began_at = self.began_at or self.clock.now()
        self.happenings.note(source, inject.note or _words(inject))
        self._observe()

    def reveal_hint(self) -> str:
        """The next hint of the scenario, early or not; empty when there is none left."""
        if not self._hints:
            return ""
        hint = self._hints.pop(0).text
        self.happenings.note("facilitator", f"hint: {hint}")
        return hint

    def keys(self) -> Mapping[str, str]:
        """The TSIG keys of the drill's DNS operator and registrar, as key files for `nsupdate -k`."""
        return {f"{key.name.removesuffix('.')}.key": key_file(key) for key in (self.tsig, self.registrar)}

    def result(self, claims: Claims) -> Result:
        """The judgement as values, final as of now."""
        return result_of(self._facts(claims))

    def report(self, claims: Claims) -> str:
        """The drill report as Markdown, final as of now."""
        return render(self._facts(claims))

    def _facts(self, claims: Claims) -> Facts:
        score = self.referee.score(claims)
        return Facts(
            scenario=self.scenario,
            score=score,
            claims=claims,
            happenings=[*self.happenings.lines(), *self._seen(score)],
            assumptions=[*self.timings.sentences(), *ASSUMPTIONS],
            started=self.clock.started,
            elapsed=self.clock.elapsed(),
            speed=self.clock.speed,
            seed=self.seed,
        )

    # What is true

    def oracle(self, domain: str) -> Signature:
        """How mail from a domain really leaves at this moment, and whether a receiver can verify it."""
        return self.mail.signature(domain)

    def zone_whole(self, zone: str) -> bool:
        """Whether a zone is served and holds at least every record set that it had when the world began."""
        origin = self.network.tree.zone(zone).origin.to_text()
        now = _records(self.zones, origin)
        return self.network.tree.zone(zone).hosted and self._original[origin] <= now

    def tick(self) -> None:
        """Do what is due: the scenario's injects, SES's looks at DNS, the alarms, the referee's own look."""
        while self._pending and self._pending[0].at_s <= self.clock.elapsed().total_seconds():
            self.inject(self._pending.pop(0))
        if not self.scenario.injects:
            self.began_at = self.began_at or self.clock.now()
        for sentence in (*self.account.tick(self.clock.now()), *self.reactions.tick(), *self.edge.tick()):
            self.happenings.note("world", sentence)
        self._observe()

    def _seen(self, score: Score) -> Iterable[Happening]:
        """What participants did, as lines of the world's log."""
        deeds = [(act.at, act.what) for act in score.acts]
        deeds += [(message.at, f"a message at the sink {message.sink}") for message in self.sinks.received]
        deeds += [
            (mail.at, f"mail from {mail.sender_domain}, {mail.signature.why or 'signed and verifiable'}")
            for mail in self.mail.mails
        ]
        deeds += [(one.at, f"refused on the way out: {one.how} {one.target}") for one in self.attempts.seen()]
        return (Happening(at, self.clock.scenario_at(at), "caller", text) for at, text in deeds)

    def _observe(self) -> None:
        if sentence := self.referee.observe():
            self.happenings.note("world", sentence)

    async def _run(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)


def _words(inject: AnyInject) -> str:
    """An inject without a note, in its own words."""
    given = msgspec.to_builtins(inject)
    told = ", ".join(f"{name} {value}" for name, value in given.items() if name not in ("do", "at_s", "note"))
    return f"{given['do']}: {told}" if told else str(given["do"])


def _records(zones: HostedZones, zone: str) -> frozenset[_Record]:
    """Every record set of a zone but its SOA, whose serial moves."""
    return frozenset(
        (record.name, record.kind, frozenset(record.values))
        for record in zones.records(zone)
        if record.kind != "SOA"
    )


def timings_from(scenario: Scenario) -> Timings:
    """The assumed AWS timings with the scenario's own; raises ConfigError for a timing that there is none of."""
    known = {item.name for item in fields(Timings)}
    given = {name.removesuffix("_s"): timedelta(seconds=seconds) for name, seconds in scenario.timings.items()}
    if unknown := sorted(set(given) - known):
        raise ConfigError(
            f"Scenario {scenario.name}: there is no timing {unknown[0]!r}; there are {sorted(known)}."
        )
    return replace(Timings(), **given)
