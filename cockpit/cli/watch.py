"""`cockpit watch`: probe and record without a terminal."""

import click

from cockpit.cli.frame import Command
from cockpit.cli.session import Session


@click.command(cls=Command, example="cockpit watch --config /etc/cockpit/cockpit.yaml")
@click.option("--until-eof", is_flag=True, help="End when standard input closes, as a child of a terminal does.")
@click.pass_obj
def command(session: Session, until_eof: bool) -> int:
    """Probe and record without a terminal, as a service does; one per database."""
    from cockpit.watch import run_watch

    return run_watch(
        session.settings, session.profile, session.database, until_eof=until_eof, operator=session.operator
    )
