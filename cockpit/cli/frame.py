"""The frame that every command hangs in: the table of commands, and the options that all of them share."""

import gc
import importlib
from typing import Any

import click

from cockpit import __version__
from cockpit.cli.session import Session

COMMANDS = {
    "run": "Open the cockpit (this is what `cockpit` alone does).",
    "drill": "Practise on a simulated outage.",
    "watch": "Probe and record without a terminal, as a service does.",
    "check": "Look at domains once, now, and say what is wrong.",
    "propagation": "Say who sees a record as it is at its source, and when the others will.",
    "diff": "Say what changed at a domain since it was last good.",
    "pin": "Print a domain's records as what they must be, for the configuration.",
    "snapshot": "Keep copies of zones as backups, and get them out again.",
    "dkim-key": "Compare a private DKIM key with what is published; the key is never printed.",
    "spf": "Evaluate SPF for an address and a sender, and show the way to the result.",
    "status": "Say what is broken, from what was last recorded.",
    "ses": "Say how sending by SES stands: stops, rates and their runway, alarms, what came back.",
    "suppression": "Look up and change who is not written to.",
    "provision": "Plan, make, compare and take away the compliance kit for SES.",
    "estate": "Our own DKIM keys: their age, what is ready, new ones, the completion report.",
    "iam": "Print the least that AWS must allow for each role.",
    "incident": "Open, follow and close incidents.",
    "runbook": "List, read, try and lint runbooks.",
    "help": "Read about a topic, such as the format of runbooks.",
    "action": "Plan, apply and undo remedies, and list what was sent.",
    "approve": "Approve or reject somebody else's plan.",
    "owners": "Find out whose services a domain is, and keep that.",
    "verify": "Verify the chain of hashes over all events.",
    "doctor": "Check this machine, the configuration and the way out.",
    "init": "Write a commented configuration to start from.",
    "import": "Take over domains, monitoring rules and expected records from elsewhere.",
}

MODULES = {
    "import": "imports",
    "drill": "drill.play",
    "incident": "incident.group",
    "dkim-key": "health.dkim_key",
    **{
        name: f"health.{name}"
        for name in ("check", "diff", "owners", "pin", "propagation", "snapshot", "spf", "status")
    },
    **{name: f"ses.{name}" for name in ("estate", "iam", "provision", "ses", "suppression")},
}
"""The modules of those commands that do not lie beside this one under their own name."""


def shared_options(*, hidden: bool) -> list[click.Parameter]:
    """The options that stand before or after any command; a later one wins."""

    def option(declaration: list[str], metavar: str | None, help_text: str, **more: Any) -> click.Option:
        return click.Option(
            declaration,
            metavar=metavar,
            help=help_text,
            hidden=hidden,
            expose_value=False,
            callback=_remember,
            **more,
        )

    return [
        option(["--config"], "FILE", "Configuration to use."),
        option(["--database"], "FILE", "Database to use."),
        option(["--profile"], "FILE|-", "How the outside is reached: a profile as JSON, or - for standard input."),
        option(["--as", "operator"], "NAME", "Who sits here; every event bears this name."),
        option(["--read-only", "read_only"], None, "Change nothing outside this machine.", is_flag=True),
    ]


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    session = context.ensure_object(Session)
    if value and parameter.name:
        setattr(session.given, parameter.name, value)


class Command(click.Command):
    """A command with the shared options and an example in its help."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params += shared_options(hidden=True)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it leaves behind is collected from here on."""
        gc.enable()
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example, and where the shared options are described."""
        formatter.write(f"\nExample:\n  {self.example}\n\nShared options: cockpit --help\n")


class Group(click.Group):
    """A command with commands of its own."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += shared_options(hidden=True)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is answered with the nearest known one."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from difflib import get_close_matches

            known = self.list_commands(ctx)
            near = get_close_matches(args[0], known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}."
            raise click.UsageError(f"There is no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


class Root(Group):
    """`cockpit` itself; a command's module is imported when that command is asked for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        click.Group.__init__(self, *args, **kwargs)
        self.params += shared_options(hidden=False)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of a newcomer's needs."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cockpit.cli.{MODULES.get(cmd_name, cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        formatter.write("\nExamples:\n  cockpit drill dkim-missing\n  cockpit check shop.example --json\n")


@click.group(cls=Root, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="cockpit %(version)s")
@click.pass_context
def root(context: click.Context) -> int:
    """The cockpit an incident commander opens when mail or DNS is down."""
    if context.invoked_subcommand is not None:
        return 0
    from cockpit.cli.run import command

    return int(context.invoke(command) or 0)
