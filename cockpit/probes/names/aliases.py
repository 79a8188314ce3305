"""Follow an alias from zone to zone, asking each zone's own name servers, to see whether it ever arrives."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.health.model import Reading
from cockpit.probes.names.answer import Answer
from cockpit.probes.names.delegation import Delegations
from cockpit.probes.names.dns import DEADLINE_S, ask
from cockpit.probes.names.transport import Transport
from cockpit.profile import Profile

ALIASES = "aliases"
"""The vantage and the role of such a reading."""

MOST_STEPS = 9
_SERVERS_TRIED = 2


async def follow_alias(
    profile: Profile,
    delegations: Delegations,
    target: str,
    check: str,
    name: str,
    rtype: str,
    *,
    at: datetime,
    deadline_s: float = DEADLINE_S,
    transport: Transport | None = None,
) -> Reading:
    """Where the CNAMEs at `name` lead; `seen` has `name`, `type`, the `steps` (names) and whether it is a `circle`.

    `arrived` is the status at the end of the way, empty for a circle or a chain that is too long.
    """
    steps, circle, arrived = [name], False, ""
    while len(steps) <= MOST_STEPS:
        answer = await _asked(profile, delegations, steps[-1], rtype, deadline_s, transport)
        if answer is None or not answer.chain:
            arrived = answer.status if answer is not None else "unreachable"
            break
        for alias in answer.chain:
            after = alias.target.rstrip(".").lower()
            circle = circle or after in steps
            steps.append(after)
        if circle or answer.status == "loop":
            break
        if answer.values:
            arrived = "answer"
            break
    seen: dict[str, Any] = {
        "role": ALIASES,
        "asked": [],
        "name": name,
        "type": rtype,
        "steps": steps[: MOST_STEPS + 2],
        "circle": circle,
        "arrived": arrived,
    }
    return Reading(target, check, ALIASES, at, timedelta(), seen)


async def _asked(
    profile: Profile,
    delegations: Delegations,
    name: str,
    rtype: str,
    deadline_s: float,
    transport: Transport | None,
) -> Answer | None:
    """The first answer of the zone's own servers; None when none of them says anything."""
    delegation = await delegations.of(name)
    for server in delegation.servers[:_SERVERS_TRIED]:
        answer = await ask(profile, server, name, rtype, deadline_s=deadline_s, transport=transport)
        if answer.heard:
            return answer
    return None


def lost_aliases(readings: Sequence[Reading], wanted: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The wanted records that are aliases at their source and that some resolver cannot bring to an end."""
    answers = [answer for reading in readings for answer in reading.seen.get("asked") or ()]
    led = {(each["name"], each["rtype"]) for each in answers if each.get("chain") and not each.get("values")}
    failed = {(each["name"], each["rtype"]) for each in answers if each["status"] in ("servfail", "loop")}
    return [question for question in wanted if question in led & failed]
