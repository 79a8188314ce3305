"""`cockpit incident` for its record: search, evidence, action items, follow-ups, exports and a calendar."""

import sys
from pathlib import Path
from typing import cast

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.errors import BadInput
from cockpit.text import visible

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
FORMS = ("markdown", "html", "json", "csv", "ics")


def add_to(group: click.Group) -> None:
    """Hang these commands into `cockpit incident`."""
    for each in (search, similar, export, items, follow_up, calendar, attach, chat):
        group.add_command(each)


@click.command(
    cls=Group.command_class, name="search", example="cockpit incident search 'registrar delegation' --json"
)
@click.argument("words")
@click.option("--in", "ref", default=None, metavar="REF", help="Look through one incident only.")
@click.option("--limit", default=50, show_default=True, metavar="N", help="The newest N places.")
@json_option
@click.pass_obj
def search(session: Session, words: str, ref: str | None, limit: int, json_wanted: bool) -> int:
    """Find words in incidents, timelines, messages and post-mortems; all of them have to be there."""
    with session.desk() as desk:
        hits = desk.search.find(words, ref=ref, limit=max(1, min(limit, 1000)))
    if json_wanted:
        as_json(hits)
    elif not hits:
        say("Nothing was found.")
    else:
        table([[hit.ref, hit.source, hit.excerpt, hit.title] for hit in hits], ["Incident", "In", "Place", "Title"])
    return 0


@click.command(cls=Group.command_class, name="similar", example="cockpit incident similar INC-42")
@click.argument("ref")
@json_option
@click.pass_obj
def similar(session: Session, ref: str, json_wanted: bool) -> int:
    """Show past incidents that are like one, and why."""
    with session.desk(reading=True) as desk:
        found = desk.search.similar(ref)
    if json_wanted:
        as_json([{"ref": one.incident.ref, "score": one.score, "because": one.because} for one in found])
    elif not found:
        say("No past incident is like it.")
    else:
        rows = [[one.incident.ref, f"{one.score:.0%}", one.incident.title, "; ".join(one.because)] for one in found]
        table(rows, ["Incident", "Alike", "Title", "Why"])
    return 0


@click.command(
    cls=Group.command_class, name="export", example="cockpit incident export INC-42 --format html --into reviews"
)
@click.argument("ref")
@click.option(
    "--into",
    default=".",
    metavar="DIR",
    help="The directory to write it to, made where there is none; here if left out.",
)
@click.option("--format", "form", type=click.Choice(FORMS), default="markdown", show_default=True,
              help="The post-mortem, all of the record, the timeline, or the dates that follow.")  # fmt: skip
@click.option("--json", "json_wanted", is_flag=True, help="The same as --format json.")
@click.option("--print", "print_it", is_flag=True, help="Print it instead of writing a file.")
@click.pass_obj
def export(session: Session, ref: str, into: str, form: str, json_wanted: bool, print_it: bool) -> int:
    """Export an incident; its post-mortem is drafted from the record if there is none yet."""
    from cockpit.desk.incident.reviews import Form

    wanted = cast(Form, "json" if json_wanted else form)
    with session.desk() as desk:
        if not session.read_only:
            desk.reviews.open_for(ref)
        if print_it:
            text = desk.reviews.exported(desk.reviews.record(ref), wanted)
            click.echo(visible(text.replace("\r\n", "\n"), limit=len(text) + 1, newlines=True), nl=False)
            return 0
        path = desk.reviews.export(ref, Path(into), wanted)
    say(f"Wrote {path}.")
    return 0


@click.command(cls=Group.command_class, name="actions", example="cockpit incident actions --csv")
@click.argument("ref", required=False)
@click.option("--all", "all_wanted", is_flag=True, help="Those that are done, too.")
@click.option("--csv", "csv_wanted", is_flag=True, help="Print CSV for a spreadsheet.")
@json_option
@click.pass_obj
def items(session: Session, ref: str | None, all_wanted: bool, csv_wanted: bool, json_wanted: bool) -> int:
    """Show the action items of post-mortems over all incidents, overdue ones first."""
    from cockpit.review.items import board
    from cockpit.review.sheet import items_csv

    with session.desk(reading=True) as desk:
        today = desk.clock.now().date()
        found = desk.reviews.items(ref)
    shown = found if all_wanted else board(found, today)
    if json_wanted:
        as_json(shown)
    elif csv_wanted:
        click.echo(items_csv(shown), nl=False)
    elif not shown:
        say("No action item is open.")
    else:
        rows = [
            [
                one.ref,
                "overdue" if one.is_overdue(today) else one.status,
                one.due.isoformat() if one.due else "no day",
                one.owner or "nobody",
                one.horizon,
                one.action,
            ]
            for one in shown
        ]
        table(rows, ["Incident", "State", "Due", "Owner", "Horizon", "Action"])
    return 0


@click.command(cls=Group.command_class, name="follow-up", example="cockpit incident follow-up INC-42")
@click.argument("ref")
@json_option
@click.pass_obj
def follow_up(session: Session, ref: str, json_wanted: bool) -> int:
    """Show what is due within a day and a week of the resolution, and the monitoring to tighten for a while."""
    from cockpit.review.follow_up import IMPROVEMENTS

    with session.desk(reading=True) as desk:
        due, closer = desk.reviews.follow_ups(ref), desk.reviews.closer_profile(ref)
    if json_wanted:
        as_json({"follow_ups": due, "enhanced_monitoring": closer, "improvements": dict(IMPROVEMENTS)})
        return 0
    if not due:
        say("The incident is not resolved yet.")
        return 0
    rows = [["done" if one.done else "open", f"{one.due:%Y-%m-%d %H:%MZ}", one.title, one.says] for one in due]
    table(rows, ["State", "Due", "Follow-up", "What"])
    if closer is not None:
        say(f"Enhanced monitoring until {closer.until:%Y-%m-%d %H:%MZ}: {'; '.join(closer.settings)}.")
        say(f"For: {visible(', '.join(closer.targets)) or 'no domain'}")
    for group, points in IMPROVEMENTS.items():
        for point in points:
            say(f"  [ ] {group}: {point}")
    return 0


@click.command(cls=Group.command_class, name="calendar", example="cockpit incident calendar --into .")
@click.option("--into", default="", metavar="DIR", help="Write cockpit.ics there instead of printing it.")
@click.pass_obj
def calendar(session: Session, into: str) -> int:
    """Print reviews, follow-ups, action items and the month's drills as an iCalendar file (RFC 5545)."""
    from cockpit.desk.appointments import drill_appointments
    from cockpit.review.export import write_new

    with session.desk() as desk:
        text = desk.reviews.calendar(drill_appointments(desk.practice.month()))
    if into:
        say(f"Wrote {write_new(Path(into), 'cockpit.ics', text)}.")
    else:
        click.echo(text, nl=False)
    return 0


@click.command(
    cls=Group.command_class,
    name="attach",
    example="cockpit incident attach INC-42 dig.txt --said 'what ns2 answered'",
)
@click.argument("ref")
@click.argument("file")
@click.option("--said", default="", metavar="TEXT", help="What it shows.")
@click.pass_obj
def attach(session: Session, ref: str, file: str, said: str) -> int:
    """Keep a copy of a file as evidence, with its SHA-256 on the timeline."""
    with session.desk() as desk:
        kept = desk.evidence.attach(ref, file, said)
    say(f"Kept {kept.name}, {kept.size} bytes, sha256 {kept.sha256}.")
    return 0


@click.command(cls=Group.command_class, name="chat", example="cockpit incident chat INC-42 room.txt")
@click.argument("ref")
@click.argument("file", default="-")
@click.pass_obj
def chat(session: Session, ref: str, file: str) -> int:
    """Bring lines of a chat into the timeline with their original times; - reads them from standard input."""
    from cockpit.incident.chat import read_chat

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadInput(f"{visible(file)} cannot be read: {error.strerror}.") from None
    with session.desk() as desk:
        lines = read_chat(text, desk.clock.now())
        number = desk.evidence.bring_in(ref, lines)
    say(f"{number} of {len(lines)} lines are new on the timeline.")
    return 0
