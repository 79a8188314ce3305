"""`cockpit incident` for people and clocks: team, check-in, handover, tasks, decisions, escalation, snooze."""

from datetime import datetime

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.text import visible

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


def add_to(group: click.Group) -> None:
    """Hang these commands into `cockpit incident`."""
    for each in (team, assign, assemble, checkin, handover, task, decide, escalate, snooze):
        group.add_command(each)


@click.command(cls=Group.command_class, name="team", example="cockpit incident team INC-42 --json")
@click.argument("ref")
@json_option
@click.pass_obj
def team(session: Session, ref: str, json_wanted: bool) -> int:
    """Show roles with who would take them, check-ins, open tasks, decisions and running clocks."""
    with session.desk(reading=True) as desk:
        now = desk.clock.now()
        roster, board, folded = desk.people.roster(ref), desk.people.check_ins(ref), desk.people.team(ref)
        clocks, nag = desk.clocks.of(ref, now), desk.people.nag(ref)
    if json_wanted:
        as_json({"roster": roster, "check_ins": board, "team": folded, "clocks": clocks, "nag": nag})
        return 0
    if nag:
        say(nag)
    usual = [[place.role, place.holder or "open", f"{place.primary} / {place.backup}".strip(" /"), place.title]
             for place in roster]  # fmt: skip
    table(usual, ["Role", "Holder", "Usually", "Title"])
    for line in board:
        said = f"{line.last.status}, {line.last.actions}".rstrip(", ") if line.last else "not yet"
        say(f"check-in {line.role} {visible(line.person)}: {visible(said)}{', overdue' if line.overdue else ''}")
    for each in folded.open_tasks:
        say(f"task {each.id[:6]} {visible(each.to)}, due {_when(each.due)}: {visible(each.title)}")
    for offer in folded.offers:
        say(f"handover of {offer.role} from {visible(offer.giver)} waits for {visible(offer.taker)}")
    for decision in folded.decisions.values():
        outcome = decision.outcome or f"open, {len(decision.objections)} objections"
        say(f"decision {decision.id[:6]}: {visible(decision.text)} ({visible(outcome)})")
    for clock in clocks:
        state = "overdue since" if clock.is_breached(now) else "due"
        say(f"clock {clock.title}: {state} {_when(clock.due)}")
    return 0


@click.command(cls=Group.command_class, name="assign", example="cockpit incident assign INC-42 TL --to ayumi")
@click.argument("ref")
@click.argument("role")
@click.option("--to", "person", default="", metavar="PERSON", help="Who takes it, in place of whoever holds it.")
@click.option("--release", is_flag=True, help="Leave it open again.")
@click.pass_obj
def assign(session: Session, ref: str, role: str, person: str, release: bool) -> int:
    """Give a role (IC, TL, CL, SL ...) to one person, or leave it open; `handover` asks both sides."""
    if bool(person) == release:
        raise click.UsageError("Give either --to PERSON or --release", click.get_current_context())
    with session.desk() as desk:
        incident = desk.incidents.release(ref, role) if release else desk.incidents.assign(ref, role, person)
    say(f"{role.upper()} of {incident.ref}: {visible(incident.holder(role.upper()) or 'nobody')}")
    return 0


@click.command(cls=Group.command_class, name="assemble", example="cockpit incident assemble INC-42 --room")
@click.argument("ref")
@click.option("--room", is_flag=True, help="Open the incident's channel in Slack first, with its topic.")
@click.pass_obj
def assemble(session: Session, ref: str, room: bool) -> int:
    """Call the team: the text to its channel, a page for each required role that nobody holds."""
    with session.desk() as desk:
        if room:
            say(f"Opening {visible(desk.messages.open_room(ref))}.")
        used = desk.messages.assemble(ref)
    say(f"On its way by {', '.join(dict.fromkeys(used))}.")
    return 0


@click.command(
    cls=Group.command_class,
    name="checkin",
    example="cockpit incident checkin INC-42 --actions 'coordinating, next update in 15 min'",
)
@click.argument("ref")
@click.option("--role", default="", metavar="ROLE", help="Whose; your own first role if left out.")
@click.option("--status", default="Active", metavar="WORD", help="How it is going.")
@click.option("--location", default="", metavar="TEXT", help="Where you can be reached.")
@click.option("--actions", default="", metavar="TEXT", help="What you are doing.")
@click.pass_obj
def checkin(session: Session, ref: str, role: str, status: str, location: str, actions: str) -> int:
    """Say that a role is there; each is asked every 15 minutes."""
    with session.desk() as desk:
        incident = desk.people.check_in(ref, role=role, status=status, location=location, actions=actions)
    say(f"Checked in for {incident.ref}.")
    return 0


@click.command(cls=Group.command_class, name="handover", example="cockpit incident handover INC-42 IC --to ayumi")
@click.argument("ref")
@click.argument("role", default="IC")
@click.option("--to", default="", metavar="PERSON", help="Offer the role to somebody.")
@click.option("--accept", is_flag=True, help="Take over what was offered to you.")
@click.option("--decline", metavar="REASON", help="Decline what was offered to you, or withdraw your offer.")
@click.pass_obj
def handover(session: Session, ref: str, role: str, to: str, accept: bool, decline: str | None) -> int:
    """Hand a role over: one offers it with the card, the other one accepts."""
    if sum((bool(to), accept, decline is not None)) != 1:
        raise click.UsageError("Give one of --to, --accept and --decline", click.get_current_context())
    with session.desk() as desk:
        if to:
            offer = desk.people.offer(ref, role, to)
            say(visible(offer.card, limit=len(offer.card), newlines=True).rstrip("\n"))
            say(f"Offered to {visible(offer.taker)}; {visible(offer.giver)} holds it until it is accepted.")
        elif accept:
            incident = desk.people.accept(ref)
            say(f"You have taken over; {incident.ref} is led by {visible(incident.lead or 'nobody')}.")
        else:
            desk.people.decline(ref, reason=decline or "")
            say("The offer is gone.")
    return 0


@click.command(
    cls=Group.command_class, name="task", example="cockpit incident task INC-42 'ask the registrar' --to ayumi"
)
@click.argument("ref")
@click.argument("what")
@click.option("--to", default="", metavar="PERSON", help="Give this task to one person.")
@click.option("--minutes", default=10, metavar="N", help="The time box; 10 if left out.")
@click.option("--ack", is_flag=True, help="Say that the task with this id was heard.")
@click.option("--done", metavar="RESULT", help="Say that the task with this id is done.")
@click.option("--drop", metavar="REASON", help="Say that the task with this id will not be done.")
@click.pass_obj
def task(
    session: Session, ref: str, what: str, to: str, minutes: int, ack: bool, done: str | None, drop: str | None
) -> int:
    """Give a task to one person with a time box, or answer one by its id."""
    if sum((bool(to), ack, done is not None, drop is not None)) != 1:
        raise click.UsageError("Give one of --to, --ack, --done and --drop", click.get_current_context())
    with session.desk() as desk:
        people = desk.people
        if to:
            given = people.give_task(ref, what, to, minutes=minutes)
            say(f"Task {given.id[:6]} for {visible(given.to)}, due {_when(given.due)}.")
            return 0
        if ack:
            known = people.acknowledge_task(ref, what)
        elif done is not None:
            known = people.finish_task(ref, what, done)
        else:
            known = people.drop_task(ref, what, drop or "")
    say(f"Task {known.id[:6]} is {known.step}: {visible(known.title)}")
    return 0


@click.command(
    cls=Group.command_class, name="decide", example="cockpit incident decide INC-42 'remove the DS record first'"
)
@click.argument("ref")
@click.argument("what")
@click.option("--object", "objection", metavar="REASON", help="Object to the proposal with this id.")
@click.option("--outcome", metavar="TEXT", help="Record what was decided on the proposal with this id.")
@click.option("--agreed", is_flag=True, help="The proposal with this id is decided: nobody objected.")
@click.option("--withdraw", is_flag=True, help="Take the proposal with this id back.")
@click.pass_obj
def decide(
    session: Session, ref: str, what: str, objection: str | None, outcome: str | None, agreed: bool, withdraw: bool
) -> int:
    """Propose a decision (any strong objections?), object to one, or record what came of it."""
    with session.desk() as desk:
        people = desk.people
        if objection is not None:
            decision = people.object(ref, what, objection)
        elif outcome is not None or agreed:
            decision = people.decide(ref, what, outcome or "")
        elif withdraw:
            decision = people.withdraw(ref, what)
        else:
            decision = people.propose(ref, what)
            say(f"Proposed as {decision.id[:6]}: {visible(decision.text)}. Any strong objections?")
            return 0
    say(f"{visible(decision.text)}: {visible(decision.outcome or f'{len(decision.objections)} objections')}")
    return 0


@click.command(
    cls=Group.command_class, name="escalate", example="cockpit incident escalate INC-42 3 --to 'the manager'"
)
@click.argument("ref")
@click.argument("level", type=click.IntRange(1, 4), required=False)
@click.option("--to", default="", metavar="PERSON", help="Who of that level is engaged.")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@click.pass_obj
def escalate(session: Session, ref: str, level: int | None, to: str, reason: str) -> int:
    """Show the escalation chain with its clocks and contacts, or record who of a level is engaged."""
    if level is not None and not to:
        raise click.UsageError("Say who is engaged: --to PERSON", click.get_current_context())
    with session.desk(reading=level is None) as desk:
        if level is not None:
            desk.clocks.escalate(ref, level, to, reason=reason)
        now = desk.clock.now()
        lines, proposal = desk.clocks.chain(ref, now), desk.clocks.escalation_due(ref, now)
        people = {line.level.level: desk.contacts.of_level(line.level.level, ref) for line in lines}
    rows = []
    for line in lines:
        state = line.person or (f"due {_when(line.due)}" if line.due else "not asked for")
        numbers = ", ".join(f"{each.name} {each.phone}" for each in people[line.level.level])
        rows.append([str(line.level.level), line.level.title, state, numbers, line.level.authority])
    table(rows, ["Level", "Title", "State", "Contacts", "Authority"])
    if proposal:
        say(proposal)
    return 0


@click.command(
    cls=Group.command_class,
    name="snooze",
    example="cockpit incident snooze INC-42 update 15 --reason 'the vendor calls back at 14:30'",
)
@click.argument("ref")
@click.argument("clock")
@click.argument("minutes", type=click.IntRange(1, 24 * 60))
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands on the timeline.")
@click.pass_obj
def snooze(session: Session, ref: str, clock: str, minutes: int, reason: str) -> int:
    """Put a clock off by minutes."""
    with session.desk() as desk:
        incident = desk.clocks.snooze(ref, clock, minutes, reason)
    say(f"{clock} of {incident.ref} is put off until {_when(incident.snoozes[-1].until)}.")
    return 0


def _when(at: datetime) -> str:
    return f"{at:%H:%M}Z"
