"""`cockpit verify`: is the record of events whole, and is it the one that was written."""

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.clock import SystemClock
from storage.database import Database
from storage.ledger import Ledger


@click.command(cls=Command, example="cockpit verify --json")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(session: Session, json_wanted: bool) -> int:
    """Verify the chain of hashes over all events; exit 1 if it is broken.

    The last event's hash covers all before it: written down elsewhere, it proves later that nothing was cut off.
    """
    database = Database.open(session.database, read_only=True)
    try:
        result = Ledger(database, SystemClock().now).verify()
    finally:
        database.close()
    if json_wanted:
        as_json(result)
    elif result.ok:
        say(f"● OK      {result.events} events, unbroken. Head {result.head}")
    else:
        say(f"✖ FAIL    The chain breaks at event {result.first_bad}: {result.reason}")
        say("                    fix: keep this file as evidence, and go on with the last backup that verifies.")
    return 0 if result.ok else 1
