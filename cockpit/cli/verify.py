"""`cockpit verify`: is the record of events whole, and is it the one that was written."""

from pathlib import Path

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.clock import SystemClock
from cockpit.text import visible
from storage.database import Database
from storage.ledger import Ledger

_BEGINS_WORK = ("action/", "run/")
"""Streams whose events make a runner start."""


@click.command(cls=Command, example="cockpit verify --json")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.option("--reappend", "append_wanted", is_flag=True, help="First append what a failing disk did not take.")
@click.pass_obj
def command(session: Session, json_wanted: bool, append_wanted: bool) -> int:
    """Verify the chain of hashes over all events; exit 1 if it is broken.

    The last event's hash covers all before it: written down elsewhere, it proves later that nothing was cut off.
    What a full or failing disk did not take was kept in files beside the database; --reappend appends it. What
    belongs to an action or a runbook is left out, because hours later it might begin work that nobody expects.
    """
    if append_wanted and session.database.exists():
        for sentence in _reappend(session.database):
            click.echo(sentence, err=json_wanted)
    database = Database.open(session.database, read_only=True)
    try:
        ledger = Ledger(database, SystemClock().now)
        result, waiting = ledger.verify(), ledger.spilled()
    finally:
        database.close()
    for side_file in waiting:
        sentence = f"Entries that the disk did not take wait in {side_file}: cockpit verify --reappend"
        click.echo(f"▲ WARN    {visible(sentence)}", err=json_wanted)
    if json_wanted:
        as_json(result)
    elif result.ok:
        say(f"● OK      {result.events} events, unbroken. Head {result.head}")
    else:
        say(f"✖ FAIL    The chain breaks at event {result.first_bad}: {result.reason}")
        say("                    fix: keep this file as evidence, and go on with the last backup that verifies.")
    return 0 if result.ok else 1


def _reappend(path: Path) -> list[str]:
    """Append every side file of the ledger; a sentence for each, or one that there was none."""
    database = Database.open(path)
    try:
        ledger = Ledger(database, SystemClock().now)
        said = []
        for side_file in ledger.spilled():
            entries = len(side_file.read_text(encoding="utf-8", errors="surrogateescape").splitlines())
            appended = len(ledger.reappend(side_file, leave_out=_BEGINS_WORK))
            left = f"; {entries - appended} of actions and runbooks were left out" if entries > appended else ""
            said.append(
                visible(f"{appended} of {entries} entries appended{left}. The file is kept: {side_file}.appended")
            )
        return said or ["Nothing waits to be appended."]
    finally:
        database.close()
