"""`cockpit runbook`: runbooks without the screen."""

import click

from cockpit.cli.frame import Group


@click.group(cls=Group)
def command() -> None:
    """List, read and lint runbooks."""
