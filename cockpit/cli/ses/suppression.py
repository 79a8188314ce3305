"""`cockpit suppression`: who is not written to, looked up and changed, with a plan before and a record after."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli.frame import Group
from cockpit.cli.imports import read_file
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.errors import BadInput, Refused, WorldError
from cockpit.paths import write_private
from cockpit.ses.suppression import (
    Entry,
    checked_address,
    checked_reason,
    masked,
    statistics,
    take_in,
    write_csv,
    write_json,
)
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.actions.ses.suppression import SuppressionChanges
    from cockpit.actions.ses.suppression_plan import SuppressionPlan, Wish
    from cockpit.desk import Desk
    from cockpit.probes.ses.calls import Calls

Result = TypeVar("Result")
_PLACES = ("list", "table", "both")

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
full_option = click.option("--full", is_flag=True, help="Show addresses in full.")
place_option = click.option(
    "--in", "place", type=click.Choice(_PLACES), default=None, help="SES's account list, our table, or both."
)
why_option = click.option("--why", required=True, metavar="TEXT", help="Why; it is recorded with the change.")
confirm_option = click.option(
    "--confirm", default="", metavar="HASH", help="Make the plan of this hash, without asking."
)
plan_option = click.option("--plan", "only_plan", is_flag=True, help="Only say what would be done.")


@click.group(cls=Group)
def command() -> None:
    """Look up and change who is suppressed: SES's account list and the table under ses.suppression_table."""


@command.command("get", example="cockpit suppression get ann@mail.example")
@click.argument("address", metavar="ADDRESS")
@json_option
@click.pass_obj
def get(session: Session, address: str, json_wanted: bool) -> int:
    """Say whether one address is suppressed, where, and why; exit 1 when it is nowhere."""
    from cockpit.probes.ses.lists import look_up

    wanted, name = checked_address(address), session.settings.ses.suppression_table
    listed, tabled = _ask(session, lambda calls: look_up(calls, wanted, name))
    found = [("SES's list", listed)] if listed is not None else []
    found += [("the table", each) for each in tabled]
    if json_wanted:
        as_json({"address": wanted, "list": listed, "table": tabled, "suppressed": bool(found)})
    else:
        for where, entry in found:
            say(f"{where}: {visible(entry.reason).lower()}{f', {entry.at:%FT%TZ}' if entry.at else ''}")
        if not found:
            say("suppressed nowhere")
    return 0 if found else 1


@command.command("list", example="cockpit suppression list --reason complaint --full")
@click.option("--reason", default="", metavar="REASON", help="Only those of one reason: bounce or complaint.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="At most so many.")
@place_option
@full_option
@json_option
@click.pass_obj
def show(session: Session, reason: str, limit: int, place: str | None, full: bool, json_wanted: bool) -> int:
    """List suppressed addresses, masked unless asked for in full."""
    wanted = checked_reason(reason) if reason else ""
    rows = [
        (where, each)
        for where, entries in _read(session, place).items()
        for each in entries
        if not wanted or each.reason.upper() == wanted
    ]
    shown = [(where, each.address if full else masked(each.address), each) for where, each in rows[:limit]]
    if json_wanted:
        plain = [
            {"in": where, "address": text, "reason": each.reason, "at": each.at} for where, text, each in shown
        ]
        as_json({"entries": plain, "number": len(rows)})
        return 0
    table(
        [
            [where, text, each.reason.lower(), f"{each.at:%FT%TZ}" if each.at else "-"]
            for where, text, each in shown
        ],
        ["In", "Address", "Reason", "Since"],
    )
    if len(rows) > limit:
        say(f"{len(rows) - limit} more; --limit shows them")
    return 0


@command.command("stats", example="cockpit suppression stats")
@json_option
@click.pass_obj
def stats(session: Session, json_wanted: bool) -> int:
    """How many addresses are suppressed where and why, and in which place only."""
    from cockpit.ses.suppression import difference

    read = _read(session, None)
    counted = {where: statistics(entries) for where, entries in read.items()}
    parted = difference(read.get("list", []), read["table"], []) if "table" in read else None
    apart = {"only_list": len(parted.only_list), "only_table": len(parted.only_table)} if parted else None
    if json_wanted:
        as_json({"places": counted, "difference": apart, "fails_open": session.settings.ses.fails_open})
        return 0
    for where, each in counted.items():
        reasons = ", ".join(f"{visible(one.name).lower()} {one.number}" for one in each.reasons)
        say(f"{where}: {each.addresses} addresses ({reasons or 'none'})")
        say(f"  most at: {', '.join(f'{visible(one.name)} {one.number}' for one in each.domains[:5]) or '-'}")
    if apart:
        say(f"only on SES's list: {apart['only_list']}, only in the table: {apart['only_table']}")
    if session.settings.ses.fails_open:
        say("senders send when the table cannot be asked (ses.fails_open)")
    return 0


@command.command("export", example="cockpit suppression export suppressed.csv")
@click.argument("file", metavar="FILE|-")
@click.option(
    "--format", "form", type=click.Choice(("csv", "json")), default="csv", help="CSV, or JSON as SES imports."
)
@place_option
@json_option
@click.pass_obj
def export(session: Session, file: str, form: str, place: str | None, json_wanted: bool) -> int:
    """Write suppressed addresses to a private file, or to standard output."""
    entries = sorted(
        {(each.address, each.reason): each for one in _read(session, place).values() for each in one}.values()
    )
    text = write_csv(entries) if form == "csv" else write_json(entries)
    if file == "-":
        sys.stdout.write(text)
    else:
        write_private(Path(file), text)
        if json_wanted:
            as_json({"file": file, "entries": len(entries)})
        else:
            say(f"{len(entries)} entries are in {file}")
    return 0


@command.command("add", example="cockpit suppression add ann@mail.example --reason complaint --why 'she phoned'")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.option("--reason", default="bounce", show_default=True, metavar="REASON", help="bounce or complaint.")
@why_option
@place_option
@full_option
@plan_option
@confirm_option
@json_option
@click.pass_obj
def add(session: Session, /, addresses: tuple[str, ...], reason: str, place: str | None, **how: Any) -> int:
    """Suppress addresses: SES drops mail to them, and senders that ask the table do not write."""
    entries = [Entry(checked_address(each), checked_reason(reason)) for each in addresses]
    return _change(session, entries, place, **how)


@command.command("remove", example="cockpit suppression remove ann@mail.example --why 'mailbox is back'")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@why_option
@place_option
@full_option
@plan_option
@confirm_option
@json_option
@click.pass_obj
def remove(session: Session, /, addresses: tuple[str, ...], place: str | None, **how: Any) -> int:
    """Let addresses be written to again."""
    return _change(session, [Entry(checked_address(each), "") for each in addresses], place, **how)


@command.command("import", example="cockpit suppression import suppressed.csv --why 'from the old provider'")
@click.argument("file", metavar="FILE")
@why_option
@place_option
@full_option
@plan_option
@confirm_option
@json_option
@click.pass_obj
def take(session: Session, /, file: str, place: str | None, **how: Any) -> int:
    """Suppress every address of a file: CSV (email, reason) or JSON; lines that say nothing are told."""
    found = take_in(read_file(Path(file)))
    for problem in found.problems[:20]:
        click.echo(f"cockpit: {visible(problem)}", err=True)
    return _change(session, found.entries, place, **how)


@command.command("undo", example="cockpit suppression undo 019364c2a1b0c0ffee")
@click.argument("run", metavar="RUN")
@full_option
@plan_option
@confirm_option
@json_option
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
        _place(session, place)
    ]
    wishes = [Wish(each.address, where, each.reason) for each in entries for where in places]
    with session.desk() as desk:
        return _made(session, desk, wishes, why=visible(why.strip(), limit=300), undoes="", **how)


def _place(session: Session, place: str | None) -> str:
    """The place that is meant: where there is a table, both."""
    return place or ("both" if session.settings.ses.suppression_table else "list")


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
    lines = plan.lines(full=full)
    if not json_wanted:
        for line in lines:
            say(f"{line.sign} {line.label}: {visible(line.text)}")
        say(f"{len(lines)} changes in account {plan.account}, {plan.region}; plan {plan.hash[:12]}")
    if only_plan:
        if json_wanted:
            as_json({"plan": plan.hash, "lines": lines})
        return 0
    _confirmed(plan, confirm)
    run = changes.apply(plan, plan.hash)
    for outcome in run.outcomes:
        if outcome.state == "done" and not outcome.change.adds:
            for target in desk.sending.accounts():
                desk.sending.take_back(target, outcome.change.address, desk.clock.now())
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


def _confirmed(plan: "SuppressionPlan", given: str) -> None:
    """Raise Refused unless this very plan is confirmed, by its hash or at the terminal."""
    if given:
        if len(given) < 8 or not plan.hash.startswith(given.lower()):
            raise Refused(f"The plan is {plan.hash[:12]} now, not {given[:12]}; look at it again.")
        return
    if not sys.stdin.isatty():
        raise Refused(f"Nobody is here to ask; look at it with --plan, then --confirm {plan.hash[:12]}.")
    wanted = str(len(plan.changes))
    if click.prompt(f"Type {wanted} to make these changes", default="", show_default=False) != wanted:
        raise Refused("Nothing was changed.")


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


def _read(session: Session, place: str | None) -> dict[str, list[Entry]]:
    """The entries of the places that are meant, read whole now."""
    from cockpit.probes.ses.lists import in_table, on_list

    meant, name = _place(session, place), session.settings.ses.suppression_table
    if meant != "list" and not name:
        raise Refused("No suppression table is configured (ses.suppression_table).")

    async def read(calls: "Calls") -> dict[str, list[Entry]]:
        found = {}
        if meant != "table":
            found["list"] = (await on_list(calls))[0]
        if meant != "list":
            found["table"] = (await in_table(calls, name))[0]
        return found

    return _ask(session, read)


def _ask(session: Session, question: "Callable[[Calls], Coroutine[Any, Any, Result]]") -> Result:
    """Ask AWS now; raises WorldError with the reason."""
    from cockpit.probes.aws import AwsFailure, AwsReader
    from cockpit.probes.ses.calls import Calls

    calls = Calls(AwsReader(session.profile), speed=session.profile.speed)
    try:
        return asyncio.run(question(calls))
    except AwsFailure as failure:
        raise WorldError(f"AWS does not say it: {failure}.") from None
