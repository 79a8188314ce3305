"""`cockpit propagation`: who sees a record as it is at its source, and when the others will."""

import click

from cockpit.cli.asking import asked_of, resolver_option
from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.config.edit import domain_name
from cockpit.errors import BadInput
from cockpit.health.agreement import THRESHOLD
from cockpit.health.propagation import ABSENT, AGREES, BEHIND, Propagation, Sight
from cockpit.health.servers import AUTHORITATIVE, span
from cockpit.profile import Profile

LOOK_EVERY_S = 5.0
"""Seconds between two looks while waiting."""

_WORDS = {AGREES: "agrees", BEHIND: "has another value", ABSENT: "does not have it"}


@click.command(cls=Command, example="cockpit propagation s1._domainkey.shop.example TXT --wait")
@click.argument("name", metavar="NAME")
@click.argument("rtype", metavar="TYPE")
@click.option("--wait", is_flag=True, help="Look again until 80 % of the resolvers agree.")
@click.option("--timeout", "timeout_s", type=float, default=3600.0, metavar="SECONDS", help="Longest time to wait.")
@resolver_option
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    session: Session, name: str, rtype: str, wait: bool, timeout_s: float, resolver: str, json_wanted: bool
) -> int:
    """Say which resolvers see NAME's records of a TYPE as its name servers do, and when all of them will.

    While it waits, every change is told on standard error. Exit code 0: at least 80 % of the resolvers agree. 1:
    fewer do, or the record is not there. 2: nobody knows.
    """
    import asyncio

    profile = asked_of(session.profile, resolver)
    seen = asyncio.run(_look(profile, domain_name(name), _known_type(rtype), timeout_s if wait else 0.0))
    if json_wanted:
        as_json({**_plain(seen), "exit": exit_code(seen)})
    else:
        _print(seen)
    return exit_code(seen)


def exit_code(seen: Propagation) -> int:
    """0 arrived, 1 not yet or not there, 2 unknown."""
    if not seen.in_source:
        heard = any(sight.role == AUTHORITATIVE and sight.state == ABSENT for sight in seen.sights)
        return 1 if heard else 2
    if not seen.agreement.heard:
        return 2
    return 0 if seen.agreement.arrived else 1


async def _look(profile: Profile, name: str, rtype: str, timeout_s: float) -> Propagation:
    import asyncio
    import time

    from cockpit.clock import SystemClock
    from cockpit.health.propagation import judge_propagation
    from cockpit.probes.names.delegation import Delegations
    from cockpit.probes.names.propagation import read_propagation

    clock, delegations, end = SystemClock(), Delegations(profile), time.monotonic() + timeout_s
    told: tuple[object, ...] = ()
    while True:
        at = clock.now()
        seen = judge_propagation(name, rtype, await read_propagation(profile, delegations, name, rtype, at), at)
        left = end - time.monotonic()
        if exit_code(seen) == 0 or left <= 0:
            return seen
        if (counted := _counted(seen)) != told:
            told = counted
            click.echo(f"{at:%H:%M:%S}Z {_sentence(seen)}", err=True)
        await asyncio.sleep(min(LOOK_EVERY_S, left))


def _counted(seen: Propagation) -> tuple[object, ...]:
    """What is told anew while waiting when it becomes another: who agrees, not the seconds that are left."""
    return (seen.in_source, seen.source_agrees, seen.agreement.agreeing, seen.agreement.heard)


def _known_type(text: str) -> str:
    import dns.rdatatype

    rtype = text.upper()
    try:
        dns.rdatatype.from_text(rtype)
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        raise BadInput(f"{text!r} is no record type; write A, AAAA, CNAME, MX, NS, TXT, ...") from None
    return rtype


def _plain(seen: Propagation) -> dict[str, object]:
    return {
        "name": seen.name,
        "type": seen.type,
        "at": seen.at,
        "in_source": seen.in_source,
        "source_agrees": seen.source_agrees,
        "agreement": seen.agreement.plain(),
        "servers": seen.sights,
    }


def _print(seen: Propagation) -> None:
    say(_sentence(seen))
    if seen.sights:
        say()
        table([_row(sight) for sight in seen.sights], ["Server", "Role", "State", "TTL", "Value"])


def _sentence(seen: Propagation) -> str:
    record, found = f"{seen.name} {seen.type}", seen.agreement
    if not seen.in_source:
        return f"{record}: not at its name servers" if exit_code(seen) == 1 else f"{record}: nobody can be asked"
    if not found.heard:
        return f"{record}: no resolver answers"
    counted = f"{found.agreeing} of {found.heard} resolvers agree ({found.percent} %)"
    if found.all_clear_at is None:
        return f"{record}: {counted}, all clear"
    until = f"all clear at {found.all_clear_at:%H:%M:%S}Z, in {span(found.rest_s)}"
    enough = "arrived" if found.arrived else f"not arrived, which takes {THRESHOLD * 100:.0f} %"
    split = "" if seen.source_agrees else "; its name servers disagree themselves"
    return f"{record}: {counted}, {enough}; {until}{split}"


def _row(sight: Sight) -> list[str]:
    ttl = "-" if sight.ttl_s is None else f"{sight.ttl_s} s"
    state = _WORDS.get(sight.state) or sight.trouble
    return [sight.server, sight.role, state, ttl, ", ".join(sight.values)[:200]]
