"""A small internet for one test: zones on a name server, a resolver above it, all over real sockets."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from cockpit.clock import SystemClock
from cockpit.drill.dns import DnsNetwork, add_public_suffixes, fault
from cockpit.health.model import Observation, Verdict
from cockpit.probes.names.resolving import Resolving
from cockpit.profile import Profile

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SERVERS = [("ns1.hosting.example", "203.0.113.1")]

Zones = Mapping[str, Sequence[str]]
"""By zone: lines of name, type and value, where the name is relative and `@` is the zone itself."""


@asynccontextmanager
async def internet(zones: Zones, *, silent: Sequence[str] = ()) -> AsyncIterator[Resolving]:
    """Serve the zones; `silent` are names at and below which the resolver gives no answer."""
    network = DnsNetwork(SystemClock())
    add_public_suffixes(network)
    network.add_zone("hosting.example", SERVERS, signed=False)
    for origin, lines in zones.items():
        zone = network.add_zone(origin, SERVERS, signed=False)
        for line in lines:
            name, rtype, value = line.split(" ", 2)
            owner = origin if name == "@" else f"{name}.{origin}"
            zone.publish(f"{owner}.", rtype, value)
    resolver = network.add_resolver("one", "198.51.100.8", validating=False)
    for name in silent:
        resolver.faults.add(fault("timeout", under=name))
    await network.start()
    profile = Profile(
        resolvers=network.resolver_addresses, dial=network.dial, roots=network.roots, loopback_only=True
    )
    try:
        yield Resolving(profile, deadline_s=0.3 if silent else 2.0)
    finally:
        await network.close()


def codes(seen: Observation) -> dict[str, Verdict]:
    """What an observation has to say: verdicts by code."""
    return {each["code"]: Verdict(each["verdict"]) for each in seen.evidence["notes"]}


def told(seen: Observation) -> str:
    """Everything that the decision tells the operator, for a look at the words."""
    finding = seen.finding
    parts = [seen.headline]
    if finding is not None:
        parts += [finding.now, finding.wanted, finding.fix, finding.record or ""]
    return "\n".join(parts)
