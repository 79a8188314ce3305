"""`cockpit snapshot`: keep copies of zones as backups, and get them out again."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click
import msgspec

from cockpit.cli.frame import Command
from cockpit.cli.printing import age, as_json, say, table
from cockpit.cli.session import Session
from cockpit.config.dns_zone import zone_holding
from cockpit.config.edit import domain_name
from cockpit.errors import BadInput, CockpitError
from cockpit.text import visible
from storage.snapshots import Snapshot

if TYPE_CHECKING:
    from cockpit.desk import Desk
    from cockpit.health.zone_copy import ZoneCopy


@click.command(cls=Command, example="cockpit snapshot shop.example --list")
@click.argument("domains", nargs=-1, metavar="[DOMAIN]...")
@click.option("--list", "list_wanted", is_flag=True, help="Show the copies there are, with their age; ask nobody.")
@click.option("--show", type=int, metavar="ID", help="Print a copy as the text of a zone file.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    session: Session, domains: tuple[str, ...], list_wanted: bool, show: int | None, json_wanted: bool
) -> int:
    """Keep a copy of the records of each DOMAIN (all that are configured if left out) as a backup.

    Copied are the watched records from their name servers, the whole zone where zone transfer is allowed (signed
    with the TSIG key of its entry in dns_zones), and the hosted zone of Route 53 where an account is configured.
    Exit code 1 when nothing of a domain could be copied.
    """
    names = [domain_name(each) for each in domains] or [each.name for each in session.settings.domains]
    with session.desk() as desk:
        if show is not None:
            return _show(desk, show, json_wanted)
        if not names:
            raise BadInput("No domain is named and none is configured; write: cockpit snapshot shop.example")
        if list_wanted:
            return _list(desk, names, json_wanted)
        outcomes = [_keep(session, desk, name) for name in names]
    if json_wanted:
        as_json({"snapshots": [each for _, kept, _ in outcomes for each in kept]})
    else:
        for name, kept, refusals in outcomes:
            _print(name, kept, refusals)
    return 0 if all(kept for _, kept, _ in outcomes) else 1


class Kept(msgspec.Struct, frozen=True):
    """A copy that was taken, and what could not be had."""

    snapshot: Snapshot
    notes: tuple[str, ...]


def _keep(session: Session, desk: "Desk", name: str) -> tuple[str, list[Kept], list[str]]:
    """Copy one domain by every way there is; a way that is closed is told and does not stop the others."""
    kept: list[Kept] = []
    refusals: list[str] = []
    now = desk.clock.now()
    for take in _ways(session, desk, name, now):
        try:
            copy = take()
            kept.append(Kept(desk.backups.keep(copy, now), copy.notes))
        except CockpitError as error:
            refusals.append(str(error))
    return name, kept, refusals


def _ways(session: Session, desk: "Desk", name: str, now: datetime) -> "list[Callable[[], ZoneCopy]]":
    import asyncio

    from cockpit.probes.names.zone_copy import read_watched, transfer

    def watched() -> "ZoneCopy":
        return asyncio.run(read_watched(session.profile, name, desk.backups.watched(name), now)).copy()

    def whole() -> "ZoneCopy":
        zone = zone_holding(name, session.settings.dns_zones)
        return asyncio.run(transfer(session.profile, name, zone.door(session.profile) if zone else None))

    def hosted() -> "ZoneCopy":
        from cockpit.actions.aws import AwsClients
        from cockpit.actions.dns.hosted_zones import copy_zone

        clients = AwsClients(session.profile, session.operator, read_only=True)
        clients.caller()
        return copy_zone(clients, name)

    aws = session.profile.aws
    return [watched, whole, hosted] if aws.account and aws.region else [watched, whole]


def _print(name: str, kept: list[Kept], refusals: list[str]) -> None:
    for each in kept:
        one = each.snapshot
        what = "kept as" if one.at == one.confirmed_at else "nothing changed since"
        say(f"{name}: {one.records} record sets by {one.source}, {what} snapshot {one.id}")
        for note in each.notes:
            say(f"  {visible(note)}")
    for sentence in refusals:
        say(f"{name}: {visible(sentence)}")


def _list(desk: "Desk", names: list[str], json_wanted: bool) -> int:
    found = [each for name in names for each in desk.backups.all(name)]
    if json_wanted:
        as_json({"snapshots": found, "newest": {name: desk.backups.newest(name) for name in names}})
        return 0
    if not found:
        say("No copy was kept yet; take one with: cockpit snapshot " + " ".join(names[:3]))
        return 0
    now = desk.clock.now()
    rows = [
        [
            str(each.id),
            each.domain,
            each.source,
            str(each.records),
            f"{each.at:%F %TZ}",
            age(each.confirmed_at, now),
        ]
        for each in found
    ]
    table(rows, ["Id", "Zone", "By", "Sets", "First had at", "Still so, ago"])
    return 0


def _show(desk: "Desk", snapshot: int, json_wanted: bool) -> int:
    from cockpit.health.zone_copy import zone_text

    found, records = desk.backups.records(snapshot)
    if json_wanted:
        as_json({"snapshot": snapshot, "domain": found.domain, "at": found.at, "records": records})
        return 0
    say(f"; {found.domain} by {found.source} at {found.at:%F %TZ}, still so at {found.confirmed_at:%F %TZ}")
    say(visible(zone_text(records).rstrip("\n"), limit=20_000_000, newlines=True))
    return 0
