"""`cockpit runbook`: runbooks without the screen."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.runbooks.card import RunbookCard
    from cockpit.runbooks.model import Problem, Runbook
    from cockpit.runbooks.shelf import Shelf

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


@click.group(cls=Group)
def command() -> None:
    """List, read, try and lint runbooks: those that came along, and those in the configured folders."""


@command.command("list", example="cockpit runbook list --alert dkim-missing")
@click.option("--alert", metavar="KIND", help="Only those for alerts of this kind.")
@click.option("--due", is_flag=True, help="Only those that are worked every so often and whose turn it is.")
@json_option
@click.pass_obj
def list_(session: Session, alert: str | None, due: bool, json_wanted: bool) -> int:
    """List the runbooks by title."""
    now = datetime.now(UTC)
    cards = [card for card in _cards(session) if not alert or alert in card.alerts]
    if due:
        cards = [card for card in cards if card.turn is not None and card.turn.waits]
    if json_wanted:
        as_json(cards)
    elif not cards:
        say("There is no such runbook.")
    else:
        table(
            [
                [
                    card.id,
                    str(card.steps),
                    _record(card),
                    _turn(card, now),
                    ", ".join(card.alerts) or "-",
                    card.title,
                ]
                for card in cards
            ],
            ["Runbook", "Steps", "Runs", "Turn", "For alerts", "Title"],
        )
    return 0


def _cards(session: Session) -> "Sequence[RunbookCard]":
    """The runbooks with how they have done; without a database nothing was ever run."""
    from cockpit.runbooks.card import card_of

    if session.database.exists():
        with session.desk(reading=True) as desk:
            return desk.runbooks.list()
    return [card_of(book, (), datetime.now(UTC)) for book in _shelf(session).all()]


def _turn(card: "RunbookCard", now: datetime) -> str:
    """When a book that is worked every so often is due; `-` for one that is worked when it is needed."""
    turn = card.turn
    if turn is None:
        return "-"
    if turn.due_at is None or turn.run:
        return turn.state.value
    hours = abs((turn.due_at - now).total_seconds()) / 3600
    length = f"{hours / 24:.0f} d" if hours >= 48 else f"{hours:.0f} h"
    return f"in {length}" if turn.due_at > now else f"{turn.state.value} since {length}"


def _record(card: "RunbookCard") -> str:
    """Runs that came to their end of all that ended, the usual time, and what is to be known before trusting it."""
    record = card.record
    words = [f"{round(record.success * record.ended)}/{record.ended}" if record.success is not None else "-"]
    if record.median is not None:
        words.append(f"{record.median.total_seconds() / 60:.0f} min")
    if record.remarks:
        words.append(f"{record.remarks} notes")
    if card.review_due is not None and card.review_due < datetime.now(UTC).date():
        words.append("review overdue")
    return ", ".join(words)


@command.command("dry-run", example="cockpit runbook dry-run dkim-record-missing domain=shop.example")
@click.argument("name", metavar="ID|FILE")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@json_option
@click.pass_obj
def dry_run(session: Session, name: str, values: tuple[str, ...], json_wanted: bool) -> int:
    """Say what each step would do with these values; nothing is done. Exit 1 if anything is missing for it."""
    from cockpit.runbooks.include import expand
    from cockpit.runbooks.inputs import typed
    from cockpit.runbooks.rehearsal import rehearse

    book = expand(_book(session, name), _shelf(session).get).book
    types = {each.name: each for each in book.inputs}
    given = {each.name: each.default for each in book.inputs if each.default}
    for pair in values:
        key, _, value = pair.partition("=")
        if key not in types:
            raise click.UsageError(f"{book.title} has no input {visible(key, limit=40)!r}: {', '.join(types)}.")
        given[key] = typed(types[key].type, value, key)
    steps = rehearse(book, given)
    if json_wanted:
        as_json(steps)
    else:
        for number, step in enumerate(steps, start=1):
            say(f"{number:>3}. {step.kind.value:<8} {visible(step.title)}")
            for words in step.does:
                say(f"     {visible(words, limit=400)}")
            for words in step.lacks:
                say(f"     lacks: {visible(words, limit=400)}")
            if step.undo:
                say(f"     way back: {visible(step.undo, limit=400)}")
    return int(any(step.lacks for step in steps))


@command.command("notes", example="cockpit runbook notes --owner 'mail operations'")
@click.option("--owner", metavar="NAME", help="Only those for this owner.")
@click.option("--all", "all_wanted", is_flag=True, help="Also those about a text that has changed since.")
@json_option
@click.pass_obj
def notes(session: Session, owner: str | None, all_wanted: bool, json_wanted: bool) -> int:
    """List what people noted as wrong in runbooks while they worked through them, newest first."""
    with session.desk(reading=True) as desk:
        lines = [
            line
            for line in desk.runbooks.remarks()
            if (all_wanted or line.open) and (owner is None or line.owner == owner)
        ]
    if json_wanted:
        as_json(lines)
    elif not lines:
        say("Nothing was noted.")
    for line in lines if not json_wanted else ():
        owned = visible(line.owner or "no owner")
        say(f"{visible(line.at)}  {visible(line.runbook)}: {visible(line.step)}  ({owned})")
        say(f"    {visible(line.by)}: {visible(line.text, limit=2_000)}")
    return 0


@command.command("show", example="cockpit runbook show dkim-record-missing")
@click.argument("name", metavar="ID|FILE")
@click.option("--text", "text_wanted", is_flag=True, help="Print the Markdown as it is written.")
@json_option
@click.pass_obj
def show(session: Session, name: str, text_wanted: bool, json_wanted: bool) -> int:
    """Show what a runbook asks for and what its steps are."""
    book = _book(session, name)
    if json_wanted:
        as_json(book)
        return 0
    if text_wanted:
        say(visible(book.text, limit=len(book.text), newlines=True).rstrip("\n"))
        return 0
    say(f"{visible(book.title)}  ({visible(book.source)})")
    for each in book.inputs:
        say(f"  input {visible(each.name)}: {visible(each.ask or each.type)}")
    for number, step in enumerate(book.steps, start=1):
        say(f"{number:>3}. {step.kind.value:<8} {visible(step.title)}")
    return 0


@command.command("lint", example="cockpit runbook lint runbooks/*.md")
@click.argument("names", nargs=-1, metavar="[ID|FILE]...")
@json_option
@click.pass_obj
def lint(session: Session, names: tuple[str, ...], json_wanted: bool) -> int:
    """Look for mistakes and dangerous patterns; all runbooks if none is named. Exit 1 if there is an error."""
    from cockpit.runbooks.linter import lint as problems_of

    books = [_book(session, name) for name in names] or _shelf(session).all()
    found = [(book, problem) for book in books for problem in problems_of(book)]
    if json_wanted:
        as_json([{"runbook": book.id, "source": book.source, "problem": problem} for book, problem in found])
    else:
        for book, problem in found:
            say(f"{visible(book.source)}:{problem.line}: {problem.level}: {visible(problem.message)}")
        say(_summary(len(books), found))
    return int(any(problem.level == "error" for _, problem in found))


def _summary(books: int, found: Sequence[tuple["Runbook", "Problem"]]) -> str:
    errors = sum(problem.level == "error" for _, problem in found)
    return f"{books} runbooks, {errors} errors, {len(found) - errors} warnings."


def _shelf(session: Session) -> "Shelf":
    from cockpit.runbooks.shelf import Shelf

    return Shelf([Path(folder).expanduser() for folder in session.settings.runbook_folders])


def _book(session: Session, name: str) -> "Runbook":
    """A file where there is one of that name, else the runbook of that id."""
    from cockpit.runbooks.shelf import read_file

    path = Path(name)
    return read_file(path) if path.suffix and path.is_file() else _shelf(session).get(name)
