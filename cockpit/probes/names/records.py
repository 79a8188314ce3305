"""Ask every resolver and every authoritative server the same questions, each on its own."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.keys import key_facts
from cockpit.probes.names.answer import AUTHORITATIVE, RESOLVER, Answer, Server
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.dns import DEADLINE_S, ask
from cockpit.probes.names.transport import Transport
from cockpit.profile import Profile

Question = tuple[str, str]
"""Name and record type."""


async def read_records(
    profile: Profile,
    delegations: Delegations,
    target: str,
    check: str,
    questions: Mapping[str, Sequence[Question]],
    *,
    at: datetime,
    deadline_s: float = DEADLINE_S,
    skip: Callable[[str, str], bool] | None = None,
    transport: Transport | None = None,
) -> list[Reading]:
    """One reading per server; `questions` are by role, `resolver` and `authoritative`.

    `seen` has `role`, `address` and `asked`: the answers in the order of the questions. Those for which
    `skip(server, name)` holds are not asked and have the status `not-asked`. A name server's has also the `zone`
    it stands for, and the `parent`'s name servers with their `glue`. When the delegation cannot be found, one
    reading with the vantage `delegation` says why.
    """
    servers = [Server(each.name, each.address, each.port, RESOLVER) for each in profile.resolvers]
    readings: list[Reading] = []
    told: dict[str, Any] = {}
    if questions.get(AUTHORITATIVE):
        delegation = await delegations.of(target)
        servers = [*delegation.servers, *servers]
        if delegation.servers:
            glue = [list(pair) for pair in delegation.glue]
            told = {"zone": delegation.zone, "parent": list(delegation.parent), "glue": glue}
        else:
            seen = {"role": AUTHORITATIVE, "zone": delegation.zone, "reason": delegation.failure or ""}
            readings.append(Reading(target, check, "delegation", at, timedelta(), seen, "no-delegation"))

    async def read(server: Server) -> Reading:
        wanted = questions[server.role]
        answers = await asyncio.gather(*(one(server, name, rtype) for name, rtype in wanted))
        more = told if server.role == AUTHORITATIVE else {}
        return _reading(target, check, server, answers, at, more)

    async def one(server: Server, name: str, rtype: str) -> Answer:
        if skip is not None and skip(server.name, name):
            return Answer(server, name, rtype, "not-asked")
        return await ask(profile, server, name, rtype, deadline_s=deadline_s, transport=transport)

    return [*readings, *await asyncio.gather(*(read(server) for server in servers if questions.get(server.role)))]


def _reading(
    target: str, check: str, server: Server, answers: Sequence[Answer], at: datetime, more: Mapping[str, Any]
) -> Reading:
    seen = {
        "role": server.role,
        "address": f"{server.address}:{server.port}",
        "asked": [_plain(answer) for answer in answers],
        **more,
    }
    took = timedelta(seconds=max((answer.took_s for answer in answers), default=0.0))
    return Reading(target, check, server.name, at, took, seen, _failure(answers))


def _failure(answers: Sequence[Answer]) -> str | None:
    """Why this server told nothing at all; None when at least one answer can be used."""
    if not answers or any(answer.heard for answer in answers):
        return None
    return Counter(answer.status for answer in answers).most_common(1)[0][0]


def _plain(answer: Answer) -> dict[str, Any]:
    plain = answer.plain()
    if answer.rtype == "TXT" and "._domainkey." in f".{answer.name}".lower():
        plain["keys"] = [key_facts(value) for value in answer.values]
    return plain
