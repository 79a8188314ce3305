"""`cockpit provision`: the compliance kit planned, made, compared and taken away, and what it is checked by."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.ses.confirming import confirm_option, confirmed
from cockpit.cli.session import Session
from cockpit.errors import BadInput
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.actions.provision.provision import Provision
    from cockpit.desk import Desk
    from cockpit.ses.kit.plan import KitPlan, Standing
    from cockpit.ses.kit.resources import Names

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


def _names(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which names the kit has here."""
    for name, says in (
        ("table", "DynamoDB table of suppressed addresses."),
        ("topic", "SNS topic that SES reports to."),
        ("queue", "SQS queue that keeps the reports."),
        ("role", "IAM role of the function."),
        ("function", "Lambda function that suppresses."),
        ("alarm-topic", "SNS topic that alarms tell."),
    ):
        function = click.option(f"--{name}", default="", metavar="NAME", help=says)(function)
    return click.option(
        "--domain",
        "domains",
        multiple=True,
        metavar="DOMAIN",
        help="Identity to take in; all configured ones if left out.",
    )(function)


@click.group(cls=Group)
def command() -> None:
    """The compliance kit: table, topics, queue, role, function, subscriptions, notifications and six alarms."""


@command.command("status", example="cockpit provision status")
@_names
@json_option
@click.pass_obj
def status(session: Session, /, json_wanted: bool, **given: Any) -> int:
    """How every resource stands; exit 1 when one is absent or differs, 2 when one cannot be read."""
    with _provision(session, given) as (_, provision):
        board = provision.board()
    states = {each.state for each in board}
    if json_wanted:
        as_json({"resources": board, "green": states == {"ok"}})
    else:
        table([_row(each) for each in board], ["", "Resource", "State", "What is not as it should be"])
    return 2 if "unknown" in states else 0 if states == {"ok"} else 1


_MARKS = {"ok": "●", "absent": "✖", "drift": "▲", "unknown": "?"}


def _row(each: "Standing") -> list[str]:
    told = "; ".join(f"{one.what}: {one.now or '–'}, wanted {one.wanted}" for one in each.drift)
    return [
        _MARKS[each.state],
        each.resource.key,
        each.state,
        visible(told or each.why or each.resource.says, limit=120),
    ]


@command.command("plan", example="cockpit provision plan --domain shop.example")
@_names
@json_option
@click.pass_obj
def plan(session: Session, /, json_wanted: bool, **given: Any) -> int:
    """Say what would be made and changed; nothing is."""
    with _provision(session, given) as (_, provision):
        found = provision.plan()
    _show(found, json_wanted=json_wanted)
    return 0


@command.command("apply", example="cockpit provision apply --confirm 3f2a9c01")
@_names
@confirm_option
@json_option
@click.pass_obj
def apply(session: Session, /, confirm: str, json_wanted: bool, **given: Any) -> int:
    """Make and change what the plan says, resource by resource; run again it goes on where it stopped."""
    with _provision(session, given) as (_, provision):
        return _made(provision, provision.plan(), confirm, json_wanted=json_wanted)


@command.command("destroy", example="cockpit provision destroy --plan")
@_names
@click.option("--with-data", is_flag=True, help="Also the table and the queue, with all that they hold.")
@click.option("--plan", "only_plan", is_flag=True, help="Only say what would be done.")
@confirm_option
@json_option
@click.pass_obj
def destroy(
    session: Session, /, with_data: bool, only_plan: bool, confirm: str, json_wanted: bool, **given: Any
) -> int:
    """Take away what was made from here, and nothing else."""
    from cockpit.ses.kit.plan import STREAM

    with _provision(session, given) as (desk, provision):
        found = provision.plan_removal(desk.feed.ledger.stream(STREAM), with_data=with_data)
        if only_plan:
            _show(found, json_wanted=json_wanted)
            return 0
        return _made(provision, found, confirm, json_wanted=json_wanted)


def _show(plan: "KitPlan", *, json_wanted: bool) -> None:
    if json_wanted:
        as_json({"plan": plan.hash, "changes": plan.changes, "left": plan.left})
        return
    for change in plan.changes:
        sign = {"create": "+", "change": "~", "delete": "-"}[change.verb]
        say(f"{sign} {change.key}: {visible(change.says)} ({', '.join(change.operations)})")
        for line in change.lines:
            say(f"    {visible(line, limit=300)}")
    for sentence in plan.left:
        say(f"  {visible(sentence, limit=300)}")
    say(f"{len(plan.changes)} changes in account {plan.account}, {plan.region}; plan {plan.hash[:12]}")


def _made(provision: "Provision", plan: "KitPlan", confirm: str, *, json_wanted: bool) -> int:
    if not json_wanted:
        _show(plan, json_wanted=False)
    confirmed(plan.hash, confirm, word=plan.account, question=f"Type {plan.account} to go on")
    run = provision.apply(plan, plan.hash)
    if json_wanted:
        as_json({"run": run.id, "plan": plan.hash, "outcomes": run.outcomes, "done": run.done})
    else:
        for each in run.outcomes:
            say(f"{each.state}: {each.verb} {each.key}{f', {visible(each.sentence)}' if each.sentence else ''}")
    return 0 if run.done and len(run.outcomes) == len(plan.changes) else 1


@contextmanager
def _provision(session: Session, given: dict[str, Any]) -> "Iterator[tuple[Desk, Provision]]":
    from cockpit.actions.aws import AwsClients
    from cockpit.actions.provision.provision import Provision

    with session.desk() as desk:
        clients = AwsClients(session.profile, session.operator, read_only=session.read_only)
        names = kit_names(session, given)
        yield desk, Provision(clients, names, session.operator, desk.feed.ledger.append, desk.clock.now)


def kit_names(session: Session, given: dict[str, Any]) -> "Names":
    """The names of the kit: as given, else as configured, else the usual ones."""
    from cockpit.ses.kit.resources import Names

    settings, aws = session.settings, session.profile.aws
    domains: Sequence[str] = given.pop("domains", ())
    queue = settings.ses.feedback_queue.rstrip("/").rpartition("/")[2]
    configured = {"table": settings.ses.suppression_table, "queue": queue, "namespace": settings.ses.namespace}
    chosen = {**configured, **{name: value for name, value in given.items() if value}}
    every = tuple(domains) or tuple(each.name for each in settings.domains if each.identity)
    return Names(
        account=aws.account,
        region=aws.region,
        domains=every,
        **{name: value for name, value in chosen.items() if value},
    )


@command.command("check", example="cockpit provision check --simulate bounce --sender ops@shop.example")
@_names
@click.option(
    "--simulate",
    type=click.Choice(("bounce", "complaint")),
    default=None,
    help="Also send one mail to SES's mailbox simulator, and follow it.",
)
@click.option("--sender", default="", metavar="ADDRESS", help="Who sends it; an address of a verified identity.")
@json_option
@click.pass_obj
def check(
    session: Session, /, simulate: str | None, sender: str, json_wanted: bool, **given: Any
) -> int:  # fmt: skip
    """Is the kit at work: table, function, subscriptions, notifications, alarms; exit 0 only when all is green."""
    from cockpit.actions.provision.proving import Simulation, after_making

    if simulate and not sender:
        raise BadInput("--simulate needs --sender: an address of a verified identity.")
    with _provision(session, given) as (desk, provision):
        checks = after_making(provision.clients, provision.names, provision.resources)
        if simulate:
            append, now = desk.feed.ledger.append, desk.clock.now
            simulation = Simulation(provision.clients, provision.names, session.operator, append, now)
            checks += simulation.run(simulate, sender)
    green = all(each.good for each in checks)
    if json_wanted:
        as_json({"checks": checks, "green": green})
    else:
        for each in checks:
            mark = {True: "●", False: "✖", None: "?"}[each.good]
            say(f"{mark} {each.name}: {visible(each.says, limit=300)}")
    return 0 if green else 1


@command.command("validate", example="cockpit provision validate --sign 8 --note 'read in the team meeting'")
@_names
@click.option("--sign", type=int, default=None, metavar="NUMBER", help="Vouch for an item that is done by hand.")
@click.option("--note", default="", metavar="TEXT", help="What you did; it is recorded with your name.")
@json_option
@click.pass_obj
def validate(session: Session, /, sign: int | None, note: str, json_wanted: bool, **given: Any) -> int:
    """The ten items before production; exit 0 only when each is proven or signed within a month."""
    from cockpit.ses.kit.plan import STREAM
    from cockpit.ses.kit.validation import SIGNED, checked_item, gates
    from storage.ledger import Draft

    with _provision(session, given) as (desk, provision):
        if sign is not None:
            if not note.strip():
                raise BadInput("--sign needs --note: say in a few words what was done.")
            body = {"item": checked_item(sign), "by": session.operator, "note": visible(note.strip(), limit=300)}
            now = desk.clock.now()
            desk.feed.ledger.append(
                [Draft(stream=STREAM, kind=SIGNED, body=body, occurred_at=now, actor=session.operator)]
            )
        records = [(each.kind, each.body, each.occurred_at) for each in desk.feed.ledger.stream(STREAM)]
        found = gates(records, _facts(session, desk, provision), desk.clock.now())
    if json_wanted:
        as_json({"items": found, "open": [each.number for each in found if not each.done]})
    else:
        for each in found:
            mark = {True: "✔", False: "✖", None: "?"}[each.done]
            say(f"{mark} {each.number:>2} {each.words}: {visible(each.evidence, limit=200)}")
    return 0 if all(each.done for each in found) else 1


def _facts(session: Session, desk: "Desk", provision: "Provision") -> Any:
    """What the watch recorded of DNS, how the kit stands, and whom one could call."""
    from cockpit.ses.kit.validation import Facts

    checks = ("mail.spf", "mail.dkim", "mail.dmarc")
    seen = [
        (row.target, view)
        for row in desk.domains()
        for view in desk.board.checks(row.target)
        if view.check in checks
    ]
    bad = [f"{target} {view.check}: {view.verdict}" for target, view in seen if view.verdict.rank < 3]
    board = {each.resource.key: each.state for each in provision.board()}
    return Facts(
        dns_bad=bad,
        dns_seen=len({target for target, _ in seen}),
        board=board,
        contacts=len(session.settings.contacts),
    )
