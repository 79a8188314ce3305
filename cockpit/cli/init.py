"""`cockpit init`: a commented configuration to start from."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import say
from cockpit.cli.session import Session
from cockpit.config.starter import STARTER
from cockpit.paths import private_directory, write_private

if TYPE_CHECKING:
    from cockpit.profile import Profile

MAX_PAGES = 100
"""Pages of 1,000 identities; an account has 10,000 at most unless AWS raised its quota."""


@click.command(cls=Command, example="cockpit init --output ./cockpit.yaml")
@click.option("--output", metavar="FILE", help="Where to write it; the usual place if left out.")
@click.option("--print", "print_it", is_flag=True, help="Print it instead of writing a file.")
@click.option(
    "--from-ses", "from_ses", is_flag=True, help="Add every domain that the SES account has an identity for."
)
@click.pass_obj
def command(session: Session, output: str | None, print_it: bool, from_ses: bool) -> int:
    """Write a commented configuration; an existing file is left as it is, or only added to with --from-ses."""
    if print_it:
        say(STARTER.rstrip("\n"))
        return 0
    path = Path(output or session.given.config or session.places.config)
    if from_ses:
        return _import_identities(session, path)
    private_directory(path.parent)
    write_private(path, STARTER)
    say(f"Wrote {path}. Add a domain to it, then run: cockpit doctor")
    return 0


def _import_identities(session: Session, path: Path) -> int:
    from cockpit.config.edit import add_domains

    names = identity_domains(session.profile, session.operator)
    added = add_domains(path, names, identity=True)
    known = len(names) - len(added)
    say(f"Added {len(added)} of {len(names)} SES domains to {path}; {known} stood there already.")
    return 0


def identity_domains(profile: "Profile", operator: str) -> list[str]:
    """The domains that the SES account of the profile has an identity for (sesv2 ListEmailIdentities).

    Raises WrongIdentity for another account than the pinned one, WorldError when AWS does not answer.
    """
    from cockpit.actions.aws import AwsClients, reading

    clients = AwsClients(profile, operator, read_only=True)
    clients.caller()
    reader = clients.reader("sesv2")
    names: list[str] = []
    page: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        answer = reading("which identities there are", partial(reader.list_email_identities, PageSize=1000, **page))
        names += [each["IdentityName"] for each in answer["EmailIdentities"] if each["IdentityType"] == "DOMAIN"]
        if not answer.get("NextToken"):
            break
        page = {"NextToken": answer["NextToken"]}
    return names
