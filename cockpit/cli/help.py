"""`cockpit help`: what is too long for a command's own help."""

from importlib.resources import files

import click

from cockpit.cli.frame import Command
from cockpit.cli.printing import say
from cockpit.text import visible

TOPICS = {
    "runbooks": (
        "cockpit.runbooks",
        "manual/runbooks.md",
        "The format of runbooks, with an example of each kind of step.",
    ),
}
"""Where each topic's text lies, and what it is about."""


@click.command(cls=Command, example="cockpit help runbooks")
@click.argument("topic", required=False, metavar="[TOPIC]")
def command(topic: str | None) -> int:
    """Read about a topic; without one, list the topics."""
    if topic is None:
        for name, (_, _, about) in TOPICS.items():
            say(f"{name:<12}{about}")
        return 0
    if topic not in TOPICS:
        raise click.UsageError(f"There is no topic {visible(topic, limit=40)!r}; known: {', '.join(TOPICS)}.")
    package, path, _ = TOPICS[topic]
    text = (files(package) / path).read_text(encoding="utf-8")
    say(visible(text, limit=len(text), newlines=True).rstrip("\n"))
    return 0
