"""The looks at a domain's DNS: quickly and often, and with all care before a verdict is overturned."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from dns.exception import DNSException
from msgspec.structs import replace

from cockpit.clock import Clock
from cockpit.config import DomainConfig
from cockpit.errors import ConfigError
from cockpit.health import dkim
from cockpit.health.dkim_cells import absent_at_source
from cockpit.health.dkim_expected import Expectation
from cockpit.health.dkim_expected import questions as dkim_questions
from cockpit.health.dnssec import judge_dnssec
from cockpit.health.model import Observation, Reading, Verdict
from cockpit.health.resolution import CHECK, Pin, Truth, Wanted, follow_up, judge_resolution, questions, truth_of
from cockpit.probes.dnssec import ChainProbe
from cockpit.probes.engine import Engine, Round
from cockpit.probes.names.aliases import follow_alias, lost_aliases
from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.dns import DEADLINE_S
from cockpit.probes.names.records import Question, read_records
from cockpit.probes.names.transport import Transport
from cockpit.profile import Profile
from cockpit.watch.doubt import Doubt
from cockpit.watch.standing import Asking, Renewed, Standing, asking, silent

TTL_MARGIN_S = 1.0
"""Whole seconds are all that a TTL tells; a question at its very end would already fetch anew."""

FORMER_KEPT = 4
"""Earlier values of a record set that are remembered, to tell an old answer from one meant for another place."""


class NameLooks:
    """Looks at names, and remembers serials, former values, and what resolvers may still hold."""

    def __init__(
        self, profile: Profile, clock: Clock, engine: Engine, doubt: Doubt, *, deadline_s: float = DEADLINE_S
    ) -> None:
        self._profile = profile
        self._clock = clock
        self._engine = engine
        self._doubt = doubt
        self._deadline_s = deadline_s
        self.patience_s: dict[str, float] = {}
        self.closer: Callable[[str], bool] = _never
        self._with_further = replace(profile, resolvers=(*profile.resolvers, *profile.further_resolvers))
        self._delegations = Delegations(profile, transport=engine)
        self._chains = ChainProbe(profile, self._delegations, deadline_s=deadline_s)
        self._serials: dict[str, int] = {}
        self._truth: dict[str, Truth] = {}
        self._former: dict[str, dict[tuple[str, str], tuple[frozenset[str], ...]]] = {}
        self._remembered: dict[tuple[str, str], float] = {}
        self._standings: dict[str, Standing] = {}
        self._rounds: dict[str, tuple[Asking | None, Round | None]] = {}

    def _patience(self, target: str) -> float:
        """Seconds that a question about a domain's names is given."""
        return self.patience_s.get(target, self._deadline_s)

    def _profile_for(self, target: str) -> Profile:
        """How the world is reached for a domain: one that is watched closer is asked of further resolvers too."""
        return self._with_further if self.closer(target) else self._profile

    def serial(self, target: str) -> int | None:
        """The newest serial that the zone was last seen with."""
        return self._serials.get(target)

    async def resolution(
        self, domain: DomainConfig, deep: tuple[tuple[str, str], ...], at: datetime
    ) -> list[Observation]:
        """The check dns.resolution of a domain; `deep` are DKIM records that are known to be wanted."""
        wanted = _wanted(domain, deep)
        begun = self._rounds.pop(domain.name, (None, None))
        asked, heard = begun if begun[0] is not None else await self._round(wanted)
        if asked is not None and heard is not None:
            heard.keep(asked.asked)
        observations, followed = await self._resolution(wanted, at, heard or self._engine)
        self._standings.pop(domain.name, None)
        if self._doubt.overturns(observations):
            observations, _ = await self._resolution(wanted, at, None)
        elif asked is not None and heard is not None and _stands(observations, silent(asked, heard)):
            profile = self._profile_for(domain.name)
            complete = asking(profile, wanted, asked.delegation, followed) if followed else asked
            self._standings[domain.name] = Standing(complete, heard)
        serials = observations[-1].evidence.get("serials") or {}
        if serials:
            self._serials[domain.name] = max(int(serial) for serial in serials.values())
        return observations

    async def renewed(
        self, domain: DomainConfig, deep: tuple[tuple[str, str], ...], at: datetime
    ) -> Renewed | None:
        """A look at dns.resolution that is over when all is as it was; None when it has to be a complete one.

        The complete look that follows begins with what this one heard.
        """
        standing = self._standings.get(domain.name)
        if standing is None:
            return None
        asked, heard = await self._round(_wanted(domain, deep), standing.followed)
        if asked is None or heard is None:
            return None
        seats = standing.renewed(asked, heard)
        if seats is None:
            self._rounds[domain.name] = asked, heard
            return None
        return Renewed(domain.name, CHECK, at, seats)

    async def _round(
        self, wanted: Wanted, followed: tuple[Question, ...] = ()
    ) -> tuple[Asking | None, Round | None]:
        """Everything asked at once; nothing where something cannot be asked, which the complete look will tell."""
        delegation = await self._delegations.of(wanted.domain)
        try:
            asked = asking(self._profile_for(wanted.domain), wanted, delegation, followed)
        except (ConfigError, ValueError, DNSException):
            return None, None
        heard = Round(self._engine)
        await heard.ask(asked.asked, self._patience(wanted.domain) / 2)
        return asked, heard

    async def _resolution(
        self, wanted: Wanted, at: datetime, transport: Transport | None
    ) -> tuple[list[Observation], tuple[Question, ...]]:
        """The observations, and the questions that the first answers led to."""
        target = wanted.domain
        readings = await self._read(target, CHECK, questions(wanted), at, transport)
        further = tuple(follow_up(wanted, readings))
        more = await self._read(target, CHECK, {AUTHORITATIVE: further}, at, transport) if further else []
        lost = lost_aliases(readings, wanted.asked)
        ways = [await self._follow(target, name, rtype, at, transport) for name, rtype in lost]
        former = self._learn(target, truth_of(readings))
        return judge_resolution(wanted, readings, at, [*more, *ways], former), further

    async def _follow(
        self, target: str, name: str, rtype: str, at: datetime, transport: Transport | None
    ) -> Reading:
        return await follow_alias(
            self._profile,
            self._delegations,
            target,
            CHECK,
            name,
            rtype,
            at=at,
            deadline_s=self._patience(target),
            transport=transport,
        )

    def _learn(self, target: str, truth: Truth) -> Truth:
        """What the source said before, after taking in what it says now."""
        before = self._truth.get(target, {})
        former = self._former.setdefault(target, {})
        for key, values in truth.items():
            gone = tuple(each for each in before.get(key, ()) if each not in values)
            if gone:
                kept = [each for each in former.get(key, ()) if each not in gone and each not in values]
                former[key] = (*gone, *kept)[:FORMER_KEPT]
        if truth:
            self._truth[target] = {**before, **truth}
        return former

    async def dnssec(self, domain: DomainConfig, at: datetime) -> list[Observation]:
        """The check dns.dnssec of a domain: its own records, its hosts, and a name that does not exist."""
        asked = [(Wanted(domain.name).nonsense, "A"), *((host.name, "A") for host in domain.hosts)]
        observations = judge_dnssec(domain.name, await self._chains.look(domain.name, asked, at, self._engine), at)
        if self._doubt.overturns(observations):
            return judge_dnssec(domain.name, await self._chains.look(domain.name, asked, at), at)
        return observations

    async def dkim(self, expected: Expectation, at: datetime) -> list[Observation]:
        """The check mail.dkim of a domain whose expected records are known."""
        observations = dkim.judge_dkim(expected, await self._read_dkim(expected, at, self._engine), at)
        if self._doubt.overturns(observations):
            return dkim.judge_dkim(expected, await self._read_dkim(expected, at, None), at)
        return observations

    async def _read_dkim(self, expected: Expectation, at: datetime, transport: Transport | None) -> list[Reading]:
        """The source first; then the resolvers, for what is there or what they still remember.

        A resolver that is asked for a missing record begins to remember its absence, and so would our own asking
        hold up the repair.
        """
        asked = dkim_questions(expected)
        domain = expected.domain
        source = await self._read(domain, dkim.CHECK, {AUTHORITATIVE: asked[AUTHORITATIVE]}, at, transport)
        absent = absent_at_source(expected, source)
        caches = await self._read(domain, dkim.CHECK, {RESOLVER: asked[RESOLVER]}, at, transport, absent)
        for reading in caches:
            for answer in reading.seen["asked"]:
                if answer["status"] == "answer":
                    until = self._clock.monotonic() + (answer["ttl_s"] or 0) - TTL_MARGIN_S
                    self._remembered[reading.vantage, answer["name"]] = until
        return [*source, *caches]

    async def _read(
        self,
        target: str,
        check: str,
        questions: Mapping[str, Sequence[Question]],
        at: datetime,
        transport: Transport | None,
        absent: Any = (),
    ) -> list[Reading]:
        def skip(resolver: str, name: str) -> bool:
            return name in absent and self._remembered.get((resolver, name), 0.0) <= self._clock.monotonic()

        return await read_records(
            self._profile_for(target),
            self._delegations,
            target,
            check,
            questions,
            at=at,
            deadline_s=self._patience(target),
            skip=skip,
            transport=transport,
        )


def _wanted(domain: DomainConfig, deep: tuple[tuple[str, str], ...]) -> Wanted:
    pins = tuple(Pin(pin.name, pin.type, pin.values) for pin in domain.records)
    return Wanted(domain.name, tuple(host.name for host in domain.hosts), pins, deep)


def _stands(observations: Sequence[Observation], silent: frozenset[str]) -> bool:
    """Whether all is well but for servers that say nothing at all, and the others decide so."""
    *seats, decision = observations
    return decision.verdict is Verdict.OK and all(
        each.verdict is Verdict.OK or (each.verdict is Verdict.UNKNOWN and each.vantage in silent) for each in seats
    )


def _never(_: str) -> bool:
    """Nothing is watched closer."""
    return False
