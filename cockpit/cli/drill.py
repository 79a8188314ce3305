"""`cockpit drill`: practise on a simulated outage, in a directory of its own."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.companion import own_environment
from cockpit.cli.frame import Command
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.run import need_terminal, open_cockpit
from cockpit.cli.session import Given, Session
from cockpit.paths import new_drill_directory, private_directory, write_private

if TYPE_CHECKING:
    from cockpit.drill.claims import Claims

SCORE_LINE = "- **Score:**"
DEFAULT_DRILL = "dkim-missing"


@click.command(cls=Command, example="cockpit drill dkim-missing --speed 2")
@click.argument("name", default=DEFAULT_DRILL)
@click.option("--list", "list_wanted", is_flag=True, help="List the drills there are.")
@click.option("--json", "json_wanted", is_flag=True, help="With --list: print JSON.")
@click.option(
    "--speed", type=click.FloatRange(0.1, 1000), default=1.0, metavar="N", help="How fast its clock runs."
)
@click.option("--seed", type=int, default=0, metavar="S", help="Makes chance repeatable.")
@click.option(
    "--serve", is_flag=True, help="Start only the world; print its profile as one line and live until EOF."
)
@click.option("--into", metavar="DIR", hidden=True, help="The directory to keep it in.")
@click.pass_obj
def command(
    session: Session,
    name: str,
    list_wanted: bool,
    json_wanted: bool,
    speed: float,
    seed: int,
    serve: bool,
    into: str | None,
) -> int:
    """Practise on a simulated outage; nothing of it leaves this machine."""
    if list_wanted:
        return _list(json_wanted)
    if serve:
        return _serve(name, speed, seed, session.operator)
    need_terminal()
    return _practise(session, name, speed, seed, into)


def _list(json_wanted: bool) -> int:
    from cockpit.drill.scenario import listings

    found = list(listings())
    if json_wanted:
        as_json(found)
        return 0
    table(
        [[each.name, each.difficulty, f"{each.minutes} min", each.title] for each in found],
        ["Drill", "Difficulty", "Lasts", "What it is about"],
    )
    return 0


def _serve(name: str, speed: float, seed: int, operator: str) -> int:
    """Become the world: its guard wants a process that has nothing of ours in it yet."""
    from cockpit.drill.scenario import load_scenario

    load_scenario(name)
    program = [sys.executable, "-P", "-m", "cockpit.drill.serve", name]
    program += ["--speed", f"{speed:g}", "--seed", str(seed), "--operator", operator]
    sys.stdout.flush()
    os.execve(sys.executable, program, own_environment())  # noqa: S606 -- our own program


def _practise(session: Session, name: str, speed: float, seed: int, into: str | None) -> int:
    """Open the cockpit on a fresh world, in a directory that keeps everything of this drill."""
    from cockpit.drill.launch import launch

    if into is None:
        directory = new_drill_directory(session.places.drills, name, datetime.now(UTC))
    else:
        directory = private_directory(Path(into))
    with launch(name, speed=speed, seed=seed, operator=session.operator) as world:
        profile = write_private(directory / "profile.json", world.profile_line.decode())
        inner = Session(
            Given(
                profile=str(profile),
                database=str(directory / "cockpit.db"),
                operator=session.operator,
                read_only=session.given.read_only,
            )
        )
        code = open_cockpit(inner, directory / "watch-stderr.log")
        report = world.report(_claims(inner))
        restored = bool(world.status()["restored"])
    path = write_private(directory / "report.md", report)
    sentence = f"{score(report, restored)} Report: {path}"
    write_private(directory / "score.txt", sentence + "\n")
    say(sentence)
    return code


def _claims(session: Session) -> "Claims":
    """What the ledger of the drill says was seen and done, for the referee."""
    from cockpit.drill.claims import claims_of

    with session.desk() as desk:
        first = min((alert.at for alert in desk.alerts()), default=None)
        return claims_of(desk.incidents.all(), first)


def score(report: str, restored: bool) -> str:
    """The score in one sentence, from the report's own line."""
    line = next((line for line in report.splitlines() if line.startswith(SCORE_LINE)), "")
    points = line.removeprefix(SCORE_LINE).strip()
    truth = "everything really works again" if restored else "something is still broken"
    return f"Score {points or 'not given'}; by the world's own measure {truth}."
