"""`cockpit runbook`: runbooks without the screen."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.frame import Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.session import Session
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.runbooks.model import Problem, Runbook
    from cockpit.runbooks.shelf import Shelf

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


@click.group(cls=Group)
def command() -> None:
    """List, read and lint runbooks: those that came along, and those in the configured folders."""


@command.command("list", example="cockpit runbook list --alert dkim-missing")
@click.option("--alert", metavar="KIND", help="Only those for alerts of this kind.")
@json_option
@click.pass_obj
def list_(session: Session, alert: str | None, json_wanted: bool) -> int:
    """List the runbooks by title."""
    from cockpit.runbooks.card import card_of

    shelf = _shelf(session)
    books = shelf.for_alert(alert) if alert else shelf.all()
    cards = [card_of(book) for book in books]
    if json_wanted:
        as_json(cards)
    elif not cards:
        say("There is no such runbook.")
    else:
        table(
            [[card.id, str(card.steps), ", ".join(card.alerts) or "-", card.title] for card in cards],
            ["Runbook", "Steps", "For alerts", "Title"],
        )
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
