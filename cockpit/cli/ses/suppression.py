"""`cockpit suppression`: who is not written to, looked up and changed, with a plan before and a record after."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.ses.places import full_option, json_option, place_of, place_option
from cockpit.cli.ses.suppressing import COMMANDS
from cockpit.cli.session import Session
from cockpit.errors import Refused, WorldError
from cockpit.paths import write_private
from cockpit.ses.suppression import (
    Entry,
    checked_address,
    checked_reason,
    masked,
    statistics,
    write_csv,
    write_json,
)
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.probes.ses.calls import Calls

Result = TypeVar("Result")


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


def _read(session: Session, place: str | None) -> dict[str, list[Entry]]:
    """The entries of the places that are meant, read whole now."""
    from cockpit.probes.ses.lists import in_table, on_list

    meant, name = place_of(session, place), session.settings.ses.suppression_table
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


for _each in COMMANDS:
    command.add_command(_each)
