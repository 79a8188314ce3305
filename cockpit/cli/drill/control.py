"""`cockpit drill control`: what a facilitator says to a drill that runs in another terminal.

The way to the world stands in a file of mode 0600 in the drill's directory; its token is in no argument and in no
line that is printed.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.frame import Command, Group
from cockpit.cli.printing import as_json, say
from cockpit.cli.session import Session
from cockpit.errors import BadInput, NotFound
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.drill.process.door import Door

LISTS = ("values",)
"""Fields of an inject that take several values; the key may be repeated."""


class Steering:
    """The drill that is meant: the one in a directory, or the newest that runs."""

    def __init__(self, session: Session, directory: str | None) -> None:
        self._session = session
        self._directory = directory

    @cached_property
    def door(self) -> "Door":
        """Its control door; raises NotFound when none runs."""
        from cockpit.drill.process.door import door_of, running_drills

        if self._directory is not None:
            return door_of(Path(self._directory))
        running = running_drills(self._session.places.drills)
        if not running:
            raise NotFound("No drill runs on this machine; start one with: cockpit drill")
        return door_of(running[0])


@click.group(cls=Group)
@click.option("--drill", "directory", metavar="DIR", help="The drill's directory, if several run.")
@click.pass_context
def command(context: click.Context, directory: str | None) -> None:
    """Steer a drill that runs, from another terminal."""
    context.obj = Steering(context.ensure_object(Session), directory)


@command.command(cls=Command, example="cockpit drill control status")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(steering: Steering, json_wanted: bool) -> int:
    """Say where the drill stands and what comes next."""
    found = steering.door.status()
    if json_wanted:
        as_json(found)
    else:
        _show(found)
    return 0


@command.command(cls=Command, example="cockpit drill control pause")
@click.pass_obj
def pause(steering: Steering) -> int:
    """Stop the drill's clock; its servers go on answering."""
    return _show(steering.door.pause())


@command.command(cls=Command, example="cockpit drill control resume")
@click.pass_obj
def resume(steering: Steering) -> int:
    """Let the drill's clock run again."""
    return _show(steering.door.resume())


@command.command(cls=Command, example="cockpit drill control speed 5")
@click.argument("speed", type=click.FloatRange(0.1, 1000))
@click.pass_obj
def speed(steering: Steering, speed: float) -> int:
    """Change how fast the drill's clock runs."""
    return _show(steering.door.set_speed(speed))


@command.command(cls=Command, example="cockpit drill control inject dns-fault server=google kind=servfail")
@click.argument("word", required=False)
@click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")
@click.pass_obj
def inject(steering: Steering, word: str | None, fields: tuple[str, ...]) -> int:
    """Make something happen now; without a word, list the vocabulary."""
    from cockpit.drill.scenario import parse_words, vocabulary_lines

    if word is None:
        for line in vocabulary_lines():
            say(line)
        return 0
    return _show(steering.door.inject(**parse_words(word, _fields(fields))))


@command.command(cls=Command, example="cockpit drill control hint")
@click.pass_obj
def hint(steering: Steering) -> int:
    """Reveal the next hint to those who practise; it is noted in the report."""
    found = steering.door.hint()
    say(visible(found) if found else "There is no hint left.")
    return 0


@command.command(cls=Command, example="cockpit drill control report")
@click.pass_obj
def report(steering: Steering) -> int:
    """Print the report as it would be now, as far as the world itself knows."""
    say(visible(steering.door.report(), limit=1_000_000, newlines=True))
    return 0


def _fields(given: tuple[str, ...]) -> dict[str, Any]:
    """`key=value` pairs; a key that takes several values may be repeated."""
    found: dict[str, Any] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise BadInput(f"{visible(pair, limit=60)!r} is not a field; write FIELD=VALUE.")
        if key in LISTS:
            found.setdefault(key, []).append(value)
        elif key in found:
            raise BadInput(f"{key} is given twice.")
        else:
            found[key] = value
    return found


def _show(status: Mapping[str, Any]) -> int:
    """Where the drill stands, on a few lines."""
    minutes, seconds = divmod(round(float(status["elapsed_s"])), 60)
    running = "paused" if status["paused"] else f"running at speed {status['speed']:g}"
    broken = "broken" if status.get("broken") and not status.get("restored") else "whole"
    say(f"{visible(status['title'])}: {minutes} min {seconds:02d} s, {running}; the world is {broken}.")
    for coming in list(status.get("pending", ()))[:3]:
        say(f"  at {float(coming['at_s']):g} s: {visible(coming['note'])}")
    hints = len(status.get("hints_left", ()))
    say(f"  hints left: {hints}; ways out that were refused: {status.get('escapes', 0)}")
    return 0
