"""What is published in DNS right now, asked afresh at every authoritative server and every resolver."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.dns import RESOLVER, Answer, Server, ask
from cockpit.profile import Profile


@dataclass(frozen=True, slots=True)
class Published:
    """The answers about one name: the authoritative servers' first, the resolvers' beside them.

    `trouble` says why no authoritative server could be found; then `authoritative` is empty. `resolvers` is empty
    too when some authoritative server does not have the name.
    """

    name: str
    rtype: str
    authoritative: tuple[Answer, ...]
    resolvers: tuple[Answer, ...]
    trouble: str = ""

    def agreeing(self, holds: Callable[[Answer], bool]) -> tuple[int, int, int, int]:
        """How many authoritative servers hold it, of how many; the same for the resolvers."""
        return (
            sum(map(holds, self.authoritative)),
            len(self.authoritative),
            sum(map(holds, self.resolvers)),
            len(self.resolvers),
        )


Question = tuple[str, str]
LookUp = Callable[[Profile, str, Sequence[Question]], list[Published]]


def look_up(profile: Profile, domain: str, questions: Sequence[Question]) -> list[Published]:
    """Ask for each (name, type) below `domain`, at every server at once; never raises for what the world does."""
    return asyncio.run(_look_up(profile, domain, questions))


async def _look_up(profile: Profile, domain: str, questions: Sequence[Question]) -> list[Published]:
    delegation = await Delegations(profile).of(domain)
    resolvers = [Server(each.name, each.address, each.port, RESOLVER) for each in profile.resolvers]

    async def at(servers: Sequence[Server], name: str, rtype: str) -> tuple[Answer, ...]:
        return tuple(await asyncio.gather(*(ask(profile, server, name, rtype) for server in servers)))

    async def one(name: str, rtype: str) -> Published:
        source = await at(delegation.servers, name, rtype)
        # A resolver that is asked for a name too early remembers its absence, and would hold the repair up.
        there = bool(source) and all(answer.status == "answer" for answer in source)
        caches = await at(resolvers, name, rtype) if there else ()
        return Published(name, rtype, source, caches, delegation.failure or "")

    return list(await asyncio.gather(*(one(name, rtype) for name, rtype in questions)))
