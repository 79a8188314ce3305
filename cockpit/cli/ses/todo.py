"""`cockpit ses todo`: the records that a domain has to publish, each compared with what its name servers have."""

import asyncio
from typing import Any

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.errors import WorldError
from cockpit.text import visible


@click.command(cls=Command, example="cockpit ses todo shop.example")
@click.argument("domain", metavar="DOMAIN")
@click.option(
    "--report-to", default="", metavar="ADDRESS", help="Who gets DMARC's reports; dmarc@DOMAIN if left out."
)
@click.option("--missing", is_flag=True, help="Only what is not published yet.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def todo(session: Session, domain: str, report_to: str, missing: bool, json_wanted: bool) -> int:
    """SPF, three CNAMEs, DMARC and MAIL FROM, ready to copy; exit 0 when all of it is published."""
    from cockpit.actions.dns.published import look_up
    from cockpit.runbooks.inputs import typed
    from cockpit.ses.todo import judged, records

    name = typed("domain", domain, "DOMAIN")
    wanted = records(name, _identity(session, name), session.profile.aws.region, report_to)
    seen = look_up(session.profile, name, [(each.name, each.type) for each in wanted])
    found = []
    for each, published in zip(wanted, seen, strict=True):
        heard = [answer.values for answer in published.authoritative if answer.heard]
        found.append(judged(each, heard, published.trouble))
    shown = [each for each in found if not (missing and each.published)]
    if json_wanted:
        as_json({"domain": name, "records": [{**_plain(each), "line": each.line} for each in shown]})
    else:
        for each in shown:
            mark = {True: "✔", False: "✖", None: "?"}[each.published]
            say(f"{mark} {each.why} ({visible(each.says, limit=200)})")
            say(f"  {each.line}")
    return 0 if all(each.published for each in found) else 1


def _identity(session: Session, domain: str) -> dict[str, Any]:
    """What SES says of the domain now."""
    from cockpit.probes.aws import AwsFailure, AwsReader
    from cockpit.probes.ses.calls import Calls

    calls = Calls(AwsReader(session.profile), speed=session.profile.speed)
    try:
        return dict(asyncio.run(calls.call("sesv2", "get_email_identity", EmailIdentity=domain)))
    except AwsFailure as failure:
        raise WorldError(f"SES does not say how {domain} is set up: {str(failure).rstrip('.')}.") from None


def _plain(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in ("name", "type", "value", "why", "published", "says")}
