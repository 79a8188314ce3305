"""`cockpit suppression add`, `remove`, `import` and `undo`: a plan before each change, and a record after it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.frame import Command
from cockpit.cli.imports import read_file
from cockpit.cli.printing import as_json, say
from cockpit.cli.ses.confirming import confirm_option, confirmed
from cockpit.cli.ses.places import full_option, json_option, place_of, place_option
from cockpit.cli.session import Session
from cockpit.errors import BadInput
from cockpit.ses.suppression import Entry, checked_address, checked_reason, masked, take_in
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.actions.ses.suppression import SuppressionChanges
    from cockpit.actions.ses.suppression_plan import Run, SuppressionPlan, Wish
    from cockpit.desk import Desk


def _planned(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of everything that is planned, shown and confirmed."""
    plan = click.option("--plan", "only_plan", is_flag=True, help="Only say what would be done.")
    for option in (json_option, confirm_option, plan, full_option):
        function = option(function)
    return function


def _changing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of whatever changes who is suppressed, and why."""
    why = click.option("--why", required=True, metavar="TEXT", help="Why; it is recorded with the change.")
    return why(place_option(_planned(function)))


@click.command(
    "add", cls=Command, example="cockpit suppression add ann@mail.example --reason complaint --why 'she phoned'"
)
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.option("--reason", default="bounce", show_default=True, metavar="REASON", help="bounce or complaint.")
@_changing
@click.pass_obj
def add(session: Session, /, addresses: tuple[str, ...], reason: str, place: str | None, **how: Any) -> int:
    """Suppress addresses: SES drops mail to them, and senders that ask the table do not write."""
    entries = [Entry(checked_address(each), checked_reason(reason)) for each in addresses]
    return _change(session, entries, place, **how)


@click.command("remove", cls=Command, example="cockpit suppression remove ann@mail.example --why 'mailbox is back'")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@_changing
@click.pass_obj
def remove(session: Session, /, addresses: tuple[str, ...], place: str | None, **how: Any) -> int:
    """Let addresses be written to again."""
    return _change(session, [Entry(checked_address(each), "") for each in addresses], place, **how)


@click.command(
    "import", cls=Command, example="cockpit suppression import suppressed.csv --why 'from the old provider'"
)
@click.argument("file", metavar="FILE")
@_changing
@click.pass_obj
def take(session: Session, /, file: str, place: str | None, **how: Any) -> int:
    """Suppress every address of a file: CSV (email, reason) or JSON; lines that say nothing are told."""
    found = take_in(read_file(Path(file)))
    for problem in found.problems[:20]:
        click.echo(f"cockpit: {visible(problem)}", err=True)
    return _change(session, found.entries, place, **how)


@click.command("undo", cls=Command, example="cockpit suppression undo 019364c2a1b0c0ffee")
@click.argument("run", metavar="RUN")
@_planned
@click.pass_obj
def undo(session: Session, /, run: str, **how: Any) -> int:
    """Take one recorded change back to what was there before it."""
    from cockpit.actions.ses.suppression_plan import STREAM, way_back

    with session.desk() as desk:
        wishes = way_back(desk.feed.ledger.stream(STREAM), run)
        return _made(session, desk, wishes, why=f"takes back {run}", undoes=run, **how)


def _change(session: Session, entries: Sequence[Entry], place: str | None, *, why: str, **how: Any) -> int:
    from cockpit.actions.ses.suppression_plan import Place, Wish

    if not why.strip():
        raise BadInput("--why is empty; say in a few words why.")
    places = {"list": [Place.LIST], "table": [Place.TABLE], "both": [Place.LIST, Place.TABLE]}[
        place_of(session, place)
    ]
    wishes = [Wish(each.address, where, each.reason) for each in entries for where in places]
    with session.desk() as desk:
        return _made(session, desk, wishes, why=visible(why.strip(), limit=300), undoes="", **how)


def _made(
    session: Session,
    desk: "Desk",
    wishes: "Sequence[Wish]",
    *,
    why: str,
    undoes: str,
    full: bool,
    only_plan: bool,
    confirm: str,
    json_wanted: bool,
) -> int:
    """Plan, show, have it confirmed, make it, and say what became of it."""
    changes = _changes(session, desk)
    plan = changes.plan(wishes, why, undoes=undoes)
    if not (only_plan and json_wanted):
        _show(plan, full=full, json_wanted=json_wanted)
    if only_plan:
        if json_wanted:
            as_json({"plan": plan.hash, "lines": plan.lines(full=full)})
        return 0
    number = str(len(plan.changes))
    confirmed(plan.hash, confirm, word=number, question=f"Type {number} to make these changes")
    run = changes.apply(plan, plan.hash)
    _take_back(desk, run)
    return _told(plan, run, full=full, json_wanted=json_wanted)


def _show(plan: "SuppressionPlan", *, full: bool, json_wanted: bool) -> None:
    if json_wanted:
        return
    lines = plan.lines(full=full)
    for line in lines:
        say(f"{line.sign} {line.label}: {visible(line.text)}")
    say(f"{len(lines)} changes in account {plan.account}, {plan.region}; plan {plan.hash[:12]}")


def _take_back(desk: "Desk", run: "Run") -> None:
    """Remember what was lifted, so that old reports do not bring it back."""
    for outcome in run.outcomes:
        if outcome.state == "done" and not outcome.change.adds:
            for target in desk.sending.accounts():
                desk.sending.take_back(target, outcome.change.address, desk.clock.now())


def _told(plan: "SuppressionPlan", run: "Run", *, full: bool, json_wanted: bool) -> int:
    """Say what became of a run; 0 when all of it was done."""
    counts = {state: run.count(state) for state in ("done", "refused", "unknown", "left")}
    if json_wanted:
        as_json({"run": run.id, "plan": plan.hash, **counts})
    else:
        say(", ".join(f"{state} {number}" for state, number in counts.items() if number))
        for outcome in run.outcomes:
            if outcome.state != "done":
                address = outcome.change.address if full else masked(outcome.change.address)
                say(f"  {address}: {outcome.state}, {visible(outcome.sentence)}")
        say(f"undo: cockpit suppression undo {run.id}")
    return 0 if counts["done"] == len(run.outcomes) else 1


def _changes(session: Session, desk: "Desk") -> "SuppressionChanges":
    from cockpit.actions.aws import AwsClients
    from cockpit.actions.ses.suppression import SuppressionChanges

    clients = AwsClients(session.profile, session.operator, read_only=session.read_only)
    return SuppressionChanges(
        clients,
        session.settings.ses.suppression_table,
        session.operator,
        desk.feed.ledger.append,
        desk.clock.now,
        speed=session.profile.speed,
    )


COMMANDS = (add, remove, take, undo)
