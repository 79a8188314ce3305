"""`cockpit drill register`: what no drill can know: who joined, who was certified, which procedure changed."""

from datetime import UTC, datetime

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import say
from cockpit.cli.session import Session
from cockpit.text import visible


@click.command(cls=Command, example="cockpit drill register certified mhassan --on 2026-11-02")
@click.argument("what", type=click.Choice(["joined", "certified", "changed"]))
@click.argument("subject", metavar="WHO|WHAT")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; today if not given.")
@click.pass_obj
def command(session: Session, what: str, subject: str, day: datetime | None) -> int:
    """Write down who joined, who was certified, or which procedure changed."""
    with session.desk() as desk:
        at = desk.clock.now() if day is None else day.replace(tzinfo=UTC)
        write = {
            "joined": desk.practice.joined,
            "certified": desk.practice.certified,
            "changed": desk.practice.procedure_changed,
        }
        write[what](subject, at)
    say(f"Written down: {what} {visible(subject, limit=80)}, {at:%Y-%m-%d}.")
    return 0
