"""`cockpit doctor`: look over the machine, the configuration and the way out."""

import os
import sys
from contextlib import suppress

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say, verdict_mark
from cockpit.cli.session import Session
from cockpit.clock import SystemClock
from cockpit.doctor import Diagnosis, Patient, examine_machine, examine_outside, references, secrets
from cockpit.doctor.diagnosis import passed_over
from cockpit.errors import CockpitError
from cockpit.health.model import Verdict


@click.command(cls=Command, example="cockpit doctor --offline")
@click.option("--offline", is_flag=True, help="Ask nobody outside this machine.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(session: Session, offline: bool, json_wanted: bool) -> int:
    """Check this machine, the configuration and the way out; exit 1 if something does not work."""
    found = examine_machine(_patient(session))
    found += _outside(session, offline)
    failed = any(diagnosis.verdict is Verdict.FAIL for diagnosis in found)
    if json_wanted:
        as_json({"healthy": not failed, "diagnoses": found})
        return int(failed)
    for diagnosis in found:
        say(f"{verdict_mark(diagnosis.verdict)} {diagnosis.area:<9} {diagnosis.sentence}")
        if diagnosis.fix:
            say(f"{'':<20}fix: {diagnosis.fix}")
    return int(failed)


def _patient(session: Session) -> Patient:
    size = os.get_terminal_size(sys.stdout.fileno()) if sys.stdout.isatty() else None
    profile, config = None, session.config_path
    # A profile that cannot be read is told where the outside would be asked.
    with suppress(CockpitError):
        profile, config = session.given_profile, session.own_config
    return Patient(
        environ=os.environ,
        config=config,
        database=session.database,
        terminal=(size.columns, size.lines) if size is not None else None,
        encoding=sys.stdout.encoding or "",
        profile=profile,
    )


def _outside(session: Session, offline: bool) -> list[Diagnosis]:
    """A configuration that does not load has been reported already, and leaves nothing to ask."""
    if offline:
        return [passed_over("outside", "Nobody outside this machine was asked (--offline).")]
    try:
        profile, settings = session.profile, session.settings
    except CockpitError as error:
        return [passed_over("outside", f"Nobody was asked, because: {error}")]
    found = examine_outside(profile, SystemClock())
    return found + secrets(references(settings, profile), profile)
