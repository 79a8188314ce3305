"""Ask for one record everywhere: at its source first, and of the resolvers only if it is there."""

from datetime import datetime

from cockpit.health.model import Reading
from cockpit.health.resolution import truth_of
from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.records import read_records
from cockpit.profile import Profile

CHECK = "dns.resolution"


async def read_propagation(
    profile: Profile, delegations: Delegations, name: str, rtype: str, at: datetime
) -> list[Reading]:
    """A reading per server. Resolvers are not asked for what is absent: they would remember the absence."""
    at_source = {AUTHORITATIVE: [(name, "SOA"), (name, rtype)]}
    source = await read_records(profile, delegations, name, CHECK, at_source, at=at)
    heard = any(reading.failure is None for reading in source)
    if heard and not truth_of(source).get((name, rtype)):
        return source
    return [*source, *await read_records(profile, delegations, name, CHECK, {RESOLVER: [(name, rtype)]}, at=at)]
