"""Where suppressed addresses stand: SES's account list, our table, or both; and the options that say so."""

import click

from cockpit.cli.session import Session

PLACES = ("list", "table", "both")

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
full_option = click.option("--full", is_flag=True, help="Show addresses in full.")
place_option = click.option(
    "--in", "place", type=click.Choice(PLACES), default=None, help="SES's account list, our table, or both."
)


def place_of(session: Session, place: str | None) -> str:
    """The place that is meant: where there is a table, both."""
    return place or ("both" if session.settings.ses.suppression_table else "list")
