"""`cockpit spf`: what a receiver's SPF check would answer, and the way to that answer."""

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.health.mail.evaluate import MAX_LOOKUPS, MAX_VOIDS, Outcome, Result
from cockpit.text import visible


@click.command(cls=Command, example="cockpit spf 192.0.2.10 orders@shop.example --helo mail.shop.example")
@click.argument("ip", metavar="IP")
@click.argument("mail_from", metavar="MAIL_FROM")
@click.option("--helo", default="", metavar="NAME", help="Name that the client gives in HELO or EHLO.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(session: Session, ip: str, mail_from: str, helo: str, json_wanted: bool) -> int:
    """Evaluate SPF (RFC 7208) for mail from IP with that MAIL_FROM; an address or a domain, "" for a bounce.

    Exit code 0: pass, softfail, neutral or none. 1: fail or permerror. 2: temperror, so nobody knows.
    """
    import asyncio

    from cockpit.clock import SystemClock
    from cockpit.health.mail.evaluate import check_host
    from cockpit.probes.names.resolving import Resolving

    asker = Resolving(session.profile)
    outcome = asyncio.run(check_host(asker, ip, mail_from, helo, at=SystemClock().now()))
    if json_wanted:
        as_json(outcome)
    else:
        _print(outcome)
    return exit_code(outcome.result)


def exit_code(result: Result) -> int:
    """1 for what gets mail refused, 2 for what says nothing, else 0."""
    if result is Result.TEMPERROR:
        return 2
    return 1 if result in (Result.FAIL, Result.PERMERROR) else 0


def _print(outcome: Outcome) -> None:
    say(f"{outcome.result.value}  {visible(outcome.domain)}")
    say(f"  because {visible(outcome.reason)}")
    if outcome.explanation:
        say(f"  the domain says: {outcome.explanation}")
    say(f"  {outcome.lookups} of {MAX_LOOKUPS} lookups, {outcome.voids} of {MAX_VOIDS} void")
    for step in outcome.steps:
        said = "" if step.said == "record" else f"  {step.said}"
        where = f"{step.domain}: " if step.said == "record" else "  "
        say(f"  {'  ' * step.depth}{where}{step.term}{said}")
