"""`cockpit incident` for its way: declaring, merging, resolving with evidence, other systems' alerts."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.errors import BadInput
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.probes.sources.told import Told

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


def add_to(group: click.Group) -> None:
    """Hang these commands into `cockpit incident`."""
    for each in (declare, merge, widen, restrict, resolve, facts, review, ingest, poll):
        group.add_command(each)


@click.command(
    cls=Group.command_class,
    name="declare",
    example="cockpit incident declare 'Mail is late' --answer customers=30% --answer production=yes",
)
@click.argument("title", required=False)
@click.option(
    "--answer", "answers", multiple=True, metavar="QUESTION=ANSWER", help="What is known; may be repeated."
)
@click.option("--severity", default="", metavar="P0..P3", help="Another one than the answers suggest.")
@click.option("--reason", default="", metavar="TEXT", help="Why that one.")
@click.option("--source", default="internal", metavar="WORD", help="How it was detected.")
@click.option("--target", "targets", multiple=True, metavar="DOMAIN", help="A domain it is about; may be repeated.")
@click.option(
    "--service", "services", multiple=True, metavar="NAME", help="A service that is hurt; may be repeated."
)
@click.option(
    "--reader", "readers", multiple=True, metavar="PERSON", help="Show it to these only; may be repeated."
)
@click.option(
    "--key", "dedup_key", default="", metavar="KEY", help="An open incident with this key is not opened twice."
)
@json_option
@click.pass_obj
def declare(
    session: Session,
    title: str | None,
    answers: tuple[str, ...],
    severity: str,
    reason: str,
    source: str,
    targets: tuple[str, ...],
    services: tuple[str, ...],
    readers: tuple[str, ...],
    dedup_key: str,
    json_wanted: bool,
) -> int:
    """Declare an incident by questions; without a title, say what an incident is and what is asked."""
    with session.desk(reading=title is None) as desk:
        if title is None:
            return _sheet(desk.declaring.sheet(), json_wanted)
        incident = desk.declaring.declare(
            title,
            dict(_answer(each) for each in answers),
            severity=severity,
            reason=reason,
            source=source,
            targets=targets,
            services=services,
            readers=readers or None,
            dedup_key=dedup_key,
        )
        desk.messages.acknowledged(incident.uid)
    if json_wanted:
        as_json(incident)
    else:
        why = visible(incident.severity_reason)
        say(f"{incident.ref} is open: {incident.severity} ({why}) {visible(incident.title)}")
    return 0


@click.command(cls=Group.command_class, name="merge", example="cockpit incident merge INC-43 --into INC-42")
@click.argument("ref")
@click.option("--into", required=True, metavar="REF", help="The incident that goes on.")
@click.option("--reason", default="", metavar="TEXT", help="Why they are one.")
@click.pass_obj
def merge(session: Session, ref: str, into: str, reason: str) -> int:
    """Let one incident take over another with its alerts, domains, runs and actions."""
    with session.desk() as desk:
        kept = desk.declaring.merge(ref, into, reason=reason)
    say(f"{kept.ref} goes on; {len(kept.merged)} merged into it.")
    return 0


@click.command(cls=Group.command_class, name="widen", example="cockpit incident widen INC-42 --target mail.example")
@click.argument("ref")
@click.option("--target", "targets", multiple=True, metavar="DOMAIN", help="A domain that is hurt as well.")
@click.option("--service", "services", multiple=True, metavar="NAME", help="A service that is hurt as well.")
@click.pass_obj
def widen(session: Session, ref: str, targets: tuple[str, ...], services: tuple[str, ...]) -> int:
    """Say that more is hurt than was known at first."""
    with session.desk() as desk:
        incident = desk.declaring.widen(ref, targets=targets, services=services)
    say(f"{incident.ref}: {visible(', '.join((*incident.targets, *incident.services)))}")
    return 0


@click.command(
    cls=Group.command_class,
    name="restrict",
    example="cockpit incident restrict INC-42 --reader ayumi --reason 'a key has leaked'",
)
@click.argument("ref")
@click.option("--reader", "readers", multiple=True, metavar="PERSON", help="Who may see it; may be repeated.")
@click.option("--lift", is_flag=True, help="Show it to everybody again.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands on the timeline.")
@click.pass_obj
def restrict(session: Session, ref: str, readers: tuple[str, ...], lift: bool, reason: str) -> int:
    """Show an incident only to some: the cockpit keeps it from the others, the file does not."""
    with session.desk() as desk:
        if lift:
            incident = desk.declaring.lift(ref, reason=reason)
        else:
            incident = desk.declaring.restrict(ref, readers, reason=reason)
    say(f"{incident.ref} is shown to {visible(', '.join(incident.readers)) or 'everybody'}.")
    return 0


@click.command(
    cls=Group.command_class, name="resolve", example="cockpit incident resolve INC-42 --confirm customers"
)
@click.argument("ref")
@click.option("--check", "check_only", is_flag=True, help="Only say what stands in the way.")
@click.option("--start-run", is_flag=True, help="Begin the ten minutes of post-incident validation.")
@click.option("--confirm", "confirmed", multiple=True, metavar="NAME", help="Confirm restoration or customers.")
@click.option("--reason", default="", metavar="TEXT", help="Resolve all the same, for this reason.")
@json_option
@click.pass_obj
def resolve(
    session: Session,
    ref: str,
    check_only: bool,
    start_run: bool,
    confirmed: tuple[str, ...],
    reason: str,
    json_wanted: bool,
) -> int:
    """Resolve an incident when every validation has passed, or with a reason that is recorded."""
    with session.desk() as desk:
        room = desk.validations
        for name in confirmed:
            room.confirm(ref, name)
        if start_run:
            room.start_run(ref)
        conditions, waiting = room.of(ref), room.open_points(ref)
        if json_wanted:
            as_json(conditions)
        else:
            table([[each.title, each.standing, each.says] for each in conditions], ["Validation", "State", "Why"])
        if check_only or start_run:
            return 1 if waiting else 0
        incident = room.resolve(ref, reason=reason)
    if not json_wanted:
        say(f"{incident.ref} is {incident.state}.")
    return 0


@click.command(cls=Group.command_class, name="facts", example="cockpit incident facts INC-42 --json")
@click.argument("ref")
@json_option
@click.pass_obj
def facts(session: Session, ref: str, json_wanted: bool) -> int:
    """Show the six facts that an incident is closed with; 1 while one is missing."""
    with session.desk(reading=True) as desk:
        found = desk.closing.facts(ref)
    if json_wanted:
        as_json(found)
    else:
        table([[each.title, each.says or f"missing: {each.how}"] for each in found], ["Fact", "On record"])
    return 0 if all(each.says for each in found) else 1


@click.command(cls=Group.command_class, name="review", example="cockpit incident review INC-42")
@click.argument("ref")
@click.option("--reason", default="", metavar="WHY", help="Go on with an inconsistent record; recorded with it.")
@click.pass_obj
def review(session: Session, ref: str, reason: str) -> int:
    """Take a resolved incident to its review, once its record is consistent."""
    with session.desk() as desk:
        incident = desk.validations.review(ref, reason=reason)
    say(f"{incident.ref} is {incident.state}.")
    return 0


@click.command(cls=Group.command_class, name="ingest", example="cockpit incident ingest event.json --open")
@click.argument("file", metavar="FILE|-")
@click.option("--open", "open_it", is_flag=True, help="Open an incident for each that is new.")
@json_option
@click.pass_obj
def ingest(session: Session, file: str, open_it: bool, json_wanted: bool) -> int:
    """Take over alerts from a file: EventBridge's events, CloudWatch's alarms, Alertmanager's alerts."""
    text = sys.stdin.read() if file == "-" else _text_of(Path(file))
    with session.desk() as desk:
        taken = desk.intake.take(desk.intake.read(text))
        incidents = desk.intake.open_incidents(taken.raised) if open_it else []
    if json_wanted:
        as_json({"taken": taken, "incidents": incidents})
        return 0
    say(f"{len(taken.raised)} new, {len(taken.cleared)} over, {taken.known} known before.")
    for incident in incidents:
        say(f"{incident.ref} is open: {incident.severity} {visible(incident.title)}")
    return 0


@click.command(cls=Group.command_class, name="poll", example="cockpit incident poll --open --json")
@click.option(
    "--open", "open_it", is_flag=True, help="An incident for each that is active, or the open one about it."
)
@json_option
@click.pass_obj
def poll(session: Session, open_it: bool, json_wanted: bool) -> int:
    """Ask the configured sources once: Alertmanager, CloudWatch's alarms, AWS Health."""
    import asyncio

    from cockpit.probes.sources import all_sources

    sources = all_sources(session.settings, session.profile)
    if not sources:
        raise BadInput("No source is configured; set alertmanager or sources.")
    with session.desk() as desk:
        said = [asyncio.run(source.ask(desk.clock.now())) for source in sources]
        taken = [
            desk.intake.take(each.alerts, complete=each.source if each.complete else "")
            for each in said
            if not each.failure
        ]
        active = desk.intake.taken_over([alert for each in said for alert in each.alerts])
        incidents = desk.intake.open_incidents(active) if open_it else []
    if json_wanted:
        as_json({"sources": [_source(each) for each in said], "taken": taken, "incidents": incidents})
        return 1 if any(each.failure for each in said) else 0
    for each in said:
        firing = sum(alert.active for alert in each.alerts)
        say(f"{each.source}: {visible(each.failure) or f'{firing} active, {len(each.alerts) - firing} quiet'}")
    say(f"{sum(len(each.raised) for each in taken)} new, {sum(len(each.cleared) for each in taken)} over.")
    for incident in incidents:
        say(f"{incident.ref} is open: {incident.severity} {visible(incident.title)}")
    return 1 if any(each.failure for each in said) else 0


def _source(said: "Told") -> dict[str, object]:
    return {"source": said.source, "alerts": said.alerts, "failure": said.failure}


def _sheet(sheet: object, json_wanted: bool) -> int:
    from cockpit.desk.incident.declaring import Declaration

    assert isinstance(sheet, Declaration)
    if json_wanted:
        as_json(sheet)
        return 0
    say("An incident is any event that causes or may cause:")
    for each in sheet.definition:
        say(f"  {each}")
    say("Objectives:")
    for name, meaning in sheet.objectives.items():
        say(f"  {name}: {meaning}")
    say(f"Severities ({sheet.title}):")
    for level in sheet.levels:
        say(f"  {level.severity} {visible(level.title)}: {visible('; '.join(level.criteria))}")
    say("Questions, answered by --answer:")
    for question in sheet.questions:
        say(f"  {question.name}: {question.text}")
    return 0


def _answer(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"--answer takes QUESTION=ANSWER, not {visible(text, limit=40)!r}.")
    return name.strip(), value


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
