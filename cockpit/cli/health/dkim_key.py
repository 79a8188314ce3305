"""`cockpit dkim-key`: does the private key that we hold fit the record that is published."""

import sys
from pathlib import Path
from typing import Any

import click

from cockpit.cli.asking import asked_of, resolver_option
from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say, table, verdict_mark
from cockpit.cli.session import Session
from cockpit.config.edit import domain_name
from cockpit.errors import BadInput
from cockpit.health.dkim_key import FITS, KeyComparison
from cockpit.health.model import Verdict
from cockpit.health.servers import span
from cockpit.profile import Profile

_EXIT = {Verdict.FAIL: 1, Verdict.UNKNOWN: 2}


@click.command(cls=Command, example="cockpit dkim-key shop.example --selector s2026b --key private_key.pem")
@click.argument("domain", metavar="DOMAIN")
@click.option(
    "--selector", required=True, metavar="NAME", help="The selector, the first label of the record's name."
)
@click.option("--key", "source", required=True, metavar="FILE|-", help="The private key, PEM or DER; - reads it.")
@resolver_option
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(session: Session, domain: str, selector: str, source: str, resolver: str, json_wanted: bool) -> int:
    """Compare a private DKIM key with what every name server and resolver publishes; the key is never printed.

    Exit code 0: it fits wherever somebody answers. 1: something else is published, or nothing. 2: nobody answers.
    """
    import asyncio

    from cockpit.probes.private_key import public_facts

    own = public_facts(_read(source))
    name = domain_name(f"{selector}._domainkey.{domain_name(domain)}")
    seen = asyncio.run(_look(asked_of(session.profile, resolver), name, own))
    if json_wanted:
        as_json({"key": own, "comparison": seen})
    else:
        _print(seen, own)
    return _EXIT.get(seen.verdict, 0)


def _read(source: str) -> bytes:
    from cockpit.probes.private_key import MOST_OCTETS

    if source == "-":
        return sys.stdin.buffer.read(MOST_OCTETS + 1)
    try:
        with Path(source).expanduser().open("rb") as file:
            return file.read(MOST_OCTETS + 1)
    except OSError as error:
        raise BadInput(f"The key file {source} cannot be read: {error.strerror}.") from None


async def _look(profile: Profile, name: str, own: dict[str, Any]) -> KeyComparison:
    from cockpit.clock import SystemClock
    from cockpit.health.dkim_key import compare_key
    from cockpit.probes.names.delegation import Delegations
    from cockpit.probes.names.propagation import read_propagation

    readings = await read_propagation(profile, Delegations(profile), name, "TXT", SystemClock().now())
    return compare_key(name, own, readings)


def _print(seen: KeyComparison, own: dict[str, Any]) -> None:
    say(f"{verdict_mark(seen.verdict)} {seen.name}: {seen.headline}")
    say(f"  our key: {own['kind']}, {own['bits']} bits, sha256 {own['sha256'][:16]} ({own['form']})")
    rows = [
        [
            sight.server,
            sight.role,
            sight.said + (f"; for {span(sight.ttl_s)}" if sight.ttl_s and sight.state != FITS else ""),
        ]
        for sight in seen.sights
    ]
    table(rows, ["  Server", "Role", "Publishes"])
    if seen.verdict is Verdict.FAIL:
        say("  fix:    publish the record of our key, or use the key that is published")
        say(f"  record: {seen.name}. IN TXT {_strings(own['record'])}")
    if own["form"].startswith("PKCS#8") and own["kind"] == "rsa":
        say("  note:   SES takes PKCS#8 and never verifies it; it is to be sent as PKCS#1 (the remedy does that)")


def _strings(value: str) -> str:
    from cockpit.health.zone_copy import quoted

    return quoted(value)
