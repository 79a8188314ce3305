"""`cockpit incident` for its story: the timeline, corrections of it, the onset, the severity, duplicates."""

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.errors import BadInput, NotFound
from cockpit.incident.entry import parse_time_words
from cockpit.incident.timeline import Entry
from cockpit.text import visible

SHORT = 8
"""Characters of an entry's id that are shown; as many or more name it again."""


def add_to(group: click.Group) -> None:
    """Hang these commands into `cockpit incident`."""
    for each in (timeline, amend, onset, severity, duplicate):
        group.add_command(each)


@click.command(cls=Group.command_class, name="timeline", example="cockpit incident timeline INC-42 --kind decision")
@click.argument("ref")
@click.option("--kind", default="", metavar="KIND", help="Entries of this kind only, such as decision or role.")
@click.option("--noise", is_flag=True, help="Entries that the narrative leaves out, too.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def timeline(session: Session, ref: str, kind: str, noise: bool, json_wanted: bool) -> int:
    """Print the timeline with the id of each entry, by which it is amended."""
    with session.desk(reading=True) as desk:
        found = [each for each in desk.incidents.timeline(ref, noise=noise) if kind in ("", each.kind)]
    if json_wanted:
        as_json(found)
        return 0
    rows = [
        [
            each.id[-SHORT:],
            f"{each.occurred_at:%Y-%m-%d %H:%M:%SZ}",
            each.kind,
            f"{'struck out: ' if each.struck else ''}{each.text}{' (amended)' if each.history else ''}",
            each.actor,
        ]
        for each in found
    ]
    table(rows, ["Entry", "Time", "Kind", "Text", "By"])
    return 0


@click.command(
    cls=Group.command_class,
    name="amend",
    example="cockpit incident amend INC-42 1f2e3d4c --at 14:02 --reason 'wrong clock'",
)
@click.argument("ref")
@click.argument("entry")
@click.option("--text", default="", metavar="TEXT", help="What it should have said.")
@click.option("--at", default="", metavar="TIME", help="When it was: 14:02, -10m, yesterday 23:50.")
@click.option("--strike/--restore", "struck", default=None, help="Strike it out, or take that back.")
@click.option("--pin/--unpin", "pinned", default=None, help="Keep it in the narrative even as noise, or let it go.")
@click.option("--reason", default="", metavar="TEXT", help="Why; the words before are kept with it.")
@click.pass_obj
def amend(
    session: Session,
    ref: str,
    entry: str,
    text: str,
    at: str,
    struck: bool | None,
    pinned: bool | None,
    reason: str,
) -> int:
    """Correct an entry of the timeline, strike it out, or pin it; its history is kept."""
    with session.desk() as desk:
        known = _entry(list(desk.incidents.timeline(ref, noise=True)), entry)
        if pinned is not None:
            desk.incidents.pin(ref, known.id, pinned=pinned)
        if text or at or struck is not None:
            if not reason.strip():
                raise BadInput("Say why it is amended: --reason TEXT.")
            moment = parse_time_words(at, desk.clock.now()) if at else None
            desk.incidents.amend(ref, known.id, reason=reason, text=text, at=moment, struck=struck)
        elif pinned is None:
            raise BadInput("Nothing to amend: give --text, --at, --strike or --pin.")
    say("Amended." if pinned is None else "Kept in the narrative." if pinned else "Let go of.")
    return 0


@click.command(
    cls=Group.command_class,
    name="onset",
    example="cockpit incident onset INC-42 -25m --source 'the hosting team'",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("ref")
@click.argument("time", required=False, default="")
@click.option("--source", default="", metavar="TEXT", help="Where that is known from.")
@click.pass_obj
def onset(session: Session, ref: str, time: str, source: str) -> int:
    """Confirm when the trouble began: the proposed moment, or another time."""
    with session.desk() as desk:
        moment = parse_time_words(time, desk.clock.now()) if time else None
        incident = desk.incidents.confirm_onset(ref, moment, source=source)
    assert incident.onset is not None
    say(f"{incident.ref} began at {incident.onset.at:%Y-%m-%d %H:%M:%SZ}: {visible(incident.onset.source)}.")
    return 0


@click.command(
    cls=Group.command_class,
    name="severity",
    example="cockpit incident severity INC-42 P0 --reason 'all mail stopped'",
)
@click.argument("ref")
@click.argument("level", metavar="P0..P3")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands on the timeline.")
@click.pass_obj
def severity(session: Session, ref: str, level: str, reason: str) -> int:
    """Change how bad it is; raising it starts the clocks of the new severity."""
    with session.desk() as desk:
        incident = desk.incidents.set_severity(ref, level, reason)
    say(f"{incident.ref} is {incident.severity}.")
    return 0


@click.command(cls=Group.command_class, name="duplicate", example="cockpit incident duplicate INC-43 --of INC-42")
@click.argument("ref")
@click.option("--of", "other", required=True, metavar="REF", help="The incident that covers it.")
@click.option("--reason", default="", metavar="TEXT", help="Why they are one.")
@click.pass_obj
def duplicate(session: Session, ref: str, other: str, reason: str) -> int:
    """Close an incident as a duplicate; both keep a link to the other. `merge` takes over what it had, too."""
    with session.desk() as desk:
        incident = desk.incidents.mark_duplicate(ref, other, reason=reason)
        kept = desk.declaring.survivor(incident.uid)
    say(f"{incident.ref} is closed as a duplicate of {kept.ref}.")
    return 0


def _entry(entries: list[Entry], name: str) -> Entry:
    found = [each for each in entries if each.id == name or (len(name) >= SHORT and each.id.endswith(name))]
    if len(found) != 1:
        raise NotFound(
            f"There is no entry {visible(name, limit=60)!r}; incident timeline lists them with their ids."
        )
    return found[0]
