"""`cockpit incident`: open, follow and close incidents without the screen."""

from datetime import timedelta

import click

from cockpit.cli.frame import Group
from cockpit.cli.incident import entries, flow, record, team, words
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.incident.model import State
from cockpit.text import visible

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


@click.group(cls=Group)
def command() -> None:
    """Open, follow and close incidents. REF is a number, or a name such as INC-42."""


@command.command("open", example="cockpit incident open 'Order mail is late' --severity P2 --target shop.example")
@click.argument("title", required=False)
@click.option("--alert", metavar="ID", help="Open it from this alert, prefilled; then no title is needed.")
@click.option("--severity", metavar="P0..P3", help="How bad it is, by the severity profile in use.")
@click.option("--reason", default="", metavar="TEXT", help="Why it is that bad.")
@click.option(
    "--type", "kind", default="", metavar="KIND", help="What kind of alert it is like, e.g. dkim-missing."
)
@click.option("--target", "targets", multiple=True, metavar="DOMAIN", help="A domain it is about; may be repeated.")
@click.option(
    "--service", "services", multiple=True, metavar="NAME", help="A service that is hurt; may be repeated."
)
@click.option("--lead", is_flag=True, help="Acknowledge it and take the lead.")
@json_option
@click.pass_obj
def open_(
    session: Session,
    title: str | None,
    alert: str | None,
    severity: str | None,
    reason: str,
    kind: str,
    targets: tuple[str, ...],
    services: tuple[str, ...],
    lead: bool,
    json_wanted: bool,
) -> int:
    """Open an incident, by hand or from an alert."""
    if bool(alert) == bool(title):
        raise click.UsageError("Give either a title or --alert ID", click.get_current_context())
    if title and not severity:
        raise click.UsageError("Say how bad it is: --severity P0, P1, P2 or P3", click.get_current_context())
    with session.desk() as desk:
        if alert:
            incident = desk.incidents.open_from_alert(alert, take_lead=lead)
        else:
            incident = desk.incidents.open(
                title or "",
                severity=severity or "",
                reason=reason,
                type=kind,
                targets=targets,
                services=services,
                take_lead=lead,
            )
            incident = desk.declaring.fill_in(incident.uid)
        desk.messages.acknowledged(incident.uid)
    if json_wanted:
        as_json(incident)
    else:
        say(f"{incident.ref} is open: {incident.severity} {visible(incident.title)}")
    return 0


@command.command("list", example="cockpit incident list --all --json")
@click.option("--all", "all_wanted", is_flag=True, help="Those that are over too.")
@json_option
@click.pass_obj
def list_(session: Session, all_wanted: bool, json_wanted: bool) -> int:
    """List open incidents, worst first."""
    with session.desk(reading=True) as desk:
        incidents = desk.incidents.all() if all_wanted else desk.incidents.open_incidents()
        now = desk.clock.now()
    if json_wanted:
        as_json(incidents)
    elif not incidents:
        say("No incident is open." if not all_wanted else "There was no incident yet.")
    else:
        table(
            [
                [each.ref, each.severity, each.state, clock(each.elapsed(now)), each.lead or "nobody", each.title]
                for each in incidents
            ],
            ["Incident", "Severity", "State", "Elapsed", "Lead", "Title"],
        )
    return 0


@command.command("show", example="cockpit incident show INC-42")
@click.argument("ref")
@click.option("--noise", is_flag=True, help="Show entries that the narrative leaves out, too.")
@json_option
@click.pass_obj
def show(session: Session, ref: str, noise: bool, json_wanted: bool) -> int:
    """Show one incident: state, clocks, metrics and timeline."""
    with session.desk(reading=True) as desk:
        incident = desk.incidents.get(ref)
        now = desk.clock.now()
        clocks = desk.incidents.deadlines(ref)
        metrics = desk.incidents.metrics(ref)
        entries = desk.incidents.timeline(ref, noise=noise)
        alerts = [desk.incidents.alert(alert) for alert in incident.alerts]
        others = {each.uid: each for each in desk.incidents.all()}
    if json_wanted:
        as_json(
            {"incident": incident, "deadlines": clocks, "metrics": metrics, "timeline": entries, "alerts": alerts}
        )
        return 0
    title = f"{incident.ref} {incident.severity} {visible(incident.title)}"
    say(f"{title}  {incident.state} {clock(incident.elapsed(now))}")
    say(f"lead {visible(incident.lead or 'nobody')} · severity profile {incident.profile}")
    if incident.duplicate_of is not None and incident.duplicate_of in others:
        goes_on = others[incident.duplicate_of]
        say(f"goes on in {goes_on.ref} {visible(goes_on.title)}")
    for uid in dict.fromkeys((*incident.merged, *incident.related)):
        if uid in others and uid != incident.duplicate_of:
            how = "covers" if others[uid].duplicate_of == incident.uid else "linked with"
            say(f"{how} {others[uid].ref} {visible(others[uid].title)}")
    for deadline in clocks:
        if deadline.due is not None:
            left = deadline.remaining(now)
            say(f"  {deadline.title}: {deadline.state}" + (f", {_left(left)}" if left is not None else ""))
    for metric in metrics:
        value = clock(metric.value) if metric.value is not None else metric.recording.value
        say(f"  {metric.title}: {value}")
    for route, notify in dict.fromkeys((alert.route, alert.notify) for alert in alerts if alert.route):
        say(f"  {visible(route)}: notify {visible('; '.join(notify)) or 'nobody'}")
    for entry in entries:
        mark = "struck out: " if entry.struck else ""
        say(f"{entry.occurred_at:%Y-%m-%d %H:%M:%SZ}  {mark}{visible(entry.text)}  ({visible(entry.actor)})")
    return 0


@command.command(
    "note",
    example="cockpit incident note INC-42 -10m NS changed by the hosting team",
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("ref")
@click.argument("line", nargs=-1, required=True)
@click.pass_obj
def note(session: Session, ref: str, line: tuple[str, ...]) -> int:
    """Write one line on the timeline: a past time first if it is not now (14:02, -10m), then the text."""
    with session.desk() as desk:
        incident = desk.incidents.note(ref, " ".join(line))
    say(f"Written on the timeline of {incident.ref}.")
    return 0


@command.command("status", example="cockpit incident status INC-42 resolved --reason 'three resolvers agree'")
@click.argument("ref")
@click.argument("state")
@click.option("--reason", default="", metavar="TEXT", help="Why; some moves ask for it.")
@click.option("--code", default="", metavar="CODE", help="The reason code of an early close.")
@click.pass_obj
def status(session: Session, ref: str, state: str, reason: str, code: str) -> int:
    """Take an incident to another state; a move that the lifecycle does not allow is refused."""
    with session.desk() as desk:
        incident = desk.incidents.move(ref, state, reason=reason, code=code)
        told = desk.messages.acknowledged(incident.uid) if incident.state is State.ACKNOWLEDGED else ()
    by = f" Told by {', '.join(told)}." if told else ""
    say(f"{incident.ref} is {incident.state}.{by}")
    return 0


for _room in (entries, flow, record, team, words):
    _room.add_to(command)


def clock(span: timedelta) -> str:
    """`00:07:41`, with days in front where there are some."""
    seconds = int(span.total_seconds())
    days, seconds = divmod(seconds, 86_400)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{days}d {text}" if days else text


def _left(span: timedelta) -> str:
    return f"overdue by {clock(-span)}" if span < timedelta() else f"{clock(span)} left"
