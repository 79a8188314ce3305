"""`cockpit drill`: practise on a simulated outage, in a directory of its own."""

import importlib
import os
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from cockpit.cli.frame import Command, Group
from cockpit.cli.printing import as_json, say, table
from cockpit.cli.run import need_terminal, open_cockpit
from cockpit.cli.session import Given, Session
from cockpit.errors import CockpitError
from cockpit.own_process import own_command, own_environment, own_module
from cockpit.paths import new_drill_directory, private_directory, write_private

if TYPE_CHECKING:
    from cockpit.drill.judging.claims import Claims
    from cockpit.drill.process.launch import LaunchedWorld
    from cockpit.drill.scenario import Listing
    from cockpit.practice.run import Result

DEFAULT_DRILL = "dkim-missing"

COMMANDS = {
    "start": "Practise on a simulated outage (this is what `cockpit drill NAME` does).",
    "control": "Steer a drill that runs, from another terminal.",
    "history": "Drills that were run, with scores and trends.",
    "schedule": "The month's drills, and who has to practise by when.",
    "register": "Write down who joined, who was certified, which procedure changed.",
}


class Drill(Group):
    """`cockpit drill`: a word that is no command of it is the name of a drill."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of a drill's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name == "start":
            return start
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"cockpit.cli.drill.{cmd_name}").command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let everything but a known command, or a cry for help, start a drill."""
        if not args or args[0] not in (*COMMANDS, "--help", "-h"):
            args = ["start", *args]
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        formatter.write(
            "\nExamples:\n  cockpit drill --list\n  cockpit drill dkim-missing --speed 2\n"
            "  cockpit drill control hint\n"
        )


@click.group(cls=Drill)
def command() -> None:
    """Practise on simulated outages; nothing of them leaves this machine."""


@click.command(cls=Command, example="cockpit drill start dkim-missing --speed 2")
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
@click.option("--with", "people", metavar="NAME", multiple=True, help="Somebody else who takes part.")
@click.option("--isolated", is_flag=True, help="In a network of its own, for dig and curl.")
@click.option("--into", metavar="DIR", hidden=True, help="The directory to keep it in.")
@click.pass_obj
def start(
    session: Session,
    name: str,
    list_wanted: bool,
    json_wanted: bool,
    speed: float,
    seed: int,
    serve: bool,
    people: tuple[str, ...],
    isolated: bool,
    into: str | None,
) -> int:
    """Practise on a simulated outage; nothing of it leaves this machine."""
    if list_wanted:
        return _list(json_wanted)
    if serve:
        return _serve(name, speed, seed, session.operator)
    need_terminal()
    if isolated:
        _isolate(session.operator)
    return _practise(session, name, speed, seed, people, into)


def _list(json_wanted: bool) -> int:
    from cockpit.drill.scenario import listings

    found = list(listings())
    if json_wanted:
        as_json(found)
        return 0
    table(
        [
            [each.name, each.difficulty, f"{each.minutes} min", f"{each.week or '-'}", _about(each)]
            for each in found
        ],
        ["Drill", "Difficulty", "Lasts", "Week", "What it is about"],
    )
    return 0


def _about(listing: "Listing") -> str:
    return f"{listing.title} (begin here)" if listing.recommended else listing.title


def _serve(name: str, speed: float, seed: int, operator: str) -> int:
    """Become the world: its guard wants a process that has nothing of ours in it yet."""
    from cockpit.drill.scenario import load_scenario

    load_scenario(name)
    program = own_module("cockpit.drill.process.serve", name)
    program += ["--speed", f"{speed:g}", "--seed", str(seed), "--operator", operator]
    sys.stdout.flush()
    os.execve(sys.executable, program, own_environment())  # noqa: S606 -- our own program


def _isolate(operator: str) -> NoReturn:
    """Become the same command in a network of its own."""
    from cockpit.drill.fences.isolate import enter

    arguments = [argument for argument in sys.argv[1:] if argument != "--isolated"]
    enter(own_command(*arguments, "--as", operator), own_environment())


def _practise(
    session: Session, name: str, speed: float, seed: int, people: tuple[str, ...], into: str | None
) -> int:
    """Open the cockpit on a fresh world, in a directory that keeps everything of this drill."""
    from cockpit.drill.fences.isolate import inside
    from cockpit.drill.fences.surroundings import around, fenced, surroundings, without_proxies
    from cockpit.drill.process.door import forget_control, keep_control
    from cockpit.drill.process.launch import launch, relayed

    if into is None:
        directory = new_drill_directory(session.places.drills, name, datetime.now(UTC))
    else:
        directory = private_directory(Path(into))
    own_network = inside(os.environ)
    with ExitStack() as stack:
        world = stack.enter_context(launch(name, speed=speed, seed=seed, operator=session.operator))
        if own_network:
            stack.enter_context(relayed(world.profile))
        profile = write_private(directory / "profile.json", world.profile_line.decode())
        for file_name, text in world.keys().items():
            write_private(directory / file_name, text)
        if world.profile.control is not None:
            keep_control(directory, world.profile.control, inside=os.getpid() if own_network else 0)
            stack.callback(forget_control, directory)
        found = surroundings(os.environ, world.profile, world.status()["trap"], directory)
        with around(without_proxies(found) if own_network else fenced(found, directory)):
            code = open_cockpit(_inside(session, profile, directory), directory / "watch-stderr.log")
        _end(session, world, _inside(session, profile, directory), people, directory)
    return code


def _inside(session: Session, profile: Path, directory: Path) -> Session:
    """The session of the drill itself: another profile, another database, the same person."""
    return Session(
        Given(
            profile=str(profile),
            database=str(directory / "cockpit.db"),
            operator=session.operator,
            read_only=session.given.read_only,
        )
    )


def _end(
    session: Session, world: "LaunchedWorld", inner: Session, people: tuple[str, ...], directory: Path
) -> None:
    """Judge the drill, write the report beside it, and keep it in the operator's own records."""
    claims, took_part = _claims(inner)
    report, result = world.report(claims), world.result(claims)
    sentences: list[str] = []
    try:
        with session.desk() as desk:
            run = desk.practice.record(result, report, [*took_part, *people])
            report = desk.practice.report(run.uid)
            sentences += filter(None, [desk.practice.comparison(run.uid)])
    except CockpitError as error:
        sentences.append(f"It could not be kept in the records of practice: {error}")
    path = write_private(directory / "report.md", report)
    sentences.insert(0, f"{score(result)} Report: {path}")
    write_private(directory / "score.txt", sentences[0] + "\n")
    for sentence in sentences:
        say(sentence)


def _claims(session: Session) -> "tuple[Claims, list[str]]":
    """What the ledger of the drill says was seen and done, for the referee, and whose hands wrote in it."""
    from cockpit.drill.judging.claims import claims_of

    with session.desk() as desk:
        first = min((alert.at for alert in desk.alerts()), default=None)
        incidents = desk.incidents.all()
        hands = {step.by for incident in incidents for step in incident.steps}
        return claims_of(incidents, first), sorted({session.operator, *hands})


def score(result: "Result") -> str:
    """The score in one sentence."""
    truth = "everything really works again" if result.restored else "something is still broken"
    return f"Score {result.percent} of 100; by the world's own measure {truth}."
