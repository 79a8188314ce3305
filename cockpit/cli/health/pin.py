"""`cockpit pin`: the records of a domain as they are now, to be written into the configuration as what must be."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.config.edit import domain_name

if TYPE_CHECKING:
    from cockpit.probes.names.zone_copy import Agreed, Watched

_CHANGE_ON_PURPOSE = ("A", "AAAA")


@click.command(cls=Command, example="cockpit pin shop.example")
@click.argument("domain", metavar="DOMAIN")
@click.option("--addresses", is_flag=True, help="Pin A and AAAA records too, which load balancers change at will.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(session: Session, domain: str, addresses: bool, json_wanted: bool) -> int:
    """Print the current records as pins: record sets that raise an alert when they are anything else.

    They are read at the name servers now. A record set on which these differ is left out, with a comment.
    """
    import asyncio

    from cockpit.clock import SystemClock
    from cockpit.probes.names.zone_copy import read_watched

    name = domain_name(domain)
    with session.desk() as desk:
        names = desk.backups.watched(name)
        configured = session.settings.domain(name)
        unknown = configured is not None and configured.identity and desk.backups.identity(name) is None
    now = SystemClock().now()
    seen = asyncio.run(read_watched(session.profile, name, names, now))
    chosen = [each for each in seen.found if addresses or each.type not in _CHANGE_ON_PURPOSE]
    uncertain = [
        note for note in seen.notes if any(note.startswith(f"{each.name} {each.type} ") for each in chosen)
    ]
    pinned = [
        each for each in chosen if not any(note.startswith(f"{each.name} {each.type} ") for note in uncertain)
    ]
    if json_wanted:
        pins = [{"name": each.name, "type": each.type, "values": each.values} for each in pinned]
        as_json({"domain": name, "read_at": now, "name_servers": seen.heard, "records": pins, "notes": seen.notes})
        return 0
    heard = f"{seen.heard} of {seen.asked} name servers"
    say(f"# For {name}, under its entry in domains: as {heard} had it at {now:%FT%TZ}.")
    _print(pinned, seen, left_out=len(seen.found) - len(chosen))
    if unknown:
        say("# SES has not been asked yet which DKIM records it wants, so none is here: let a watch run first.")
    return 0


def _print(pinned: Sequence["Agreed"], seen: "Watched", *, left_out: int) -> None:
    say("records:" if pinned else "records: []")
    for each in pinned:
        say(f"  - {{name: {json.dumps(each.name)}, type: {each.type}, values: {json.dumps(list(each.values))}}}")
    for note in seen.notes:
        say(f"# Left out: {note}.")
    if left_out:
        say(f"# Left out: {left_out} sets of addresses; --addresses takes them too.")
