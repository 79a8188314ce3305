"""`cockpit init`: a commented configuration to start from."""

from pathlib import Path

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import say
from cockpit.cli.session import Session
from cockpit.config.starter import STARTER
from cockpit.paths import private_directory, write_private


@click.command(cls=Command, example="cockpit init --output ./cockpit.yaml")
@click.option("--output", metavar="FILE", help="Where to write it; the usual place if left out.")
@click.option("--print", "print_it", is_flag=True, help="Print it instead of writing a file.")
@click.pass_obj
def command(session: Session, output: str | None, print_it: bool) -> int:
    """Write a commented configuration; an existing file is left as it is."""
    if print_it:
        say(STARTER.rstrip("\n"))
        return 0
    path = Path(output or session.given.config or session.places.config)
    private_directory(path.parent)
    write_private(path, STARTER)
    say(f"Wrote {path}. Add a domain to it, then run: cockpit doctor")
    return 0
