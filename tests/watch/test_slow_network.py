"""A network that answers, but later than anybody waits: nothing is green, and nothing is called broken."""

from cockpit.clock import SystemClock
from cockpit.drill.dns.faults import fault
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.probes.engine import Engine
from cockpit.watch.doubt import Doubt
from cockpit.watch.names import NameLooks
from tests.probes.stage import DEEP, Stage, stage

LATE_S, PATIENCE_S = 0.6, 0.15


async def looked(made: Stage) -> dict[str, Observation]:
    """Observations by who saw it, with little patience."""
    engine = Engine()
    looks = NameLooks(made.profile, SystemClock(), engine, Doubt(), deadline_s=PATIENCE_S)
    seen = await looks.resolution(made.domain, DEEP, SystemClock().now())
    engine.close()
    return {each.vantage: each for each in seen}


async def test_answers_that_come_too_late_are_unknown_at_every_server_and_in_the_decision() -> None:
    async with stage() as made:
        servers = [made.network.authority(name) for name in ("ns1.hosting.example", "ns2.hosting.example")]
        for faults in (one.faults for group in (servers, made.network.resolvers.values()) for one in group):
            faults.add(fault("latency", latency_s=LATE_S))
        assert {each.verdict for each in (await looked(made)).values()} == {Verdict.UNKNOWN}


async def test_late_resolvers_are_named_and_never_counted_among_those_that_agree() -> None:
    async with stage() as made:
        for resolver in made.network.resolvers.values():
            resolver.faults.add(fault("latency", latency_s=LATE_S))
        seen = await looked(made)
        assert {seen[name].verdict for name in made.network.resolvers} == {Verdict.UNKNOWN}
        assert "0 resolvers agree; silent: google, cloudflare, opendns" in seen[DECISION].headline
