"""`cockpit incident` for words: updates, who was told what, contacts, cases and templates."""

import sys
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.config.command import ContactConfig
from cockpit.errors import BadInput, CockpitError
from cockpit.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.desk import Desk
    from cockpit.desk.incident.contacts import CallSheet, CasePack
    from cockpit.desk.incident.words import WordsCard
    from storage.documents import Template

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


def add_to(group: click.Group) -> None:
    """Hang these commands into `cockpit incident`."""
    for each in (update, digest, told, contacts, case, template):
        group.add_command(each)


@click.command(
    cls=Group.command_class,
    name="update",
    example="cockpit incident update INC-42 customers --set eta='14:52Z' --send",
)
@click.argument("ref")
@click.argument("audience", default="internal")
@click.option("--template", default="", metavar="NAME", help="Another template than the usual one.")
@click.option("--set", "given", multiple=True, metavar="FIELD=TEXT", help="Fill a field; may be repeated.")
@click.option("--text", default="", metavar="TEXT|-", help="These words instead of a template; - reads them.")
@click.option("--channel", default="", metavar="NAME", help="Another channel than the usual one.")
@click.option(
    "--to", multiple=True, metavar="ADDRESS", help="An address, channel or ticket (#4711); may be repeated."
)
@click.option(
    "--reason", default="", metavar="TEXT", help="Why a state of the status page is skipped or taken back."
)
@click.option("--send", "send_it", is_flag=True, help="Send it; without this it is only shown.")
@click.pass_obj
def update(
    session: Session,
    ref: str,
    audience: str,
    template: str,
    given: tuple[str, ...],
    text: str,
    channel: str,
    to: tuple[str, ...],
    reason: str,
    send_it: bool,
) -> int:
    """Show the words for an audience as they would go out, and send them with --send."""
    values = dict(_pair(each) for each in given)
    with session.desk() as desk:
        words = sys.stdin.read() if text == "-" else text
        missing: tuple[str, ...] = ()
        if not words:
            draft = desk.messages.draft(ref, audience, template, **values)
            words, missing = draft.text, draft.missing
        name = channel or desk.messages.channel(audience)
        people = to or tuple(desk.messages.recipients(ref, audience))
        warning = desk.messages.warning(ref, name)
        order = desk.messages.page_order(ref) if audience == "customers" and not reason else ""
        if not send_it:
            say(visible(words, limit=len(words), newlines=True).rstrip("\n"))
            left = f"; still to fill: {', '.join(missing)}" if missing else ""
            whom = f" to {visible(', '.join(people), limit=2000)}" if people else ""
            say(f"-- by {name}{whom}{left}")
            if audience == "owners" and not people:
                click.echo("No address of an owner is known: cockpit owners import, or --to ADDRESS.", err=True)
            if order:
                click.echo(f"{order} (--reason)", err=True)
        if warning:
            click.echo(f"{name}: {warning}", err=True)
        if send_it:
            by = desk.messages.send(ref, audience, words, channel=channel, to=to, reason=reason)
            say(f"Recorded as told by {by}." if by == "hand" else f"On its way by {by}.")
    return 0


@click.command(cls=Group.command_class, name="digest", example="cockpit incident digest --days 7 --send")
@click.option("--days", default=1, show_default=True, type=click.IntRange(1, 366), help="How far back it looks.")
@click.option("--send", "send_it", is_flag=True, help="Send it to the team; once a day, as a timer may ask.")
@click.pass_obj
def digest(session: Session, days: int, send_it: bool) -> int:
    """Sum up the P3 incidents, of which nobody outside is told one by one."""
    with session.desk() as desk:
        text = desk.messages.digest(days).text
        say(visible(text, limit=len(text), newlines=True).rstrip("\n"))
        if send_it:
            say(f"-- on its way by {desk.messages.send_digest(text, days)}, unless it went out today")
    return 0


@click.command(cls=Group.command_class, name="told", example="cockpit incident told INC-42 --json")
@click.argument("ref", required=False)
@click.option("--resend", default="", metavar="ID", help="Send the words of this message once more.")
@click.option("--channel", default="", metavar="NAME", help="Over this channel.")
@click.option(
    "--reason", default="", metavar="TEXT", help="Why a state of the status page is skipped or taken back."
)
@json_option
@click.pass_obj
def told(session: Session, ref: str | None, resend: str, channel: str, reason: str, json_wanted: bool) -> int:
    """Say who was told what when, and what became of each message."""
    with session.desk(reading=not resend) as desk:
        if resend:
            by = desk.messages.resend(resend, channel=channel, reason=reason)
            say(f"On its way by {by}.")
            return 0
        messages = desk.messages.told(ref)
    if json_wanted:
        as_json(messages)
    elif not messages:
        say("Nobody was told anything yet.")
    else:
        rows = [
            [
                f"{each.at:%Y-%m-%d %H:%M:%SZ}",
                each.audience,
                each.channel,
                each.state,
                each.by,
                each.id[:8],
                each.said or each.text.strip().partition("\n")[0],
            ]
            for each in messages
        ]
        table(rows, ["Time", "Audience", "Channel", "State", "By", "Message", "Answer"])
    return 0


@click.command(cls=Group.command_class, name="contacts", example="cockpit incident contacts security --for INC-42")
@click.argument("words", nargs=-1)
@click.option("--for", "ref", metavar="REF", help="Those who may be called for this incident.")
@click.option(
    "--now", "now_wanted", is_flag=True, help="With --for: whom to call at this hour, and in which order."
)
@json_option
@click.pass_obj
def contacts(session: Session, words: tuple[str, ...], ref: str | None, now_wanted: bool, json_wanted: bool) -> int:
    """List whom to call, from the configuration: it works without network."""
    with session.desk(reading=True) as desk:
        if now_wanted:
            if ref is None:
                raise BadInput("Say for which incident: --for REF.")
            return _call_sheet(desk.contacts.to_call(ref, desk.clock.now()), json_wanted)
        found = desk.contacts.find(" ".join(words), ref)
    if json_wanted:
        as_json(found)
    elif not found:
        say("Nobody fits.")
    else:
        rows = [[each.name, each.group, each.phone, each.chat or each.mail, each.note] for each in found]
        table(rows, ["Name", "Group", "Phone", "Chat or mail", "Note"])
    return 0


def _call_sheet(sheet: "CallSheet", json_wanted: bool) -> int:
    if json_wanted:
        as_json(sheet)
        return 0
    say(sheet.says)
    rows = [
        [call.what, each.name, each.phone, each.chat or each.mail, each.note]
        for call in sheet.calls
        for each in call.contacts or (ContactConfig(name="nobody is configured"),)
    ]
    if rows:
        table(rows, ["For", "Name", "Phone", "Chat or mail", "Note"])
    return 0


@click.command(
    cls=Group.command_class,
    name="case",
    example="cockpit incident case INC-42 registrar ds --impact 'no mail leaves'",
)
@click.argument("ref")
@click.argument("whom", type=click.Choice(["registrar", "aws", "gcloud", "vendor"]))
@click.argument("about", required=False, default="")
@click.option("--request", default="", metavar="TEXT", help="What is asked for.")
@click.option("--impact", default="", metavar="TEXT", help="What it means for the business.")
@click.option("--timeframe", default="", metavar="TEXT", help="By when it is asked for.")
@click.option("--description", default="", metavar="TEXT", help="What is seen; from the checks if left out.")
@click.option("--open", "open_it", is_flag=True, help="Open the case at AWS Support, where the plan has the API.")
@click.pass_obj
def case(
    session: Session,
    ref: str,
    whom: str,
    about: str,
    request: str,
    impact: str,
    timeframe: str,
    description: str,
    open_it: bool,
) -> int:
    """Print a case ready to copy: a registrar's five items, AWS Support, the gcloud form, or a vendor's."""
    with session.desk() as desk:
        room = desk.contacts
        match whom:
            case "registrar":
                pack = room.registrar_case(ref, about, impact=impact, timeframe=timeframe, description=description)
            case "aws":
                pack = room.aws_case(ref, request or about, impact=impact, description=description)
            case "gcloud":
                pack = room.gcloud_case(ref, about)
            case _:
                pack = room.vendor_case(ref, about, request, impact=impact, description=description)
        said = visible(pack.text, limit=len(pack.text), newlines=True).rstrip("\n")
        say(said)
        for contact in pack.contacts:
            say(f"-- {visible(contact.name)} {visible(contact.phone or contact.mail)}")
        if pack.missing:
            click.echo(f"Still to fill: {', '.join(pack.missing)}", err=True)
        if open_it:
            return _open_at_aws(session, desk, ref, whom, pack)
    return 0


def _open_at_aws(session: Session, desk: "Desk", ref: str, whom: str, pack: "CasePack") -> int:
    """Open the case; that it is tried, and what came of it, stands on the timeline."""
    if whom != "aws":
        raise BadInput("Only a case at AWS Support can be opened from here; copy the others.")
    if pack.missing:
        raise BadInput(f"The case is not opened: fill {', '.join(pack.missing)} first.")
    if session.read_only:
        raise BadInput("This cockpit was started read-only: copy the text instead.")
    desk.incidents.note(ref, f"opening a case at {pack.to}, severity {pack.severity}", kind="contact")
    try:
        number = desk.contacts.open_at_aws(pack)
    except CockpitError as error:
        desk.incidents.note(ref, f"case at {pack.to} not opened: {error}", kind="contact")
        raise
    desk.incidents.note(ref, f"case {number} opened at {pack.to}", kind="contact")
    say(f"Opened as {number}.")
    return 0


@click.command(cls=Group.command_class, name="template", example="cockpit incident template slack_update --json")
@click.argument("name", required=False)
@click.option("--edit", "edit_it", is_flag=True, help="Open it in $EDITOR and keep the result as a new version.")
@click.option("--versions", "list_versions", is_flag=True, help="List every version of it.")
@click.option("--version", "number", type=click.IntRange(1), metavar="N", help="This version, to print or restore.")
@click.option("--restore", is_flag=True, help="Put the bundled text, or that version, back as one more version.")
@json_option
@click.pass_obj
def template(
    session: Session,
    name: str | None,
    edit_it: bool,
    list_versions: bool,
    number: int | None,
    restore: bool,
    json_wanted: bool,
) -> int:
    """List the templates, print one, or edit it; every version is kept."""
    with session.desk() as desk:
        words = desk.messages.words
        if name is None:
            return _print_templates(words.all(), json_wanted)
        known = words.get(name)
        if list_versions:
            return _print_versions(words.versions(name), json_wanted)
        if number is not None and not restore:
            known = words.version(name, number)
        if edit_it:
            text = click.edit(known.text, extension=".md")
            known = words.save(name, text, known.version) if text else known
            say(f"{name} stands at version {known.version}.")
        elif restore:
            known = words.restore(name, known.version, number)
            say(f"{name} stands at version {known.version}.")
        elif json_wanted:
            as_json(known)
        else:
            say(visible(known.text, limit=len(known.text), newlines=True).rstrip("\n"))
    return 0


def _print_templates(cards: "Sequence[WordsCard]", json_wanted: bool) -> int:
    if json_wanted:
        as_json(cards)
        return 0
    rows = [
        [each.name, each.audience, str(each.version), "edited" if each.edited else "", each.author, each.title]
        for each in cards
    ]
    table(rows, ["Template", "Audience", "Version", "State", "By", "Title"])
    return 0


def _print_versions(versions: "Sequence[Template]", json_wanted: bool) -> int:
    if json_wanted:
        as_json(versions)
        return 0
    rows = [
        [
            str(each.version),
            f"{each.at:%Y-%m-%d %H:%M:%SZ}" if each.at else "came with the product",
            each.author,
            each.text.strip().partition("\n")[0],
        ]
        for each in versions
    ]
    table(rows, ["Version", "Kept", "By", "Begins"])
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise BadInput(f"--set takes FIELD=TEXT, not {visible(text, limit=40)!r}.")
    return name.strip(), value
