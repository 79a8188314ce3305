"""`cockpit owners`: who owns the services that send as a domain."""

from pathlib import Path

import click

from cockpit.cli.frame import Group
from cockpit.cli.imports import read_file
from cockpit.cli.printing import age, as_json, say, table
from cockpit.cli.session import Session
from cockpit.config.edit import domain_name
from cockpit.text import visible

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


@click.group(cls=Group)
def command() -> None:
    """Find out who is hurt when a domain is down, and whom to tell."""


@command.command("query", example="cockpit owners query shop.example | xclip -selection clipboard")
@click.argument("domain", metavar="DOMAIN")
@click.pass_obj
def query(session: Session, domain: str) -> int:
    """Print the query for the database of services (Blazer), with the domain filled in."""
    from cockpit.owners.query import owner_query

    say(owner_query(domain).rstrip("\n"))
    return 0


@command.command("import", example="cockpit owners import blazer.csv --domain shop.example")
@click.argument("file", metavar="FILE")
@click.option("--domain", default="", metavar="DOMAIN", help="The result is for this domain, also if it is empty.")
@json_option
@click.pass_obj
def take(session: Session, file: str, domain: str, json_wanted: bool) -> int:
    """Take over the query's result as CSV: services and owners, and that they were verified now."""
    name = domain_name(domain) if domain else ""
    text = read_file(Path(file))
    with session.desk() as desk:
        lists, found = desk.owners.take(text, file, name)
    if json_wanted:
        as_json({"lists": lists, "strange": found.strange, "inactive": found.inactive})
        return 0
    for each in lists:
        number = len(each.services)
        say(f"{each.domain}: {number or 'no'} service{'' if number == 1 else 's'}, verified now")
    if not lists:
        say("No row belongs to a configured domain, so nothing was taken over.")
    if found.strange:
        more = f" and {len(found.strange) - 10} more" if len(found.strange) > 10 else ""
        say(f"Left out, because no such domain is meant: {', '.join(found.strange[:10])}{more}")
    if found.inactive:
        say(f"Left out, because they are not active: {found.inactive}")
    return 0


@command.command("list", example="cockpit owners list shop.example")
@click.argument("domain", metavar="[DOMAIN]", required=False)
@json_option
@click.pass_obj
def show(session: Session, domain: str | None, json_wanted: bool) -> int:
    """Show services and owners, and when they were last verified."""
    name = domain_name(domain) if domain else None
    with session.desk() as desk:
        lists = [each for each in desk.owners.all().values() if name in (None, each.domain)]
        now = desk.clock.now()
    if json_wanted:
        as_json({"lists": lists})
        return 0
    if not lists:
        say(f"Nobody was looked up for {name or 'any domain'} yet; the query is: cockpit owners query DOMAIN")
        return 0
    for each in lists:
        ago = age(each.verified_at, now)
        say(f"{each.domain}: verified {each.verified_at:%F} ({ago} ago) by {visible(each.by)}")
        if each.services:
            table(
                [[f"  {one.service}", one.owner, one.email] for one in each.services],
                ["  Service", "Owner", "Mail"],
            )
    return 0
