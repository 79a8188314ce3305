"""`cockpit run`, and `cockpit` alone: open the cockpit, with a watch beside it when nobody else keeps one."""

import os
import sys
from pathlib import Path

import click

from cockpit.cli.companion import CompanionWatch
from cockpit.cli.frame import Command
from cockpit.cli.session import Session
from cockpit.errors import BadInput


@click.command(cls=Command, example="cockpit --as mhassan run")
@click.pass_obj
def command(session: Session) -> int:
    """Open the cockpit (this is what `cockpit` alone does)."""
    if session.given.profile == "-" and session.given_profile is not None:
        take_the_terminal_back()
    need_terminal()
    return open_cockpit(session, session.log("watch"))


def need_terminal() -> None:
    """Raise BadInput unless there is somebody at a terminal to draw for."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadInput(
            "The cockpit needs a terminal; without one use: cockpit status, cockpit watch, cockpit check"
        )


def take_the_terminal_back() -> None:
    """Let the keyboard be standard input again, after the profile was read from a pipe."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return
    os.dup2(terminal, 0)
    os.close(terminal)


def open_cockpit(session: Session, log: Path) -> int:
    """Run the app until the operator leaves, opening it anew when the configuration changed; its exit code."""
    from cockpit.cli.launcher import TerminalLauncher
    from screens.app import REOPEN, Launched, run_app

    code = REOPEN
    while code == REOPEN:
        with session.desk() as desk, CompanionWatch(session.watch_arguments, log, session.profile_line) as watch:
            code = run_app(desk, launcher=TerminalLauncher(session, watch, Launched))
        session = Session(session.given)
    return code
