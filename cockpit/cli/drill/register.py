"""`cockpit drill register`: who has practised what; and what no drill can know: joining, certificates, changes."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from cockpit.cli.drill.schedule import people
from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.errors import BadInput
from cockpit.practice.training import Requirement
from cockpit.text import visible


@click.command(cls=Command, example="cockpit drill register certified mhassan --on 2026-11-02")
@click.argument("what", required=False, type=click.Choice(["joined", "certified", "changed"]))
@click.argument("subject", required=False, metavar="WHO|WHAT")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; today if not given.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the register as JSON.")
@click.pass_obj
def command(
    session: Session, what: str | None, subject: str | None, day: datetime | None, json_wanted: bool
) -> int:
    """Show who has practised what, or write down who joined, who was certified, which procedure changed."""
    if what is not None and not subject:
        raise BadInput(f"Say who or what {'was' if what == 'certified' else 'has'} {what}.")
    with session.desk() as desk:
        if what is None or not subject:
            return _show(desk.practice.requirements(), json_wanted)
        at = desk.clock.now() if day is None else day.replace(tzinfo=UTC)
        write = {
            "joined": desk.practice.joined,
            "certified": desk.practice.certified,
            "changed": desk.practice.procedure_changed,
        }
        write[what](subject, at)
    say(f"Written down: {what} {visible(subject, limit=80)}, {at:%Y-%m-%d}.")
    return 0


def _show(asked: Sequence[Requirement], json_wanted: bool) -> int:
    if json_wanted:
        as_json({"requirements": asked})
    elif asked:
        people(asked)
    else:
        say("No people are configured; see `people` in cockpit.yaml.")
    return 0
